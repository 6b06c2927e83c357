import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from '../../client/session/backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('R5: the first try begins within 0 to 1 s, and no two are more than 10 s apart', () => {
  fc.assert(
    fc.property(fc.array(random, { minLength: 1, maxLength: 2_000 }), (randoms) => {
      const left = [...randoms];
      const backoff = new Backoff(() => left.shift() ?? 0);
      const waits = randoms.map(() => backoff.next());
      expect(waits[0]).toBeLessThan(1_000);
      for (const wait of waits) {
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(10_000);
      }
    }),
  );
});

test('R5: full jitter: the bound doubles from 1 s to 10 s, and a wait is that share of it which chance says', () => {
  fc.assert(
    fc.property(random, (share) => {
      const backoff = new Backoff(() => share);
      const waits = Array.from({ length: 6 }, () => backoff.next());
      expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000].map((bound) => share * bound));
    }),
  );
});

test('R5: after a reset the next wait is a first one again, however many there were', () => {
  fc.assert(
    fc.property(fc.nat(2_000), (tries) => {
      const backoff = new Backoff(() => 0.999);
      for (let i = 0; i < tries; i += 1) backoff.next();
      backoff.reset();
      expect(backoff.next()).toBeCloseTo(999);
    }),
  );
});
