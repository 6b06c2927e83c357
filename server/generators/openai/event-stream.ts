/** Splits server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
import { byteFinder } from './byte-finder.ts';

/** Takes in the data of one event while it arrives. */
export interface DataReader {
  write(bytes: Buffer): void;
}

export interface ServerSentEvent<Reader> {
  /** The text of its `event:` line; empty without one. */
  readonly name: string;
  /** Has all of the event's data. */
  readonly data: Reader;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');
/** With the character after it, which is left out if it is a space. */
const DATA_FIELD_BYTES = 'data: '.length;

/**
 * The events that carry data. Each gets a reader of its own, which is given the data as it arrives, so that no event is one long piece of
 * work. An event that the stream ends in is included, since some servers leave out the last empty line.
 */
export async function* eventsOf<Reader extends DataReader>(
  chunks: AsyncIterable<Buffer>,
  createReader: () => Reader,
): AsyncGenerator<ServerSentEvent<Reader>, void> {
  const splitter = new EventSplitter(createReader);
  for await (const chunk of chunks) yield* splitter.write(chunk);
  yield* splitter.end();
}

class EventSplitter<Reader extends DataReader> {
  readonly #createReader: () => Reader;
  #name = '';
  #data: Reader | undefined;
  /** The beginning of a line, as long as it may be one of data, and the whole of any other line. */
  #line: Buffer[] = [];
  #kind: 'unknown' | 'data' | 'other' = 'unknown';
  #endedInCr = false;

  constructor(createReader: () => Reader) {
    this.#createReader = createReader;
  }

  /** Lines end in CR, LF or both. */
  *write(chunk: Buffer): Generator<ServerSentEvent<Reader>, void> {
    const [findLf, findCr] = [byteFinder(chunk, LF), byteFinder(chunk, CR)];
    // The LF of a CRLF may come in the next chunk.
    let start = this.#endedInCr && chunk[0] === LF ? 1 : 0;
    while (start < chunk.length) {
      const [lf, cr] = [findLf(start), findCr(start)];
      const end = Math.min(lf, cr);
      this.#take(chunk.subarray(start, end));
      if (end < chunk.length) yield* this.#endLine();
      start = cr + 1 === lf ? lf + 1 : end + 1;
    }
    if (chunk.length > 0) this.#endedInCr = chunk[chunk.length - 1] === CR;
  }

  *end(): Generator<ServerSentEvent<Reader>, void> {
    yield* this.#endLine();
    yield* this.#endEvent();
  }

  /** Takes in a part of the current line. */
  #take(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#kind === 'data') return this.#data?.write(bytes);
    this.#line.push(bytes);
    if (this.#kind === 'other') return;
    const line = Buffer.concat(this.#line);
    if (line.length < DATA_FIELD_BYTES) return;
    this.#kind = line.toString('latin1', 0, 5) === 'data:' ? 'data' : 'other';
    if (this.#kind === 'data') this.#addData(line.subarray(5));
  }

  *#endLine(): Generator<ServerSentEvent<Reader>, void> {
    const line = Buffer.concat(this.#line);
    const isEmpty = line.length === 0 && this.#kind === 'unknown';
    if (this.#kind !== 'data') this.#takeField(line);
    this.#line = [];
    this.#kind = 'unknown';
    if (isEmpty) yield* this.#endEvent();
  }

  #takeField(line: Buffer): void {
    const colon = line.indexOf(COLON);
    const field = line.toString('latin1', 0, colon < 0 ? line.length : colon);
    const value = colon < 0 ? line.subarray(line.length) : line.subarray(colon + 1);
    if (field === 'data') this.#addData(value);
    else if (field === 'event') this.#name = value.toString('utf8', value[0] === SPACE ? 1 : 0);
  }

  /** The data of several lines is joined by line feeds. */
  #addData(bytes: Buffer): void {
    if (this.#data) this.#data.write(NEWLINE);
    this.#data ??= this.#createReader();
    this.#data.write(bytes.subarray(bytes[0] === SPACE ? 1 : 0));
  }

  *#endEvent(): Generator<ServerSentEvent<Reader>, void> {
    if (this.#data) yield { name: this.#name, data: this.#data };
    this.#name = '';
    this.#data = undefined;
  }
}
