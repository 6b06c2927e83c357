/** Time that stands still until a test moves it. */
import type { Clock } from '../../server/platform/clock.ts';

interface Timer {
  at: number;
  readonly everyMs?: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  /** How long it has run, in milliseconds. */
  #now = 0;
  #wallOffset = Date.parse('2026-01-01T00:00:00.000Z');
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#wallOffset + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** The machine's clock is set forward by `ms`, or back: no time passes. */
  set(ms: number): void {
    this.#wallOffset += ms;
  }

  after(ms: number, run: () => void): () => void {
    return this.#add({ at: this.#now + ms, run });
  }

  every(ms: number, run: () => void): () => void {
    return this.#add({ at: this.#now + ms, everyMs: ms, run });
  }

  /** How many timers are set: none should be left behind. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `ms` milliseconds; what falls due on the way runs at its own moment, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.at += next.everyMs;
      next.run();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.toSorted((a, b) => a.at - b.at)[0];
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
