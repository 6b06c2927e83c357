/** What came of it all: how much was sent, how it was answered, and what must not have happened. */

export type Counts = Readonly<Record<string, number>>;

export class Tally {
  /** Each with the visit it happened in; there must be none. */
  readonly violations: string[] = [];
  #frames = 0;
  #visits = 0;
  readonly #answers = new Map<string, number>();
  readonly #closes = new Map<string, number>();

  get frames(): number {
    return this.#frames;
  }

  get visits(): number {
    return this.#visits;
  }

  /** Messages by type, rejects by code. */
  get answers(): Counts {
    return sorted(this.#answers);
  }

  /** How connections ended, by close code. */
  get closes(): Counts {
    return sorted(this.#closes);
  }

  visited(): void {
    this.#visits += 1;
  }

  sent(frames: number): void {
    this.#frames += frames;
  }

  answered(what: string): void {
    add(this.#answers, what);
  }

  closed(how: string): void {
    add(this.#closes, how);
  }
}

function add(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

const sorted = (counts: ReadonlyMap<string, number>): Counts =>
  Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
