/** One direction of a simulated connection: what goes in comes out whole and in order, late, or not at all. */
import type { Random } from './random.ts';
import type { Time } from './time.ts';

/** What holds the bytes of a direction back; without any, they flow. */
export type Blocker =
  /** The network delivers nothing for a while. */
  | 'stall'
  /** It never will again, and nobody is told: a half-open connection. */
  | 'dead'
  /** The receiver does not read. */
  | 'unread'
  /** The receiver's computer sleeps. */
  | 'asleep';

/** How a line is just now; both directions of a page's connections share it. */
export interface Weather {
  latencyMs: number;
  bytesPerMs: number;
}

interface Item {
  readonly byteLength: number;
  readonly dueAt: number;
  readonly arrive: () => void;
  /** Called once: when the sender's kernel has taken the bytes over, or the connection is gone. */
  onTaken: (() => void) | undefined;
}

/** What a kernel takes before it lets the sender wait. */
const KERNEL_BYTES = 2 * 1024;

export class Pipe {
  readonly #time: Time;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #items: Item[] = [];
  readonly #blockers = new Set<Blocker>();
  #undoTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(time: Time, random: Random, weather: Weather) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
  }

  get isDead(): boolean {
    return this.#blockers.has('dead');
  }

  /** Whether the network brings across what is written now. */
  get carries(): boolean {
    return !this.#isClosed && !this.#blockers.has('dead') && !this.#blockers.has('stall');
  }

  push(byteLength: number, arrive: () => void, onTaken?: () => void): void {
    if (this.#isClosed) {
      if (onTaken) queueMicrotask(onTaken);
      return;
    }
    const travelMs = this.#weather.latencyMs * this.#random.between(0.5, 1.5);
    const queued = this.#items.reduce((sum, item) => sum + item.byteLength, 0);
    const dueAt = this.#time.now + travelMs + (queued + byteLength) / this.#weather.bytesPerMs;
    this.#items.push({ byteLength, dueAt, arrive, onTaken });
    this.#take();
    this.#arm();
  }

  block(blocker: Blocker): void {
    this.#blockers.add(blocker);
    this.#arm();
  }

  unblock(blocker: Blocker): void {
    this.#blockers.delete(blocker);
    this.#arm();
  }

  /** Delivers at once what is on its way, unless something holds it back. */
  flush(): void {
    while (this.#blockers.size === 0 && this.#deliver());
  }

  /** What is on its way is lost. */
  close(): void {
    this.#isClosed = true;
    this.#undoTimer?.();
    for (const { onTaken } of this.#items.splice(0)) onTaken?.();
  }

  #arm(): void {
    this.#undoTimer?.();
    this.#undoTimer = undefined;
    const [first] = this.#items;
    if (!first || this.#blockers.size > 0) return;
    this.#undoTimer = this.#time.after(first.dueAt - this.#time.now, () => {
      this.#deliver();
      this.#arm();
    });
  }

  #deliver(): boolean {
    const item = this.#items.shift();
    if (!item) return false;
    const { onTaken } = item;
    item.onTaken = undefined;
    onTaken?.();
    item.arrive();
    this.#take();
    return true;
  }

  /** What fits the kernel's buffer is taken over, in order. */
  #take(): void {
    let queued = 0;
    for (const item of this.#items) {
      queued += item.byteLength;
      if (queued > KERNEL_BYTES) return;
      const { onTaken } = item;
      item.onTaken = undefined;
      if (onTaken) queueMicrotask(onTaken);
    }
  }
}
