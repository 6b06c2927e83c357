/** Many schedules, from the command line: `RUNS` (50,000 unless told), `SEED` and `SEED_PATH` by environment; `TRACE=1` prints all that happens, `SHRINKS=0` keeps a failing one as it is. */
import { rules } from './ledger.ts';
import { simulate } from './simulate.ts';

const { SEED, SEED_PATH, RUNS = '50000', SHRINKS, TRACE } = process.env;
const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
const LONGEST_LINE = 400;
const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1_000);

console.log(`SEED=${seed}`);
const outcome = await simulate({
  seed,
  runs: Number(RUNS),
  path: SEED_PATH,
  shrinks: TRACE === undefined && SHRINKS !== '0',
  trace: TRACE === undefined ? undefined : (line) => console.log(line.slice(0, LONGEST_LINE)),
  onSchedule: (done) => {
    if (done % 1_000 === 0) console.log(`${done} schedules, ${seconds()} s`);
  },
});
for (const rule of rules) console.log(`${rule}: ${outcome.ledger.times(rule)} times`);
if (outcome.failed) console.log(`Failed after ${outcome.runs} schedules`);
console.log(outcome.failed ? outcome.report : `${outcome.runs} schedules kept every rule, in ${seconds()} s`);
process.exitCode = outcome.failed ? 1 : 0;
