/** See the README of the tests: what is simulated, and how a failing schedule is run again. */
import { describe, expect, test } from 'vitest';
import { rules } from './ledger.ts';
import { simulate } from './simulate.ts';

const { SEED, SEED_PATH } = process.env;
const SCHEDULES = 1_000;
/** Rarer than this, a rule is not really put to the test. */
const LEAST = 20;

describe('a thousand schedules of clicks, faults and restarts', () => {
  const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);

  test(`keep every rule, and put each to the test, SEED=${seed}`, { timeout: 180_000 }, async () => {
    const outcome = await simulate({ seed, runs: SCHEDULES, path: SEED_PATH });
    expect(outcome.failed ? outcome.report : 'kept').toBe('kept');
    if (SEED_PATH !== undefined) return;
    expect(rules.filter((rule) => outcome.ledger.times(rule) < LEAST)).toEqual([]);
  });

  test('are the same for the same seed', async () => {
    const counts = async () => {
      const { ledger } = await simulate({ seed: 1, runs: 20 });
      return rules.map((rule) => ledger.times(rule));
    };
    expect(await counts()).toEqual(await counts());
  });
});
