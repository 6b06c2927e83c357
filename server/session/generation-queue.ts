/** Where candidates wait for their turn: a bounded number is drawn at once, in the order of the commands, and each knows its place. */
import type { Limits } from '../platform/limits.ts';

export interface QueueOptions {
  readonly signal: AbortSignal;
  /** Called at once when the task has to wait, and at each change; 1 is the next to start. */
  readonly onPosition: (position: number) => void;
}

interface Entry {
  readonly onPosition: (position: number) => void;
  readonly start: () => void;
}

export class GenerationQueue {
  readonly #limits: Pick<Limits, 'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES'>;
  readonly #running = new Set<Entry>();
  /** In order. */
  readonly #waiting = new Set<Entry>();
  #isClosed = false;

  constructor(limits: Pick<Limits, 'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES'>) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes no more tasks. Those that wait or run go on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether `count` more tasks may run or wait. Holds until the caller yields. */
  hasCapacity(count: number): boolean {
    const { CONCURRENT_CANDIDATES, QUEUED_CANDIDATES } = this.#limits;
    return !this.#isClosed && this.running + this.waiting + count <= CONCURRENT_CANDIDATES + QUEUED_CANDIDATES;
  }

  /**
   * Runs `task` when its turn comes.
   * @throws {DOMException} `AbortError` when `signal` is aborted while it waits or runs
   */
  async run<Result>(task: () => Promise<Result>, { signal, onPosition }: QueueOptions): Promise<Result> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<void>();
    const entry: Entry = { onPosition, start: turn.resolve };
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => {
      this.#leave(entry);
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    this.#waiting.add(entry);
    this.#startNext();
    if (this.#waiting.has(entry)) onPosition(this.waiting);
    try {
      return await Promise.race([
        // A cancel ends the candidates of a generation one by one: the next of them may get its turn just before its own abort.
        turn.promise.then(() => (signal.aborted ? aborted.promise : task())),
        aborted.promise,
      ]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#leave(entry);
    }
  }

  #startNext(): void {
    const before = this.waiting;
    for (const entry of this.#waiting) {
      if (this.running >= this.#limits.CONCURRENT_CANDIDATES) break;
      this.#waiting.delete(entry);
      this.#running.add(entry);
      entry.start();
    }
    if (this.waiting < before) this.#reportPositions();
  }

  /** May be called twice. */
  #leave(entry: Entry): void {
    if (this.#waiting.delete(entry)) this.#reportPositions();
    else if (!this.#running.delete(entry)) return;
    this.#startNext();
  }

  #reportPositions(): void {
    let position = 0;
    for (const { onPosition } of this.#waiting) onPosition(++position);
  }
}
