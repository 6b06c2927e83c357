/** A whole server on a port of its own, for one test: closed when the test is over. */
import type { AddressInfo, Socket } from 'node:net';
import pino from 'pino';
import { onTestFinished, vi } from 'vitest';
import { createProofroom, type Proofroom, type ProofroomOptions } from '../../server/create-proofroom.ts';
import type { Generator } from '../../server/generators/generator.ts';
import { createNodeServer, type NodeServer } from '../../server/http/node-server.ts';
import { createLogger, type Logger } from '../../server/platform/logger.ts';
import { builtFolder } from './page-fixture.ts';
import { ScriptedGenerator } from './scripted-generator.ts';
import { WsClient } from './ws-client.ts';

// Longer than any wait within a test, so that the wait fails and says what it waited for.
vi.setConfig({ testTimeout: 30_000 });

export type ServerOptions = Omit<ProofroomOptions, 'generator' | 'logger' | 'builtFolder'>;

export interface TestServer<G extends Generator = Generator> {
  readonly proofroom: Proofroom;
  readonly node: NodeServer;
  readonly generator: G;
  /** Such as `http://127.0.0.1:40000`. */
  readonly address: string;
  readonly port: number;
  /** The server's log, one JSON text a line. */
  readonly logs: readonly string[];
  /** The server's side of each open connection. */
  readonly sockets: ReadonlySet<Socket>;
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
    ...options,
    generator,
    logger: loggerTo(logs),
    builtFolder: await builtFolder(),
  });
  const node = createNodeServer(proofroom);
  const { sockets, noSockets } = trackSockets(node);
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
  return { proofroom, node, generator, address, port, logs, sockets, noSockets, client };
}

/** The product's own logger, with its redactions; only the destination is the test's. */
function loggerTo(lines: string[]): Logger {
  const destination: pino.DestinationStream = { write: (line) => void lines.push(line) };
  const spy = vi.spyOn(pino, 'destination').mockReturnValue(destination as ReturnType<typeof pino.destination>);
  try {
    return createLogger('debug');
  } finally {
    spy.mockRestore();
  }
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
  return { sockets, noSockets };
}
