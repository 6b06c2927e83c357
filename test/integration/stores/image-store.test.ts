import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryImages } from '../../../server/memory/memory-image-store.ts';
import { systemClock } from '../../../server/platform/clock.ts';
import { type RedisImageOptions, RedisImageStore } from '../../../server/redis/redis-image-store.ts';
import { ImageMemory } from '../../../server/session/image-memory.ts';
import type { ImageLease, ImageStore } from '../../../server/session/image-store.ts';
import { deploymentOn, freshPrefix, useRedisCluster } from '../../support/redis-deployment.ts';
import { useRedis } from '../../support/redis-server.ts';

const LIMIT = 1_000;

/** The images as two servers see them, with a budget of `LIMIT` bytes. */
type Deploy = () => { readonly first: ImageStore; readonly second: ImageStore };

const bytesOf = (length: number, value = 1) => new Uint8Array(length).fill(value);

function contract(deploy: Deploy): void {
  test('W4: every server gets the bytes untouched', async () => {
    const { first, second } = deploy();
    const bytes = Uint8Array.from({ length: 512 }, (_, index) => index);
    // A view on a part of a bigger buffer.
    expect(await first.put('session', 'image', bytes.subarray(100, 400))).toBe(true);
    const got = await second.get('session', 'image');
    expect(got && [...got]).toEqual([...bytes.subarray(100, 400)]);
    expect(await second.get('session', 'other')).toBeUndefined();
    expect(await second.get('other', 'image')).toBeUndefined();
  });

  test('R7: what is set aside and kept stays within the budget of all servers', async () => {
    const { first, second } = deploy();
    expect(await first.reserve(600)).toBeDefined();
    expect(await second.reserve(500)).toBeUndefined();
    expect(await second.put('session', 'big', bytesOf(401))).toBe(false);
    expect(await second.get('session', 'big')).toBeUndefined();
    expect(await second.put('session', 'small', bytesOf(400))).toBe(true);
    expect(await first.usedBytes()).toBe(1_000);
  });

  test('R7: an image counts in place of its lease, whose rest is free again', async () => {
    const { first, second } = deploy();
    const lease = await first.reserve(900);
    expect(await first.put('session', 'image', bytesOf(300), lease)).toBe(true);
    expect(await second.usedBytes()).toBe(300);
    lease?.release();
    expect(await second.reserve(700)).toBeDefined();
    expect(await second.usedBytes()).toBe(1_000);
  });

  test('R7: an image that is bigger than its lease needs the rest to be free', async () => {
    const { first, second } = deploy();
    const lease = await first.reserve(400);
    await second.put('session', 'other', bytesOf(500));
    expect(await first.put('session', 'image', bytesOf(501), lease)).toBe(false);
    expect(await first.usedBytes(), 'the lease still holds').toBe(900);
    expect(await first.put('session', 'image', bytesOf(500), lease)).toBe(true);
    expect(await first.usedBytes()).toBe(1_000);
  });

  test('R7: a released lease is free, though it is released twice', async () => {
    const { first, second } = deploy();
    const lease = await first.reserve(900);
    lease?.release();
    lease?.release();
    await expect.poll(() => second.usedBytes()).toBe(0);
    await second.put('session', 'image', bytesOf(100));
    expect(await first.usedBytes()).toBe(100);
  });

  test('an image that two servers put counts once', async () => {
    const { first, second } = deploy();
    const lease = await second.reserve(200);
    await first.put('session', 'image', bytesOf(100));
    expect(await second.put('session', 'image', bytesOf(100), lease)).toBe(true);
    expect(await first.usedBytes()).toBe(100);
  });

  test('dropped images are gone and free, those of other sessions stay', async () => {
    const { first, second } = deploy();
    for (const image of ['one', 'two', 'three']) await first.put('session', image, bytesOf(100));
    await first.put('other', 'one', bytesOf(100, 7));
    await second.drop('session', ['two', 'unknown']);
    await second.drop('session', ['two']);
    expect(await first.get('session', 'two')).toBeUndefined();
    expect(await first.usedBytes()).toBe(300);
    await second.dropAll('session');
    await second.dropAll('session');
    expect(await first.get('session', 'one')).toBeUndefined();
    expect(await first.get('other', 'one')).toEqual(expect.objectContaining({ byteLength: 100 }));
    expect(await first.usedBytes()).toBe(100);
  });

  test('R7: the leases of a server that closes are free', async () => {
    const { first, second } = deploy();
    await first.reserve(400);
    await first.reserve(600);
    first.close();
    await expect.poll(() => second.usedBytes()).toBe(0);
  });

  test('R7: of reservations that two servers make in the same moment, exactly as many succeed as the budget allows', async () => {
    const { first, second } = deploy();
    const reservations = Array.from({ length: 40 }, (_, number) => (number % 2 ? first : second).reserve(90));
    const puts = Array.from({ length: 40 }, (_, number) =>
      (number % 2 ? first : second).put('session', `${number}`, bytesOf(90)),
    );
    const [leases, kept] = await Promise.all([Promise.all(reservations), Promise.all(puts)]);
    expect(leases.filter((lease) => lease).length + kept.filter(Boolean).length).toBe(11);
    expect(await first.usedBytes()).toBe(990);
  });

  test('R7: whatever is reserved, put, released and dropped, the used bytes are the sum of what is there', async () => {
    const size = fc.integer({ min: 1, max: 450 });
    const session = fc.constantFrom('a', 'b');
    const image = fc.constantFrom('1', '2', '3');
    const step = fc.oneof(
      fc.record({ type: fc.constant('reserve' as const), size }),
      fc.record({ type: fc.constant('put' as const), size, session, image, leased: fc.boolean() }),
      fc.record({ type: fc.constant('release' as const) }),
      fc.record({ type: fc.constant('drop' as const), session, image }),
      fc.record({ type: fc.constant('dropAll' as const), session }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { first, second } = deploy();
        const leases: { readonly lease: ImageLease; readonly size: number; readonly of: ImageStore }[] = [];
        const kept = new Map<string, number>();
        const used = () =>
          leases.reduce((sum, { size }) => sum + size, 0) + kept.values().reduce((sum, size) => sum + size, 0);
        for (const [index, step] of steps.entries()) {
          const store = index % 2 ? first : second;
          if (step.type === 'reserve') {
            const lease = await store.reserve(step.size);
            expect(lease !== undefined).toBe(used() + step.size <= LIMIT);
            if (lease) leases.push({ lease, size: step.size, of: store });
          } else if (step.type === 'put') {
            const key = `${step.session} ${step.image}`;
            const own = step.leased ? leases.find(({ of }) => of === store) : undefined;
            const isKept = await store.put(step.session, step.image, bytesOf(step.size), own?.lease);
            expect(isKept).toBe(kept.has(key) || used() - (own?.size ?? 0) + step.size <= LIMIT);
            if (isKept && own) leases.splice(leases.indexOf(own), 1);
            if (isKept && !kept.has(key)) kept.set(key, step.size);
          } else if (step.type === 'release') leases.shift()?.lease.release();
          else if (step.type === 'drop') {
            await store.drop(step.session, [step.image]);
            kept.delete(`${step.session} ${step.image}`);
          } else {
            await store.dropAll(step.session);
            for (const key of kept.keys()) if (key.startsWith(step.session)) kept.delete(key);
          }
          await expect.poll(() => store.usedBytes()).toBe(used());
        }
        for (const image of ['a 1', 'a 2', 'a 3', 'b 1', 'b 2', 'b 3']) {
          const [session = '', imageId = ''] = image.split(' ');
          expect((await first.get(session, imageId))?.byteLength).toBe(kept.get(image));
        }
      }),
      { numRuns: 40 },
    );
  });
}

