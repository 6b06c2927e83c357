/**
 * Ten tabs, one of them stalled, and a picture of 3 MB up to 20 times a second (rule R3): `node test/faults/slow-consumer.ts`, with
 * `--seconds 60`. The same first without the stalled tab, so that what it costs is the difference. Exits with 1 when it costs more than
 * the rule allows, or any of the others misses a picture.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { defaultLimits } from '../../server/platform/limits.ts';
import type { ClientMessage } from '../../shared/protocol.ts';
import { frame, upgraded } from '../support/raw-client.ts';
import type { PictureServerOrder, PictureServerReport } from './picture-server.ts';
import { FrameSkimmer } from './skimmer.ts';

const MB = 1_000_000;
const IMAGE_BYTES = 3 * MB;
/** Base64, and the words around it. */
const FRAME_BYTES = (IMAGE_BYTES / 3) * 4 + 1_000;
const LIVELY_TABS = 9;
/** What Node reads a chunk of a socket into. */
const READ_BYTES = 64 * 1024;
const LEAST_INTERVAL_MS = 50;
/** So many attempts a session keeps, so that its memory has found its level. */
const WARM_UP = defaultLimits.ATTEMPTS_PER_SESSION + 2;
/** How often it is looked at the end what the server holds. */
const LOOKS = 15;

export interface SlowConsumerReport {
  readonly seconds: number;
  readonly images: number;
  /** Images that each of the nine has received, in order. */
  readonly received: readonly number[];
  /** The most that the server's socket to the stalled tab held, looked at every 5 ms. */
  readonly heldBytes: number;
  /** What that may be: the cap and one frame. */
  readonly allowedBytes: number;
  /** How much more array buffers the whole server held at the end than without it: the least of several looks, each after a collection. */
  readonly bufferGrowthBytes: number;
  /** What that may be: the same, and for each socket the buffer of 64 KiB that its last chunk was read into, swept or not. */
  readonly allowedGrowthBytes: number;
  readonly rssBytes: { readonly without: number; readonly withStalled: number };
  /** Images a second, without and with the stalled tab. */
  readonly rates: { readonly without: number; readonly withStalled: number };
}

/** A tab that counts the pictures it gets. */
class Tab {
  readonly socket: Socket;
  images = 0;
  /** The last stage that it was told. */
  stage = '';
  sessionId = '';
  key = '';
  readonly #listeners = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    const skimmer = new FrameSkimmer((beginning) => this.#onFrame(beginning));
    socket.on('data', (chunk) => skimmer.read(chunk));
    socket.resume();
  }

  say(message: ClientMessage): void {
    this.socket.write(frame(JSON.stringify(message)));
  }

  async until(holds: (tab: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#listeners.add(resolve));
  }

  #onFrame(beginning: string): void {
    const word = (name: string) => new RegExp(`"${name}":"([^"]*)"`).exec(beginning)?.[1] ?? '';
    const type = word('type');
    if (type === 'image' && word('kind') === 'final') this.images += 1;
    else if (type === 'welcome') [this.sessionId, this.key] = [word('sessionId'), word('key')];
    else if (type === 'ack') this.stage = 'acknowledged';
    else if (type === 'snapshot' || type === 'viewers') this.stage = type;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const resolve of listeners) resolve();
  }
}

class PictureServer {
  readonly #child: ChildProcess;
  port = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'picture-server.ts'), {
      execArgv: ['--expose-gc'],
      env: {
        IMAGE_BYTES: String(IMAGE_BYTES),
        PROOFROOM_COMMAND_BURST: '1000000',
        PROOFROOM_UPSTREAM_IMAGE_BYTES: String(2 * IMAGE_BYTES),
      },
    });
  }

  async ready(): Promise<this> {
    this.port = (await this.#report()).port;
    return this;
  }

  ask(order: PictureServerOrder = {}): Promise<PictureServerReport> {
    this.#child.send(order);
    return this.#report();
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #report(): Promise<PictureServerReport> {
    const [report] = await once(this.#child, 'message');
    return report as PictureServerReport;
  }
}

interface Spell {
  readonly images: number;
  readonly seconds: number;
  readonly heldBufferBytes: number;
  readonly last: PictureServerReport;
}

/** Asks for picture after picture for so long; the next one when all nine have the last. */
async function spell(server: PictureServer, tabs: readonly Tab[], seconds: number, name: string): Promise<Spell> {
  const [reviewer] = tabs;
  if (!reviewer) throw new Error('Nobody is there to ask.');
  const begun = performance.now();
  let images = 0;
  while (performance.now() - begun < seconds * 1000 || images < WARM_UP) {
    const asked = performance.now();
    const expected = reviewer.images + 1;
    const type = expected === 1 ? 'generate' : 'regenerate';
    reviewer.say({ type, commandId: `${name} ${images}`, prompt: 'a flood' });
    await Promise.all(tabs.map((tab) => tab.until((one) => one.images >= expected)));
    images += 1;
    await wait(Math.max(0, LEAST_INTERVAL_MS - (performance.now() - asked)));
  }
  const tookSeconds = (performance.now() - begun) / 1000;
  const looks: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) looks.push((await server.ask()).bufferBytes);
  return { images, seconds: tookSeconds, heldBufferBytes: Math.min(...looks), last: await server.ask() };
}

