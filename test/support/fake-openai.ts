/**
 * OpenAI's part in tests: a real HTTP server with the Responses API's events, pictures and failures.
 *
 * In a test: `const fake = await startFakeOpenAI(); fake.next('rate_limited', { retryAfter: 1 });`. By hand:
 * `node test/support/fake-openai.ts --port 4010`; then a marker in the prompt, such as `[[500 once]]`, chooses the bad day.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  answerError,
  answerJson,
  type Exchange,
  promptOf,
  type RecordedRequest,
  type SentImages,
} from './fake-openai-exchange.ts';
import { type PictureOrder, type PictureSize, paintPicture } from './fake-openai-pictures.ts';
import { markerIn, play, type ScenarioName, type ScenarioOptions } from './fake-openai-scenarios.ts';

export interface FakeOpenAIOptions {
  /** 0, any free one, when absent. */
  readonly port?: number;
  /** How long one step of a drawing takes; 0 when absent. */
  readonly stepMs?: number;
  /** The size of every picture, in pixels; that of the request when `'asked'`, small when absent. */
  readonly pictureSize?: PictureSize | 'asked';
  /** What paints the pictures; plain stripes when absent. */
  readonly paint?: (order: PictureOrder) => Promise<Buffer>;
}

/** A key that the fake refuses, for use by hand; it accepts all others. */
export const WRONG_KEY = 'sk-wrong';
/** A model that the fake does not have, for use by hand; it has all others. */
export const MISSING_MODEL = 'missing-model';

const SMALL: PictureSize = { width: 96, height: 64 };

