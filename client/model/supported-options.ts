/** Which options a server's generator knows: what this page may offer and send. */
import type { Options, Supports } from '../../shared/model.ts';

/** What a server offered that does not say what it supports. */
const unsaid: Supports = {
  sizes: ['1024x1024', '1536x1024', '1024x1536'],
  qualities: ['low', 'medium', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  candidates: 1,
  refine: false,
};

/** What there is to choose from; `undefined` stands for a server that does not say it. */
export const offerOf = (supports: Supports | undefined): Supports => supports ?? unsaid;

/** JPEG and WebP are made smaller at the cost of detail. */
export const isCompressed = (format: Options['format']): boolean => format === 'jpeg' || format === 'webp';

/**
 * `options` without what the server would refuse: values remembered from another server, and those that do not go together. Of JPEG and
 * a transparent background, the background goes.
 */
export function supported(options: Options, supports: Supports | undefined): Options {
  const offer = offerOf(supports);
  const { model, size, quality, background, compression, partialImages, candidates } = options;
  const format = isOffered(options.format, offer.formats) ? options.format : undefined;
  // A server that does not say which sizes it knows took any.
  const sizes = supports || !size ? offer.sizes : [size];
  const isTransparentJpeg = format === 'jpeg' && background === 'transparent';
  return {
    ...(isOffered(model, offer.models) && { model }),
    ...(isOffered(size, sizes) && { size }),
    ...(isOffered(quality, offer.qualities) && { quality }),
    ...(isOffered(background, offer.backgrounds) && !isTransparentJpeg && { background }),
    ...(format && { format }),
    ...(compression !== undefined && offer.compression && isCompressed(format) && { compression }),
    ...(isWithin(partialImages, offer.partialImages) && { partialImages }),
    ...(isWithin(candidates, offer.candidates) && { candidates }),
  };
}

/** `auto` asks for nothing, so every server knows it. */
function isOffered<Value extends string>(
  value: Value | undefined,
  values: readonly string[] | undefined,
): value is Value {
  return value === 'auto' || (value !== undefined && values?.includes(value) === true);
}

function isWithin(count: number | undefined, most: number | undefined): count is number {
  return count !== undefined && most !== undefined && count <= most;
}
