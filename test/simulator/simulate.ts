/** Runs schedules and finds the smallest that breaks a rule. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { end } from './ending.ts';
import { Ledger, RuleBroken } from './ledger.ts';
import { open, perform } from './perform.ts';
import { type Schedule, schedules } from './steps.ts';
import { World } from './world.ts';

type Trace = (line: string) => void;

const A_MOMENT_MS = 200;

/**
 * Runs one schedule from its first page to its last. What rules it put to the test is added to `ledger`.
 * @throws {RuleBroken} the first rule that was
 */
export async function run({ seed, steps }: Schedule, ledger = new Ledger(), trace?: Trace): Promise<void> {
  const own = new Ledger();
  const world = new World(seed, own, trace);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  try {
    open(world);
    await world.pass(A_MOMENT_MS);
    for (const step of steps) {
      trace?.(JSON.stringify(step));
      await perform(step, world);
    }
    trace?.('The network heals.');
    await end(world);
    own.check('R8', rejections.length === 0, () => `a rejection was left alone: ${inspect(rejections[0])}`);
    own.throwIfBroken();
  } finally {
    process.off('unhandledRejection', onRejection);
    ledger.add(own);
  }
}

export interface Simulation {
  readonly seed: number;
  readonly runs: number;
  /** Leads straight to a failure that was found before: `SEED_PATH` of its message. */
  readonly path?: string | undefined;
  /** Whether a failing schedule is made as small as it gets. */
  readonly shrinks?: boolean;
  /** Hears of all that happens, line by line. */
  readonly trace?: Trace | undefined;
  readonly onSchedule?: (done: number) => void;
}

export type Outcome =
  | { readonly failed: false; readonly ledger: Ledger; readonly runs: number }
  | {
      readonly failed: true;
      readonly ledger: Ledger;
      readonly runs: number;
      readonly broken: unknown;
      readonly report: string;
    };

export async function simulate({ seed, runs, path, shrinks = true, trace, onSchedule }: Simulation): Promise<Outcome> {
  const ledger = new Ledger();
  let done = 0;
  const property = fc.asyncProperty(schedules(), async (schedule) => {
    await run(schedule, ledger, trace);
    done += 1;
    onSchedule?.(done);
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: !shrinks,
    ...(path !== undefined && { path }),
  });
  if (!details.failed) return { failed: false, ledger, runs: done };
  const [schedule] = details.counterexample ?? [];
  const broken = details.errorInstance;
  const report = [
    broken instanceof RuleBroken ? broken.message : String(broken instanceof Error ? broken.stack : broken),
    `Again: SEED=${details.seed} SEED_PATH=${details.counterexamplePath}`,
    `The smallest schedule (shrunk ${details.numShrinks} times):`,
    JSON.stringify(schedule),
  ].join('\n');
  return { failed: true, ledger, runs: details.numRuns, broken, report };
}
