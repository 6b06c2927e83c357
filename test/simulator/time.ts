/** The one clock of a simulated world: nothing happens but what was put on it, one event after the other. */

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isUndone: boolean;
}

export class Time {
  #now = Date.parse('2026-01-01T00:00:00.000Z');
  #order = 0;
  /** A binary heap: the earliest first, and among equals the one that was put there first. */
  readonly #heap: Entry[] = [];

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Runs `run` once after `ms` milliseconds; returns the undo. */
  after(ms: number, run: () => void): () => void {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, run, isUndone: false };
    this.#push(entry);
    return () => {
      entry.isUndone = true;
    };
  }

  /** Takes the next event that is due by `end`, moves the time to it, and returns it, to be run. */
  takeUntil(end: number): (() => void) | undefined {
    for (let first = this.#heap[0]; first && first.at <= end; first = this.#heap[0]) {
      this.#pop();
      if (first.isUndone) continue;
      this.#now = first.at;
      return first.run;
    }
    this.#now = Math.max(this.#now, end);
    return undefined;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const isRight = left && right && isBefore(right, left);
      const child = isRight ? right : left;
      if (!child || isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

const isBefore = (one: Entry, other: Entry) => one.at < other.at || (one.at === other.at && one.order < other.order);
