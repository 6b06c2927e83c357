import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryBudgets } from '../../../server/memory/memory-budgets.ts';
import { systemClock } from '../../../server/platform/clock.ts';
import { RedisBudgets } from '../../../server/redis/redis-budgets.ts';
import type { Bucket, Budgets, Purchase } from '../../../server/session/budgets.ts';
import { deploymentOn, freshPrefix, useRedisCluster } from '../../support/redis-deployment.ts';
import { useRedis } from '../../support/redis-server.ts';

/** Budgets as two servers see them. */
interface Deployment {
  readonly first: Budgets;
  readonly second: Budgets;
}

/** A bucket that gains nothing while a test runs. */
const slow = (key: string, burst: number): Bucket => ({ key, burst, perSecond: 0.001 });
const unlimited = { asks: Number.POSITIVE_INFINITY, microdollars: Number.POSITIVE_INFINITY };
const purchase = (more: Partial<Purchase>): Purchase => ({
  buckets: [],
  count: 1,
  each: { asks: 1, microdollars: 40_000 },
  limits: unlimited,
  ...more,
});

function contract(deploy: () => Deployment): void {
  test('S9: a burst is there at once, and then nothing until the bucket fills', async () => {
    const { first, second } = deploy();
    const bucket = slow('session', 3);
    expect(await first.take([bucket], 2)).toEqual({ outcome: 'taken' });
    expect(await second.take([bucket], 1)).toEqual({ outcome: 'taken' });
    const refused = await first.take([bucket], 1);
    expect(refused).toEqual({ outcome: 'rate_exceeded', bucket: 0, waitMs: expect.closeTo(1_000_000, -4) });
  });

  test('S9: a bucket fills again at its rate', async () => {
    const { first } = deploy();
    const bucket = { key: 'quick', burst: 2, perSecond: 20 };
    await first.take([bucket], 2);
    const refused = await first.take([bucket], 2);
    expect(refused).toMatchObject({ outcome: 'rate_exceeded', waitMs: expect.closeTo(100, -2) });
    await expect.poll(() => first.take([bucket], 2)).toEqual({ outcome: 'taken' });
  });

  test('S9: more than a burst is never allowed', async () => {
    const { first } = deploy();
    const refused = await first.take([slow('session', 3), slow('address', 9)], 4);
    expect(refused).toEqual({ outcome: 'rate_exceeded', bucket: 0, waitMs: Number.POSITIVE_INFINITY });
  });

  test('S9: tokens are taken from all buckets or from none, and the longest wait is reported', async () => {
    const { first, second } = deploy();
    const [session, address] = [slow('session', 5), slow('address', 2)];
    await first.take([session, address], 2);
    expect(await second.take([session, address], 1)).toMatchObject({ outcome: 'rate_exceeded', bucket: 1 });
    expect(await second.take([session], 3)).toEqual({ outcome: 'taken' });
  });

  test('S9: the day’s budget counts over all servers, for asks and for dollars', async () => {
    const { first, second } = deploy();
    const limits = { asks: 5, microdollars: 130_000 };
    expect(await first.buy(purchase({ count: 2, limits }))).toMatchObject({ outcome: 'bought' });
    const today = { asks: 2, microdollars: 80_000 };
    expect(await second.today()).toEqual(today);
    expect(await second.buy(purchase({ count: 2, limits }))).toEqual({
      outcome: 'budget_exceeded',
      affordable: 1,
      today,
    });
    const free = { asks: 1, microdollars: 0 };
    expect(await second.buy(purchase({ count: 4, each: free, limits }))).toMatchObject({ affordable: 3 });
    expect(await second.buy(purchase({ count: 3, each: free, limits }))).toMatchObject({ outcome: 'bought' });
    expect(await first.today()).toEqual({ asks: 5, microdollars: 80_000 });
  });

  test('S9: a refusal by the budget takes no token, and a refusal by the rate no money', async () => {
    const { first } = deploy();
    const bucket = slow('session', 2);
    const refused = await first.buy(purchase({ buckets: [bucket], count: 2, limits: { ...unlimited, asks: 1 } }));
    expect(refused).toMatchObject({ outcome: 'budget_exceeded', affordable: 1 });
    expect(await first.take([bucket], 2)).toEqual({ outcome: 'taken' });
    expect(await first.buy(purchase({ buckets: [bucket] }))).toMatchObject({ outcome: 'rate_exceeded', bucket: 0 });
    expect(await first.today()).toEqual({ asks: 0, microdollars: 0 });
  });

  test('S9: what was not billed is given back to its own day only', async () => {
    const { first, second } = deploy();
    const bought = await first.buy(purchase({ count: 3 }));
    if (bought.outcome !== 'bought') return expect.fail(bought.outcome);
    await second.correct(bought.day, { asks: -1, microdollars: -39_999 });
    expect(await first.today()).toEqual({ asks: 2, microdollars: 80_001 });
    await second.correct(bought.day, { asks: 0, microdollars: 5 });
    await first.correct(bought.day - 1, { asks: -1, microdollars: -1 });
    expect(await first.today()).toEqual({ asks: 2, microdollars: 80_006 });
  });

  test('S9: of purchases that two servers make in the same moment, exactly as many succeed as the limits allow', async () => {
    const { first, second } = deploy();
    const race = async (more: Partial<Purchase>) => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, number) => (number % 2 ? first : second).buy(purchase(more))),
      );
      return answers.filter(({ outcome }) => outcome === 'bought').length;
    };
    expect(await race({ buckets: [slow('address', 17), slow('server', 19)] })).toBe(17);
    expect(await race({ limits: { asks: 40, microdollars: 1_000_000 } })).toBe(8);
  });

  test('S9: whatever is taken in whatever order, each bucket yields its burst at most, and is charged only for what succeeds', async () => {
    const keys = ['a', 'b', 'c'] as const;
    const step = fc.record({
      of: fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1 }),
      count: fc.integer({ min: 1, max: 4 }),
    });
    const bursts = fc.record({ a: fc.integer({ min: 1, max: 9 }), b: fc.constant(5), c: fc.constant(7) });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), bursts, async (steps, burst) => {
        const { first, second } = deploy();
        run += 1;
        const left: Record<(typeof keys)[number], number> = { ...burst };
        for (const [index, { of, count }] of steps.entries()) {
          const buckets = of.map((key) => slow(`${run} ${key}`, burst[key]));
          const { outcome } = await (index % 2 ? first : second).take(buckets, count);
          expect(outcome === 'taken').toBe(of.every((key) => left[key] >= count));
          if (outcome === 'taken') for (const key of of) left[key] -= count;
        }
      }),
      { numRuns: 50 },
    );
  });
}

