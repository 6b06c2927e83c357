/** An image's type and size, read from its bytes. A declared type is never believed (rule S6). */
import { type ImageType, imageDimensionsFromData } from 'image-dimensions';
import type { MediaType } from '../../shared/model.ts';
import type { Limits } from '../platform/limits.ts';
import type { GeneratedImage } from './generator.ts';

export type ImageByteLimits = Pick<Limits, 'UPSTREAM_IMAGE_BYTES' | 'UPSTREAM_IMAGE_PIXELS'>;

/** Why bytes are not taken as an image: more bytes or pixels than the limits allow, or no PNG, JPEG or WebP with a readable size. */
export type ImageRejection = 'too big' | 'not an image';

const mediaTypes: Partial<Record<ImageType, MediaType>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
};

/** Reads the type and size from the header and keeps the bytes as they are (rules S6, W4). Nothing is decoded. Never throws. */
export function readImage(bytes: Uint8Array, limits: ImageByteLimits): GeneratedImage | ImageRejection {
  if (bytes.byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const dimensions = dimensionsOf(bytes);
  const mediaType = dimensions && mediaTypes[dimensions.type];
  if (!mediaType) return 'not an image';
  const { width, height } = dimensions;
  const pixels = width * height;
  if (pixels > limits.UPSTREAM_IMAGE_PIXELS) return 'too big';
  return pixels > 0 ? { bytes, mediaType, width, height } : 'not an image';
}

/** The image in a base64 text, whose length is checked before anything is decoded (rule S4). A text that is not base64 is not an image. */
export function readBase64Image(base64: string, limits: ImageByteLimits): GeneratedImage | ImageRejection {
  const byteLength = Buffer.byteLength(base64, 'base64');
  if (byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const bytes = Buffer.from(base64, 'base64');
  // The decoder skips characters that are not base64, and then returns fewer bytes than the text's length promises.
  return bytes.byteLength === byteLength ? readImage(bytes, limits) : 'not an image';
}

/** A PNG or WebP has its size in the first 30 bytes. A JPEG has it after its metadata, in segments of up to 64 KiB each. */
const HEADER_BYTES = 128 * 1024;

/**
 * The library gets only the beginning, since it copies its input, and throws on an AVIF with very many entries. A JPEG may have more
 * metadata than that, such as colour profiles and content credentials. Then the library gets all of it.
 */
function dimensionsOf(bytes: Uint8Array) {
  const dimensions = imageDimensionsFromData(bytes.subarray(0, HEADER_BYTES));
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  return dimensions ?? (isJpeg && bytes.byteLength > HEADER_BYTES ? imageDimensionsFromData(bytes) : undefined);
}
