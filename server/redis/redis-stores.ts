/** All that the servers of a deployment share, on Redis. */
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stores } from '../session/stores.ts';
import { createClient } from './connection.ts';
import { RedisDeployment } from './deployment.ts';
import { checkRedis, type RedisCheck } from './persistence-check.ts';
import { RedisBudgets } from './redis-budgets.ts';
import { RedisImageStore } from './redis-image-store.ts';
import { RedisJobQueue } from './redis-job-queue.ts';
import { RedisSessionStore } from './redis-session-store.ts';
import { RedisSignals } from './redis-signals.ts';
import type { RedisAddress } from './redis-url.ts';

export interface RedisStoresOptions {
  readonly address: RedisAddress;
  /** Begins each key and each channel. */
  readonly prefix: string;
  /** The budget for images of all servers together, in bytes. */
  readonly imageBytes: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RedisStores extends Stores {
  /** Whether Redis would write images to a disk (rule R12). Rejects with `StoreUnavailable`. */
  check(options: { readonly mayPersist: boolean }): Promise<RedisCheck>;
}

/** How often a server says who is there, and looks for what it may have missed. */
const INTERVAL_MS = 5_000;

/** Connects at once, and again whenever the connection is lost. */
export function createRedisStores({ prefix, imageBytes, limits, ...connection }: RedisStoresOptions): RedisStores {
  const { clock } = connection;
  const deployment = new RedisDeployment({ ...connection, prefix });
  const sessions = new RedisSessionStore({ deployment, clock, limits });
  const images = new RedisImageStore(deployment, {
    limitBytes: imageBytes,
    keptMs: limits.SESSION_IDLE_MS + IMAGES_OUTLIVE_MS,
    clock,
  });
  const jobs = new RedisJobQueue(deployment, {
    limits,
    clock,
    createClient: (overrides) => createClient({ ...connection, name: 'proofroom-worker' }, overrides),
    // The connection's own log says when Redis is away.
    onError: () => {},
  });
  let closed: Promise<void> | undefined;
  const close = async () => {
    await jobs.close();
    sessions.close();
    images.close();
    deployment.close();
  };
  return {
    sessions,
    signals: new RedisSignals(deployment),
    images,
    jobs,
    budgets: new RedisBudgets(deployment),
    sharing: { serverId: deployment.serverId, intervalMs: INTERVAL_MS },
    get isReady() {
      return deployment.connection.isReady;
    },
    close: () => {
      closed ??= close();
      return closed;
    },
    check: (options) => checkRedis(deployment.connection, options),
  };
}

/** Images must not expire before their session, which is found to be idle a little later. */
const IMAGES_OUTLIVE_MS = 10 * 60_000;
