/**
 * Measures every row, the product and what it is compared with in turn, and prints medians, spread and ratios. `README.md` says what the
 * options are. The server must be built.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plot } from './plot.ts';
import { project } from './processes.ts';
import { printProfiles } from './profile.ts';
import { type FigureResult, type Measurements, resultsOf, table } from './report.ts';
import { AbsentPeer, type Bench, type Measure, type Row } from './row.ts';
import { rows as approve } from './rows/approve.ts';
import { rows as fanOut } from './rows/fan-out.ts';
import { rows as growth } from './rows/growth.ts';
import { rows as idle } from './rows/idle.ts';
import { rows as joining } from './rows/joining.ts';
import { rows as longestTask } from './rows/longest-task.ts';
import { rows as page } from './rows/page.ts';
import { rows as picture } from './rows/picture.ts';
import { rows as progress } from './rows/progress.ts';
import { rows as sessionMemory } from './rows/session-memory.ts';
import { rows as shared } from './rows/shared.ts';
import { rows as stall } from './rows/stall.ts';
import { rows as start } from './rows/start.ts';
import { rows as tenUsers } from './rows/ten-users.ts';
import { rows as upstream } from './rows/upstream.ts';

const allRows: readonly Row[] = [
  ...picture,
  ...longestTask,
  ...upstream,
  ...stall,
  ...fanOut,
  ...approve,
  ...shared,
  ...idle,
  ...sessionMemory,
  ...progress,
  ...joining,
  ...page,
  ...start,
  ...tenUsers,
  ...growth,
];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    row: { type: 'string', multiple: true, default: [] },
    keep: { type: 'boolean', default: false },
    profile: { type: 'string' },
    record: { type: 'string' },
  },
});
const folder = join(project, 'dist/bench');
const rounds = values.quick ? 1 : Number(values.rounds);
const MOST_ROUNDS_ANEW = 3;
const skipped = new Map<string, string>();

/** The rows with one of these names, and those whose names begin like that: `fan-out` is all of its sizes. */
function rowsNamed(names: readonly string[]): readonly Row[] {
  const found = allRows.filter(({ name }) => names.some((wanted) => name === wanted || name.startsWith(`${wanted}-`)));
  if (found.length === 0)
    throw new Error(`There is no such row. There are: ${allRows.map(({ name }) => name).join(', ')}`);
  return found;
}

async function open(row: Row, bench: Bench): Promise<Map<string, Measure>> {
  const opened = new Map<string, Measure>();
  const sides = Object.entries(row.sides).slice(0, bench.profiles === undefined ? undefined : 1);
  for (const [name, side] of sides) {
    try {
      opened.set(name, await side(bench));
    } catch (error) {
      if (!(error instanceof AbsentPeer)) throw error;
      skipped.set(name, error.message);
    }
  }
  return opened;
}

/** All sides of a row stay open, and are measured one after the other in every round. */
async function measure(row: Row, profiles?: string): Promise<Measurements> {
  await using scope = new AsyncDisposableStack();
  const sides = await open(row, { isQuick: values.quick, scope, ...(profiles !== undefined && { profiles }) });
  const measurements = new Map([...sides.keys()].map((name) => [name, [] as Record<string, number>[]]));
  const isWarmedUp = !values.quick && row.startsAnew === undefined;
  const count = row.startsAnew ? Math.min(rounds, MOST_ROUNDS_ANEW) : rounds;
  for (let round = isWarmedUp ? -1 : 0; round < count; round += 1) {
    for (const [name, side] of sides) {
      const figures = await side().catch((error: unknown) => absent(error, name));
      if (round >= 0 && figures) measurements.get(name)?.push(figures);
    }
  }
  for (const [name, all] of measurements) if (all.length === 0) measurements.delete(name);
  return measurements;
}

/** A side that starts its program anew each time finds out only then that there is none. */
function absent(error: unknown, name: string): undefined {
  if (!(error instanceof AbsentPeer)) throw error;
  skipped.set(name, error.message);
}

async function profile(name: string): Promise<void> {
  for (const row of rowsNamed([name])) {
    const profiles = join(folder, 'profiles', row.name);
    await rm(profiles, { recursive: true, force: true });
    await measure(row, profiles);
    await printProfiles(row.name, profiles);
  }
}

/** Puts the table between the marks of this name in the README, and the plot beside it. */
async function record(name: string, results: readonly FigureResult[], heading: string): Promise<void> {
  const readme = join(import.meta.dirname, 'README.md');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = await readFile(readme, 'utf8');
  const [before, rest] = text.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md has no ${start} and ${end}.`);
  await writeFile(readme, `${before}${start}\n\n${table(results)}\n\n${end}${after}`);
  await writeFile(join(import.meta.dirname, `${name}.svg`), plot(results, heading));
}

/** Those of a run before this one, for the rows that this one leaves out. */
async function earlierResults(rows: readonly Row[]): Promise<FigureResult[]> {
  const text = await readFile(join(folder, 'result.json'), 'utf8').catch(() => '{"results":[]}');
  const { results } = JSON.parse(text) as { readonly results: readonly FigureResult[] };
  return results.filter(({ row }) => !rows.some(({ name }) => name === row));
}

async function bench(): Promise<void> {
  const measured: FigureResult[] = [];
  const loads = loadavg().map(Math.round);
  const rows = values.row.length > 0 ? rowsNamed(values.row) : allRows;
  for (const row of rows) {
    const startedAt = performance.now();
    try {
      measured.push(...resultsOf(row, await measure(row)));
      console.error(`${row.name}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
    } catch (error) {
      // The other rows still count.
      console.error(`${row.name} failed:`, error);
      process.exitCode = 1;
    }
  }
  const all = [...measured, ...(values.keep ? await earlierResults(rows) : [])];
  const results = allRows.flatMap(({ name }) => all.filter(({ row }) => row === name));
  for (const [name, reason] of skipped) console.log(`${name} is skipped: ${reason}`);
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.version}`;
  /** Over one and fifteen minutes: before the bench, what others run; after it, the bench as well. */
  const load = `load ${loads[0]} before, ${Math.round(loadavg()[2] ?? 0)} after`;
  const heading = `Proofroom, ${new Date().toISOString().slice(0, 10)}, ${machine}, ${load}`;
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'result.json'),
    JSON.stringify({ machine, load, at: new Date(), rounds, results }, null, 2),
  );
  await writeFile(join(folder, 'plot.svg'), plot(results, heading));
  console.log(`\n${heading}\n\n${table(results)}`);
  if (values.record !== undefined) await record(values.record, results, heading);
}

if (values.profile === undefined) await bench();
else await profile(values.profile);
