/** The whole product for one test: the built page, the real server, and a fake OpenAI behind it. Gone when the test is over. */
import { existsSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import type { Config } from '../../server/config.ts';
import { App } from '../../server/create-proofroom.ts';
import { createOpenAIGenerator, type OpenAIOptions } from '../../server/generators/openai/responses-generator.ts';
import { withRetries } from '../../server/generators/retry.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { type FakeOpenAI, startFakeOpenAI } from './fake-openai.ts';

/** Where `npm start` runs. */
export const project = join(import.meta.dirname, '../..');
const builtFolder = join(project, 'dist');

/** What Chromium logs when a server is gone, in the middle of something or before a connection. */
export const cutOff = /net::ERR_|WebSocket connection to .* failed/;

export interface ProductOptions {
  readonly config?: Partial<Pick<Config, 'accessToken' | 'allowedOrigins'>>;
  /** What the generator offers beyond its one model and the usual sizes. */
  readonly offer?: Pick<OpenAIOptions, 'imageModels' | 'sizes'>;
  readonly limits?: Partial<Limits>;
  /** Times the waits between tries; the process's own when absent. */
  readonly retryClock?: Pick<Clock, 'after'>;
  /** Times how long OpenAI may be silent; the process's own when absent. */
  readonly upstreamClock?: Pick<Clock, 'now' | 'after'>;
}

/** Waits that the service asked for are kept; the random part of a retry's wait is none. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  if (!existsSync(join(builtFolder, 'page/index.html'))) throw new Error('The page is not built: run npm run build.');
  const fake = await startFakeOpenAI();
  const product = new Product(fake, options);
  onTestFinished(async () => {
    await product.leave();
    await fake.close();
  });
  await product.comeBack();
  return product;
}

export class Product {
  readonly openai: FakeOpenAI;
  /** The server's log, one JSON text a line. */
  readonly logs: string[] = [];
  readonly #app: App;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(openai: FakeOpenAI, options: ProductOptions) {
    this.openai = openai;
    this.#app = createApp(openai, options, (line) => void this.logs.push(line));
    this.#app.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Such as `http://127.0.0.1:40000`. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Cuts every line at once and takes no new one; the sessions live on. May be called twice. */
  async leave(): Promise<void> {
    const closed = new Promise((resolve) => this.#app.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens, at the address that it had before. */
  async comeBack(): Promise<void> {
    const { server } = this.#app;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(this.#port, '127.0.0.1', resolve);
    await promise;
    this.#port = (server.address() as AddressInfo).port;
  }
}

function createApp(openai: FakeOpenAI, options: ProductOptions, write: (line: string) => void): App {
  const { config, offer, retryClock, upstreamClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const models = { model: 'a-model', imageModel: 'an-image-model', partialImages: 2, ...offer };
  const upstream = { apiKey: 'sk-fake', baseURL: openai.baseURL, ...models };
  const generator = withRetries(
    createOpenAIGenerator({ ...upstream, limits, ...(upstreamClock && { clock: upstreamClock }) }),
    { random: () => 0, ...(retryClock && { clock: retryClock }) },
  );
  return new App({
    config: {
      host: '127.0.0.1',
      port: 0,
      generator: { generator: 'openai', api: 'responses', ...upstream },
      allowedHosts: [],
      allowedOrigins: [],
      trustProxy: false,
      logLevel: 'debug',
      limits,
      ...config,
    },
    generator,
    log: pino({ level: 'debug' }, { write }),
    builtFolder,
  });
}
