/**
 * A fake server of the Images API over real HTTP, which answers as stable-diffusion.cpp, LocalAI, vLLM-Omni and OpenAI do.
 *
 * In a test: `const fake = await startFakeImagesApi(); fake.next('string_error');`
 *
 * By hand: `npx node test/support/fake-images-api.ts --port 4020`. Then a marker in the prompt, such as `[[not_ready]]`, chooses the
 * answer. Every name in fake-images-api-scenarios.ts is a marker.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import {
  type ImagesScenarioName,
  type ImagesScenarioOptions,
  imagesMarkerIn,
  playImages,
} from './fake-images-api-scenarios.ts';
import { paintPicture } from './fake-openai-pictures.ts';

export interface SentFile {
  readonly field: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface ImagesRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The values of JSON as they are, those of a form as texts. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The files of a form. */
  readonly files: readonly SentFile[];
  /** Resolves when the client closes the connection before the answer is complete. */
  readonly closedEarly: Promise<void>;
}

export class FakeImagesApi {
  /** All requests, in order. */
  readonly requests: ImagesRequest[] = [];
  /** All pictures, in order. */
  readonly sent: Buffer[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #queue: { readonly name: ImagesScenarioName; readonly options: ImagesScenarioOptions }[] = [];
  readonly #waiters = new Set<{ readonly count: number; readonly resolve: (request: ImagesRequest) => void }>();
  #release = Promise.withResolvers<void>();

  /** The value for OPENAI_BASE_URL. */
  get baseURL(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    await promise;
  }

  /** Chooses the answer to the next request that has none yet. Requests without one are answered by their marker, or `drawn`. */
  next(name: ImagesScenarioName, options: ImagesScenarioOptions = {}): void {
    this.#queue.push({ name, options });
  }

  /** Sends all answers that are `held`. */
  release(): void {
    this.#release.resolve();
    this.#release = Promise.withResolvers();
  }

  /** Resolves with request number `count`, counted from 1, once it has arrived. */
  request(count: number): Promise<ImagesRequest> {
    const recorded = this.requests[count - 1];
    if (recorded) return Promise.resolve(recorded);
    return new Promise((resolve) => void this.#waiters.add({ count, resolve }));
  }

  /** Breaks all connections. May be called twice. */
  async close(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    // A client that closes the connection within its request gets no answer.
    const request = await this.#record(incoming, response).catch(() => undefined);
    if (!request) return;
    const { name, options } = this.#queue.shift() ?? {
      name: imagesMarkerIn(promptOf(request)) ?? 'drawn',
      options: {},
    };
    const number = this.requests.length;
    const paint = async () => {
      const bytes = await paintRequested(request, number);
      this.sent.push(bytes);
      return bytes;
    };
    await playImages(name, { response, paint, released: () => this.#release.promise }, options);
  }

  async #record(incoming: IncomingMessage, response: ServerResponse): Promise<ImagesRequest> {
    const { url: path = '', headers } = incoming;
    const { promise: closedEarly, resolve: closeEarly } = Promise.withResolvers<void>();
    response.once('close', () => response.writableFinished || closeEarly());
    const content = await contentOf(await buffer(incoming), headers['content-type'] ?? '');
    const request = { path, headers, ...content, closedEarly };
    const count = this.requests.push(request);
    for (const waiter of this.#waiters) {
      if (waiter.count !== count) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(request);
    }
    return request;
  }
}

async function contentOf(body: Buffer, type: string): Promise<Pick<ImagesRequest, 'fields' | 'files'>> {
  if (type.startsWith('application/json')) return { fields: JSON.parse(body.toString()), files: [] };
  if (!type.startsWith('multipart/form-data')) return { fields: {}, files: [] };
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const fields: Record<string, unknown> = {};
  const files: SentFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') fields[field] = value;
    else files.push({ field, name: value.name, mediaType: value.type, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  return { fields, files };
}

const promptOf = ({ fields }: ImagesRequest): string => String(fields.prompt ?? '');

function paintRequested(request: ImagesRequest, number: number): Promise<Buffer> {
  const [width, height] = String(request.fields.size ?? '')
    .split('x')
    .map(Number);
  const format = request.fields.output_format;
  return paintPicture({
    prompt: promptOf(request),
    number,
    progress: 1,
    size: width && height ? { width, height } : { width: 96, height: 64 },
    format: format === 'jpeg' || format === 'webp' ? format : 'png',
  });
}

/** Starts a fake that listens on 127.0.0.1, on any free port if `port` is 0. The caller closes it. */
export async function startFakeImagesApi(port = 0): Promise<FakeImagesApi> {
  const fake = new FakeImagesApi();
  await fake.listen(port);
  return fake;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4020' } } });
  const fake = await startFakeImagesApi(Number(values.port));
  console.log(`OPENAI_BASE_URL=${fake.baseURL}`);
}
