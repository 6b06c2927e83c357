/**
 * Ten connections, one of which reads nothing, and an image of 3 MB up to 20 times a second (rule R3): `node test/faults/slow-consumer.ts`,
 * with `--seconds 60`. The same is first measured without the stalled connection, so that the difference is what it costs. Exits with 1
 * when it costs more than the rule allows, or one of the others misses an image.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { defaultLimits } from '../../server/platform/limits.ts';
import { type ClientMessage, SUBPROTOCOL } from '../../shared/protocol.ts';
import { frame, upgraded } from '../support/raw-client.ts';
import { unlimitedAsks } from '../support/unlimited-asks.ts';
import type { ImageServerReport, ImageServerRequest } from './image-server.ts';

const MB = 1_000_000;
const IMAGE_BYTES = 3 * MB;
/** In base64, with the rest of the message. */
const MESSAGE_BYTES = (IMAGE_BYTES / 3) * 4 + 1_000;
/** Enough of a message to tell its type. */
const HEAD_BYTES = 512;
const READING_CLIENTS = 9;
/** The buffer that Node reads a socket's chunk into. */
const READ_BYTES = 64 * 1024;
const LEAST_INTERVAL_MS = 50;
/** A few more than a session keeps, so that its memory no longer grows. */
const LEAST_IMAGES = defaultLimits.ATTEMPTS_PER_SESSION + 2;
const BUFFER_SAMPLES = 15;

export interface SlowConsumerReport {
  readonly seconds: number;
  readonly images: number;
  /** How many images each of the nine has received. */
  readonly received: readonly number[];
  /** The most that the server's socket to the stalled connection held, sampled every 5 ms. */
  readonly heldBytes: number;
  /** The cap and one message. */
  readonly allowedBytes: number;
  /** How many more bytes of array buffers the server held at the end than without the stalled connection. */
  readonly bufferGrowthBytes: number;
  /** The cap, one message, and a read buffer for each socket. */
  readonly allowedGrowthBytes: number;
  readonly rssBytes: { readonly without: number; readonly withStalled: number };
  /** Images a second, without and with the stalled connection. */
  readonly rates: { readonly without: number; readonly withStalled: number };
}

/** Counts the images that it receives. */
class ReadingClient {
  readonly socket: WebSocket;
  images = 0;
  sessionId = '';
  key = '';
  #hasJoined = false;
  readonly #listeners = new Set<() => void>();

  constructor(port: number) {
    // Images are not parsed: this process has to keep up with the server.
    const options = { perMessageDeflate: false, skipUTF8Validation: true };
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, SUBPROTOCOL, options);
    this.socket.on('message', (data: Buffer) => this.#onMessage(data.toString('latin1', 0, HEAD_BYTES)));
  }

  async join(message: ClientMessage): Promise<this> {
    await once(this.socket, 'open');
    this.send(message);
    await this.until(() => this.#hasJoined);
    return this;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#listeners.add(resolve));
  }

  #onMessage(head: string): void {
    const field = (name: string) => new RegExp(`"${name}":"([^"]*)"`).exec(head)?.[1] ?? '';
    const type = field('type');
    if (type === 'image' && field('kind') === 'final') this.images += 1;
    if (type === 'welcome') [this.sessionId, this.key] = [field('sessionId'), field('key')];
    if (type === 'viewers') this.#hasJoined = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const resolve of listeners) resolve();
  }
}

