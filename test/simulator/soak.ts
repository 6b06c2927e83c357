/**
 * Runs many schedules from the command line, half of them with one server and half with several that share a store. By environment:
 * `RUNS` (50,000 when absent), `SERVERS=one` or `several`, `SEED` and `SEED_PATH`, `TRACE=1` for a line for everything that happens,
 * `SHRINKS=0` to leave a failing schedule as it is. Exits with 1 when a rule is broken, or when a check ran so rarely that it proves
 * nothing.
 */
import { rules } from './rule-checks.ts';
import { simulate } from './simulate.ts';

const { SEED, SEED_PATH, SERVERS, RUNS = '50000', SHRINKS, TRACE } = process.env;
const seed = SEED === undefined ? Date.now() % 2 ** 31 : Number(SEED);
const MAX_TRACE_CHARACTERS = 400;
/** With fewer schedules, or with one kind of deployment alone, rare checks are not judged. */
const ENOUGH_RUNS = 1_000;
/** How often each check has to run in a thousand schedules. The rarest run seven times or more, so a check that no longer runs shows. */
const LEAST_PER_THOUSAND = 1;
const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1_000);

console.log(`SEED=${seed}`);
const { checks, ...outcome } = await simulate({
  seed,
  servers: SERVERS === 'one' || SERVERS === 'several' ? SERVERS : 'either',
  runs: Number(RUNS),
  path: SEED_PATH,
  shrinks: TRACE === undefined && SHRINKS !== '0',
  trace: TRACE === undefined ? undefined : (line) => console.log(line.slice(0, MAX_TRACE_CHARACTERS)),
  onSchedule: (done) => {
    if (done % 1_000 === 0) console.log(`${done} schedules, ${seconds()} s`);
  },
});
const coverage = checks.coverage();
console.log(rules.map((rule) => `${rule}: ${checks.times(rule)}`).join(', '));
console.log(`Checks, rarest first: ${coverage.map(({ line, times }) => `${line} ${times}`).join(', ')}`);
const least = (LEAST_PER_THOUSAND * outcome.runs) / 1_000;
const isJudged = !outcome.failed && SERVERS === undefined && outcome.runs >= ENOUGH_RUNS;
const rare = !isJudged ? [] : coverage.filter(({ times }) => times < least);
for (const { line, times } of rare) console.log(`TOO RARE: the check at ${line} ran ${times} times`);
if (outcome.failed) console.log(`Failed after ${outcome.runs} schedules`);
console.log(outcome.failed ? outcome.report : `${outcome.runs} schedules kept every rule, in ${seconds()} s`);
process.exitCode = outcome.failed || rare.length > 0 ? 1 : 0;
