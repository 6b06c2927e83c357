/** Many hostile connections to one server, from a seed, while an ordinary client goes on with its work. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Holdings } from '../support/memory-probe.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { unlimitedAsks } from '../support/unlimited-asks.ts';
import type { WatchedServer } from '../support/watched-server.ts';
import { bytesOf, WsClient } from '../support/ws-client.ts';
import { AttackCounts } from './attack-counts.ts';
import { brokenFrames, fragmented, unusualFrames, wholeFrame } from './fuzzed-frames.ts';
import { fuzzedText, type Knowledge, validMessage } from './fuzzed-messages.ts';
import { type HostileClient, openHostileClient } from './hostile-client.ts';

/** Lets the attack past the server's limits, and makes its sessions expire soon. */
export const attackedEnvironment = {
  ...unlimitedAsks,
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '1000',
  PROOFROOM_HTTP_CONNECTIONS_PER_ADDRESS: '1000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '1000000',
  PROOFROOM_REJECTED_BYTES_PER_SECOND: '1000000',
  PROOFROOM_COMMAND_BURST: '60',
  PROOFROOM_COMMANDS_PER_SECOND: '200',
  PROOFROOM_ASKS_PER_MINUTE_PER_SESSION: '1000000',
  PROOFROOM_ASKS_PER_MINUTE_PER_ADDRESS: '1000000',
  PROOFROOM_ASKS_PER_MINUTE: '1000000',
  PROOFROOM_SESSION_IDLE_MS: '300',
} as const;

/** A connection that is broken sends few frames, so there have to be many of them for every kind of broken frame to come. */
const styles = ['fuzzed', 'fuzzed', 'valid', 'valid', 'frames', 'frames', 'broken', 'broken', 'broken'] as const;

export interface AttackPlan {
  readonly frames: number;
  readonly seed: number;
  /** Called after each tenth of the frames. */
  readonly onTenth?: (tenth: number, holdings: Holdings) => void;
}

export interface AttackReport {
  readonly counts: AttackCounts;
  readonly seconds: number;
  /** How often the ordinary client went from a prompt to an approval. */
  readonly loops: number;
  /** After the first tenth, when everything has been used once, and at the end; both at rest. */
  readonly before: Holdings;
  readonly after: Holdings;
}

const CONNECTIONS_AT_ONCE = 16;
const MAX_VIOLATIONS = 20;
const POLL_MS = 250;
const MAX_POLLS = 120;
const LOOP_PAUSE_MS = 100;
/** Connections to the image service that are kept alive. */
const SOCKETS_AT_REST = 6;

/** Attacks the server. Whether what happened is allowed is for the caller to judge. */
export async function attack(server: WatchedServer, { frames, seed, onTenth }: AttackPlan): Promise<AttackReport> {
  const attack = new Attack(server, seed);
  const { counts } = attack;
  const ordinary = new OrdinaryClient(server.address);
  const working = ordinary.work(counts);
  const startedAt = performance.now();
  let restingMs = 0;
  let before: Holdings | undefined;
  let after: Holdings | undefined;
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await attack.run((frames * tenth) / 10);
    const restingSince = performance.now();
    if (tenth === 10) await ordinary.stop(working);
    after = await holdingsAtRest(server);
    restingMs += performance.now() - restingSince;
    before ??= after;
    onTenth?.(tenth, after);
  }
  if (!before || !after) throw new Error('An attack has ten tenths.');
  const seconds = (performance.now() - startedAt - restingMs) / 1000;
  return { counts, seconds, loops: ordinary.loops, before, after };
}

class Attack {
  readonly counts = new AttackCounts();
  readonly #server: WatchedServer;
  readonly #seed: number;
  /** The last clients: others join their sessions, some of which have expired. */
  readonly #clients: HostileClient[] = [];
  #connections = 0;

  constructor(server: WatchedServer, seed: number) {
    this.#server = server;
    this.#seed = seed;
  }

  /** Runs until `frames` have been sent in all. */
  async run(frames: number): Promise<void> {
    const runOne = async () => {
      while (this.counts.frames < frames && this.#isWorthwhile) await this.#connect(this.#connections++);
    };
    await Promise.all(Array.from({ length: CONNECTIONS_AT_ONCE }, runOne));
  }

  get #isWorthwhile(): boolean {
    return this.counts.violations.length < MAX_VIOLATIONS && this.#server.faults.length === 0;
  }

