/**
 * Where generations wait: few run at once, in the order in which they were asked for, and each that waits knows its place. Whose turn
 * it is takes the room that it needs first (rule R7); where there is none yet, all that wait stay in line behind it.
 */

import { GenerationFailed } from '../generators/generator.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';

export interface QueueOptions {
  readonly signal: AbortSignal;
  /** Called with the place in line, 1 being the next to start, at once if there is one and at each change. */
  readonly onPosition: (position: number) => void;
  /** Takes what the task needs, when it is its turn; false where that can't be had yet. */
  readonly reserve: () => boolean;
}

interface Entry extends Omit<QueueOptions, 'signal'> {
  readonly start: () => void;
  readonly fail: (error: GenerationFailed) => void;
}

type QueueLimits = Pick<Limits, 'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES' | 'MEMORY_WAIT_MS'>;

export class GenerationQueue {
  readonly #limits: QueueLimits;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #running = new Set<Entry>();
  /** In order, as a set keeps it. */
  readonly #waiting = new Set<Entry>();
  /** It is its turn, but there was no room for it; with the undo of its giving up. */
  #short: { readonly entry: Entry; readonly undo: () => void } | undefined;
  #willLook = false;
  #isClosed = false;

  constructor(limits: QueueLimits, clock: Pick<Clock, 'after'>) {
    this.#limits = limits;
    this.#clock = clock;
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
    const { CONCURRENT_CANDIDATES, QUEUED_CANDIDATES } = this.#limits;
    const isFull = this.running + this.waiting + count > CONCURRENT_CANDIDATES + QUEUED_CANDIDATES;
    return !this.#isClosed && !this.#short && !isFull;
  }

  /** How many of `count` more tasks would start at once; holds until the caller yields. */
  startingAtOnce(count: number): number {
    return this.waiting > 0 ? 0 : Math.min(count, this.#limits.CONCURRENT_CANDIDATES - this.running);
  }

  /**
   * Runs `task` when its turn comes.
   * @throws {DOMException} `AbortError` when `signal` is aborted, waiting or running
   * @throws {GenerationFailed} when it has been its turn for too long without room
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
    const entry: Entry = { onPosition, reserve, start: () => void start(), fail: reject };
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
    for (const entry of this.#waiting) {
      if (this.running >= this.#limits.CONCURRENT_CANDIDATES) break;
      if (!entry.reserve()) {
        this.#short ??= { entry, undo: this.#clock.after(this.#limits.MEMORY_WAIT_MS, () => this.#giveUp(entry)) };
        break;
      }
      this.#noLongerShort(entry);
      this.#waiting.delete(entry);
      this.#running.add(entry);
      entry.start();
    }
    if (this.waiting < before) this.#tellPositions();
  }

  /** What holds the room may be there for ever, and those behind it are to have their turn. */
  #giveUp(entry: Entry): void {
    this.#leave(entry);
    const sentence = 'The server had no memory left for the image, and nothing was drawn. Ask again in a while.';
    entry.fail(new GenerationFailed('timeout', sentence, { retryable: true }));
  }

  #noLongerShort(entry: Entry): void {
    if (this.#short?.entry !== entry) return;
    this.#short.undo();
    this.#short = undefined;
  }

  /** May be called twice. */
  #leave(entry: Entry): void {
    this.#noLongerShort(entry);
    if (this.#waiting.delete(entry)) this.#tellPositions();
    else if (!this.#running.delete(entry)) return;
    this.look();
  }

  #tellPositions(): void {
    let position = 0;
    for (const { onPosition } of this.#waiting) onPosition(++position);
  }
}
