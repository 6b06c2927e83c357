/**
 * Two reviews whose servers lose their Redis for a while: one in which a picture is drawn, and one in which a picture waits for a
 * decision. `npx node test/cluster/redis-away.ts --seconds 30` stops the Redis for so long, and prints what the servers logged and held.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../support/seeded-random.ts';
import { BusyReview, until } from './busy-review.ts';
import { type Cluster, type ClusterServer, startCluster } from './cluster.ts';
import { crowdedAddress } from './kills.ts';
import { Upstream } from './upstream.ts';

/** How often a command that was refused is given again, and a health check asked again. */
const AGAIN_MS = 100;

export class Outage {
  /** A picture is being drawn in it, until the upstream is told to finish. */
  readonly drawing: BusyReview;
  /** A picture waits in it. */
  readonly waiting: BusyReview;
  readonly #cluster: Cluster;
  readonly #upstream: Upstream;
  /** Of the picture that is drawn. */
  readonly #prompt: string;
  readonly #shownBefore: readonly string[];

  private constructor(cluster: Cluster, upstream: Upstream, drawing: BusyReview, waiting: BusyReview, prompt: string) {
    this.#prompt = prompt;
    this.#cluster = cluster;
    this.#upstream = upstream;
    this.drawing = drawing;
    this.waiting = waiting;
    this.#shownBefore = this.#shown();
  }

  static async prepare(cluster: Cluster, upstream: Upstream, name: string): Promise<Outage> {
    const open = (part: string) =>
      BusyReview.open({
        server: cluster.proxy.address,
        name: `${name} ${part}`,
        random: new SeededRandom(1),
        upstream,
      });
    const [drawing, waiting] = await Promise.all([open('drawing'), open('waiting')]);
    await waiting.ask(1);
    await waiting.settle();
    upstream.fake.next('held');
    const { prompt } = drawing;
    await drawing.ask(1);
    await Promise.all(drawing.tabs.map((each) => until(each, ({ partials }) => partials.size > 0, 'a preview')));
    return new Outage(cluster, upstream, drawing, waiting, prompt);
  }

  /** A command is refused in a sentence, every server says that it is not ready but alive, and the tabs show what they showed. */
  async refused(): Promise<void> {
    const answer = await this.waiting.approve();
    if (answer.accepted) throw new Error('It was approved without the Redis.');
    const { code, message } = answer.rejection;
    if (code !== 'server_busy' || !/can’t reach the sessions/.test(message)) throw new Error(`${code}: ${message}`);
    await Promise.all(this.#cluster.servers.map((server) => hasStatus(server, 'readyz', 503)));
    await Promise.all(this.#cluster.servers.map((server) => hasStatus(server, 'healthz', 200)));
    this.#problemsAre('shown', this.#shown(), this.#shownBefore);
  }

  /** The upstream finishes the picture, and somebody types. */
  meanwhile(typed: string): void {
    this.#upstream.fake.release();
    this.drawing.tabs[1]?.setDraft(typed);
  }

  /** All is as if it had not happened: the picture comes, the text is there, and the other picture is approved once. */
  async goesOn(typed?: string): Promise<void> {
    await Promise.all(this.#cluster.servers.map((server) => hasStatus(server, 'readyz', 200)));
    await Promise.all(
      this.drawing.tabs.map((tab) =>
        until(tab, ({ snapshot, images }) => snapshot?.stage === 'user_feedback' && images.size > 0, 'the picture'),
      ),
    );
    if (typed !== undefined) {
      await Promise.all(this.drawing.tabs.map((tab) => until(tab, ({ draft }) => draft === typed, typed)));
    }
    this.#problemsAre('requests', [String(this.#upstream.of(this.#prompt).length)], ['1']);
    // Again for as long as the servers are busy, as a person would.
    while (!(await this.waiting.approve()).accepted) await wait(AGAIN_MS);
    await Promise.all([this.drawing.settle(), this.waiting.settle()]);
    for (const { ledger } of [this.drawing, this.waiting]) this.#problemsAre('problems', ledger.problems, []);
    const approvals = this.waiting.tabs[0]?.state.record.map(({ kind }) => kind) ?? [];
    this.#problemsAre('record', approvals, ['approved']);
  }

  /** The sessions are gone, and all tabs say so (rule R9). What they showed stays. */
  async isGone(): Promise<void> {
    const tabs = [...this.drawing.tabs, ...this.waiting.tabs];
    await Promise.all(
      tabs.map((tab) =>
        until(
          tab,
          ({ connection }) => connection.status === 'closed' && connection.reason === 'session_gone',
          'the end',
        ),
      ),
    );
    this.#problemsAre('shown', this.#shown(), this.#shownBefore);
  }

  close(): void {
    for (const review of [this.drawing, this.waiting]) review.close();
  }

  #shown(): readonly string[] {
    return [...this.drawing.tabs, ...this.waiting.tabs].map(({ state: { snapshot, images } }) =>
      [snapshot?.stage, snapshot?.revision, ...images.keys()].join(' '),
    );
  }

  #problemsAre(what: string, found: readonly string[], expected: readonly string[]): void {
    if (found.join('\n') !== expected.join('\n'))
      throw new Error(`${what}: ${found.join('\n')}, not ${expected.join('\n')}`);
  }
}

/** Resolves when the server answers with that status at that path. */
export async function hasStatus({ address }: ClusterServer, path: string, status: number): Promise<void> {
  while ((await fetch(`${address}/${path}`)).status !== status) await wait(AGAIN_MS);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
  const upstream = await Upstream.start(0);
  const env = (server: number) => ({
    ...upstream.environmentOf(server),
    ...crowdedAddress,
    PROOFROOM_LOG_LEVEL: 'info',
  });
  const cluster = await startCluster({ servers: 3, env });
  const outage = await Outage.prepare(cluster, upstream, 'pause');
  const before = await Promise.all(cluster.servers.map(({ process }) => process.holdings()));
  const linesBefore = cluster.servers.map(({ process }) => process.loggedLines);
  cluster.redis.pause();
  const pausedAt = performance.now();
  await outage.refused();
  console.log(`refused after ${((performance.now() - pausedAt) / 1000).toFixed(1)} s`);
  outage.meanwhile('typed meanwhile');
  await wait(Number(values.seconds) * 1_000 - (performance.now() - pausedAt));
  cluster.redis.resume();
  const resumedAt = performance.now();
  await outage.goesOn('typed meanwhile');
  console.log(`everything goes on ${((performance.now() - resumedAt) / 1000).toFixed(1)} s later`);
  for (const [index, { process }] of cluster.servers.entries()) {
    const { rssBytes, heapBytes, bufferBytes } = await process.holdings();
    const [lines, held] = [process.loggedLines - (linesBefore[index] ?? 0), before[index]];
    const grown = heapBytes + bufferBytes - (held?.heapBytes ?? 0) - (held?.bufferBytes ?? 0);
    console.log(
      `server ${index}: ${lines} lines, ${mib(grown)} MiB more in its heap and buffers, rss ${mib(rssBytes)} MiB`,
    );
    for (const fault of process.faults) console.error(fault);
  }
  outage.close();
  await cluster.stop();
  await upstream.fake.close();
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
