/** How long to wait before the next try: full jitter, so that clients that were cut off together come back apart (rule R5). */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds: below 1,000 the first time, below double the last bound from then on, never above 10,000. */
  next(): number {
    const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    this.#tries += 1;
    return this.#random() * bound;
  }

  /** A connection has proved stable: the next wait is a first one again. */
  reset(): void {
    this.#tries = 0;
  }
}
