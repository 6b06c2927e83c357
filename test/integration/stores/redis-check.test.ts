import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import { checkRedis } from '../../../server/redis/persistence-check.ts';
import { useRedis } from '../../support/redis-server.ts';
import { documentOf, openRedisServer } from '../../support/stores.ts';

const redis = useRedis();

function admin(): Redis {
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  return client;
}

async function set(name: string, value: string, otherwise: string): Promise<void> {
  await admin().config('SET', name, value);
  onTestFinished(async () => void (await admin().config('SET', name, otherwise)));
}

const check = (mayPersist = false, url = redis.url) =>
  checkRedis(openRedisServer({ url }).deployment.connection, { mayPersist });

describe('R12', () => {
  test('a Redis that writes nothing is accepted', async () => {
    expect(await check()).toEqual({ warnings: [] });
  });

  test.each([
    ['save', '3600 1', '', 'save is set: run CONFIG SET save ""'],
    ['appendonly', 'yes', 'no', 'appendonly is on: run CONFIG SET appendonly no'],
  ])(
    'a Redis with %s is refused, by a sentence that says what to do, unless that is allowed',
    async (name, value, otherwise, how) => {
      await set(name, value, otherwise);
      expect(await check()).toEqual({
        refusal: `Redis writes what it holds to its disk, since ${how}, or set PROOFROOM_REDIS_PERSISTENCE=allow if images may be on its disk`,
        warnings: [],
      });
      expect(await check(true)).toEqual({ warnings: [] });
    },
  );

  test('an ACL user who may not ask is warned of that, and needs nothing else that is dangerous', async () => {
    const prefix = `${newId()}:`;
    await admin().acl(
      'SETUSER',
      'ana',
      'on',
      '>secret',
      `~${prefix}*`,
      `&${prefix}*`,
      '+@all',
      '-@dangerous',
      '-@admin',
      '+info',
    );
    const url = redis.url.replace('redis://', 'redis://ana:secret@');
    expect(await check(false, url)).toEqual({
      warnings: ['Redis does not let the server read its settings: see that it has save "" and appendonly no'],
    });
    const { sessions, signals } = openRedisServer({ url, prefix });
    const id = newId();
    onTestFinished(await sessions.subscribe(id, () => {}));
    onTestFinished(
      await signals.subscribe(
        id,
        () => {},
        () => {},
      ),
    );
    expect(await sessions.create(id, documentOf(0))).toBe(true);
    expect(await sessions.commit(id, 1, { document: documentOf(1) })).toMatchObject({ outcome: 'committed' });
    expect(await sessions.idle()).toEqual([id]);
    expect(await sessions.remove(id, 'session_ended')).toBe(true);
    const { sessions: foreign } = openRedisServer({ url, prefix: 'other:' });
    await expect(foreign.size()).rejects.toThrow('Redis refuses: NOPERM');
  });
});

test('R13: a Redis that drops keys when it is full is warned of', async () => {
  await set('maxmemory', '100mb', '0');
  expect(await check()).toEqual({ warnings: [] });
  await set('maxmemory-policy', 'allkeys-lru', 'noeviction');
  expect((await check()).warnings).toEqual([
    'Redis has a maxmemory-policy other than noeviction: when its memory is full, it drops sessions and images',
  ]);
});
