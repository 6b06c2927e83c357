/** Splits server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */

export interface ServerSentEvent {
  /** The text of its `event:` line; empty without one. */
  readonly name: string;
  readonly data: string;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

/** The events that carry data. One that the stream ends in is included, since some servers leave out the last empty line. */
export async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void> {
  let name = '';
  let data: string[] = [];
  for await (const line of linesOf(chunks)) {
    if (line.length === 0) {
      if (data.length > 0) yield { name, data: data.join('\n') };
      name = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(COLON);
    const field = line.toString('latin1', 0, colon < 0 ? line.length : colon);
    if (field !== 'data' && field !== 'event') continue;
    const start = line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    const value = colon < 0 ? '' : line.toString('utf8', start);
    if (field === 'data') data.push(value);
    else name = value;
  }
  if (data.length > 0) yield { name, data: data.join('\n') };
}

/** Lines without their ends, which are CR, LF or both. A line of many chunks is joined once, when all of it is there. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let begun: Uint8Array[] = [];
  let endedInCr = false;
  for await (const { buffer, byteOffset, byteLength } of chunks) {
    const chunk = Buffer.from(buffer, byteOffset, byteLength);
    const find = (byte: number, from: number): number => {
      const position = chunk.indexOf(byte, from);
      return position < 0 ? Number.POSITIVE_INFINITY : position;
    };
    // The LF of a CRLF may come in the next chunk.
    let start: number = endedInCr && chunk[0] === LF ? 1 : 0;
    let [lf, cr] = [find(LF, start), find(CR, start)];
    for (let end = Math.min(lf, cr); end < byteLength; end = Math.min(lf, cr)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)]);
      begun = [];
      start = cr + 1 === lf ? lf + 1 : end + 1;
      if (lf < start) lf = find(LF, start);
      if (cr < start) cr = find(CR, start);
    }
    if (byteLength > 0) endedInCr = start === byteLength && chunk[byteLength - 1] === CR;
    if (start < byteLength) begun.push(chunk.subarray(start));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}
