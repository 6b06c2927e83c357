/** test/README.md says what is simulated, and how to repeat a failing schedule. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { rules } from './rule-checks.ts';
import { simulate } from './simulate.ts';

/** Half of them with one server, half with several. */
const SCHEDULES = 2_000;

describe('schedules of commands, faults and restarts, with one server and with several', () => {
  // The same each time, so that a change is judged by what it did. `npm run soak` looks for schedules that nobody has tried.
  const seed = process.env.SEED ?? '639051287';

  // In a process of its own: Vitest's transforms would change the line numbers by which checks are counted.
  test(`keep every rule, and run each check often, SEED=${seed}`, { timeout: 600_000 }, async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'soak.ts')], {
      env: { ...process.env, SEED: seed, RUNS: String(SCHEDULES) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
    console.log(output);
    expect(child.exitCode, output).toBe(0);
  });

  test('run the same checks again for the same seed', async () => {
    const counts = async () => {
      const { checks } = await simulate({ seed: 1, runs: 20 });
      return rules.map((rule) => checks.times(rule));
    };
    expect(await counts()).toEqual(await counts());
  });
});
