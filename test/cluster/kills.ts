/**
 * `npm run kills -- --kills 200 --seed 1`: reviews go round their loop over three servers, of which a random one is killed at a random
 * moment, and started again a moment later. Prints what was drawn, what it cost, and how long everything took; exits with 1 when
 * anything was lost.
 */
import { parseArgs } from 'node:util';
import { SeededRandom } from '../support/seeded-random.ts';
import { unlimitedAsks } from '../support/unlimited-asks.ts';
import { BusyReview } from './busy-review.ts';
import { startCluster } from './cluster.ts';
import { type Drawing, Upstream } from './upstream.ts';

/** How long one step of a drawing takes. */
const STEP_MS = 250;
/** A kill, and the start after it, come after up to so many changes of the tabs. */
const MOST_CHANGES = 40;

/** For many people behind one address. */
export const crowdedAddress = {
  ...unlimitedAsks,
  PROOFROOM_CONCURRENT_CANDIDATES: '64',
  PROOFROOM_QUEUED_CANDIDATES_PER_ADDRESS: '1000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '1000',
};

export interface KillsOptions {
  readonly kills: number;
  readonly seed: number;
  readonly sessions: number;
  /** How long a candidate may wait until another server draws it. */
  readonly longestTakeoverMs: number;
  /** Told of each kill. */
  readonly onKill?: (count: number) => void;
}

export interface KillsReport {
  /** What is wrong, in sentences. */
  readonly problems: readonly string[];
  /** From the kill to the next request for the same candidate, in milliseconds. */
  readonly takeoverMs: readonly number[];
  /** The same where another server was killed meanwhile, perhaps the one that had just taken over. */
  readonly lateTakeoverMs: readonly number[];
  /** How long the tabs of killed servers were away, in milliseconds. */
  readonly awayMs: readonly number[];
  readonly drawings: number;
  readonly candidates: number;
  readonly commands: number;
}

interface Kill {
  /** By `performance.now()`, as `restartedAt`. */
  readonly at: number;
  readonly restartedAt: number;
  /** Its index. */
  readonly server: number;
  /** The digests of all pictures that somebody had been shown. */
  readonly shown: ReadonlySet<string>;
}

/** Lets callers wait for the next changes. */
class Pulse {
  #count = 0;
  readonly #waiters = new Map<() => void, number>();

