import { Redis } from 'ioredis';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import type { SessionNotice } from '../../../server/session/session-store.ts';
import { useRedis } from '../../support/redis-server.ts';
import { documentOf, openInMemory, openOnRedis } from '../../support/stores.ts';
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

  test('R1: after its connections were cut, commands go on, and listeners are told of a change that they may have missed', async () => {
    const [first, second] = await open();
    const id = newId();
    await first.sessions.create(id, documentOf(0));
    const notices: SessionNotice[] = [];
    onTestFinished(await second.sessions.subscribe(id, (notice) => notices.push(notice)));
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    for (const type of ['normal', 'pubsub']) await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await vi.waitFor(() => expect(notices).toEqual([{ type: 'changed' }]), 10_000);
    await vi.waitFor(() => first.sessions.commit(id, 1, { document: documentOf(1) }), 10_000);
    await vi.waitFor(() => expect(notices).toHaveLength(2), 10_000);
  }, 30_000);

  describe('sessions', () => sessionStoreContract(open));
  describe('signals', () => signalsContract(open));
});
