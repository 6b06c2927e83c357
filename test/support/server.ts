/** A whole server on a port of its own, for one test: closed when the test is over. */
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { createProofroom, type Proofroom, type ProofroomOptions } from '../../server/create-proofroom.ts';
import type { Generator } from '../../server/generators/generator.ts';
import { createNodeServer, type NodeServer } from '../../server/http/node-server.ts';
import { createLogger } from '../../server/platform/logger.ts';
import { builtFolder } from './page-fixture.ts';
import { imageOf, ScriptedGenerator } from './scripted-generator.ts';
import { WsClient } from './ws-client.ts';

// Longer than any wait within a test, so that the wait fails first and says what it waited for.
vi.setConfig({ testTimeout: 30_000 });

/** Opens the metrics of test servers. */
const METRICS_TOKEN = 'a-metrics-token-of-more-than-32-characters';

export type ServerOptions = Omit<ProofroomOptions, 'generator' | 'logger' | 'builtFolder'>;

export type LogLine = Readonly<Record<string, unknown>>;

export interface TestServer<G extends Generator = Generator> {
  readonly proofroom: Proofroom;
  readonly node: NodeServer;
  readonly generator: G;
  /** Such as `http://127.0.0.1:40000`. */
  readonly address: string;
  readonly port: number;
  /** The server's log, one JSON text a line. */
  readonly logs: readonly string[];
  /** The lines of the log with this message. */
  logged(msg: string): LogLine[];
  /** The metrics, by name and labels as Prometheus reads them. */
  metrics(): Promise<Readonly<Record<string, number>>>;
  /** The server's side of each open connection. */
  readonly sockets: ReadonlySet<Socket>;
  /** The server's side of the connection that this client has opened. */
  socketOf(client: Socket): Socket;
  /** Resolves when no connection is open any more. */
  noSockets(): Promise<void>;
  /** A client that has not joined yet; it is closed with the test. */
  client(headers?: Readonly<Record<string, string>>): WsClient;
}

export function startServer(options?: ServerOptions): Promise<TestServer<ScriptedGenerator>>;
export function startServer<G extends Generator>(options: ServerOptions, generator: G): Promise<TestServer<G>>;
export async function startServer(
  options: ServerOptions = {},
  generator: Generator = new ScriptedGenerator(),
): Promise<TestServer> {
  const logs: string[] = [];
  const proofroom = createProofroom({
    metricsToken: METRICS_TOKEN,
    ...options,
    generator,
    logger: createLogger('debug', { write: (line) => void logs.push(line) }),
    builtFolder: await builtFolder(),
  });
  const node = createNodeServer(proofroom);
  const connections = trackSockets(node);
  const port = await listen(node);
  const address = `http://127.0.0.1:${port}`;
  const clients: WsClient[] = [];
  const client = (headers?: Readonly<Record<string, string>>) => {
    const one = new WsClient(address, headers && { headers });
    clients.push(one);
    return one;
  };
  onTestFinished(async () => {
    for (const { socket } of clients) socket.terminate();
    await node.close();
  });
  const logged = (msg: string) => logs.map((line): LogLine => JSON.parse(line)).filter((line) => line.msg === msg);
  const metrics = () => readMetrics(address);
  return { proofroom, node, generator, address, port, logs, logged, metrics, ...connections, client };
}

/** A server with one session, which the reviewers Ana and Ben are in. */
export async function startSession(options: ServerOptions = {}, generator = new ScriptedGenerator()) {
  const server = await startServer(options, generator);
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key = expect.fail('The creator was given no key.') } = await ana.join({ name: 'Ana' });
  await ben.join({ sessionId, key, name: 'Ben' });
  return { ...server, ana, ben, sessionId, key };
}

/**
 * Generates one image and regenerates the others, in a session that has no attempts yet. The bytes of each image follow from its seed
 * (see `imageOf`).
 * @returns the ids of the images, oldest first
 */
export async function drawAttempts(
  reviewer: WsClient,
  generator: ScriptedGenerator,
  seeds: readonly string[],
): Promise<string[]> {
  const before = generator.drawings.length;
  for (const [index, seed] of seeds.entries()) {
    const commandId = `draw-${index}`;
    reviewer.send(index === 0 ? { type: 'generate', commandId, prompt: 'a cat' } : { type: 'regenerate', commandId });
    (await generator.drawing(before + index)).finish(imageOf(seed));
    await reviewer.stage('user_feedback', ({ attempts }) => attempts.length === index + 1);
  }
  return reviewer.last('snapshot').attempts.map(({ image }) => image.imageId);
}

function listen({ server }: NodeServer): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}

function trackSockets({ server }: NodeServer) {
  const sockets = new Set<Socket>();
  let waiters: (() => void)[] = [];
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const resolve of waiters) resolve();
      waiters = [];
    });
  });
  const noSockets = () =>
    sockets.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiters.push(resolve));
  const socketOf = ({ localPort }: Socket) =>
    [...sockets].find(({ remotePort }) => remotePort === localPort) ??
    expect.fail('The server has no such connection.');
  return { sockets, socketOf, noSockets };
}

async function readMetrics(address: string): Promise<Readonly<Record<string, number>>> {
  const headers = { Connection: 'close', Authorization: `Bearer ${METRICS_TOKEN}` };
  const response = await fetch(`${address}/metrics`, { headers });
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const entries = lines.map((line) => /^(.+) (\S+)$/.exec(line) ?? expect.fail(`No metric: ${line}`));
  return Object.fromEntries(entries.map(([, name = '', value]) => [name, Number(value)]));
}
