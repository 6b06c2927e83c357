import { describe, expect, test } from 'vitest';
import { RateLimiter, TokenBucket } from '../../../../server/platform/rate-limiter.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** How many of ten takes succeed. */
const takeTen = (take: () => boolean) => Array.from({ length: 10 }, take).filter(Boolean).length;

describe('TokenBucket', () => {
  test('S4: a burst, then so much a second, and never more than the burst', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(3, 2, clock);
    const taken = () => takeTen(() => bucket.take());
    expect([taken(), taken()]).toEqual([3, 0]);
    clock.advance(499);
    expect(taken()).toBe(0);
    clock.advance(501);
    expect(taken()).toBe(2);
    expect(bucket.isFull).toBe(false);
    clock.advance(3_600_000);
    expect(bucket.isFull).toBe(true);
    expect(taken()).toBe(3);
  });
});

describe('RateLimiter', () => {
  /** A clock that counts how often a bucket looks at it. */
  class CountingClock extends FakeClock {
    looks = 0;

    override monotonic(): number {
      this.looks += 1;
      return super.monotonic();
    }
  }

  test('S4: each key has a rate of its own', () => {
    const limiter = new RateLimiter(3, 2, new FakeClock());
    expect(takeTen(() => limiter.take('a'))).toBe(3);
    expect(takeTen(() => limiter.take('b'))).toBe(3);
  });

  test('S4: full buckets are forgotten, others keep their count, and looking for them costs little', () => {
    const clock = new CountingClock();
    const limiter = new RateLimiter(3, 1, clock);
    const strangers = 3_000;
    /** How often all buckets together looked at the clock, and how often at most for one `take`. */
    const looksOfStrangers = (name: string) => {
      const looks = Array.from({ length: strangers }, (_, count) => {
        const before = clock.looks;
        limiter.take(`${name} ${count}`);
        return clock.looks - before;
      });
      return { total: looks.reduce((sum, one) => sum + one), most: Math.max(...looks) };
    };
    takeTen(() => limiter.take('busy'));
    for (const name of ['first', 'second', 'third', 'fourth']) {
      const { total, most } = looksOfStrangers(name);
      expect(total, name).toBeLessThan(10 * strangers);
      // A sweep looks at the buckets of this time and the time before: the others are gone.
      expect(most, name).toBeGreaterThan(strangers / 2);
      expect(most, name).toBeLessThan(2 * strangers + 1_000);
      expect(limiter.take('busy'), name).toBe(name !== 'first');
      clock.advance(1_000);
    }
  });
});
