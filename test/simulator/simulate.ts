/** Runs schedules, and finds the smallest one that breaks a rule. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { isClusterStep } from './cluster/cluster-steps.ts';
import { ClusterWorld } from './cluster/cluster-world.ts';
import { end } from './final-checks.ts';
import { open, perform } from './perform.ts';
import { RuleBroken, RuleChecks } from './rule-checks.ts';
import { type Schedule, type Servers, schedules } from './steps.ts';
import { World } from './world.ts';

type Trace = (line: string) => void;

/** Long enough for the first tab to join. */
const FIRST_JOIN_MS = 200;

/**
 * Runs one schedule. The counts of its checks are added to `checks`.
 * @throws {RuleBroken} the first rule that did not hold
 */
export async function run(
  { seed, isCluster, steps }: Schedule,
  checks = new RuleChecks(),
  trace?: Trace,
): Promise<void> {
  const own = new RuleChecks();
  const cluster = isCluster ? new ClusterWorld(seed, own, trace) : undefined;
  const world = cluster ?? new World(seed, own, trace);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  try {
    world.start();
    open(world);
    await world.pass(FIRST_JOIN_MS);
    for (const step of steps) {
      trace?.(JSON.stringify(step));
      if (!isClusterStep(step)) await perform(step, world);
      else await cluster?.performHere(step);
    }
    trace?.('The schedule is over: the network is repaired.');
    await end(world);
    own.check('R8', rejections.length === 0, () => `a rejected promise was not handled: ${inspect(rejections[0])}`);
    own.throwIfBroken();
  } finally {
    process.off('unhandledRejection', onRejection);
    checks.add(own);
  }
}

export interface Simulation {
  readonly seed: number;
  /** Half of the schedules have one server, and half have several, when absent. */
  readonly servers?: Servers;
  readonly runs: number;
  /** Leads straight to a failure that was found before: `SEED_PATH` in its report. */
  readonly path?: string | undefined;
  /** Whether a failing schedule is shrunk. True when absent. */
  readonly shrinks?: boolean;
  /** Gets a line for everything that happens. */
  readonly trace?: Trace | undefined;
  readonly onSchedule?: (done: number) => void;
}

export type Outcome =
  | { readonly failed: false; readonly checks: RuleChecks; readonly runs: number }
  | { readonly failed: true; readonly checks: RuleChecks; readonly runs: number; readonly report: string };

export async function simulate({
  seed,
  servers = 'either',
  runs,
  path,
  shrinks = true,
  trace,
  onSchedule,
}: Simulation): Promise<Outcome> {
  const checks = new RuleChecks();
  let done = 0;
  const property = fc.asyncProperty(schedules(servers), async (schedule) => {
    await run(schedule, checks, trace);
    done += 1;
    onSchedule?.(done);
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: !shrinks,
    ...(path !== undefined && { path }),
  });
  if (!details.failed) return { failed: false, checks, runs: done };
  const [schedule] = details.counterexample ?? [];
  const error = details.errorInstance;
  const report = [
    error instanceof RuleBroken ? error.message : String(error instanceof Error ? error.stack : error),
    `Repeat it with SEED=${details.seed} SEED_PATH=${details.counterexamplePath}`,
    `The smallest schedule (shrunk ${details.numShrinks} times):`,
    JSON.stringify(schedule),
  ].join('\n');
  return { failed: true, checks, runs: details.numRuns, report };
}
