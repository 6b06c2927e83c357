import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../../../client/session/reconnecting-socket.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('R5: the wait before the first try is under 1 s, and no later one is over 10 s', () => {
  fc.assert(
    fc.property(random, fc.nat(5_000), (share, failures) => {
      expect(backoffMs(0, share)).toBeLessThan(1_000);
      expect(backoffMs(failures, share)).toBeGreaterThanOrEqual(0);
      expect(backoffMs(failures, share)).toBeLessThan(10_000);
    }),
  );
});

test('R5: the bound doubles from 1 s to 10 s, and the wait is a random share of it', () => {
  fc.assert(
    fc.property(random, (share) => {
      const waits = [0, 1, 2, 3, 4, 5].map((failures) => backoffMs(failures, share));
      expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000].map((bound) => share * bound));
    }),
  );
});
