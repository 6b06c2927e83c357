/** Where candidates wait for their turn: a bounded number is drawn at once, turns go round, and each candidate knows its place. */
import type { Limits } from '../platform/limits.ts';
import { type Requester, TurnOrder } from './turn-order.ts';

export type QueueLimits = Pick<
  Limits,
  'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES' | 'QUEUED_CANDIDATES_PER_ADDRESS' | 'QUEUED_CANDIDATES_PER_SESSION'
>;

export interface QueueOptions {
  readonly requester: Requester;
  readonly signal: AbortSignal;
  /** Called at once when the task has to wait, and at each change; 1 is the next to start. */
  readonly onPosition: (position: number) => void;
}

/** Which of the three limits is reached. */
export type Shortage = 'server' | 'address' | 'session';

interface Entry {
  readonly requester: Requester;
  readonly onPosition: (position: number) => void;
  readonly start: () => void;
  /** As last reported. */
  position: number;
}

export class GenerationQueue {
  readonly #limits: QueueLimits;
  readonly #running = new Set<Entry>();
  readonly #waiting = new TurnOrder<Entry>();
  #isClosed = false;

  constructor(limits: QueueLimits) {
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

  /** Which limit leaves no place for `count` more tasks; undefined when they may all run or wait. Holds until the caller yields. */
  shortage(count: number, requester: Requester): Shortage | undefined {
    const limits = this.#limits;
    const free = this.waiting > 0 ? 0 : limits.CONCURRENT_CANDIDATES - this.running;
    const added = Math.max(0, count - free);
    if (this.#isClosed || this.waiting + added > limits.QUEUED_CANDIDATES) return 'server';
    if (this.#waiting.sizeOfAddress(requester) + added > limits.QUEUED_CANDIDATES_PER_ADDRESS) return 'address';
    if (this.#waiting.sizeOfSession(requester) + added > limits.QUEUED_CANDIDATES_PER_SESSION) return 'session';
    return undefined;
  }

  /**
   * Runs `task` when its turn comes.
   * @throws {DOMException} `AbortError` when `signal` is aborted while it waits or runs
   */
  async run<Result>(task: () => Promise<Result>, { requester, signal, onPosition }: QueueOptions): Promise<Result> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<void>();
    const entry: Entry = { requester, onPosition, start: turn.resolve, position: 0 };
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => {
      this.#leave(entry);
      aborted.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    this.#waiting.add(entry);
    this.#startNext();
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
    while (this.running < this.#limits.CONCURRENT_CANDIDATES) {
      const entry = this.#waiting.next();
      if (!entry) break;
      this.#running.add(entry);
      entry.start();
    }
    this.#reportPositions();
  }

  /** May be called twice. */
  #leave(entry: Entry): void {
    if (this.#waiting.delete(entry) || this.#running.delete(entry)) this.#startNext();
  }

  /** A newcomer may be placed before others whose address or session has more turns to come. */
  #reportPositions(): void {
    for (const [index, entry] of this.#waiting.inOrder().entries()) {
      const position = index + 1;
      if (entry.position === position) continue;
      entry.position = position;
      entry.onPosition(position);
    }
  }
}
