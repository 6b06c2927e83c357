/** Chance that repeats itself: everything comes from a seed, nothing from the clock or from `Math.random`. */
import { createHash } from 'node:crypto';

/** Eight hex digits that depend on every part, and on where one part ends and the next begins. */
export function seedOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}

/** A stream of numbers that `seed` (hex digits) decides. Streams of different seeds are independent. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = Number.parseInt(seed, 16) | 0;
  }

  /** From 0 up to, but never, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number, both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `items`, which must not be empty. */
  pick<Item>(items: readonly Item[]): Item {
    return at(items, this.integer(0, items.length - 1));
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, rank: this.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}

/** The item at `index`, counted round and round. `items` must not be empty. */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[((index % items.length) + items.length) % items.length];
  if (item === undefined) throw new RangeError('Nothing to choose from');
  return item;
}

/** Smooth noise over the plane, between -1 and 1; one unit is about the distance between two bumps. */
export function noise(random: Random): (x: number, y: number) => number {
  const size = 64;
  const lattice = Array.from({ length: size * size }, () => random.between(-1, 1));
  const height = (column: number, row: number) => at(lattice, (row & (size - 1)) * size + (column & (size - 1)));
  const ease = (t: number) => t * t * t * (t * (t * 6 - 15) + 10);
  return (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const across = ease(x - column);
    const down = ease(y - row);
    const top = height(column, row) + (height(column + 1, row) - height(column, row)) * across;
    const bottom = height(column, row + 1) + (height(column + 1, row + 1) - height(column, row + 1)) * across;
    return top + (bottom - top) * down;
  };
}
