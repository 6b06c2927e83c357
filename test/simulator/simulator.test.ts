/** See the README of the tests: what is simulated, and how a failing schedule is run again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { rules } from './ledger.ts';
import { simulate } from './simulate.ts';

const SCHEDULES = 1_000;

describe('a thousand schedules of clicks, faults and restarts', () => {
  const seed = process.env.SEED ?? String(Date.now() % 2 ** 31);

  /** In a process of its own: there a check's place is a line of the source, so that each is counted by itself. */
  test(`keep every rule, and come to each check often, SEED=${seed}`, { timeout: 300_000 }, async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'soak.ts')], {
      env: { ...process.env, SEED: seed, RUNS: String(SCHEDULES) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [told] = await Promise.all([text(child.stdout), once(child, 'close')]);
    console.log(told);
    expect(child.exitCode, told).toBe(0);
  });

  test('are the same for the same seed', async () => {
    const counts = async () => {
      const { ledger } = await simulate({ seed: 1, runs: 20 });
      return rules.map((rule) => ledger.times(rule));
    };
    expect(await counts()).toEqual(await counts());
  });
});
