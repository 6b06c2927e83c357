/** The whole product for one test: the built page, the real server, and a fake OpenAI behind it. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { createProofroom, type ProofroomOptions } from '../../server/create-proofroom.ts';
import type { Generator } from '../../server/generators/generator.ts';
import { createOpenAIGenerator, type OpenAIOptions } from '../../server/generators/openai/responses-generator.ts';
import { withRetries } from '../../server/generators/retry.ts';
import { createNodeServer, type NodeServer } from '../../server/http/node-server.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { type FakeOpenAI, startFakeOpenAI } from './fake-openai.ts';

/** The folder in which `npm start` runs. */
export const project = join(import.meta.dirname, '../..');
const builtFolder = join(project, 'dist');

/** What Chromium logs when a server goes away, before or during a connection. */
export const connectionErrors = /net::ERR_|WebSocket connection to .* failed/;

export interface ProductOptions {
  readonly config?: Pick<ProofroomOptions, 'accessToken' | 'allowedOrigins'>;
  /** Image models and sizes to choose from, in place of one model and the standard sizes. */
  readonly choices?: Pick<OpenAIOptions, 'imageModels' | 'sizes'>;
  readonly limits?: Partial<Limits>;
  /** What draws, in place of the fake OpenAI. */
  readonly generator?: Generator;
  /** Times the waits before retries; the system's clock when absent. */
  readonly retryClock?: Pick<Clock, 'after' | 'monotonic'>;
  /** Times how long OpenAI may be silent; the system's clock when absent. */
  readonly upstreamClock?: Pick<Clock, 'now' | 'after' | 'monotonic'>;
}

/** Listens until the test is over. A retry waits exactly as long as OpenAI asks for, which may be no time at all. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  if (!existsSync(join(builtFolder, 'page/index.html'))) throw new Error('The page is not built: run npm run build.');
  const fake = await startFakeOpenAI();
  const product = new Product(fake, options);
  onTestFinished(async () => {
    await product.goOffline();
    await fake.close();
  });
  await product.goOnline();
  return product;
}

export class Product {
  readonly openai: FakeOpenAI;
  /** The server's log, one line of JSON each. */
  readonly logs: string[] = [];
  readonly #node: NodeServer;
  #port = 0;

  constructor(openai: FakeOpenAI, options: ProductOptions) {
    this.openai = openai;
    this.#node = createServer(openai, options, (line) => void this.logs.push(line));
  }

  /** Such as `http://127.0.0.1:40000`. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Cuts every connection and takes no new one; the sessions stay. May be called twice. */
  goOffline(): Promise<void> {
    return this.#node.close();
  }

  /** Listens, at the same address as before. */
  async goOnline(): Promise<void> {
    const { server } = this.#node;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(this.#port, '127.0.0.1', resolve);
    await promise;
    this.#port = (server.address() as AddressInfo).port;
  }
}

function createServer(openai: FakeOpenAI, options: ProductOptions, write: (line: string) => void): NodeServer {
  const { config, choices, retryClock, upstreamClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const models = { model: 'a-model', imageModel: 'an-image-model', partialImages: 2, ...choices };
  const upstream = { apiKey: 'sk-fake', baseURL: openai.baseURL, ...models };
  const openAI = withRetries(
    createOpenAIGenerator({ ...upstream, limits, ...(upstreamClock && { clock: upstreamClock }) }),
    { random: () => 0, ...(retryClock && { clock: retryClock }) },
  );
  const { generator = openAI } = options;
  const logger = pino({ level: 'debug' }, { write });
  return createNodeServer(createProofroom({ generator, logger, builtFolder, limits, ...config }));
}
