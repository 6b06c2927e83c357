/** Which options a generator knows, and what is wrong with options that it does not. */
import type { Options, Supports } from '../../../shared/model.ts';
import type { GeneratorSupports } from '../generator.ts';

/**
 * What OpenAI's image models can do, whichever API they are asked through; previews and refining depend on the API. `sizes` are all
 * that may be asked for; absent, the standard ones are suggested, and a model says itself whether it draws another.
 */
export function openAIImageOptions(models: readonly string[], sizes: readonly string[] | undefined) {
  return {
    models: [...models],
    sizes: [...(sizes ?? standardSizes)],
    ...(sizes === undefined && { anySize: true as const }),
    // Offered only where all of the models know them: what is offered must hold for each.
    qualities: models.every(hasFineQualities) ? ['low', 'medium', 'high', 'xhigh', 'max'] : ['low', 'medium', 'high'],
    backgrounds: ['opaque', 'transparent'],
    formats: ['png', 'jpeg', 'webp'],
    compression: true,
  } as const satisfies Partial<Supports>;
}

/** What every GPT image model draws; most draw others as well, at other prices. */
export const standardSizes: readonly string[] = ['1024x1024', '1536x1024', '1024x1536'];

/** OpenAI's own image models, the only ones of which more is known than their names. */
export const isOpenAIImageModel = (model: string | undefined): boolean =>
  model !== undefined && /^(gpt-image-|chatgpt-image-)/.test(model);

const hasFineQualities = (model: string): boolean => /^gpt-image-2\.[5-9]\b/.test(model);

/** The model to draw with: the one asked for, or the server's usual one. */
export function modelOf<Usual extends string | undefined>({ model }: Options, usual: Usual): string | Usual {
  return model === undefined || model === 'auto' ? usual : model;
}

type Offer = GeneratorSupports & Partial<Pick<Supports, 'candidates'>>;

/**
 * What is wrong with `options` for a generator with `supports`, in a sentence that names the option; nothing when all is well.
 * `auto` is always right, and so are no previews: both ask for nothing.
 */
export function problemWithOptions(options: Options, supports: Offer): string | undefined {
  const { compression, partialImages, candidates, format, background } = options;
  return (
    problemWithChoice('model', options.model, supports.models) ??
    (supports.anySize ? undefined : problemWithChoice('size', options.size, supports.sizes)) ??
    problemWithChoice('quality', options.quality, supports.qualities) ??
    problemWithChoice('background', background, supports.backgrounds) ??
    problemWithChoice('format', format, supports.formats) ??
    (background === 'transparent' && format === 'jpeg'
      ? 'The background transparent needs the format png or webp: jpeg knows no transparency.'
      : undefined) ??
    problemWithCompression(compression, format, supports) ??
    problemWithCount('partialImages', partialImages, supports.partialImages ?? 0) ??
    problemWithCount('candidates', candidates, supports.candidates)
  );
}

function problemWithChoice(
  option: string,
  value: string | undefined,
  offered: readonly string[] | undefined,
): string | undefined {
  if (value === undefined || value === 'auto') return undefined;
  if (!offered) return `The option ${option} is not offered by this server.`;
  if (offered.includes(value)) return undefined;
  return `The option ${option} must be one of those that this server offers: ${offered.join(', ')}.`;
}

function problemWithCompression(
  compression: number | undefined,
  format: Options['format'],
  supports: Offer,
): string | undefined {
  if (compression === undefined) return undefined;
  if (!supports.compression) return 'The option compression is not offered by this server.';
  return format === 'jpeg' || format === 'webp' ? undefined : 'The option compression needs the format jpeg or webp.';
}

function problemWithCount(option: string, count: number | undefined, most: number | undefined): string | undefined {
  if (count === undefined || most === undefined || count <= most) return undefined;
  return most === 0
    ? `The option ${option} is not offered by this server.`
    : `The option ${option} must be ${most} or less on this server.`;
}