export class FakeOpenAI {
  /** Every request, in order. */
  readonly requests: RecordedRequest[] = [];
  /** The images of each request for one, in order. */
  readonly sent: SentImages[] = [];
  readonly #options: FakeOpenAIOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #queue: { readonly name: ScenarioName; readonly options: ScenarioOptions }[] = [];
  readonly #modelsQueue: ScenarioName[] = [];
  readonly #seenOnce = new Set<string>();
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: (request: RecordedRequest) => void }>();
  readonly #closing = new AbortController();
  /** Opens the gates of the drawings that are held and not over. */
  readonly #gates = new Set<() => void>();
  #isReleasedAhead = false;

  constructor(options: FakeOpenAIOptions) {
    this.#options = options;
  }

  /** What OPENAI_BASE_URL is to be. */
  get baseURL(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1`;
  }

  async listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(this.#options.port ?? 0, '127.0.0.1', resolve);
    await promise;
  }

  /** Chooses how the next request for an image is answered that nothing is chosen for yet; else it is `drawn`. */
  next(name: ScenarioName, options: ScenarioOptions = {}): void {
    this.#queue.push({ name, options });
  }

  /** The same for the next request for a model's description; else the model exists. */
  nextModel(name: ScenarioName): void {
    this.#modelsQueue.push(name);
  }

  /** Lets every drawing that was asked for and is `held` come to its end; where there is none, the next one. */
  release(): void {
    if (this.#gates.size === 0) this.#isReleasedAhead = true;
    for (const open of this.#gates) open();
    this.#gates.clear();
  }

  /** Resolves with request number `count`, counted from 1, as soon as it has come. */
  request(count: number): Promise<RecordedRequest> {
    const there = this.requests[count - 1];
    if (there) return Promise.resolve(there);
    return new Promise((resolve) => void this.#waiting.add({ count, resolve }));
  }

  /** Breaks off what is left; may be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.release();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const body = await text(incoming).catch(() => '');
    const request = this.#record(incoming, response, body);
    const { pathname } = new URL(request.path, 'http://fake');
    if (incoming.headers.authorization === `Bearer ${WRONG_KEY}`) {
      return play('invalid_api_key', this.#exchange(request, response, { partials: [] }));
    }
    if (incoming.method === 'POST' && pathname === '/v1/responses') return this.#draw(request, response);
    if (incoming.method === 'GET' && pathname.startsWith('/v1/models'))
      return this.#describe(pathname, request, response);
    answerError(response, 404, { message: 'Invalid URL', type: 'invalid_request_error' });
  }

  async #draw(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const sent: SentImages = { partials: [] };
    this.sent.push(sent);
    const { name, options } = this.#queue.shift() ?? { name: this.#scenarioFor(request), options: {} };
    const released = name === 'held' ? this.#hold(response) : undefined;
    const exchange = this.#exchange(request, response, sent, released);
    try {
      await play(name, exchange, options);
    } catch (error) {
      // A client that hung up, a request that the API would refuse, or the end of the fake.
      if (!response.headersSent) answerError(response, 400, { message: String(error), type: 'invalid_request_error' });
      response.destroy();
    }
  }

  /** From the request on, so that a `release` counts however far its answer has come. */
  #hold(response: ServerResponse): Promise<void> {
    const { promise, resolve: open } = Promise.withResolvers<void>();
    if (this.#isReleasedAhead) open();
    else this.#gates.add(open);
    this.#isReleasedAhead = false;
    response.once('close', () => this.#gates.delete(open));
    return promise;
  }

  /** By the marker in the prompt, or by a model that is not there. */
  #scenarioFor({ body }: RecordedRequest): ScenarioName {
    if (JSON.stringify(body ?? '').includes(`"model":"${MISSING_MODEL}"`)) return 'model_not_found';
    const prompt = promptOf(body);
    const marker = markerIn(prompt);
    if (!marker || (marker.isOnce && this.#seenOnce.has(prompt))) return 'drawn';
    this.#seenOnce.add(prompt);
    return marker.name;
  }

  async #describe(pathname: string, request: RecordedRequest, response: ServerResponse): Promise<void> {
    const id = decodeURIComponent(pathname.slice('/v1/models/'.length));
    const scenario = this.#modelsQueue.shift() ?? (id === MISSING_MODEL ? 'model_not_found' : undefined);
    if (scenario) return play(scenario, this.#exchange(request, response, { partials: [] }));
    const describe = (name: string) => ({ id: name, object: 'model', created: 1_790_000_000, owned_by: 'openai' });
    answerJson(response, 200, id ? describe(id) : { object: 'list', data: [describe('gpt-image-2.6-sunburst')] });
  }

  #exchange(
    request: RecordedRequest,
    response: ServerResponse,
    sent: SentImages,
    released: Promise<void> = Promise.resolve(),
  ): Exchange {
    const { stepMs = 0, pictureSize = SMALL, paint = paintPicture } = this.#options;
    const { signal } = this.#closing;
    return {
      request,
      response,
      number: this.sent.length,
      sent,
      paint,
      ...(pictureSize !== 'asked' && { pictureSize }),
      pace: () => (stepMs > 0 ? wait(stepMs, undefined, { signal }) : Promise.resolve()),
      released: () => released,
    };
  }

  #record(
    { method = '', url = '', headers }: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): RecordedRequest {
    const { promise: closedEarly, resolve: closeEarly } = Promise.withResolvers<void>();
    const request = {
      method,
      path: url,
      headers,
      ...(body !== '' && { body: JSON.parse(body) as unknown }),
      isClosedEarly: false,
      closedEarly,
    };
    response.once('close', () => {
      if (response.writableFinished || this.#closing.signal.aborted) return;
      request.isClosedEarly = true;
      closeEarly();
    });
    const count = this.requests.push(request);
    for (const waiter of this.#waiting) {
      if (waiter.count !== count) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(request);
    }
    return request;
  }
}

/** A fake that listens on 127.0.0.1; close it when the test is over. */
export async function startFakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const fake = new FakeOpenAI(options);
  await fake.listen();
  return fake;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } });
  const fake = await startFakeOpenAI({ port: Number(values.port), stepMs: 900, pictureSize: 'asked' });
  console.log(`OPENAI_BASE_URL=${fake.baseURL}`);
}
