/** Lets a connection's drafts through at a bounded rate; what comes faster is dropped to the last. */
import type { Clock } from '../clock.ts';
import { TokenBucket } from './token-bucket.ts';

export class DraftThrottle {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #publish: (text: string) => void;
  #waiting: { readonly text: string; readonly undo: () => void } | undefined;

  constructor(perSecond: number, clock: Clock, publish: (text: string) => void) {
    this.#bucket = new TokenBucket(perSecond, perSecond, clock);
    this.#clock = clock;
    this.#waitMs = 1000 / perSecond;
    this.#publish = publish;
  }

  push(text: string): void {
    this.#waiting?.undo();
    this.#waiting = undefined;
    if (this.#bucket.take()) return this.#publish(text);
    this.#waiting = { text, undo: this.#clock.after(this.#waitMs, () => this.flush()) };
  }

  /** Publishes what waits, at once: it was typed before whatever comes next. */
  flush(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    waiting.undo();
    this.#waiting = undefined;
    this.#bucket.take(); // What has waited counts as well.
    this.#publish(waiting.text);
  }
}
