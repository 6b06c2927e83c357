/** Answers of a hostile image service that are small when sent and huge when unpacked. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

const MiB = 1024 * 1024;
/** The unpacked size of one piece. About a thousandth of it is sent. */
const PIECE_BYTES = 16 * MiB;
const PIECES = 64;

/** Only the header of a PNG, which claims 100,000 by 100,000 pixels. */
export const pixelBomb = Buffer.alloc(64);
pixelBomb.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
pixelBomb.writeUInt32BE(100_000, 16);
pixelBomb.writeUInt32BE(100_000, 20);

/** Sends an answer that begins like a valid one and unpacks to a gibibyte, unless the client closes the connection. */
export function answerGzipBomb(response: ServerResponse, status: number, type: string, beginning: string): void {
  response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' });
  response.write(gzipSync(beginning));
  const piece = gzipSync(Buffer.alloc(PIECE_BYTES, 'A'));
  let left = PIECES;
  const more = () => {
    let isWritable = true;
    while (isWritable && left > 0 && !response.destroyed) {
      isWritable = response.write(piece);
      left -= 1;
    }
    if (left === 0) response.end();
  };
  response.on('drain', more);
  more();
}
