/** PNG, JPEG and WebP files, walked from their beginning to their end. Nothing is decoded, and no byte is copied. */
import { crc32 } from 'node:zlib';
import type { MediaType } from '../../shared/model.ts';
import { isTurnedByQuarter } from './exif-orientation.ts';

export interface ImageFile {
  readonly mediaType: MediaType;
  /** In pixels, as browsers show the image: after the turn that its Exif orientation asks for. 0 if the file doesn't say. */
  readonly width: number;
  readonly height: number;
  /** Whether the file reaches its end, with nothing wrong on the way. Bytes after the end don't matter. */
  readonly isWhole: boolean;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const unknownSize: Size = { width: 0, height: 0 };

/** The type is that of the first bytes (rule S6). Undefined for any other type. Never throws. */
export function readImageFile({ buffer, byteOffset, byteLength }: Uint8Array): ImageFile | undefined {
  const file = Buffer.from(buffer, byteOffset, byteLength);
  if (file.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n') return { mediaType: 'image/png', ...walkPng(file) };
  if (file.toString('latin1', 0, 3) === '\xff\xd8\xff') return { mediaType: 'image/jpeg', ...walkJpeg(file) };
  if (/^RIFF.{4}WEBP/s.test(file.toString('latin1', 0, 12))) return { mediaType: 'image/webp', ...walkWebp(file) };
  return undefined;
}

type Walk = Omit<ImageFile, 'mediaType'>;

const walked = ({ width, height }: Size, isTurned: boolean, isWhole: boolean): Walk =>
  isTurned ? { width: height, height: width, isWhole } : { width, height, isWhole };

/** Four letters as the number that they are in a file: comparing numbers makes no string for each chunk. */
const letters = (type: string): number => Buffer.from(type, 'latin1').readUInt32BE();

const png = { IHDR: letters('IHDR'), IDAT: letters('IDAT'), IEND: letters('IEND'), eXIf: letters('eXIf') };
/** The bit that is set in the types of chunks without which the image can be shown. */
const ANCILLARY = 0x2000_0000;

/** https://www.w3.org/TR/png-3/#5DataRep: chunks of length, type, data and CRC. */
function walkPng(file: Buffer): Walk {
  let size = unknownSize;
  let isTurned: boolean | undefined;
  let hasPixels = false;
  for (let start = 8; start + 12 <= file.length; ) {
    const type = file.readUInt32BE(start + 4);
    const end = start + 12 + file.readUInt32BE(start);
    const isFirst = start === 8;
    if (end > file.length || isFirst !== (type === png.IHDR)) break;
    if (isFirst && end === start + 25) size = { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
    const isIntact = () => crc32(file.subarray(start + 4, end - 4)) === file.readUInt32BE(end - 4);
    // Browsers show an image all the same when a chunk that it doesn't need is damaged.
    if ((type & ANCILLARY) === 0 && !isIntact()) break;
    if (type === png.IEND) return walked(size, isTurned ?? false, hasPixels);
    if (type === png.IDAT) hasPixels = true;
    // Chromium honours the first one, and none after the pixels.
    if (type === png.eXIf && !hasPixels && isIntact())
      isTurned ??= isTurnedByQuarter(file.subarray(start + 8, end - 4));
    start = end;
  }
  return walked(size, isTurned ?? false, false);
}

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B: segments of marker, length and data, and pixels between some of them. */
function walkJpeg(file: Buffer): Walk {
  let size: Size | undefined;
  let isTurned: boolean | undefined;
  let hasPixels = false;
  // Pixels are passed over on the way to the next marker.
  for (let at = file.indexOf(0xff, 2); at !== -1 && at + 1 < file.length; at = file.indexOf(0xff, at)) {
    const marker = file[++at] ?? 0;
    if (marker === END) return walked(size ?? unknownSize, isTurned ?? false, hasPixels);
    if (marker === 0xff || standsAlone(marker)) continue;
    const start = at + 3;
    const end = start <= file.length ? at + 1 + file.readUInt16BE(at + 1) : 0;
    if (end < start || end > file.length) break;
    if (marker === SCAN) hasPixels = true;
    else if (isFrame(marker) && end - start >= 5) {
      size ??= { width: file.readUInt16BE(start + 3), height: file.readUInt16BE(start + 1) };
    } else if (
      marker === APP1 &&
      !hasPixels &&
      end - start > 6 &&
      file.toString('latin1', start, start + 6) === 'Exif\0\0'
    ) {
      isTurned ??= isTurnedByQuarter(file.subarray(start + 6, end));
    }
    at = end;
  }
  return walked(size ?? unknownSize, isTurned ?? false, false);
}

const SCAN = 0xda;
const END = 0xd9;
/** The segments that may hold Exif data. */
const APP1 = 0xe1;

/** Whether no segment follows: 0 stands after a 0xff of the pixels, 0xd0 to 0xd7 are restarts between them, 0xd8 begins a file. */
const standsAlone = (marker: number): boolean => marker <= 1 || (marker >= 0xd0 && marker <= 0xd8);

/** Of the markers from 0xc0 to 0xcf all but three begin a frame, which says the size. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const webp = { VP8: letters('VP8 '), VP8L: letters('VP8L'), VP8X: letters('VP8X'), ANMF: letters('ANMF') };

/**
 * https://developers.google.com/speed/webp/docs/riff_container: chunks of type, length and data, padded to an even length. Chromium
 * ignores the Exif data of a WebP, so it doesn't count here either.
 */
function walkWebp(file: Buffer): Walk {
  const fileEnd = 8 + file.readUInt32LE(4);
  let isWhole = fileEnd <= file.length;
  let hasPixels = false;
  for (let start = 12; isWhole && start + 8 <= fileEnd; ) {
    const type = file.readUInt32BE(start);
    const end = start + 8 + file.readUInt32LE(start + 4);
    isWhole = end <= fileEnd;
    hasPixels ||= type === webp.VP8 || type === webp.VP8L || type === webp.ANMF;
    start = end + (end % 2);
  }
  return walked(webpSize(file), false, isWhole && hasPixels);
}

/** The first chunk has the size, in one of three forms. */
function webpSize(file: Buffer): Size {
  if (file.length < 30) return unknownSize;
  switch (file.readUInt32BE(12)) {
    case webp.VP8X:
      return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
    case webp.VP8:
      return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
    case webp.VP8L: {
      const bits = file.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default:
      return unknownSize;
  }
}
