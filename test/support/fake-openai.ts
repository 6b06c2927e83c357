/**
 * A fake OpenAI: a real HTTP server with the Responses API's events, pictures and failures.
 *
 * In a test: `const fake = await startFakeOpenAI(); fake.next('rate_limited', { retryAfter: 1 });`
 *
 * By hand: `npx node test/support/fake-openai.ts --port 4010`. Then a marker in the prompt chooses the answer: `[[500]]` fails every
 * try, and `[[500 once]]` only the first. The key `sk-wrong` and the model `missing-model` are refused. The markers are:
 *
 * - the prompt or the picture is refused: `moderation`, `moderated_item`, `failed_invalid_prompt`, `failed_after_image`,
 *   `incomplete_filtered`, `refused`
 * - the account or the key is refused: `401`, `403` (not verified), `missing_scope`, `forbidden`, `unsupported_country`, `quota`,
 *   `billing_limit`
 * - the request is refused: `bad_option`, `404` (no such model), `wrong_path`, `too_big`
 * - a retry may help: `429`, `failed_rate_limit`, `nested_error`, `500`, `503`, `conflict`, `request_timeout`, `failed_server_error`,
 *   `named_error`, `unnamed_error`, `error_in_200`, `gateway_timeout`
 * - the connection breaks: `reset`, `cut`, `cut_inside_event`, `cut_gzip`, `silent_end`
 * - the connection goes silent: `silence_before_headers`, `silence`, `silence_after_partial`, `silence_after_image` (which
 *   keeps the image)
 * - no usable image comes: `no_image`, `incomplete`, `html`, `html_image`, `svg_image`, `cut_image`, `pixel_bomb`,
 *   `gzip_bomb`, `gzip_bomb_refusal`
 * - unusual answers that draw all the same: `held_after_image` (whose end comes by hand), `odd_status`, `odd_media_type`, `wrong_media_type`, `odd_base64`, `whole_response`,
 *   `bad_partial`, `late_item`, `strange_events`, `pings`, `two_images`, `never_ends`, `server_error_after_image`, `cut_after_image`
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
  /** 0, or absent: any free port. */
  readonly port?: number;
  /** How long one step of a drawing takes; if absent, no time. */
  readonly stepMs?: number;
  /** The size of every picture, in pixels, or the requested one; if absent, a small one. */
  readonly pictureSize?: PictureSize | 'requested';
  /** Paints the pictures; if absent, plain stripes. */
  readonly paint?: (order: PictureOrder) => Promise<Buffer>;
}

/** The only key that the fake refuses. */
export const WRONG_KEY = 'sk-wrong';
/** The only model that the fake doesn't have. */
export const MISSING_MODEL = 'missing-model';

const SMALL: PictureSize = { width: 96, height: 64 };

export class FakeOpenAI {
  /** All requests, in order. */
  readonly requests: RecordedRequest[] = [];
  /** The images that each request for an image was sent, in order. */
  readonly sent: SentImages[] = [];
  readonly #options: FakeOpenAIOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #queue: { readonly name: ScenarioName; readonly options: ScenarioOptions }[] = [];
  readonly #modelsQueue: ScenarioName[] = [];
  readonly #seenOnce = new Set<string>();
  readonly #waiters = new Set<{ readonly count: number; readonly resolve: (request: RecordedRequest) => void }>();
  readonly #closing = new AbortController();
  /** Each releases one held drawing. */
  readonly #held = new Set<() => void>();
  /** `release` was called before the drawing was requested. */
  #isReleasedAhead = false;

  constructor(options: FakeOpenAIOptions) {
    this.#options = options;
  }

  /** The value for OPENAI_BASE_URL. */
  get baseURL(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1`;
  }

  async listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(this.#options.port ?? 0, '127.0.0.1', resolve);
    await promise;
  }

  /** Chooses the answer to the next request for an image that has none yet. Requests without one are answered by their marker, or `drawn`. */
  next(name: ScenarioName, options: ScenarioOptions = {}): void {
    this.#queue.push({ name, options });
  }

  /** Chooses the answer to the next request for the description of a model. Without one the model exists. */
  nextModel(name: ScenarioName): void {
    this.#modelsQueue.push(name);
  }

  /** Finishes all requested drawings that are `held`, or else the next one that will be. */
  release(): void {
    if (this.#held.size === 0) this.#isReleasedAhead = true;
    for (const release of this.#held) release();
    this.#held.clear();
  }

  /** Resolves with request number `count`, counted from 1, once it has arrived. */
  request(count: number): Promise<RecordedRequest> {
    const recorded = this.requests[count - 1];
    if (recorded) return Promise.resolve(recorded);
    return new Promise((resolve) => void this.#waiters.add({ count, resolve }));
  }

  /** Breaks all connections. May be called twice. */
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
    const released = name.startsWith('held') ? this.#hold(response) : undefined;
    const exchange = this.#exchange(request, response, sent, released);
    try {
      await play(name, exchange, options);
    } catch (error) {
      // The client closed the connection, the API would refuse the request, or the fake was closed.
      if (!response.headersSent) answerError(response, 400, { message: String(error), type: 'invalid_request_error' });
      response.destroy();
    }
  }

  /** Called when the request arrives, so that `release` works however far the answer has come. */
  #hold(response: ServerResponse): Promise<void> {
    const { promise, resolve: release } = Promise.withResolvers<void>();
    if (this.#isReleasedAhead) release();
    else this.#held.add(release);
    this.#isReleasedAhead = false;
    response.once('close', () => this.#held.delete(release));
    return promise;
  }

  /** Chosen by the marker in the prompt, or by the missing model. */
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
      ...(pictureSize !== 'requested' && { pictureSize }),
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
    for (const waiter of this.#waiters) {
      if (waiter.count !== count) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(request);
    }
    return request;
  }
}

/** Starts a fake that listens on 127.0.0.1. The caller closes it. */
export async function startFakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const fake = new FakeOpenAI(options);
  await fake.listen();
  return fake;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } });
  const fake = await startFakeOpenAI({ port: Number(values.port), stepMs: 900, pictureSize: 'requested' });
  console.log(`OPENAI_BASE_URL=${fake.baseURL}`);
}
