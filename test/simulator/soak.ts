/**
 * Many schedules, from the command line: `RUNS` (50,000 unless told), `SEED` and `SEED_PATH` by environment; `TRACE=1` prints all that
 * happens, `SHRINKS=0` keeps a failing one as it is. Fails too when a check was come to so rarely that it proves nothing.
 */
import { rules } from './ledger.ts';
import { simulate } from './simulate.ts';
import { rareSites, sites } from './sites.ts';

const { SEED, SEED_PATH, RUNS = '50000', SHRINKS, TRACE } = process.env;
const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
const LONGEST_LINE = 400;
/** Of fewer schedules nothing is said about what is rare in them. */
const ENOUGH_RUNS = 1_000;
const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1_000);

console.log(`SEED=${seed}`);
const { ledger, ...outcome } = await simulate({
  seed,
  runs: Number(RUNS),
  path: SEED_PATH,
  shrinks: TRACE === undefined && SHRINKS !== '0',
  trace: TRACE === undefined ? undefined : (line) => console.log(line.slice(0, LONGEST_LINE)),
  onSchedule: (done) => {
    if (done % 1_000 === 0) console.log(`${done} schedules, ${seconds()} s`);
  },
});
console.log(rules.map((rule) => `${rule}: ${ledger.times(rule)}`).join(', '));
console.log(
  `Checks, rarest first: ${sites(ledger)
    .map(({ place, times }) => `${place} ${times}`)
    .join(', ')}`,
);
const rare = outcome.failed || outcome.runs < ENOUGH_RUNS ? [] : rareSites(ledger, outcome.runs);
for (const { place, times } of rare) console.log(`TOO RARE: the check at ${place} applied ${times} times`);
if (outcome.failed) console.log(`Failed after ${outcome.runs} schedules`);
console.log(outcome.failed ? outcome.report : `${outcome.runs} schedules kept every rule, in ${seconds()} s`);
process.exitCode = outcome.failed || rare.length > 0 ? 1 : 0;