/** Nine tabs for `seconds`, then the same with a tenth that reads nothing. */
export async function measureSlowConsumer(seconds: number): Promise<SlowConsumerReport> {
  const server = await new PictureServer().ready();
  const tabs: Tab[] = [];
  const open = async (message: ClientMessage) => {
    const tab = new Tab(await upgraded(server.port));
    tab.say(message);
    await tab.until(({ stage }) => stage === 'viewers');
    tabs.push(tab);
    return tab;
  };
  try {
    const { sessionId, key } = await open({ type: 'join' });
    while (tabs.length < LIVELY_TABS) await open({ type: 'join', sessionId, key });
    const without = await spell(server, tabs, seconds, 'without');

    const stalled = new Tab(await upgraded(server.port));
    stalled.say({ type: 'join', sessionId });
    await stalled.until(({ stage }) => stage === 'viewers');
    stalled.socket.pause();
    await server.ask({ watch: stalled.socket.localPort ?? 0 });
    const before = tabs.map(({ images }) => images);
    const withStalled = await spell(server, tabs, seconds, 'with');
    stalled.socket.destroy();

    return {
      seconds: withStalled.seconds,
      images: withStalled.images,
      received: tabs.map(({ images }, index) => images - (before[index] ?? 0)),
      heldBytes: withStalled.last.mostHeldBytes,
      allowedBytes: defaultLimits.OUTBOX_BYTES + FRAME_BYTES,
      allowedGrowthBytes: defaultLimits.OUTBOX_BYTES + FRAME_BYTES + (LIVELY_TABS + 1) * READ_BYTES,
      bufferGrowthBytes: withStalled.heldBufferBytes - without.heldBufferBytes,
      rssBytes: { without: without.last.rssBytes, withStalled: withStalled.last.rssBytes },
      rates: { without: without.images / without.seconds, withStalled: withStalled.images / withStalled.seconds },
    };
  } finally {
    for (const { socket } of tabs) socket.destroy();
    server.stop();
  }
}

/** A line for each way in which the report breaks rule R3. */
export function problemsOf(report: SlowConsumerReport): string[] {
  const { images, received, heldBytes, allowedBytes, bufferGrowthBytes, allowedGrowthBytes } = report;
  const within = (what: string, bytes: number, allowed: number) =>
    bytes <= allowed ? [] : [`${what}: ${bytes} bytes, of ${allowed} allowed`];
  return [
    ...within('held for the stalled tab', heldBytes, allowedBytes),
    ...within("growth of the server's buffers", bufferGrowthBytes, allowedGrowthBytes),
    ...(heldBytes > allowedBytes / 4 ? [] : ['the stalled tab was not stalled: next to nothing was held for it']),
    ...received.flatMap((count, at) =>
      count === images ? [] : [`tab ${at + 1} received ${count} of ${images} images`],
    ),
  ];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const report = await measureSlowConsumer(Number(values.seconds));
  const mb = (bytes: number) => `${(bytes / MB).toFixed(2)} MB`;
  console.log(
    `${report.images} images of ${mb(IMAGE_BYTES)} in ${report.seconds.toFixed(0)} s, one tab of ten stalled`,
  );
  console.log(`the nine received: ${report.received.join(' ')}`);
  console.log(`held for the stalled tab at the most: ${mb(report.heldBytes)} of ${mb(report.allowedBytes)} allowed`);
  console.log(
    `growth of the server's buffers by it: ${mb(report.bufferGrowthBytes)} of ${mb(report.allowedGrowthBytes)} allowed`,
  );
  console.log(`rss without it ${mb(report.rssBytes.without)}, with it ${mb(report.rssBytes.withStalled)}`);
  console.log(
    `images a second: ${report.rates.without.toFixed(1)} without it, ${report.rates.withStalled.toFixed(1)} with it`,
  );
  const problems = problemsOf(report);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
