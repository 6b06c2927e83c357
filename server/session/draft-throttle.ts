/** Lets a connection's drafts through at a bounded rate; what comes faster is dropped to the last. */
import type { Clock } from '../platform/clock.ts';
import { TokenBucket } from '../platform/token-bucket.ts';

/** `draftId`: its author wants to hear when it is set, or a later one in its place. */
type Publish = (text: string, draftId?: string) => void;

export class DraftThrottle {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #publish: Publish;
  #waiting: { readonly publish: () => void; readonly undo: () => void } | undefined;

  constructor(perSecond: number, clock: Clock, publish: Publish) {
    this.#bucket = new TokenBucket(perSecond, perSecond, clock);
    this.#clock = clock;
    this.#waitMs = 1000 / perSecond;
    this.#publish = publish;
  }

  push(text: string, draftId?: string): void {
    this.#waiting?.undo();
    this.#waiting = undefined;
    const publish = () => this.#publish(text, draftId);
    if (this.#bucket.take()) return publish();
    this.#waiting = { publish, undo: this.#clock.after(this.#waitMs, () => this.flush()) };
  }

  /** Publishes what waits, at once: it was typed before whatever comes next. */
  flush(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    waiting.undo();
    this.#waiting = undefined;
    this.#bucket.take(); // What has waited counts as well.
    waiting.publish();
  }
}
