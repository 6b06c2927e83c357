/**
 * Breaks the product on purpose, one rule at a time, in a copy of its own, and lets the simulator find it: `npm run mutations`.
 * A rule whose mutation goes unnoticed is a rule that nobody checks. What caught each goes into the table in the README of the tests.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rule } from './ledger.ts';
import { type Mutation, mutations } from './mutants.ts';
import { type Row, updateTable } from './mutation-table.ts';

const SCHEDULES = 10_000;
const PATIENCE_MS = 300_000;
/** `ONLY` is a rule, `WHAT` a part of what is done. */
const { ONLY, WHAT = '', SEED = '1' } = process.env;

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
for (const part of ['shared', 'server', 'client', 'test/simulator', 'package.json']) {
  cpSync(join(root, part), join(copy, part), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** Changes the copy; returns the undo. */
function mutate({ edits }: Mutation): () => void {
  const before = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]));
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(copy, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no "${from}" any more.`);
    writeFileSync(
      join(copy, file),
      text.replaceAll(from, () => to),
    );
  }
  return () => {
    for (const [file, text] of before) writeFileSync(join(copy, file), text);
  };
}

/** What caught it, and after how many schedules; nothing when nothing did. */
function simulate(): { readonly rule: string; readonly schedules: string; readonly what: string } | undefined {
  const { stdout } = spawnSync(process.execPath, [join(copy, 'test/simulator/soak.ts')], {
    env: { SEED, RUNS: String(SCHEDULES), SHRINKS: '0' },
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    maxBuffer: 2 ** 26,
  });
  const [, rule, what] = /^(\w+) is broken: (.*)$/m.exec(stdout) ?? [];
  const [, schedules] = /^Failed after (\d+) schedules$/m.exec(stdout) ?? [];
  return rule === undefined || what === undefined ? undefined : { rule, what, schedules: schedules ?? '?' };
}

const chosen = mutations.filter(
  ({ breaks, what }) => (ONLY === undefined || breaks.includes(ONLY as Rule)) && what.includes(WHAT),
);
let missed = 0;
const rows: Row[] = [];
try {
  for (const mutation of chosen) {
    const restore = mutate(mutation);
    const caught = simulate();
    restore();
    const isRight = mutation.breaks.some((rule) => rule === caught?.rule);
    if (!isRight) missed += 1;
    rows.push({ what: mutation.what, caughtBy: caught?.rule ?? 'nothing', after: caught?.schedules ?? '' });
    const verdict = caught ? `${caught.rule} after ${caught.schedules} schedules` : 'NOT CAUGHT';
    console.log(`${isRight ? '' : 'MISSED '}${mutation.breaks.join(' or ')} | ${mutation.what} | ${verdict}`);
    if (caught && !isRight) console.log(`  ${caught.what}`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
updateTable(rows);
console.log(`${chosen.length - missed} of ${chosen.length} mutations caught`);
process.exitCode = missed > 0 ? 1 : 0;
