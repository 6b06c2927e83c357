/**
 * `npm run mutations`: makes one deliberate mistake after another in a copy of the source, and lets the simulator find it. A rule whose
 * mistakes go unnoticed is not checked. Writes each into the table in the README of the tests; exits with 1 when a mistake is not caught,
 * or can no longer be made because the code has changed. By environment: `ONLY=R7` for the mistakes of a rule, `MISTAKE=draft` for those
 * whose description contains that text, `SEED`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lang, parse, type SgNode } from '@ast-grep/napi';
import { type Edit, type Mutation, mutations } from './mutations.ts';
import { rules } from './rule-checks.ts';

const SCHEDULES = 10_000;
const TIMEOUT_MS = 600_000;
const { ONLY, MISTAKE = '', SEED = '1' } = process.env;

const root = join(import.meta.dirname, '../..');
const readme = join(root, 'test/README.md');
const TABLE_HEAD = '| mistake | caught by | after schedules |\n| --- | --- | --- |\n';

interface Row {
  readonly mistake: string;
  /** The rule that caught it, or `nothing`. */
  readonly caughtBy: string;
  /** How many random ones it took, or that one of the regressions met it. */
  readonly schedules: string;
}

/** The file's text with the mistake in it. @throws {Error} when the code has no place for it any more */
function edited(text: string, edit: Edit): string {
  const tree = parse(Lang.TypeScript, text).root();
  const matches = tree.findAll(edit.find).filter((node) => edit.in === undefined || isIn(node, edit.in));
  if (matches.length === 0) {
    const place = edit.in === undefined ? edit.file : `${edit.in} in ${edit.file}`;
    throw new Error(`nothing matches "${edit.find}" in ${place}: adapt the mutation to the code`);
  }
  return tree.commitEdits(matches.map((node) => node.replace(replacement(node, edit.replace ?? ''))));
}

/** Whether the node stands in the function or method of that name. */
const isIn = (node: SgNode, name: string): boolean =>
  node.ancestors().some((ancestor) => ancestor.field('name')?.text() === name && ancestor.field('body') !== null);

/** Puts what the pattern's variables matched into the template. */
function replacement(node: SgNode, template: string): string {
  return template.replaceAll(/\$\$\$([A-Z]+)|\$([A-Z]+)/g, (_variable, several?: string, single?: string) =>
    several === undefined
      ? (node.getMatch(single ?? '')?.text() ?? '')
      : node
          .getMultipleMatches(several)
          .map((match) => match.text())
          .join('\n'),
  );
}

function applyAll({ edits }: Mutation, folder: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    texts.set(edit.file, edited(texts.get(edit.file) ?? readFileSync(join(folder, edit.file), 'utf8'), edit));
  }
  return texts;
}

/** Mutations that can't be made in today's code, and rules that no mutation breaks. */
function problems(): string[] {
  const inapplicable = mutations.flatMap((mutation) => {
    try {
      applyAll(mutation, root);
      return [];
    } catch (error) {
      return [`${mutation.mistake}: ${error instanceof Error ? error.message : error}`];
    }
  });
  const unbroken = rules.filter((rule) => !mutations.some(({ breaks }) => breaks.includes(rule)));
  return [...inapplicable, ...unbroken.map((rule) => `no mutation breaks ${rule}`)];
}

interface Caught {
  readonly rule: string;
  readonly problem: string;
  readonly schedules: string;
}

/** By random schedules. Undefined when every rule was kept. */
function simulate(folder: string): Caught | undefined {
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'test/simulator/soak.ts')], {
    env: { SEED, RUNS: String(SCHEDULES), SHRINKS: '0' },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  const [, rule, problem] = /^(\w+) is broken: (.*)$/m.exec(stdout) ?? [];
  const [, schedules = '?'] = /^Failed after (\d+) schedules$/m.exec(stdout) ?? [];
  if (rule !== undefined && problem !== undefined) return { rule, problem, schedules };
  if (stderr !== '' || /^Failed/m.test(stdout)) console.log(`${stderr}${stdout}`.slice(-2_000));
  return undefined;
}

/** By the schedules of bugs that were found before. Undefined when every rule was kept. */
function repeatRegressions(folder: string): Caught | undefined {
  const args = ['run', '--root', folder, '--testTimeout', '60000', 'test/simulator/regressions.test.ts'];
  const { stderr } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    env: { NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const [, rule, problem] = /^Caused by: RuleBroken: (\w+) is broken: (.*)$/m.exec(stderr) ?? [];
  return rule === undefined || problem === undefined ? undefined : { rule, problem, schedules: 'a regression' };
}

function copySource(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutations-'));
  for (const part of [
    'shared',
    'server',
    'client',
    'test/simulator',
    'test/support',
    'package.json',
    'tsconfig.json',
  ]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function judge(mutation: Mutation, folder: string): Row {
  const originals = mutation.edits.map(({ file }) => [file, readFileSync(join(folder, file), 'utf8')] as const);
  for (const [file, text] of applyAll(mutation, folder)) writeFileSync(join(folder, file), text);
  const caught = simulate(folder) ?? repeatRegressions(folder);
  for (const [file, text] of originals) writeFileSync(join(folder, file), text);
  const { mistake, breaks } = mutation;
  const verdict = caught ? `${caught.rule} after ${caught.schedules}` : 'NOT CAUGHT';
  const isRight = breaks.some((rule) => rule === caught?.rule);
  console.log(`${isRight ? '' : 'MISSED '}${breaks.join(' or ')} | ${mistake} | ${verdict}`);
  if (!isRight && caught) console.log(`  ${caught.problem}`);
  return { mistake, caughtBy: isRight && caught ? caught.rule : 'nothing', schedules: caught?.schedules ?? '' };
}

function readTable(): Row[] {
  const [, table = ''] = readFileSync(readme, 'utf8').split(TABLE_HEAD);
  const lines = table.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, mistake = '', caughtBy = '', schedules = ''] = cells;
    return { mistake, caughtBy, schedules };
  });
}

/** Replaces the rows of the judged mutations, and removes those of mutations that are no more. */
function updateTable(judged: readonly Row[]): void {
  const known = [...judged, ...readTable()];
  const rows = mutations.flatMap(({ mistake }) => known.find((row) => row.mistake === mistake) ?? []);
  const text = rows.map((row) => `| ${row.mistake} | ${row.caughtBy} | ${row.schedules} |\n`).join('');
  const [before, table = ''] = readFileSync(readme, 'utf8').split(TABLE_HEAD);
  writeFileSync(readme, `${before}${TABLE_HEAD}${text}${table.replace(/^(\|.*\n)*/, '')}`);
}

const found = problems();
for (const problem of found) console.error(problem);
const chosen = mutations.filter(
  ({ breaks, mistake }) => (ONLY === undefined || breaks.some((rule) => rule === ONLY)) && mistake.includes(MISTAKE),
);
const rows: Row[] = [];
if (found.length === 0) {
  const folder = copySource();
  try {
    for (const mutation of chosen) {
      rows.push(judge(mutation, folder));
      updateTable(rows);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const caught = rows.filter(({ caughtBy }) => caughtBy !== 'nothing').length;
console.log(`${caught} of ${chosen.length} mistakes caught`);
process.exitCode = caught < chosen.length ? 1 : 0;