describe('MemoryImageStore', () => {
  contract(() => {
    const images = new MemoryImages(new ImageMemory(LIMIT));
    return { first: images.forServer(), second: images.forServer() };
  });
});

/** A server's store in Redis, with all that a test may want to look at. */
function storeOn(url: string, options: Partial<RedisImageOptions> = {}, prefix = freshPrefix()) {
  const deployment = deploymentOn(url, prefix);
  const store = new RedisImageStore(deployment, { limitBytes: LIMIT, keptMs: 60_000, clock: systemClock, ...options });
  onTestFinished(() => store.close());
  return { store, prefix, client: deployment.connection.client };
}

function twoStoresOn(url: string) {
  const { store: first, prefix } = storeOn(url);
  return { first, second: storeOn(url, {}, prefix).store };
}

describe('RedisImageStore on a cluster', () => {
  const redis = useRedisCluster();
  contract(() => twoStoresOn(redis.url));
});

describe('RedisImageStore', () => {
  const redis = useRedis();

  contract(() => twoStoresOn(redis.url));

  test('R7: the lease of a server that was killed ends by itself, that of one that runs does not', async () => {
    /** The killed server renews nothing any more. */
    const { store: killed, prefix } = storeOn(redis.url, { leaseMs: 1_500, clock: { every: () => () => {} } });
    const { store: running } = storeOn(redis.url, { leaseMs: 1_500 }, prefix);
    await killed.reserve(500);
    await running.reserve(400);
    await expect.poll(() => running.usedBytes()).toBe(400);
    expect(await running.reserve(600)).toBeDefined();
  });

  test('images expire with their session, unless they are kept', async () => {
    const { store: first, client, prefix } = storeOn(redis.url, { keptMs: 3_000 });
    await first.put('gone', 'image', bytesOf(100));
    await first.put('kept', 'image', bytesOf(200));
    await expect
      .poll(async () => {
        await first.keep('kept');
        return first.usedBytes();
      })
      .toBe(200);
    expect(await first.get('gone', 'image')).toBeUndefined();
    expect(await first.get('kept', 'image')).toBeDefined();
    await expect.poll(() => client.keys(`${prefix}*:image:*`)).toEqual([]);
    await expect.poll(() => first.usedBytes()).toBe(0);
  });
});

