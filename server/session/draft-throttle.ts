/** The rate at which each connection may set the shared draft: whoever types does so faster than others have to hear of it. */
import type { Clock } from '../platform/clock.ts';
import { TokenBucket } from '../platform/rate-limiter.ts';
import type { Caller } from './participants.ts';

/** Sets the draft. `draftId` is there when the author wants to be told when the text is set. */
type OnSet = (text: string, author: Caller, draftId: string | undefined) => void;

interface Waiting {
  readonly text: string;
  readonly draftId: string | undefined;
  readonly cancelTimer: () => void;
}

/** One connection's drafts. */
interface Author {
  readonly caller: Caller;
  readonly bucket: TokenBucket;
  waiting?: Waiting | undefined;
}

/** Drafts of one connection are set at a bounded rate; of those that come faster only the last is set. */
export class DraftThrottle {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #onSet: OnSet;
  /** By connection id. */
  readonly #authors = new Map<string, Author>();

  constructor(perSecond: number, clock: Clock, onSet: OnSet) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#onSet = onSet;
  }

  /** A participant typed. */
  type(caller: Caller, text: string, draftId?: string): void {
    const author = this.#authorOf(caller);
    author.waiting?.cancelTimer();
    author.waiting = undefined;
    if (author.bucket.take()) return this.#onSet(text, caller, draftId);
    const cancelTimer = this.#clock.after(1000 / this.#perSecond, () => this.#flush(author));
    author.waiting = { text, draftId, cancelTimer };
  }

  /** Sets at once all that waits: it was typed before the command that comes now. */
  flush(): void {
    for (const author of this.#authors.values()) this.#flush(author);
  }

  /** The connection is gone. */
  leave(connectionId: string): void {
    const author = this.#authors.get(connectionId);
    if (!author) return;
    this.#authors.delete(connectionId);
    this.#flush(author);
  }

  /** Drops all that waits, and its timers. */
  close(): void {
    for (const { waiting } of this.#authors.values()) waiting?.cancelTimer();
    this.#authors.clear();
  }

  #authorOf(caller: Caller): Author {
    const known = this.#authors.get(caller.connectionId);
    if (known) return known;
    const author = { caller, bucket: new TokenBucket(this.#perSecond, this.#perSecond, this.#clock) };
    this.#authors.set(caller.connectionId, author);
    return author;
  }

  #flush(author: Author): void {
    const { waiting } = author;
    if (!waiting) return;
    waiting.cancelTimer();
    author.waiting = undefined;
    author.bucket.take(); // A draft that has waited counts like any other.
    this.#onSet(waiting.text, author.caller, waiting.draftId);
  }
}
