/** Answers whose bytes are shared: a `Response` with a buffer would hold a copy for each reader, for as long as it reads. */
import type { Context } from 'hono';

const PIECE_BYTES = 64 * 1024;

/** Answers with bytes that must not change. The headers are those that the context has. */
export function sendBytes(context: Context, bytes: Uint8Array): Response {
  context.header('Content-Length', String(bytes.byteLength));
  return context.req.method === 'HEAD' ? context.body(null) : context.body(streamOf(bytes));
}

/** Each piece is a view of `bytes`, made when the reader takes it. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (sent < bytes.byteLength) controller.enqueue(bytes.subarray(sent, sent + PIECE_BYTES));
        sent += PIECE_BYTES;
        if (sent >= bytes.byteLength) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function isNotModified(tag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch === '*' || ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