describe('MemoryBudgets', () => {
  contract(() => {
    const budgets = new MemoryBudgets(systemClock);
    return { first: budgets, second: budgets };
  });
});

function deployOn(url: string) {
  const prefix = freshPrefix();
  const [first, second] = [deploymentOn(url, prefix), deploymentOn(url, prefix)];
  const { client } = first.connection;
  return { first: new RedisBudgets(first), second: new RedisBudgets(second), prefix, client };
}

describe('RedisBudgets', () => {
  const redis = useRedis();
  const deploy = () => deployOn(redis.url);

  contract(deploy);

  test('S9: a new day begins with a whole budget', async () => {
    const { first, prefix, client } = deploy();
    await first.buy(purchase({}));
    await client.hincrby(`${prefix}{budgets}:day`, 'day', -1);
    expect(await first.today()).toEqual({ asks: 0, microdollars: 0 });
    await first.buy(purchase({ count: 2, limits: { ...unlimited, asks: 2 } }));
    expect(await first.today()).toEqual({ asks: 2, microdollars: 80_000 });
  });

  test('S4: a bucket takes no memory once it is full', async () => {
    const { first, prefix, client } = deploy();
    await first.take([{ key: 'stranger', burst: 10, perSecond: 100 }], 10);
    await expect.poll(() => client.keys(`${prefix}*`)).toEqual([]);
  });
});

describe('RedisBudgets on a cluster', () => {
  const redis = useRedisCluster();
  contract(() => deployOn(redis.url));
});