  beat(): void {
    this.#count += 1;
    for (const [resolve, count] of this.#waiters) if (this.#count >= count) resolve();
  }

  async after(changes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.set(resolve, this.#count + changes);
    await promise;
    this.#waiters.delete(resolve);
  }
}

export async function runKills(options: KillsOptions): Promise<KillsReport> {
  const { kills, seed, sessions, onKill = () => {} } = options;
  const random = new SeededRandom(seed);
  const upstream = await Upstream.start(STEP_MS);
  const env = (server: number) => ({ ...upstream.environmentOf(server), ...crowdedAddress });
  const cluster = await startCluster({ servers: 3, env });
  const done: Kill[] = [];
  const faults: string[] = [];
  const pulse = new Pulse();
  const onChange = () => pulse.beat();
  const reviews = await Promise.all(
    Array.from({ length: sessions }, (_, index) =>
      BusyReview.open({ server: cluster.proxy.address, name: `review-${index}`, random, upstream, onChange }),
    ),
  );
  try {
    const running = Promise.all(reviews.map((review) => review.run()));
    const killing = (async () => {
      for (let count = 1; count <= kills; count += 1) {
        await pulse.after(random.between(1, MOST_CHANGES));
        const killed = await kill();
        done.push(killed);
        onKill(count);
        // The next one comes in the middle of the takeover, or after it.
        const lost = lostBy(killed, upstream).map(({ prompt }) => prompt);
        if (random.oneIn(2)) await Promise.all(reviews.map((review) => review.ended(lost)));
      }
      for (const review of reviews) review.stop();
    })();
    await Promise.race([Promise.all([killing, running]), running.then(() => killing)]);
    await Promise.all(reviews.map((review) => review.settle()));
    faults.push(...cluster.servers.flatMap(({ process }) => process.faults));
    return reportOn(reviews, upstream, done, faults, options.longestTakeoverMs);
  } finally {
    for (const review of reviews) review.close();
    await cluster.stop();
    await upstream.fake.close();
  }

  async function kill(): Promise<Kill> {
    const index = random.below(cluster.servers.length);
    const server = cluster.servers[index];
    const shown = reviews.flatMap(({ ledger }) => [...ledger.shown.values()].flatMap((digests) => [...digests]));
    const at = performance.now();
    await server?.kill();
    faults.push(...(server?.process.faults ?? []));
    await pulse.after(random.between(1, MOST_CHANGES));
    const killed = { at, restartedAt: performance.now(), server: index, shown: new Set(shown) };
    await server?.start();
    return killed;
  }
}

/** What the server had been asked to draw when it was killed, but for pictures that somebody had been shown. */
function lostBy({ at, restartedAt, server, shown }: Kill, { drawings }: Upstream): Drawing[] {
  return drawings.filter(
    ({ server: index, askedAt, closedAt = at, sha256 = '' }) =>
      index === server && askedAt < restartedAt && closedAt >= at && !shown.has(sha256),
  );
}

function reportOn(
  reviews: readonly BusyReview[],
  upstream: Upstream,
  kills: readonly Kill[],
  faults: readonly string[],
  longestTakeoverMs: number,
): KillsReport {
  const problems = [...faults, ...reviews.flatMap(({ ledger }) => ledger.problems)];
  const takeoverMs: number[] = [];
  const lateTakeoverMs: number[] = [];
  const losses = kills.flatMap((kill) => lostBy(kill, upstream).map(({ prompt }) => ({ prompt, at: kill.at })));
  const asked = reviews.flatMap((review) => review.asked.map((one) => ({ ...one, review })));
  for (const { prompt, candidates, cancelledAt, review } of asked) {
    const drawings = upstream.of(prompt);
    const lost = losses.filter((loss) => loss.prompt === prompt);
    const again = drawings.length - candidates;
    if (again > lost.length)
      problems.push(`${prompt} was drawn ${again} times more, though ${lost.length} drawings were lost`);
    if (cancelledAt !== undefined || lost.length === 0 || again <= 0) continue;
    // The last ones: those that had not begun at the kill come soon.
    for (const [index, { askedAt }] of drawings.slice(-again).entries()) {
      const { at } = lost[Math.min(index, lost.length - 1)] ?? { at: askedAt };
      const last = Math.max(...kills.map((kill) => kill.at).filter((time) => time <= askedAt));
      (last > at ? lateTakeoverMs : takeoverMs).push(askedAt - at);
      const ms = askedAt - Math.max(at, last);
      if (ms >= longestTakeoverMs) problems.push(`a takeover of ${prompt} took ${Math.round(ms)} ms`);
    }
    if (!review.tookOver(prompt)) problems.push(`nobody was told that ${prompt} was taken over`);
  }
  return {
    problems,
    takeoverMs,
    lateTakeoverMs,
    awayMs: reviews.flatMap((review) => review.awayMs),
    drawings: upstream.drawings.length,
    candidates: asked.reduce((sum, { candidates }) => sum + candidates, 0),
    commands: reviews.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0),
  };
}

/** Such as `median 4.9 s, worst 7.1 s, of 12`. */
export function spread(ms: readonly number[]): string {
  const sorted = ms.toSorted((one, other) => one - other);
  const seconds = (value = Number.NaN) => `${(value / 1000).toFixed(1)} s`;
  return `median ${seconds(sorted[Math.floor(sorted.length / 2)])}, worst ${seconds(sorted.at(-1))}, of ${sorted.length}`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      sessions: { type: 'string', default: '4' },
    },
  });
  console.log(`seed ${values.seed}`);
  const startedAt = performance.now();
  const onKill = (count: number) => {
    if (count % 10 === 0) console.log(`${count} kills after ${Math.round((performance.now() - startedAt) / 1000)} s`);
  };
  const report = await runKills({
    kills: Number(values.kills),
    seed: Number(values.seed),
    sessions: Number(values.sessions),
    longestTakeoverMs: 10_000,
    onKill,
  });
  console.log(
    `${report.commands} commands, ${report.candidates} pictures asked for, ${report.drawings} requests to the service`,
  );
  console.log(`taken over: ${spread(report.takeoverMs)}`);
  console.log(`taken over after another kill: ${spread(report.lateTakeoverMs)}`);
  console.log(`tabs away: ${spread(report.awayMs)}`);
  for (const problem of report.problems) console.error(problem);
  process.exitCode = report.problems.length > 0 ? 1 : 0;
}
