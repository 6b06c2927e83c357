import type { Clock } from '../../client/components/ui/ticker.ts';

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-11-22T19:00:00.000Z');
  readonly ticking = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  every(_ms: number, tick: () => void): () => void {
    this.ticking.add(tick);
    return () => void this.ticking.delete(tick);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const tick of this.ticking) tick();
  }
}
