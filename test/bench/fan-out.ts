/**
 * How long an image takes to reach everybody: one finished image of 3 MB to 100 connections of one session, against the same
 * bytes written to 100 bare TCP sockets by the same process. The ratio is the cost of being Proofroom; 1.0 would be free.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { readConfig } from '../../server/config.ts';
import { App } from '../../server/create-proofroom.ts';
import type { GeneratedImage, Generator } from '../../server/generators/generator.ts';
import { createLogger } from '../../server/platform/logger.ts';
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

/** Milliseconds until every reader has had `bytes`, from the moment `go` is called. */
async function timed(child: ChildProcess, bytes: number, go: () => void): Promise<number> {
  child.send({ bytes });
  await once(child, 'message'); // The order has arrived, so the bytes may.
  const done = once(child, 'message');
  const start = performance.now();
  go();
  await done;
  return performance.now() - start;
}

async function bareTcp(): Promise<{ server: Server; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, sockets };
}

/** Draws when told to: each image is other bytes of the same length. */
class HeldGenerator implements Generator {
  readonly name = 'Bench';
  readonly model = 'bench';
  readonly demo = true;
  readonly maxTries = 1;
  readonly supports = { refine: false };
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
const config = readConfig({
  PORT: '0',
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '1000',
  PROOFROOM_CONNECTIONS_PER_SESSION: '1000',
});
const app = new App({
  config,
  generator,
  log: createLogger('silent'),
  builtFolder: join(import.meta.dirname, '../../dist'),
});
app.server.listen(0, '127.0.0.1');
await once(app.server, 'listening');

const reviewer = new WebSocket(`ws://127.0.0.1:${portOf(app.server)}/ws`, 'proofroom.v1');
let turn = 0;
let sessionId = '';
let onStage: (stage: string) => void = () => {};
reviewer.on('message', (data) => {
  const text = String(data);
  if (text.startsWith('{"type":"image"')) return;
  const message = JSON.parse(text);
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
reviewer.send(JSON.stringify({ type: 'join' }));
await joined;

const port = portOf(app.server);
const watchers = await readers({
  port,
  count: WATCHERS,
  greeting: [upgradeRequest(port), textFrame({ type: 'join', sessionId })],
});
const bare = await bareTcp();
const bareReaders = await readers({ port: portOf(bare.server), count: WATCHERS, greeting: [] });

const frameBytes = Math.ceil(IMAGE_BYTES / 3) * 4;
const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const begun = stage('generating');
  const type = round === 0 ? 'generate' : 'regenerate';
  reviewer.send(JSON.stringify({ type, commandId: `bench-${round}`, turn, prompt: 'bench' }));
  await begun;
  const ended = stage('user_feedback');
  ours.push(await timed(watchers, frameBytes, () => generator.release()));
  await ended;
  const frame = randomBytes(frameBytes);
  theirs.push(
    await timed(bareReaders, frameBytes, () => {
      for (const socket of bare.sockets) socket.write(frame);
    }),
  );
}

const ratios = ours.map((ms, round) => ms / (theirs[round] ?? ms));
console.log(`an image of ${IMAGE_BYTES / 1024 / 1024} MiB to ${WATCHERS} connections, median of ${ROUNDS} rounds:`);
console.log(
  `  Proofroom ${median(ours).toFixed(0)} ms, bare TCP ${median(theirs).toFixed(0)} ms, ratio ${median(ratios).toFixed(2)}`,
);
console.log(`  ratios from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`);

watchers.kill();
bareReaders.kill();
reviewer.terminate();
bare.server.close();
await app.drain();
