/** The table in the README of the tests: what was broken on purpose, and what caught it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutations } from './mutants.ts';

export interface Row {
  readonly what: string;
  /** The rule that caught it, or that nothing did. */
  readonly caughtBy: string;
  /** The schedules that it took. */
  readonly after: string;
}

const readme = join(import.meta.dirname, '../README.md');
const HEAD = '| broken on purpose | caught by | after schedules |\n| --- | --- | --- |\n';

export function readTable(): Row[] {
  const [, table = ''] = readFileSync(readme, 'utf8').split(HEAD);
  const lines = table.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) => {
    const [what = '', caughtBy = '', after = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { what, caughtBy, after };
  });
}

/** Puts `news` in the place of the rows of the same mutations; what is no mutation any more goes. */
export function updateTable(news: readonly Row[]): void {
  const rows = [...news, ...readTable()];
  const kept = mutations.flatMap(({ what }) => rows.find((row) => row.what === what) ?? []);
  const text = kept.map(({ what, caughtBy, after }) => `| ${what} | ${caughtBy} | ${after} |\n`).join('');
  const [before, table = ''] = readFileSync(readme, 'utf8').split(HEAD);
  const rest = table.replace(/^(\|.*\n)*/, '');
  writeFileSync(readme, `${before}${HEAD}${text}${rest}`);
}
