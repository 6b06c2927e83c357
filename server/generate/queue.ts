/**
 * Where generations wait: few run at once, in the order in which they were asked for, and each that waits knows its place. Whose turn
 * it is takes the room that it needs first (rule R7); where there is none yet, all that wait stay in line behind it.
 */
import type { Limits } from '../limits.ts';

export interface QueueOptions {
  readonly signal: AbortSignal;
  /** Called with the place in line, 1 being the next to start, at once if there is one and at each change. */
  readonly onPosition: (position: number) => void;
  /** Takes what the task needs, when it is its turn; false where that can't be had yet. */
  readonly reserve: () => boolean;
}

interface Entry extends Omit<QueueOptions, 'signal'> {
  readonly start: () => void;
}

export class GenerationQueue {
  readonly #concurrency: number;
  readonly #capacity: number;
  readonly #running = new Set<Entry>();
  /** In order, as a set keeps it. */
  readonly #waiting = new Set<Entry>();
  /** It is its turn, but there was no room for it. */
  #short: Entry | undefined;
  #willLook = false;
  #isClosed = false;

  constructor(limits: Pick<Limits, 'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES'>) {
    this.#concurrency = limits.CONCURRENT_CANDIDATES;
    this.#capacity = limits.CONCURRENT_CANDIDATES + limits.QUEUED_CANDIDATES;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes no more: the server is about to stop. What waits or runs goes on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether `count` more tasks may run or wait; true holds until the caller yields. Nobody joins a line that waits for memory. */
  hasRoom(count: number): boolean {
    const isShort = this.#short !== undefined && this.#waiting.has(this.#short);
    return !this.#isClosed && !isShort && this.running + this.waiting + count <= this.#capacity;
  }

  /** How many of `count` more tasks would start at once; holds until the caller yields. */
  startingAtOnce(count: number): number {
    return this.waiting > 0 ? 0 : Math.min(count, this.#concurrency - this.running);
  }

  /**
   * Runs `task` when its turn comes.
   * @throws {DOMException} `AbortError` when `signal` is aborted, waiting or running
   */
  async run<Result>(task: () => Promise<Result>, { signal, onPosition, reserve }: QueueOptions): Promise<Result> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const start = async () => {
      try {
        resolve(await task());
      } catch (error) {
        reject(error);
      }
    };
    const entry: Entry = { onPosition, reserve, start: () => void start() };
    const onAbort = () => {
      this.#leave(entry);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    this.#waiting.add(entry);
    this.#startNext();
    if (this.#waiting.has(entry)) onPosition(this.waiting);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#leave(entry);
    }
  }

  /**
   * What whose turn it is has waited for may be there now. It is looked at once all that happens at this moment has happened: whoever
   * frees room may be about to take it again, and of many that end together none is to begin.
   */
  look(): void {
    if (this.#willLook || this.waiting === 0) return;
    this.#willLook = true;
    queueMicrotask(() => {
      this.#willLook = false;
      this.#startNext();
    });
  }

  #startNext(): void {
    const before = this.waiting;
    this.#short = undefined;
    for (const entry of this.#waiting) {
      if (this.running >= this.#concurrency) break;
      if (!entry.reserve()) {
        this.#short = entry;
        break;
      }
      this.#waiting.delete(entry);
      this.#running.add(entry);
      entry.start();
    }
    if (this.waiting < before) this.#tellPositions();
  }

  /** May be called twice. */
  #leave(entry: Entry): void {
    if (this.#waiting.delete(entry)) this.#tellPositions();
    else if (!this.#running.delete(entry)) return;
    this.look();
  }

  #tellPositions(): void {
    let position = 0;
    for (const { onPosition } of this.#waiting) onPosition(++position);
  }
}
