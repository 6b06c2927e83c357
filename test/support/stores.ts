/** The ports of sessions and signals, as the servers of one deployment have them: in memory, on Redis, and on a Redis cluster. */
import { onTestFinished } from 'vitest';
import { MemorySessions } from '../../server/memory/memory-session-store.ts';
import { MemorySignalBoard } from '../../server/memory/memory-signals.ts';
import { systemClock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import type { Logger } from '../../server/platform/logger.ts';
import { newId } from '../../server/platform/secrets.ts';
import { RedisDeployment } from '../../server/redis/deployment.ts';
import { RedisSessionStore } from '../../server/redis/redis-session-store.ts';
import { RedisSignals } from '../../server/redis/redis-signals.ts';
import { parseRedisUrl } from '../../server/redis/redis-url.ts';
import type { SessionDocument } from '../../server/session/session-document.ts';
import type { SessionStore } from '../../server/session/session-store.ts';
import type { Signals } from '../../server/session/signals.ts';
import { initialState } from '../../server/session/state.ts';

/** One server, as far as it keeps sessions. */
export interface StoringServer {
  readonly sessions: SessionStore;
  readonly signals: Signals;
}

/** Two servers on an empty store of their own, which ends with the test. */
export type OpenServers = (limits?: Partial<Limits>) => Promise<readonly [StoringServer, StoringServer]>;

export const openInMemory: OpenServers = async (set = {}) => {
  const sessions = new MemorySessions(systemClock, { ...defaultLimits, ...set });
  const signals = new MemorySignalBoard(systemClock);
  const open = () => {
    const server = { sessions: sessions.forServer(), signals: signals.forServer() };
    onTestFinished(() => {
      server.sessions.close();
      server.signals.close();
    });
    return server;
  };
  return [open(), open()];
};

export const openOnRedis =
  (url: () => string): OpenServers =>
  async (limits) => {
    const prefix = `${newId()}:`;
    const open = () => openRedisServer({ url: url(), prefix, limits });
    const servers = [open(), open()] as const;
    // A signal that is set before there is a connection is lost.
    await Promise.all(servers.map(({ deployment }) => deployment.connection.run((client) => client.ping())));
    return servers;
  };

export interface RedisServerOnTest extends StoringServer {
  readonly deployment: RedisDeployment;
}

export interface OpenRedisOptions {
  readonly url: string;
  readonly prefix?: string;
  readonly limits?: Partial<Limits> | undefined;
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
  readonly commandTimeoutMs?: number;
  readonly claimMs?: number;
}

/** One server on Redis, which is closed with the test. It renews and sweeps twenty times a second. */
export function openRedisServer({
  url,
  prefix = `${newId()}:`,
  limits,
  ...options
}: OpenRedisOptions): RedisServerOnTest {
  const address = parseRedisUrl(url);
  if (!address) throw new Error('no URL of a Redis');
  const { logger = { info: () => {}, warn: () => {} }, commandTimeoutMs, claimMs } = options;
  const deployment = new RedisDeployment({
    address,
    prefix,
    clock: systemClock,
    logger,
    ...(commandTimeoutMs !== undefined && { commandTimeoutMs }),
  });
  const sessions = new RedisSessionStore({
    deployment,
    clock: systemClock,
    limits: { ...defaultLimits, ...limits },
    intervalMs: 50,
    ...(claimMs !== undefined && { claimMs }),
  });
  onTestFinished(() => {
    sessions.close();
    deployment.close();
  });
  return { deployment, sessions, signals: new RedisSignals(deployment) };
}

/** A document that differs from others by its revision. */
export const documentOf = (revision: number): SessionDocument => ({
  format: 1,
  state: { ...initialState, revision },
});
