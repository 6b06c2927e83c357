/** Many hostile visits to one server at once, from a seed, with a witness who must not notice. */
import { setTimeout as wait } from 'node:timers/promises';
import { bentBytes, brokenBytes, inPieces, whole } from './bytes.ts';
import type { Holdings } from './memory-probe.ts';
import { bentText, validMessage } from './messages.ts';
import { Random } from './random.ts';
import { Tally } from './tally.ts';
import { openVisitor, type Visitor } from './visitor.ts';
import type { WatchedServer } from './watched-server.ts';
import { goThroughLoop } from './witness.ts';

/** What the attacked server needs, so that the attack gets past its door, and what it leaves behind is soon forgotten. */
export const attackedEnvironment = {
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '1000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '1000000',
  PROOFROOM_COMMAND_BURST: '60',
  PROOFROOM_COMMANDS_PER_SECOND: '200',
  PROOFROOM_SESSION_IDLE_MS: '300',
} as const;

export interface AttackPlan {
  readonly frames: number;
  readonly seed: number;
  /** Visits at the same time. */
  readonly visitors?: number;
  /** Called at each tenth of the frames. */
  readonly onTenth?: (tenth: number, held: Holdings) => void;
}

export interface AttackReport {
  readonly tally: Tally;
  readonly seconds: number;
  /** Loops that the witness went through. */
  readonly loops: number;
  /** After the first tenth, when everything has been used once, and at the end; both at rest. */
  readonly before: Holdings;
  readonly after: Holdings;
}

/** How often it is looked whether the server has come to rest, and how often at most. */
const LOOK_MS = 250;
const LOOKS = 120;
const WITNESS_PAUSE_MS = 100;
/** Connections that a server at rest may hold: kept alive to the image service. */
const RESTING_SOCKETS = 6;

type Session = { readonly sessionId: string; readonly key: string };

class Attack {
  readonly tally = new Tally();
  readonly #server: WatchedServer;
  readonly #seed: number;
  /** Sessions that visitors have made, for others to join. */
  readonly #sessions: Session[] = [];
  #visits = 0;

  constructor(server: WatchedServer, seed: number) {
    this.#server = server;
    this.#seed = seed;
  }

  /** Until so many frames have been sent in all. */
  async run(frames: number, visitors: number): Promise<void> {
    const visitOn = async () => {
      while (this.tally.frames < frames && this.#isOn) await this.#visit(this.#visits++);
    };
    await Promise.all(Array.from({ length: visitors }, visitOn));
  }

  get #isOn(): boolean {
    return this.tally.violations.length < 20 && this.#server.faults.length === 0;
  }

  async #visit(number: number): Promise<void> {
    const random = new Random(this.#seed * 1_000_003 + number);
    const name = `seed ${this.#seed}, visit ${number}`;
    try {
      const visitor = await openVisitor(this.#server.port, this.tally, name);
      this.tally.visited();
      if (random.oneIn(20)) visitor.stopReading();
      await this.#join(random, visitor);
      await this.#say(random, visitor, number);
      this.#remember(visitor);
    } catch (error) {
      this.tally.violations.push(`${name}: ${String(error)}`);
    }
  }

  async #join(random: Random, visitor: Visitor): Promise<void> {
    const session = this.#sessions.at(-random.between(1, 8));
    const message = random.pick<() => object | undefined>([
      () => undefined,
      () => ({ type: 'join' }),
      () => ({ type: 'join', name: 'Eve' }),
      () => ({ type: 'join', ...session }),
      () => ({ type: 'join', ...session }),
      () => session && { type: 'join', sessionId: session.sessionId },
      () => session && { type: 'join', sessionId: session.sessionId, key: 'not-the-key' },
    ])();
    if (!message) return;
    const text = JSON.stringify(message);
    await visitor.send(whole(random, text), text);
  }

