/** A process that serves: its generator has a new picture at once, whenever it is asked. Its parent asks what it holds. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { readConfig } from '../../server/config.ts';
import { App } from '../../server/create-proofroom.ts';
import type { GenerateResult, Generator } from '../../server/generators/generator.ts';
import { createLogger } from '../../server/platform/logger.ts';

export interface PictureServerOrder {
  /** The client's port of the connection to be watched from now on. */
  readonly watch?: number;
}

export interface PictureServerReport {
  readonly port: number;
  readonly rssBytes: number;
  /** Array buffers that are in use, after a collection: images, frames, and little else. */
  readonly bufferBytes: number;
  /** The most that the watched connection's socket has held. */
  readonly mostHeldBytes: number;
}

const IMAGE_BYTES = Number(process.env.IMAGE_BYTES);

class PromptPainter implements Generator {
  readonly name = 'At once';
  readonly model = 'at-once-1';
  readonly demo = true;
  readonly maxTries = 1;
  readonly supports = { refine: true };

  generate(): Promise<GenerateResult> {
    const image = { bytes: randomBytes(IMAGE_BYTES), mediaType: 'image/png', width: 1024, height: 1024 } as const;
    return Promise.resolve({ image });
  }
}

const config = readConfig(process.env);
const app = new App({
  config,
  generator: new PromptPainter(),
  log: createLogger('error'),
  builtFolder: join(import.meta.dirname, '../../dist'),
});
const sockets = new Map<number | undefined, Socket>();
let watched: Socket | undefined;
let mostHeldBytes = 0;

app.server.on('connection', (socket) => sockets.set(socket.remotePort, socket));
setInterval(() => {
  mostHeldBytes = Math.max(mostHeldBytes, watched?.writableLength ?? 0);
}, 5).unref();

async function report(): Promise<void> {
  // Buffers are swept beside a collection: a second one, a moment later, finds them gone.
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const { rss: rssBytes, arrayBuffers: bufferBytes } = process.memoryUsage();
  const { port } = app.server.address() as AddressInfo;
  process.send?.({ port, rssBytes, bufferBytes, mostHeldBytes } satisfies PictureServerReport);
}

process.on('message', ({ watch }: PictureServerOrder) => {
  if (watch !== undefined) watched = sockets.get(watch);
  void report();
});
process.on('disconnect', () => process.exit());
app.server.listen(0, '127.0.0.1', () => void report());
