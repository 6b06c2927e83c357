/** A valid PNG of a given size: noise, which does not compress. */
import { randomFillSync } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { GeneratedImage } from '../../server/generators/generator.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const WIDTH = 1024;
/** One byte for the row's filter, and three for each pixel. */
const ROW_BYTES = 1 + WIDTH * 3;

/** Of at least `byteLength` bytes, and hardly more. */
export function noisePng(byteLength: number): GeneratedImage {
  const height = Math.ceil(byteLength / ROW_BYTES);
  const rows = randomFillSync(Buffer.alloc(height * ROW_BYTES));
  for (let row = 0; row < height; row += 1) rows[row * ROW_BYTES] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a channel; red, green and blue.
  header.set([8, 2], 8);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 0 })), chunk('IEND', Buffer.alloc(0))];
  return { bytes: Buffer.concat([SIGNATURE, ...parts]), mediaType: 'image/png', width: WIDTH, height };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
