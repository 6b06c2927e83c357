/** The deliberate mistakes of `npm run mutations`, as far as they can be checked without making them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rules } from '../../simulator/ledger.ts';
import { mutations } from '../../simulator/mutants.ts';
import { readTable } from '../../simulator/mutation-table.ts';

const root = join(import.meta.dirname, '../../..');

test('every mutation finds the code that it changes', () => {
  const notFound = mutations.flatMap(({ what, edits }) =>
    edits
      .filter(({ file, from }) => !readFileSync(join(root, file), 'utf8').includes(from))
      .map(({ file }) => `${what}: ${file}`),
  );
  expect(notFound).toEqual([]);
});

test('every rule that the simulator checks has a mutation that breaks it', () => {
  const broken = new Set<string>(mutations.flatMap(({ breaks }) => breaks));
  expect(rules.filter((rule) => !broken.has(rule))).toEqual([]);
});

test('the README names for each mutation one of its rules that caught it', () => {
  const caughtBy = new Map(readTable().map((row) => [row.what, row.caughtBy]));
  const missing = mutations.filter(({ what, breaks }) => !breaks.some((rule) => rule === caughtBy.get(what)));
  expect(missing.map(({ what }) => what)).toEqual([]);
});
