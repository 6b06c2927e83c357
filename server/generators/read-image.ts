/** An image as a service sends it, judged by its bytes. A declared type is never believed (rule S6). */
import type { Limits } from '../platform/limits.ts';
import type { DecodedText } from './base64-decoder.ts';
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

/** The image in a base64 text. A text that is not base64 is not an image. */
export function readDecodedImage(text: DecodedText, limits: ImageByteLimits): GeneratedImage | ImageRejection {
  const bytes = text.read();
  if (bytes === 'not base64') return 'not an image';
  if (typeof bytes === 'string') return bytes;
  const image = readImage(bytes, limits);
  return typeof image === 'string' || text.sha256 === undefined ? image : { ...image, sha256: text.sha256 };
}