  async #say(random: Random, visitor: Visitor, number: number): Promise<void> {
    const style = random.pick(['bent', 'bent', 'valid', 'valid', 'bytes', 'bytes', 'broken'] as const);
    const last = style === 'broken' ? random.between(1, 4) : random.between(1, 400);
    let ids = 0;
    const words = () => validMessage(random, visitor.knowledge, () => `${number}-${ids++}`);
    for (let count = 0; count < last && visitor.isOpen; count += 1) {
      if (style === 'bytes') {
        await visitor.send(bentBytes(random, bentText(random, words())));
      } else {
        const text = style === 'bent' ? bentText(random, words()) : JSON.stringify(words());
        await visitor.send(random.oneIn(10) ? inPieces(random, text) : whole(random, text), text);
      }
      if (random.oneIn(25)) await visitor.fence();
    }
    if (style === 'broken') return this.#break(random, visitor, JSON.stringify(words()));
    await visitor.fence();
    await leave(random, visitor, [() => visitor.leave(), () => visitor.hangUp(), () => visitor.reset()]);
  }

  async #break(random: Random, visitor: Visitor, text: string): Promise<void> {
    const salvo = brokenBytes(random, text);
    await visitor.send(salvo);
    if (!salvo.isOutOfStep) await visitor.fence();
    await leave(random, visitor, [() => visitor.hangUp(), () => visitor.reset()]);
  }

  #remember({ knowledge: { sessionId, key } }: Visitor): void {
    if (sessionId === undefined || key === undefined) return;
    this.#sessions.push({ sessionId, key });
    if (this.#sessions.length > 16) this.#sessions.shift();
  }
}

type Way = () => Promise<void>;

const leave = (random: Random, visitor: Visitor, ways: [Way, ...Way[]]): Promise<void> =>
  visitor.isReading ? random.pick(ways)() : visitor.reset();

/** Attacks the server, and reports; whoever asked judges. */
export async function attack(server: WatchedServer, plan: AttackPlan): Promise<AttackReport> {
  const { frames, seed, visitors = 16, onTenth } = plan;
  const attack = new Attack(server, seed);
  const { tally } = attack;
  const witness = new Witness(server.address);
  const watching = witness.watch(tally);
  const begun = performance.now();
  let restingMs = 0;
  let before: Holdings | undefined;
  let after: Holdings | undefined;
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await attack.run((frames * tenth) / 10, visitors);
    const rested = performance.now();
    if (tenth === 10) witness.leave();
    if (tenth === 10) await watching;
    after = await atRest(server);
    restingMs += performance.now() - rested;
    before ??= after;
    onTenth?.(tenth, after);
  }
  if (!before || !after) throw new Error('An attack has ten tenths.');
  const seconds = (performance.now() - begun - restingMs) / 1000;
  return { tally, seconds, loops: witness.loops, before, after };
}

class Witness {
  loops = 0;
  readonly #address: string;
  #isLeaving = false;

  constructor(address: string) {
    this.#address = address;
  }

  /** Goes on until it is told to leave, or something is wrong. */
  async watch({ violations }: Tally): Promise<void> {
    try {
      for (; !this.#isLeaving; this.loops += 1) {
        await goThroughLoop(this.#address, `loop ${this.loops}`);
        // Somebody, not another attack: the drawing would take most of the time.
        await wait(WITNESS_PAUSE_MS);
      }
    } catch (error) {
      violations.push(`the witness: ${String(error)}`);
    }
  }

  leave(): void {
    this.#isLeaving = true;
  }
}

/** What the server holds once its visitors are gone and their sessions forgotten, or after a long wait for that. */
async function atRest(server: WatchedServer): Promise<Holdings> {
  let held = await server.holdings();
  for (let look = 0; look < LOOKS; look += 1) {
    await wait(LOOK_MS);
    const next = await server.holdings();
    const isResting = next.sockets <= RESTING_SOCKETS && next.heapBytes >= held.heapBytes * 0.99;
    held = next;
    if (isResting) return held;
  }
  return held;
}
