/**
 * OpenAI, as fast as a process can be: answers that were made once are written as they are. The image of each request differs in twelve
 * bytes behind its end, so that nothing on the way can know it from before.
 *
 * Its environment: `IMAGE_BYTES`, and `MODEL_MS`, the time until the final image, two thirds of which have passed when both previews
 * have come.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startFakeOpenAI } from '../../support/fake-openai.ts';
import { FINAL_WIDTH, PARTIAL_WIDTH } from '../browser.ts';
import { now } from '../processes.ts';
import { offer } from './offer.ts';
import { photograph } from './picture.ts';

const imageBytes = Number(process.env.IMAGE_BYTES ?? 3_000_000);
const modelMs = Number(process.env.MODEL_MS ?? 0);
/** In base64: the last twelve bytes of an image. */
const MARK = 'ProofroomBench00';

/** With the mark behind its end, where no program looks. */
function picture(width: number): Buffer {
  const png = photograph(width, imageBytes);
  return Buffer.concat([png, Buffer.alloc((3 - (png.length % 3)) % 3), Buffer.from(MARK, 'base64')]);
}

const [final, partial] = [picture(FINAL_WIDTH), picture(PARTIAL_WIDTH)];

/** The answer of the Responses API, as the tests' fake gives it: up to each preview, the first copy of the final, and the rest. */
async function recordStream(): Promise<readonly Buffer[]> {
  const paint = async ({ progress }: { readonly progress: number }) => (progress === 1 ? final : partial);
  const fake = await startFakeOpenAI({ paint });
  const body = {
    model: 'a-model',
    input: [{ content: [{ type: 'input_text', text: 'bench' }] }],
    tools: [{ type: 'image_generation', model: 'an-image-model', partial_images: 2 }],
  };
  const response = await fetch(`${fake.baseURL}/responses`, { method: 'POST', body: JSON.stringify(body) });
  const stream = Buffer.from(await response.arrayBuffer());
  await fake.close();
  const preview = 'response.image_generation_call.partial_image';
  const ends: number[] = [];
  for (const type of [preview, preview, 'response.output_item.done']) {
    ends.push(stream.indexOf('\n\n', stream.indexOf(`event: ${type}`, ends.at(-1) ?? 0)) + 2);
  }
  return [0, ...ends].map((end, index) => stream.subarray(end, ends[index] ?? stream.length));
}

const stream = await recordStream();
const plain = Buffer.from(JSON.stringify({ created: 1_790_000_000, data: [{ b64_json: final.toString('base64') }] }));
/** Where in a stream both previews and the first copy of the final end. */
const imagesEnd = stream.slice(0, 3).map((_, index) => Buffer.concat(stream.slice(0, index + 1)).length);

let requests = 0;
let sentAt = 0;

/** Writes bytes with this request's mark in place of the recorded one. Resolves when the kernel has them. */
function write(response: ServerResponse, bytes: Buffer, mark: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let start = 0;
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, start)) {
    response.write(bytes.subarray(start, at));
    response.write(mark);
    start = at + MARK.length;
  }
  response.write(bytes.subarray(start), () => resolve());
  return promise;
}

async function answerStream(response: ServerResponse, mark: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-images-end': imagesEnd.join(' ') });
  for (const [index, part] of stream.entries()) {
    if (index < 3) await wait(modelMs / 3);
    if (index === 2) sentAt = now();
    await write(response, part, mark);
  }
  response.end();
}

async function answerPlain(response: ServerResponse, mark: string): Promise<void> {
  await wait(modelMs);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(plain.length) });
  sentAt = now();
  await write(response, plain, mark);
  response.end();
}

const server = createServer(async (request, response) => {
  response.on('error', () => undefined);
  await request
    .resume()
    .toArray()
    .catch(() => []);
  const mark = `Bench${String(requests++).padStart(MARK.length - 'Bench'.length, '0')}`;
  if (request.url?.endsWith('/responses')) return answerStream(response, mark);
  if (request.url?.endsWith('/images/generations')) return answerPlain(response, mark);
  // It has every model.
  return void response.setHeader('content-type', 'application/json').end('{"id":"a-model","object":"model"}');
});
await once(server.listen(0, '127.0.0.1'), 'listening');

offer({
  baseURL: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
  /** When the last answer began to send its final image. */
  sentAt: () => sentAt,
});
