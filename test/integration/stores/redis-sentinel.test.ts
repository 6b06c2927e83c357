import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import type { SessionNotice } from '../../../server/session/session-store.ts';
import { type RedisServer, useRedis } from '../../support/redis-server.ts';
import { documentOf, openRedisServer } from '../../support/stores.ts';

const master = useRedis({ args: ['--repl-diskless-sync-delay', '0'] });
useRedis({ args: () => ['--replicaof', '127.0.0.1', String(master.port)] });
const sentinel = useRedis({
  sentinel: () => [
    `sentinel monitor reviews 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds reviews 300',
    'sentinel failover-timeout reviews 1000',
  ],
});

const eventually = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

test('R9: when the master dies, Sentinel names another one, and sessions, commands and notices go on there', async () => {
  const url = `redis+sentinel://127.0.0.1:${sentinel.port}/reviews`;
  const prefix = `${newId()}:`;
  const open = () => openRedisServer({ url, prefix, commandTimeoutMs: 1_000 });
  const [first, second] = [open(), open()];
  const id = newId();
  await eventually(() => first.sessions.size());
  expect(await first.sessions.create(id, documentOf(0))).toBe(true);
  first.sessions.hold(id);
  const notices: SessionNotice[] = [];
  onTestFinished(await eventually(() => second.sessions.subscribe(id, (notice) => notices.push(notice))));
  // What the replica and the Sentinel have not heard of yet would be lost.
  await clientOf(master).wait(1, 0);
  await eventually(async () => {
    expect(await clientOf(sentinel).call('SENTINEL', 'REPLICAS', 'reviews')).toHaveLength(1);
  });

  await master.stop();
  await eventually(() => first.sessions.commit(id, 1, { document: documentOf(1) }));
  expect(await eventually(() => second.sessions.read(id))).toEqual({ document: documentOf(1), version: 2 });
  await eventually(() => expect(notices).toContainEqual({ type: 'changed' }));
  expect(notices).not.toContainEqual({ type: 'removed', why: 'session_gone' });
}, 40_000);

function clientOf({ port }: RedisServer): Redis {
  const client = new Redis({ port, host: '127.0.0.1' });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}
