/** What is known of OpenAI's models: the defaults, what the image models can do, and what they charge. */
import type { GenerateRequest, GeneratorCapabilities } from '../generator.ts';

/** It only passes the prompt to the image tool, so this is the cheapest mainline model that has the tool and can see images. */
export const DEFAULT_MODEL = 'gpt-6-luna';
/** The image tool's own default. It is always sent, so that a change of OpenAI's default changes nothing here. */
export const DEFAULT_IMAGE_MODEL = 'gpt-image-2.6-sunburst';

/** The longest prompt of OpenAI's image models, in characters: https://developers.openai.com/api/reference/resources/images */
export const PROMPT_CHARACTERS = 32_000;

/** The sizes that every GPT image model draws. Most draw others as well, at other prices. */
export const standardSizes: readonly string[] = ['1024x1024', '1536x1024', '1024x1536'];

/** Whether a model is one of OpenAI's own image models. Of all others only the name is known. */
export const isOpenAIImageModel = (model: string | undefined): boolean =>
  model !== undefined && /^(gpt-image-|chatgpt-image-)/.test(model);

/**
 * What OpenAI's image models can do through either API. Previews and refining depend on the API. `sizes` are the only ones that may
 * be requested; if absent, the standard ones are suggested and others are left to the model.
 */
export function openAICapabilities(models: readonly string[], sizes: readonly string[] | undefined) {
  return {
    models: [...models],
    sizes: [...(sizes ?? standardSizes)],
    ...(sizes === undefined && { anySize: true as const }),
    // A quality must work with every model that can be chosen.
    qualities: models.every(hasFineQualities) ? ['low', 'medium', 'high', 'xhigh', 'max'] : ['low', 'medium', 'high'],
    backgrounds: ['opaque', 'transparent'],
    formats: ['png', 'jpeg', 'webp'],
    compression: true,
  } as const satisfies Partial<GeneratorCapabilities>;
}

const hasFineQualities = (model: string): boolean => /^gpt-image-2\.[5-9]\b/.test(model);

/** In US dollars for a million tokens. */
export interface TokenPrices {
  readonly textInput: number;
  readonly imageInput: number;
  readonly imageOutput: number;
}

const CURRENT: TokenPrices = { textInput: 5, imageInput: 8, imageOutput: 30 };

/**
 * The standard prices of 22 November 2026, from https://developers.openai.com/api/docs/pricing. A model whose prices were not certain
 * has no row. `PROOFROOM_TOKEN_PRICES` overrides them. Discounts for cached input and batches are left out, since a usage does not show
 * them: an estimate is rather too high.
 */
const published: Readonly<Record<string, TokenPrices>> = {
  'gpt-image-2.6-sunburst': CURRENT,
  'gpt-image-2.6-flare': CURRENT,
  'gpt-image-2.5-sunburst': CURRENT,
  'gpt-image-2.5-flare': CURRENT,
  'gpt-image-2': CURRENT,
  'gpt-image-1-mini': { textInput: 2, imageInput: 2.5, imageOutput: 8 },
};

/** Configured prices of one model, which override the published ones. */
export interface ModelPrices {
  /** Absent: the model that the server chooses by itself. */
  readonly model: string | undefined;
  readonly prices: TokenPrices;
}

/** Undefined for a model of unknown price. A dated snapshot such as `gpt-image-2-2026-04-21` costs what its model costs. */
export function pricesOf(model: string | undefined, configured?: ModelPrices): TokenPrices | undefined {
  if (configured && model === configured.model) return configured.prices;
  if (model === undefined) return undefined;
  const name = model.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  return Object.hasOwn(published, name) ? published[name] : undefined;
}

/**
 * The most tokens that an image takes for each megapixel, by quality. The first three are rounded up from the examples of November 2026 in
 * https://developers.openai.com/api/docs/guides/image-generation, of which a small square takes most. There are none for the others,
 * which are assumed to double each time. `auto` chooses among the first three.
 */
const tokensPerMegapixel = { low: 400, medium: 2_000, high: 8_000, auto: 8_000, xhigh: 16_000, max: 32_000 } as const;
/** Of the largest size that `auto` chooses. */
const AUTO_MEGAPIXELS = 1.6;
/** From the same guide. */
const TOKENS_PER_PREVIEW = 100;
/** More than the guide's examples of an image that is looked at closely. */
const MOST_TOKENS_OF_PARENT = 10_000;

/**
 * What one try may cost at most, in US dollars: it is set aside before the service is asked, and corrected by the tokens that the
 * service reports (rule S9). What the model costs that calls the image tool is left out, as in the estimated cost of an image.
 */
export function mostDollars(
  { prompt, feedback = '', parent, options }: GenerateRequest,
  { textInput, imageInput, imageOutput }: TokenPrices,
  previews: number,
): number {
  const { size = 'auto', quality = 'auto' } = options;
  const [width = 0, height = 0] = size.split('x').map(Number);
  const megapixels = width && height ? (width * height) / 1_000_000 : AUTO_MEGAPIXELS;
  // No token is shorter than a byte.
  const textTokens = Buffer.byteLength(prompt) + Buffer.byteLength(feedback);
  const outputTokens = megapixels * tokensPerMegapixel[quality] + previews * TOKENS_PER_PREVIEW;
  const microdollars =
    textTokens * textInput + (parent ? MOST_TOKENS_OF_PARENT * imageInput : 0) + outputTokens * imageOutput;
  return microdollars / 1_000_000;
}

/**
 * The same for whichever of the models a request chooses. Undefined if `imageDollars`, what an image costs at most, is not configured
 * and one of the models is of unknown price.
 */
export function mostDollarsOf(
  models: readonly (string | undefined)[],
  { prices, imageDollars }: { readonly prices?: ModelPrices | undefined; readonly imageDollars?: number | undefined },
  previewsOf: (request: GenerateRequest) => number,
): ((request: GenerateRequest) => number) | undefined {
  if (imageDollars !== undefined) return () => imageDollars;
  const known = new Map(models.map((model) => [model, pricesOf(model, prices)]));
  const [standard] = models;
  if (models.length === 0 || known.values().some((one) => one === undefined)) return undefined;
  return (request) => {
    const { model = 'auto' } = request.options;
    const chosen = known.get(model === 'auto' ? standard : model);
    return chosen ? mostDollars(request, chosen, previewsOf(request)) : 0;
  };
}
