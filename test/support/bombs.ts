/** Small things that grow: what a hostile image service may answer with. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

const MiB = 1024 * 1024;
/** Of what one piece becomes; a thousandth of it goes over the line. */
const PIECE_BYTES = 16 * MiB;
const PIECES = 64;

/** A PNG whose header promises 100,000 by 100,000 pixels, and no more than that. */
export const pixelBomb = Buffer.alloc(64);
pixelBomb.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
pixelBomb.writeUInt32BE(100_000, 16);
pixelBomb.writeUInt32BE(100_000, 20);

/** An answer that begins like a good one and becomes a gibibyte, as long as the client takes it. */
export function answerGzipBomb(response: ServerResponse, status: number, type: string, beginning: string): void {
  response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' });
  response.write(gzipSync(beginning));
  const piece = gzipSync(Buffer.alloc(PIECE_BYTES, 'A'));
  let left = PIECES;
  const more = () => {
    let isTaken = true;
    while (isTaken && left > 0 && !response.destroyed) {
      isTaken = response.write(piece);
      left -= 1;
    }
    if (left === 0) response.end();
  };
  response.on('drain', more);
  more();
}
