/** An image as a service sends it, judged by its bytes. A declared type is never believed (rule S6). */
import type { Limits } from '../platform/limits.ts';
import type { GeneratedImage } from './generator.ts';
import { readImageFile } from './image-file.ts';

export type ImageByteLimits = Pick<Limits, 'UPSTREAM_IMAGE_BYTES' | 'UPSTREAM_IMAGE_PIXELS'>;

/** Why bytes are not taken as an image: more bytes or pixels than the limits allow, no PNG, JPEG or WebP, or one that is not whole. */
export type ImageRejection = 'too big' | 'not an image' | 'damaged';

/** Walks the file to its end and keeps the bytes as they are (rules S6, W4). Nothing is decoded. Never throws. */
export function readImage(bytes: Uint8Array, limits: ImageByteLimits): GeneratedImage | ImageRejection {
  if (bytes.byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const file = readImageFile(bytes);
  if (!file) return 'not an image';
  const { isWhole, mediaType, width, height } = file;
  const pixels = width * height;
  if (pixels > limits.UPSTREAM_IMAGE_PIXELS) return 'too big';
  return isWhole && pixels > 0 ? { bytes, mediaType, width, height } : 'damaged';
}

/**
 * The image in a base64 text: in either alphabet, with or without padding, line breaks and a `data:` address around it. Its length is
 * checked before anything is decoded (rule S4). A text that is not base64 is not an image.
 */
export function readBase64Image(text: string, limits: ImageByteLimits): GeneratedImage | ImageRejection {
  const base64 = text.replace(/^\s*data:[^,]{0,200};base64,/i, '').replace(/\s+/g, '');
  const byteLength = Buffer.byteLength(base64, 'base64');
  if (byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const bytes = Buffer.from(base64, 'base64');
  // The decoder skips characters that are not base64, and then returns fewer bytes than the text's length promises.
  return bytes.byteLength === byteLength ? readImage(bytes, limits) : 'not an image';
}
