/** Where generations wait: few run at once, in the order in which they were asked for, and each that waits knows its place. */
import PQueue from 'p-queue';
import type { Limits } from '../limits.ts';

interface Waiting {
  readonly onPosition: (position: number) => void;
}

export interface QueueOptions {
  readonly signal: AbortSignal;
  /** Called with the place in line, 1 being the next to start, at once if there is one and at each change. */
  readonly onPosition: (position: number) => void;
}

export class GenerationQueue {
  readonly #queue: PQueue;
  readonly #capacity: number;
  /** In order, as a set keeps it. */
  readonly #waiting = new Set<Waiting>();
  #isClosed = false;

  constructor(limits: Pick<Limits, 'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES'>) {
    this.#queue = new PQueue({ concurrency: limits.CONCURRENT_CANDIDATES });
    this.#capacity = limits.CONCURRENT_CANDIDATES + limits.QUEUED_CANDIDATES;
  }

  get running(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes no more: the server is about to stop. What waits or runs goes on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether `count` more tasks may run or wait; true holds until the caller yields. */
  hasRoom(count: number): boolean {
    return !this.#isClosed && this.#queue.pending + this.#queue.size + count <= this.#capacity;
  }

  /**
   * Runs `task` when its turn comes.
   * @throws {DOMException} `AbortError` when `signal` is aborted, waiting or running
   */
  async run<Result>(task: () => Promise<Result>, { signal, onPosition }: QueueOptions): Promise<Result> {
    const entry: Waiting = { onPosition };
    this.#waiting.add(entry);
    const done = this.#queue.add(
      () => {
        this.#leave(entry);
        return task();
      },
      { signal },
    );
    if (this.#waiting.has(entry)) onPosition(this.#waiting.size);
    try {
      return await done;
    } finally {
      this.#leave(entry);
    }
  }

  #leave(entry: Waiting): void {
    if (!this.#waiting.delete(entry)) return;
    let position = 0;
    for (const { onPosition } of this.#waiting) onPosition(++position);
  }
}
