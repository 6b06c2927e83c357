/** A PNG that costs about as much to decode as a photograph of its size in bytes. */
import { randomFillSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { pngChunk, pngOf } from '../../support/image-files.ts';

/** Of three channels with five random bits each, over a gradient. */
const BYTES_PER_PIXEL = 1.91;
const CHANNELS = 3;

export function photograph(width: number, bytes: number): Buffer {
  const height = Math.round(bytes / BYTES_PER_PIXEL / width);
  /** One byte for the row's filter, and three for each pixel. */
  const rowBytes = 1 + width * CHANNELS;
  const rows = randomFillSync(Buffer.alloc(height * rowBytes));
  for (let row = 0; row < height; row += 1) {
    const start = row * rowBytes;
    const brightness = Math.floor((row * 200) / height);
    rows[start] = 0;
    for (let at = start + 1; at < start + rowBytes; at += 1) rows[at] = brightness + ((rows[at] ?? 0) & 31);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a channel; red, green and blue.
  header.set([8, 2], 8);
  return pngOf(pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(rows, { level: 1 })), pngChunk('IEND'));
}
