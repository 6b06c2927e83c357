/** Servers that share a Redis in tests. */
import { Redis } from 'ioredis';
import { beforeAll, expect, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../server/platform/clock.ts';
import { type ClientOverrides, createClient, type RedisClient } from '../../server/redis/connection.ts';
import { RedisDeployment } from '../../server/redis/deployment.ts';
import { parseRedisUrl } from '../../server/redis/redis-url.ts';
import { quietLog } from './quiet-log.ts';
import { useRedis } from './redis-server.ts';

let prefixes = 0;

/** Keys of no other test begin like this. */
export function freshPrefix(): string {
  prefixes += 1;
  return `test${prefixes}:`;
}

const optionsFor = (url: string) => {
  const address = parseRedisUrl(url);
  if (!address) throw new Error('not a URL of Redis');
  return { address, clock: systemClock, logger: quietLog(() => {}) };
};

/** What one server has of the Redis at `url`. It is closed when the test ends. */
export function deploymentOn(url: string, prefix: string): RedisDeployment {
  const deployment = new RedisDeployment({ ...optionsFor(url), prefix });
  onTestFinished(() => deployment.close());
  return deployment;
}

/** A client of its own, as BullMQ's workers need it. */
export const workerClient = (url: string, overrides: ClientOverrides): RedisClient =>
  createClient({ ...optionsFor(url), name: 'worker' }, overrides);

/** A cluster of one server, which refuses commands and scripts whose keys do not share a hash slot. */
export function useRedisCluster(): { readonly url: string } {
  const redis = useRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
  beforeAll(async () => {
    const client = new Redis(redis.url);
    await client.cluster('ADDSLOTSRANGE', 0, 16_383);
    await vi.waitFor(async () => expect(await client.cluster('INFO')).toContain('cluster_state:ok'), {
      timeout: 20_000,
    });
    client.disconnect();
  });
  return {
    get url() {
      return redis.url.replace('redis:', 'redis+cluster:');
    },
  };
}
