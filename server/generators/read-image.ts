/** What an image's bytes say of themselves: their type and size. A declared type is never believed (rule S6). */
import type { MediaType } from '../../shared/model.ts';
import type { Limits } from '../platform/limits.ts';
import type { GeneratedImage } from './generator.ts';

export type ImageByteLimits = Pick<Limits, 'UPSTREAM_IMAGE_BYTES' | 'UPSTREAM_IMAGE_PIXELS'>;

/** More bytes or pixels than are taken. */
export type TooBig = 'too big';

interface Size {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

const readers: readonly { readonly mediaType: MediaType; readonly sizeOf: (view: DataView) => Size | undefined }[] = [
  { mediaType: 'image/png', sizeOf: pngSize },
  { mediaType: 'image/jpeg', sizeOf: jpegSize },
  { mediaType: 'image/webp', sizeOf: webpSize },
];

/**
 * Recognises a PNG, JPEG or WebP by its header and keeps the bytes as they are (rules S6, W4). Nothing is decoded.
 * @returns nothing for any other type, a damaged header, or no pixels
 */
export function readImage(bytes: Uint8Array, limits: ImageByteLimits): GeneratedImage | TooBig | undefined {
  if (bytes.byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { mediaType, sizeOf } of readers) {
    const size = sizeOf(view);
    if (!size) continue;
    const pixels = size.width * size.height;
    if (pixels > limits.UPSTREAM_IMAGE_PIXELS) return 'too big';
    return pixels > 0 ? { bytes, mediaType, ...size } : undefined;
  }
  return undefined;
}

/**
 * The image in a base64 text, whose length is checked before anything is decoded (rule S4).
 * @returns nothing where `readImage` does, and for a text that is not base64
 */
export function readBase64Image(base64: string, limits: ImageByteLimits): GeneratedImage | TooBig | undefined {
  const byteLength = Buffer.byteLength(base64, 'base64');
  if (byteLength > limits.UPSTREAM_IMAGE_BYTES) return 'too big';
  const bytes = Buffer.from(base64, 'base64');
  // The decoder skips what is not base64; then it yields fewer bytes than the text's length promises.
  return bytes.byteLength === byteLength ? readImage(bytes, limits) : undefined;
}

/** https://www.w3.org/TR/png-3/#11IHDR: the header is the first chunk, always 13 bytes long. */
function pngSize(view: DataView): Size | undefined {
  if (view.byteLength < 33 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return undefined;
  if (view.getUint32(8) !== 13 || ascii(view, 12, 4) !== 'IHDR') return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B: segments, until the one that starts a frame. */
function jpegSize(view: DataView): Size | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let offset = 2;
  while (offset + 4 <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return undefined;
    const marker = view.getUint8(offset + 1);
    // Any number of 0xff may fill the space before a marker.
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    if (startsFrame(marker)) {
      if (offset + 9 > view.byteLength) return undefined;
      return { width: view.getUint16(offset + 7), height: view.getUint16(offset + 5) };
    }
    const length = view.getUint16(offset + 2);
    if (!hasLength(marker) || length < 2) return undefined;
    offset += 2 + length;
  }
  return undefined;
}

/** SOF0 to SOF15; the three numbers in between are tables and an extension. */
const startsFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Before a frame: neither a stand-alone marker, nor the scan, nor the end. */
const hasLength = (marker: number): boolean => marker >= 0xc0 && !(marker >= 0xd0 && marker <= 0xda);

/** https://www.rfc-editor.org/rfc/rfc9649: a RIFF file whose first chunk tells the size, in one of three ways. */
function webpSize(view: DataView): Size | undefined {
  if (view.byteLength < 30 || ascii(view, 0, 4) !== 'RIFF' || ascii(view, 8, 4) !== 'WEBP') return undefined;
  switch (ascii(view, 12, 4)) {
    case 'VP8X':
      return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
    case 'VP8 ':
      // The upper two bits of each are a hint for scaling.
      return ascii(view, 23, 3) === '\x9d\x01\x2a'
        ? { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
        : undefined;
    case 'VP8L': {
      if (view.getUint8(20) !== 0x2f) return undefined;
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    default:
      return undefined;
  }
}

const uint24 = (view: DataView, offset: number): number =>
  view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);

const ascii = (view: DataView, offset: number, length: number): string =>
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, length));
