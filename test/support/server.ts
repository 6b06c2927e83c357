/** A whole server on a port of its own, for one test: closed when the test is over. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { onTestFinished, vi } from 'vitest';
import type { Config } from '../../server/config.ts';
import { App } from '../../server/create-proofroom.ts';
import type { Generator } from '../../server/generators/generator.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { createLogger, type Logger } from '../../server/platform/logger.ts';
import { writePage } from './page-fixture.ts';
import { ScriptedGenerator } from './scripted-generator.ts';
import { WsClient } from './ws-client.ts';

// Longer than any wait within a test, so that it is the wait that fails, and says what it waited for.
vi.setConfig({ testTimeout: 30_000 });

export interface ServerOptions {
  readonly config?: Partial<Omit<Config, 'limits'>>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

export interface TestServer<Drawer extends Generator = Generator> {
  readonly app: App;
  readonly generator: Drawer;
  /** Such as `http://127.0.0.1:40000`. */
  readonly address: string;
  readonly port: number;
  /** The server's log, one JSON text a line. */
  readonly logs: readonly string[];
  /** The server's side of each connection that is open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves when none is open any more. */
  noSockets(): Promise<void>;
  /** A client that has not joined yet; it is torn down with the test. */
  client(headers?: Readonly<Record<string, string>>): WsClient;
}

export function startServer(options?: ServerOptions): Promise<TestServer<ScriptedGenerator>>;
export function startServer<Drawer extends Generator>(
  options: ServerOptions,
  generator: Drawer,
): Promise<TestServer<Drawer>>;
export async function startServer(
  { config, limits, clock }: ServerOptions = {},
  generator: Generator = new ScriptedGenerator(),
): Promise<TestServer> {
  const builtFolder = await createPage();
  const logs: string[] = [];
  const app = new App({
    config: { ...testConfig, ...config, limits: { ...defaultLimits, ...limits } },
    generator,
    log: loggerTo(logs),
    builtFolder,
    ...(clock && { clock }),
  });
  const { sockets, noSockets } = trackSockets(app);
  const port = await listen(app);
  const address = `http://127.0.0.1:${port}`;
  const clients: WsClient[] = [];
  const client = (headers?: Readonly<Record<string, string>>) => {
    const one = new WsClient(address, headers && { headers });
    clients.push(one);
    return one;
  };
  onTestFinished(async () => {
    for (const { socket } of clients) socket.terminate();
    app.server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => app.server.close(resolve));
    await rm(builtFolder, { recursive: true });
  });
  return { app, generator, address, port, logs, sockets, noSockets, client };
}

const testConfig: Omit<Config, 'limits'> = {
  host: '127.0.0.1',
  port: 0,
  generator: { generator: 'demo' },
  allowedHosts: [],
  allowedOrigins: [],
  trustProxy: false,
  logLevel: 'debug',
};

/** The product's own, with all that it keeps out of its lines; only where they go is the test's. */
function loggerTo(lines: string[]): Logger {
  const kept: pino.DestinationStream = { write: (line) => void lines.push(line) };
  const spy = vi.spyOn(pino, 'destination').mockReturnValue(kept as ReturnType<typeof pino.destination>);
  try {
    return createLogger('debug');
  } finally {
    spy.mockRestore();
  }
}

async function createPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-page-'));
  await writePage(folder);
  return folder;
}

function listen({ server }: App): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}

function trackSockets({ server }: App) {
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
