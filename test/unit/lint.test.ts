import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lint } from '../support/biome.ts';

test('a floating promise is refused', async () => {
  const text = await readFile(join(import.meta.dirname, '..', 'fixtures', 'floating-promise.ts'), 'utf8');

  expect(await lint({ 'server/floating-promise.ts': text })).toEqual([
    expect.objectContaining({ rule: 'lint/nursery/noFloatingPromises', path: 'server/floating-promise.ts' }),
  ]);
});

test('the same promise, awaited, passes', async () => {
  const text = 'export async function save(write: () => Promise<void>): Promise<void> {\n  await write();\n}\n';

  expect(await lint({ 'server/awaited-promise.ts': text })).toEqual([]);
});
