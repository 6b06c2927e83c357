/**
 * The JSON in an answer with status 200: one value, or one for each event of a stream. Its beginning tells which. Neither the request
 * nor the content type does: some servers send a stream that nobody asked for, or none, and declare a wrong type or no type.
 */

import { giveWay } from '../../platform/event-loop.ts';
import type { ImageByteLimits } from '../read-image.ts';
import { eventsOf, type ServerSentEvent } from './event-stream.ts';
import { failure } from './failures.ts';
import { JsonReader } from './json-reader.ts';
import type { Service } from './service.ts';
import { safeWord } from './thrown-errors.ts';

/**
 * The texts of images are decoded (see `JsonReader`). An event's value has the event's name as its `type`, if it has no other. Events without JSON, such as keep-alives, and damaged ones are
 * passed over.
 * @throws {GenerationFailed} if the answer is neither JSON nor a stream of events, such as a proxy's own page
 * @throws {SyntaxError} if the answer is one JSON value that breaks off
 */
export async function* valuesOf(
  { body, headers }: Response,
  service: Service,
  { UPSTREAM_IMAGE_BYTES }: Pick<ImageByteLimits, 'UPSTREAM_IMAGE_BYTES'>,
): AsyncGenerator<unknown, void> {
  if (!body) return;
  const createReader = () => new JsonReader(UPSTREAM_IMAGE_BYTES);
  const { beginning, chunks } = await startOf(body);
  if (/^[{[]/.test(beginning)) {
    const reader = createReader();
    for await (const chunk of chunks) reader.write(chunk);
    yield reader.end();
  } else if (/^(:|dat|eve|id|ret|$)/.test(beginning)) {
    for await (const event of eventsOf(chunks, createReader)) {
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
    for await (const { buffer, byteOffset, byteLength } of { [Symbol.asyncIterator]: () => iterator }) {
      yield Buffer.from(buffer, byteOffset, byteLength);
      await giveWay();
    }
  }
  return { beginning: head.toString('latin1', 0, 3), chunks: chunks() };
}

function withoutBlanks(bytes: Buffer): Buffer {
  const rest = bytes.subarray(bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? 3 : 0);
  const start = rest.findIndex((byte) => byte > 0x20);
  return start < 0 ? Buffer.alloc(0) : rest.subarray(start);
}

function parseEvent({ name, data }: ServerSentEvent<JsonReader>): unknown {
  try {
    const value = data.end();
    const isNameless = typeof value === 'object' && value !== null && !('type' in value);
    return name !== '' && isNameless ? { type: name, ...value } : value;
  } catch {
    return undefined;
  }
}
