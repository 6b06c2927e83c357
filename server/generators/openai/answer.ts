/**
 * The JSON in an answer with status 200: one value, or one for each event of a stream. Its beginning tells which. Neither the request
 * nor the content type does: some servers send a stream that nobody asked for, or none, and declare a wrong type or no type.
 */
import { eventsOf, type ServerSentEvent } from './event-stream.ts';
import { failure } from './failures.ts';
import type { Service } from './service.ts';
import { safeWord } from './thrown-errors.ts';

/**
 * An event's value has the event's name as its `type`, if it has no other. Events without JSON, such as keep-alives, and damaged ones are
 * passed over.
 * @throws {GenerationFailed} if the answer is neither JSON nor a stream of events, such as a proxy's own page
 * @throws {SyntaxError} if the answer is one JSON value that breaks off
 */
export async function* valuesOf({ body, headers }: Response, service: Service): AsyncGenerator<unknown, void> {
  if (!body) return;
  const { beginning, chunks } = await startOf(body);
  if (/^[{[]/.test(beginning)) {
    yield JSON.parse(await textOf(chunks));
  } else if (/^(:|dat|eve|id|ret|$)/.test(beginning)) {
    for await (const event of eventsOf(chunks)) {
      const value = parseEvent(event);
      if (value !== undefined) yield value;
    }
  } else {
    throw failure('not_the_api', service, `answered with ${safeWord(headers.get('content-type') ?? 'text')}`);
  }
}

/** The first characters of a stream after white space and a byte order mark, and all of the stream from there on. */
async function startOf(stream: AsyncIterable<Uint8Array>) {
  const iterator = stream[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 3) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = withoutBlanks(Buffer.concat([head, value]));
  }
  async function* chunks() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { beginning: head.toString('latin1', 0, 3), chunks: chunks() };
}

function withoutBlanks(bytes: Buffer): Buffer {
  const rest = bytes.subarray(bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? 3 : 0);
  const start = rest.findIndex((byte) => byte > 0x20);
  return start < 0 ? Buffer.alloc(0) : rest.subarray(start);
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

function parseEvent({ name, data }: ServerSentEvent): unknown {
  try {
    const value: unknown = JSON.parse(data);
    const isNameless = typeof value === 'object' && value !== null && !('type' in value);
    return name !== '' && isNameless ? { type: name, ...value } : value;
  } catch {
    return undefined;
  }
}