class ImageServer {
  readonly #child: ChildProcess;
  port = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'image-server.ts'), {
      execArgv: ['--expose-gc'],
      env: {
        ...unlimitedAsks,
        IMAGE_BYTES: String(IMAGE_BYTES),
        PROOFROOM_COMMAND_BURST: '1000000',
        PROOFROOM_UPSTREAM_IMAGE_BYTES: String(2 * IMAGE_BYTES),
      },
    });
  }

  async ready(): Promise<this> {
    this.port = (await this.#nextReport()).port;
    return this;
  }

  report(request: ImageServerRequest = {}): Promise<ImageServerReport> {
    this.#child.send(request);
    return this.#nextReport();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #nextReport(): Promise<ImageServerReport> {
    const [report] = await once(this.#child, 'message');
    return report as ImageServerReport;
  }
}

interface Phase {
  readonly images: number;
  readonly seconds: number;
  /** The least of several samples, each after a garbage collection. */
  readonly bufferBytes: number;
  readonly last: ImageServerReport;
}

/** Generates one image after the other, each when all nine have the last. */
async function generateFor(
  seconds: number,
  server: ImageServer,
  clients: readonly ReadingClient[],
  name: string,
): Promise<Phase> {
  const [reviewer] = clients;
  if (!reviewer) throw new Error('There is no reviewer.');
  const startedAt = performance.now();
  let images = 0;
  while (performance.now() - startedAt < seconds * 1000 || images < LEAST_IMAGES) {
    const requestedAt = performance.now();
    const expected = reviewer.images + 1;
    const type = expected === 1 ? 'generate' : 'regenerate';
    reviewer.send({ type, commandId: `${name} ${images}`, prompt: 'a flood' });
    await Promise.all(clients.map((client) => client.until(() => client.images >= expected)));
    images += 1;
    await wait(Math.max(0, LEAST_INTERVAL_MS - (performance.now() - requestedAt)));
  }
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const samples: number[] = [];
  for (let sample = 0; sample < BUFFER_SAMPLES; sample += 1) samples.push((await server.report()).bufferBytes);
  return { images, seconds: tookSeconds, bufferBytes: Math.min(...samples), last: await server.report() };
}

/** Nine connections for `seconds`, then the same with a tenth that reads nothing. */
export async function measureSlowConsumer(seconds: number): Promise<SlowConsumerReport> {
  const server = await new ImageServer().ready();
  const clients: ReadingClient[] = [];
  const connect = async (message: ClientMessage) => {
    const client = await new ReadingClient(server.port).join(message);
    clients.push(client);
    return client;
  };
  try {
    const { sessionId, key } = await connect({ type: 'join' });
    while (clients.length < READING_CLIENTS) await connect({ type: 'join', sessionId, key });
    const without = await generateFor(seconds, server, clients, 'without');

    const stalled = await upgraded(server.port); // Paused, so that it reads nothing.
    stalled.write(frame(JSON.stringify({ type: 'join', sessionId })));
    await server.report({ watch: stalled.localPort ?? 0 });
    const before = clients.map(({ images }) => images);
    const withStalled = await generateFor(seconds, server, clients, 'with');
    stalled.destroy();

    const allowedBytes = defaultLimits.OUTBOX_BYTES + MESSAGE_BYTES;
    return {
      seconds: withStalled.seconds,
      images: withStalled.images,
      received: clients.map(({ images }, index) => images - (before[index] ?? 0)),
      heldBytes: withStalled.last.mostHeldBytes,
      allowedBytes,
      bufferGrowthBytes: withStalled.bufferBytes - without.bufferBytes,
      allowedGrowthBytes: allowedBytes + (READING_CLIENTS + 1) * READ_BYTES,
      rssBytes: { without: without.last.rssBytes, withStalled: withStalled.last.rssBytes },
      rates: { without: without.images / without.seconds, withStalled: withStalled.images / withStalled.seconds },
    };
  } finally {
    for (const { socket } of clients) socket.terminate();
    server.kill();
  }
}

/** A line for each way in which the report breaks rule R3. */
export function problemsOf(report: SlowConsumerReport): string[] {
  const { images, received, heldBytes, allowedBytes, bufferGrowthBytes, allowedGrowthBytes } = report;
  const within = (what: string, bytes: number, allowed: number) =>
    bytes <= allowed ? [] : [`${what}: ${bytes} bytes, of ${allowed} allowed`];
  return [
    ...within('held for the stalled connection', heldBytes, allowedBytes),
    ...within("growth of the server's buffers", bufferGrowthBytes, allowedGrowthBytes),
    ...(heldBytes > allowedBytes / 4 ? [] : ['the connection was not stalled: next to nothing was held for it']),
    ...received.flatMap((count, at) =>
      count === images ? [] : [`client ${at + 1} received ${count} of ${images} images`],
    ),
  ];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const report = await measureSlowConsumer(Number(values.seconds));
  const mb = (bytes: number) => `${(bytes / MB).toFixed(2)} MB`;
  console.log(
    `${report.images} images of ${mb(IMAGE_BYTES)} in ${report.seconds.toFixed(0)} s, one connection of ten stalled`,
  );
  console.log(`the nine received: ${report.received.join(' ')}`);
  console.log(`held for the stalled connection at most: ${mb(report.heldBytes)} of ${mb(report.allowedBytes)} allowed`);
  console.log(
    `growth of the server's buffers: ${mb(report.bufferGrowthBytes)} of ${mb(report.allowedGrowthBytes)} allowed`,
  );
  console.log(`rss ${mb(report.rssBytes.without)} without it, ${mb(report.rssBytes.withStalled)} with it`);
  console.log(
    `images a second: ${report.rates.without.toFixed(1)} without it, ${report.rates.withStalled.toFixed(1)} with it`,
  );
  const problems = problemsOf(report);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
