import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

test('the bench measures every row once', { timeout: 600_000 }, async () => {
  const bench = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), '--quick'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(bench, 'exit');
  const [errors] = await Promise.all([text(bench.stderr), text(bench.stdout)]);
  const [code] = await exited;
  expect(code, errors).toBe(0);
});