  async #connect(number: number): Promise<void> {
    const random = new SeededRandom(this.#seed * 1_000_003 + number);
    const name = `seed ${this.#seed}, connection ${number}`;
    try {
      const client = await openHostileClient(this.#server.port, this.counts, name);
      this.counts.connections += 1;
      if (random.oneIn(20)) client.stopReading();
      await this.#join(random, client);
      this.#clients.push(client);
      if (this.#clients.length > CONNECTIONS_AT_ONCE) this.#clients.shift();
      await this.#send(random, client, number);
    } catch (error) {
      this.counts.violations.push(`${name}: ${String(error)}`);
    }
  }

  async #join(random: SeededRandom, client: HostileClient): Promise<void> {
    const others = this.#clients.filter(({ knowledge }) => knowledge.key !== undefined);
    const { sessionId, key } = pickKnowledge(random, others);
    const open = pickKnowledge(
      random,
      others.filter(({ isOpen }) => isOpen),
    );
    const message = random.pick<() => object | undefined>([
      () => undefined,
      () => ({ type: 'join' }),
      () => ({ type: 'join', name: 'Eve' }),
      () => ({ type: 'join', sessionId, key }),
      () => ({ type: 'join', sessionId, key }),
      () => ({ type: 'join', sessionId: open.sessionId }),
      () => ({ type: 'join', sessionId: open.sessionId, key: 'not-the-key' }),
    ])();
    if (!message) return;
    const text = JSON.stringify(message);
    await client.send(wholeFrame(random, text), text);
    if (random.oneIn(2)) await client.fence();
  }

  async #send(random: SeededRandom, client: HostileClient, number: number): Promise<void> {
    const style = random.pick(styles);
    const messages = style === 'broken' ? random.between(1, 4) : random.between(1, 200);
    let ids = 0;
    const nextMessage = () => validMessage(random, client.knowledge, () => `${number}-${ids++}`);
    for (let count = 0; count < messages && client.isOpen; count += 1) {
      if (style === 'frames') {
        await client.send(unusualFrames(random, fuzzedText(random, nextMessage())));
      } else {
        const text = style === 'fuzzed' ? fuzzedText(random, nextMessage()) : JSON.stringify(nextMessage());
        await client.send(random.oneIn(10) ? fragmented(random, text) : wholeFrame(random, text), text);
      }
      if (random.oneIn(25)) await client.fence();
    }
    if (style === 'broken') return this.#break(random, client, JSON.stringify(nextMessage()));
    await client.fence();
    await end(random, client, [() => client.close(), () => client.endWriting(), () => client.reset()]);
  }

  async #break(random: SeededRandom, client: HostileClient, text: string): Promise<void> {
    const batch = brokenFrames(random, text);
    await client.send(batch);
    if (!batch.isOutOfSync) await client.fence();
    await end(random, client, [() => client.endWriting(), () => client.reset()]);
  }
}

const pickKnowledge = (random: SeededRandom, clients: readonly HostileClient[]): Partial<Knowledge> =>
  clients[random.below(clients.length || 1)]?.knowledge ?? {};

type End = () => Promise<void>;

const end = (random: SeededRandom, client: HostileClient, ends: [End, ...End[]]): Promise<void> =>
  client.isReading ? random.pick(ends)() : client.reset();

/** Goes from prompt to approval again and again, each time in a new session. */
class OrdinaryClient {
  loops = 0;
  readonly #address: string;
  #isStopping = false;

  constructor(address: string) {
    this.#address = address;
  }

  async work({ violations }: AttackCounts): Promise<void> {
    try {
      for (; !this.#isStopping; this.loops += 1) {
        await goThroughLoop(this.#address, `loop ${this.loops}`);
        // Without a pause, drawing would take most of the time.
        await wait(LOOP_PAUSE_MS);
      }
    } catch (error) {
      violations.push(`the ordinary client: ${String(error)}`);
    }
  }

  async stop(working: Promise<void>): Promise<void> {
    this.#isStopping = true;
    await working;
  }
}

/**
 * Goes from prompt to approval to start over.
 * @throws {Error} when anything differs from what a server without an attack would do
 */
async function goThroughLoop(address: string, prompt: string): Promise<void> {
  const client = new WsClient(address);
  try {
    await client.open();
    client.send({ type: 'join' });
    const { turn } = await client.stage('initial_input');
    client.send({ type: 'generate', commandId: 'generate', turn, prompt });
    const shown = await client.stage('user_feedback');
    const { imageId, sha256 } = shown.image;
    const image = client.of('image').find((one) => one.imageId === imageId);
    if (!image || createHash('sha256').update(bytesOf(image)).digest('hex') !== sha256) throw new Error('Wrong bytes.');
    client.send({ type: 'approve', commandId: 'approve', turn: shown.turn, imageId, sha256 });
    const { turn: last, decisions } = await client.stage('final');
    client.send({ type: 'start_over', commandId: 'start_over', turn: last });
    await client.stage('initial_input', (snapshot) => snapshot.turn > last);
    const prompts = client.of('snapshot').flatMap(({ attempts }) => attempts.map((attempt) => attempt.prompt));
    if (decisions.length !== 1 || prompts.some((one) => one !== prompt)) throw new Error('Another session’s state.');
    if (client.of('reject').length > 0) throw new Error(`Rejected with ${client.last('reject').code}.`);
  } finally {
    client.socket.terminate();
  }
}

/** What the server holds once the connections are closed and their sessions have expired, or after a long wait for that. */
async function holdingsAtRest(server: WatchedServer): Promise<Holdings> {
  let last = await server.holdings();
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    await wait(POLL_MS);
    const next = await server.holdings();
    const isAtRest = next.sockets <= SOCKETS_AT_REST && next.heapBytes >= last.heapBytes * 0.99;
    last = next;
    if (isAtRest) return last;
  }
  return last;
}
