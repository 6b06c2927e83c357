import { Redis } from 'ioredis';
import { beforeAll, describe, expect, vi } from 'vitest';
import { useRedis } from '../../support/redis-server.ts';
import { openInMemory, openOnRedis } from '../../support/stores.ts';
import { sessionStoreContract } from './session-store-contract.ts';
import { signalsContract } from './signals-contract.ts';

describe('in memory', () => {
  describe('sessions', () => sessionStoreContract(openInMemory));
  describe('signals', () => signalsContract(openInMemory));
});

describe('on Redis', () => {
  const redis = useRedis({ password: 'p@ss:word' });
  const open = openOnRedis(() => redis.url);
  describe('sessions', () => sessionStoreContract(open));
  describe('signals', () => signalsContract(open));
});

describe('on a Redis cluster', () => {
  const redis = useRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
  beforeAll(async () => {
    const client = new Redis(redis.url);
    await client.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await vi.waitFor(async () => expect(await client.cluster('INFO')).toContain('cluster_state:ok'), 10_000);
    client.disconnect();
  });
  const open = openOnRedis(() => `redis+cluster://127.0.0.1:${redis.port}`);
  describe('sessions', () => sessionStoreContract(open));
  describe('signals', () => signalsContract(open));
});
