/** The server in a process of its own, with a generator that has a new image at once. Reports over IPC what the process holds. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { readConfig } from '../../server/config.ts';
import { createProofroom } from '../../server/create-proofroom.ts';
import type { GenerateResult, Generator } from '../../server/generators/generator.ts';
import { createNodeServer } from '../../server/http/node-server.ts';
import { createLogger } from '../../server/platform/logger.ts';

export interface ImageServerRequest {
  /** The client's port of the connection to watch from now on. */
  readonly watch?: number;
}

export interface ImageServerReport {
  readonly port: number;
  readonly rssBytes: number;
  /** Array buffers in use after a garbage collection: images and messages, and little else. */
  readonly bufferBytes: number;
  /** The most that the watched connection's socket has held. */
  readonly mostHeldBytes: number;
}

const IMAGE_BYTES = Number(process.env.IMAGE_BYTES);

const generator: Generator = {
  name: 'Immediate',
  model: 'immediate-1',
  demo: true,
  maxTries: 1,
  capabilities: { refine: true },
  generate: (): Promise<GenerateResult> => {
    const image = { bytes: randomBytes(IMAGE_BYTES), mediaType: 'image/png', width: 1024, height: 1024 } as const;
    return Promise.resolve({ image });
  },
};

const { server } = createNodeServer(
  createProofroom({
    ...readConfig(process.env),
    generator,
    logger: createLogger('error'),
    builtFolder: join(import.meta.dirname, '../../dist'),
  }),
);
const sockets = new Map<number | undefined, Socket>();
let watched: Socket | undefined;
let mostHeldBytes = 0;

server.on('connection', (socket) => sockets.set(socket.remotePort, socket));
setInterval(() => {
  mostHeldBytes = Math.max(mostHeldBytes, watched?.writableLength ?? 0);
}, 5).unref();

async function report(): Promise<void> {
  // A collection frees array buffers only after it has returned, so a second one counts what is left.
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const { rss: rssBytes, arrayBuffers: bufferBytes } = process.memoryUsage();
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, rssBytes, bufferBytes, mostHeldBytes } satisfies ImageServerReport);
}

process.on('message', ({ watch }: ImageServerRequest) => {
  if (watch !== undefined) watched = sockets.get(watch);
  void report();
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => void report());
