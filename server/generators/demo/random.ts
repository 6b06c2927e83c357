/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  /** @param seed a whole number from 0 up to 2 ** 32 */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** From `least` up to, but without, `most`. */
  between(least: number, most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return least + (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (most - least);
  }

  /** One of the items that are allowed, or the first one where none is. */
  pick<Item>(items: readonly [Item, ...Item[]], allowed: (item: Item) => boolean = () => true): Item {
    const choice = items.filter(allowed);
    return choice[Math.floor(this.between(0, choice.length))] ?? items[0];
  }
}