describe('RedisImageStore on a full Redis', () => {
  const refusing = useRedis({ args: ['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction'] });
  const evicting = useRedis({ args: ['--maxmemory', '16mb', '--maxmemory-policy', 'allkeys-lru'] });
  const MiB = 1024 * 1024;
  const options = { limitBytes: 100 * MiB };

  test('R7: one that evicts nothing refuses an image, counts only what it keeps, and has memory again after a drop', async () => {
    const { store, client } = storeOn(refusing.url, options);
    const lease = await store.reserve(10);
    const kept: string[] = [];
    for (let number = 0; number < 10; number += 1) {
      if (await store.put('session', `${number}`, bytesOf(MiB))) kept.push(`${number}`);
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(5);
    expect(await store.usedBytes()).toBe(kept.length * MiB + 10);
    await client.config('SET', 'maxmemory', '1mb');
    expect(await store.reserve(10)).toBeUndefined();
    expect(await store.get('session', kept[0] ?? '')).toHaveLength(MiB);
    lease?.release();
    await expect.poll(() => store.usedBytes()).toBe(kept.length * MiB);
    await store.drop('session', kept);
    expect(await store.usedBytes()).toBe(0);
    await client.config('SET', 'maxmemory', '4mb');
    await expect.poll(() => store.put('session', 'later', bytesOf(MiB))).toBe(true);
  });

  test('R7: of one that evicts, an image that is gone is not counted any more', async () => {
    const { store, client, prefix } = storeOn(evicting.url, options);
    await store.put('session', 'old', bytesOf(MiB));
    await store.put('session', 'new', bytesOf(MiB));
    await client.del(`${prefix}{session}:image:old`);
    expect(await store.get('session', 'old')).toBeUndefined();
    expect(await store.usedBytes(), 'its put may still be under way').toBe(2 * MiB);
    /** As if it had been put a minute ago. */
    await client.hset(`${prefix}{images}:of:session`, 'old', `${MiB} ${Date.now() - 60_000}`);
    expect(await store.get('session', 'old')).toBeUndefined();
    expect(await store.usedBytes()).toBe(MiB);
    await client.hset(`${prefix}{images}:of:session`, 'new', `${MiB} ${Date.now() - 60_000}`);
    await client.del(`${prefix}{session}:image:new`);
    await store.keep('session');
    expect(await store.usedBytes()).toBe(0);
  });

  test('R7: one that evicts takes new images without end, and what it has can be read', async () => {
    const { store } = storeOn(evicting.url, options);
    for (let number = 0; number < 40; number += 1) {
      expect(await store.put('many', `${number}`, bytesOf(MiB, number))).toBe(true);
    }
    const kept = await Promise.all(Array.from({ length: 40 }, (_, number) => store.get('many', `${number}`)));
    expect(kept.filter((bytes) => bytes).length).toBeLessThan(16);
    expect(kept.every((bytes, number) => bytes?.every((byte) => byte === number) ?? true)).toBe(true);
  });
});
