/** What was sent during an attack, how it was answered, and what must not have happened. */

export type Counts = Readonly<Record<string, number>>;

export class AttackCounts {
  /** Each names the connection on which it happened. There must be none. */
  readonly violations: string[] = [];
  /** Frames that were sent. */
  frames = 0;
  connections = 0;
  readonly #answers = new Map<string, number>();
  readonly #closes = new Map<string, number>();

  /** Messages of the server by type, rejects by code. */
  get answers(): Counts {
    return sorted(this.#answers);
  }

  /** Ended connections by close code. */
  get closes(): Counts {
    return sorted(this.#closes);
  }

  answered(kind: string): void {
    increment(this.#answers, kind);
  }

  closed(code: string): void {
    increment(this.#closes, code);
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const sorted = (counts: ReadonlyMap<string, number>): Counts =>
  Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
