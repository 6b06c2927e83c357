/** Parts of image files, for files that no encoder makes. */
import { crc32, deflateSync } from 'node:zlib';

/** The position of a text in a file. */
export const positionOf = (file: Buffer, text: string): number => file.indexOf(text, 0, 'latin1');

export function pngChunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const typeAndData = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.concat([Buffer.alloc(4), typeAndData, Buffer.alloc(4)]);
  chunk.writeUInt32BE(data.length);
  chunk.writeUInt32BE(crc32(typeAndData), chunk.length - 4);
  return chunk;
}

/** A PNG of the given chunks. */
export const pngOf = (...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);

/** A whole PNG that says that it has so many pixels, and has only a few bytes of them. */
export function pngOfSize(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  return pngOf(pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(9))), pngChunk('IEND'));
}

export function jpegSegment(marker: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const segment = Buffer.concat([Buffer.from([0xff, marker, 0, 0]), data]);
  segment.writeUInt16BE(segment.length - 2, 2);
  return segment;
}

export function webpChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.alloc(4), data, Buffer.alloc(data.length % 2)]);
  chunk.writeUInt32LE(data.length, 4);
  return chunk;
}

/** A WebP of the given chunks. */
export function webpOf(...chunks: readonly Buffer[]): Buffer {
  const file = Buffer.concat([Buffer.from('RIFF....WEBP', 'latin1'), ...chunks]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}

/** Exif data with an orientation, without the `Exif` that stands before it in a JPEG. */
export function exif(orientation: number, order: 'little-endian' | 'big-endian' = 'little-endian'): Buffer {
  const [make, description] = [0x010f, 0x010e];
  const short = (value: number) => (order === 'little-endian' ? [value, 0] : [0, value]);
  const tag = (value: number) => (order === 'little-endian' ? [value & 255, value >> 8] : [value >> 8, value & 255]);
  const long = (value: number) => (order === 'little-endian' ? [value, 0, 0, 0] : [0, 0, 0, value]);
  const entry = (name: number, type: number, count: number, value: readonly number[]) =>
    Buffer.from([...tag(name), ...short(type), ...long(count), ...value]);
  return Buffer.concat([
    Buffer.from(order === 'little-endian' ? 'II*\0' : 'MM\0*', 'latin1'),
    Buffer.from([...long(8), ...short(3)]),
    entry(description, 2, 1, long(0)),
    entry(make, 2, 1, long(0)),
    entry(0x0112, 3, 1, [...short(orientation), 0, 0]),
    Buffer.from(long(0)),
  ]);
}

/** The bytes with `insert` put in at `position`. */
export const insertedAt = (file: Buffer, position: number, ...insert: readonly Buffer[]): Buffer =>
  Buffer.concat([file.subarray(0, position), ...insert, file.subarray(position)]);

/** The bytes with one bit changed at `position`. */
export function flippedAt(file: Buffer, position: number): Buffer {
  const bytes = Buffer.from(file);
  bytes[position] = (bytes[position] ?? 0) ^ 4;
  return bytes;
}
