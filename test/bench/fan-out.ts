/**
 * How long an image of 3 MiB takes to reach 100 connections of one session, compared with the same bytes written to 100 bare TCP sockets
 * by the same process. A ratio of 1.0 would mean that the protocol costs nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { createProofroom } from '../../server/create-proofroom.ts';
import type { GeneratedImage, Generator } from '../../server/generators/generator.ts';
import { createNodeServer } from '../../server/http/node-server.ts';
import { createLogger } from '../../server/platform/logger.ts';
import { parseServerMessage } from '../../shared/protocol.ts';
import type { ReadersJob } from './readers.ts';

const WATCHERS = 100;
const IMAGE_BYTES = 3 * 1024 * 1024;
const ROUNDS = 11;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

async function readers(job: ReadersJob): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'readers.ts'));
  child.send(job);
  await once(child, 'message');
  return child;
}

/** How many milliseconds pass between `send` and the moment when every reader has received `bytes`. */
async function timed(child: ChildProcess, bytes: number, send: () => void): Promise<number> {
  child.send({ bytes });
  await once(child, 'message'); // The readers are ready to count.
  const done = once(child, 'message');
  const startedAt = performance.now();
  send();
  await done;
  return performance.now() - startedAt;
}

async function bareTcp(): Promise<{ server: Server; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, sockets };
}

/** Draws a new image of the same length, which it returns on `release`. */
class HeldGenerator implements Generator {
  readonly name = 'Bench';
  readonly model = 'bench';
  readonly demo = true;
  readonly maxTries = 1;
  readonly capabilities = { refine: false };
  release: () => void = () => {};

  async generate(): Promise<{ image: GeneratedImage }> {
    const bytes = randomBytes(IMAGE_BYTES);
    await new Promise<void>((resolve) => {
      this.release = resolve;
    });
    return { image: { bytes, mediaType: 'image/png', width: 1024, height: 1024 } };
  }
}

function upgradeRequest(port: number): string {
  return [
    'GET /ws HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: proofroom.v1',
    '\r\n',
  ].join('\r\n');
}

/** A client's text frame under 126 bytes, masked with zeros. */
function textFrame(message: object): string {
  const payload = JSON.stringify(message);
  return String.fromCharCode(0x81, 0x80 + payload.length, 0, 0, 0, 0) + payload;
}

const generator = new HeldGenerator();
const limits = { CONNECTIONS_PER_ADDRESS: 1_000, CONNECTIONS_PER_SESSION: 1_000 };
const proofroom = createProofroom({ generator, limits, logger: createLogger('silent') });
const { server, close } = createNodeServer(proofroom);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const port = portOf(server);
const reviewer = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'proofroom.v1');
let turn = 0;
let sessionId = '';
let onStage: (stage: string) => void = () => {};
reviewer.on('message', (data) => {
  const parsed = parseServerMessage(String(data));
  if (!parsed.ok) return;
  const { message } = parsed;
  if (message.type === 'welcome') sessionId = message.sessionId;
  if (message.type !== 'snapshot') return;
  turn = message.turn;
  onStage(message.stage);
});
const stage = (wanted: string) =>
  new Promise<void>((resolve) => {
    onStage = (is) => is === wanted && resolve();
  });
await once(reviewer, 'open');
const joined = stage('initial_input');
// Only the other process receives the image's bytes.
reviewer.send(JSON.stringify({ type: 'join', images: 'url' }));
await joined;

const watchers = await readers({
  port,
  count: WATCHERS,
  greeting: [upgradeRequest(port), textFrame({ type: 'join', sessionId })],
});
const bare = await bareTcp();
const bareReaders = await readers({ port: portOf(bare.server), count: WATCHERS, greeting: [] });

const frameBytes = Math.ceil(IMAGE_BYTES / 3) * 4;
const proofroomMs: number[] = [];
const bareMs: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const started = stage('generating');
  const type = round === 0 ? 'generate' : 'regenerate';
  reviewer.send(JSON.stringify({ type, commandId: `bench-${round}`, turn, prompt: 'bench' }));
  await started;
  const ended = stage('user_feedback');
  proofroomMs.push(await timed(watchers, frameBytes, () => generator.release()));
  await ended;
  const frame = randomBytes(frameBytes);
  bareMs.push(
    await timed(bareReaders, frameBytes, () => {
      for (const socket of bare.sockets) socket.write(frame);
    }),
  );
}

const ratios = proofroomMs.map((ms, round) => ms / (bareMs[round] ?? ms));
console.log(`an image of ${IMAGE_BYTES / 1024 / 1024} MiB to ${WATCHERS} connections, median of ${ROUNDS} rounds:`);
console.log(
  `  Proofroom ${median(proofroomMs).toFixed(0)} ms, bare TCP ${median(bareMs).toFixed(0)} ms, ratio ${median(ratios).toFixed(2)}`,
);
console.log(`  ratios from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`);

watchers.kill();
bareReaders.kill();
reviewer.terminate();
bare.server.close();
await proofroom.drain();
await close();
