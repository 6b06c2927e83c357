/** One direction of a simulated connection: what is sent arrives whole and in order, late, or not at all. */
import type { SeededRandom } from '../support/seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Why bytes do not arrive now. */
export type Blocker =
  /** The network delivers nothing for a while. */
  | 'stall'
  /** The network never delivers anything again, and reports no error: a half-open connection. */
  | 'dead'
  /** The receiver does not read. */
  | 'unread'
  /** The receiver's computer sleeps. */
  | 'asleep';

/** Shared by both directions of all connections of a tab. */
export interface LinkSpeed {
  latencyMs: number;
  bytesPerMs: number;
}

interface Item {
  readonly byteLength: number;
  readonly dueAt: number;
  readonly arrive: () => void;
  /** Called once: when the sender's kernel has taken the bytes, or the connection is gone. */
  onTaken: (() => void) | undefined;
}

/** The kernel's send buffer. */
const KERNEL_BYTES = 2 * 1024;

export class Link {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #speed: LinkSpeed;
  readonly #items: Item[] = [];
  readonly #blockers = new Set<Blocker>();
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(time: VirtualTime, random: SeededRandom, speed: LinkSpeed) {
    this.#time = time;
    this.#random = random;
    this.#speed = speed;
  }

  get isDead(): boolean {
    return this.#blockers.has('dead');
  }

  /** Whether the network delivers what is sent now. */
  get delivers(): boolean {
    return !this.#isClosed && !this.#blockers.has('dead') && !this.#blockers.has('stall');
  }

  send(byteLength: number, arrive: () => void, onTaken?: () => void): void {
    if (this.#isClosed) {
      if (onTaken) queueMicrotask(onTaken);
      return;
    }
    const travelMs = this.#speed.latencyMs * (0.5 + this.#random.next());
    const queued = this.#items.reduce((sum, item) => sum + item.byteLength, 0);
    const dueAt = this.#time.now + travelMs + (queued + byteLength) / this.#speed.bytesPerMs;
    this.#items.push({ byteLength, dueAt, arrive, onTaken });
    this.#take();
    this.#schedule();
  }

  block(blocker: Blocker): void {
    this.#blockers.add(blocker);
    this.#schedule();
  }

  unblock(blocker: Blocker): void {
    this.#blockers.delete(blocker);
    this.#schedule();
  }

  /** Delivers at once everything on its way, unless the link is blocked. */
  flush(): void {
    while (this.#blockers.size === 0 && this.#deliver());
  }

  /** Everything on its way is lost. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const { onTaken } of this.#items.splice(0)) onTaken?.();
  }

  /** All that is due arrives in one event, as one chunk of TCP data does. */
  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [first] = this.#items;
    if (!first || this.#blockers.size > 0) return;
    this.#cancelTimer = this.#time.after(first.dueAt - this.#time.now, () => {
      while (this.#blockers.size === 0 && (this.#items[0]?.dueAt ?? Number.POSITIVE_INFINITY) <= this.#time.now) {
        this.#deliver();
      }
      this.#schedule();
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

  /** The kernel takes, in order, what its buffer has space for. */
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
