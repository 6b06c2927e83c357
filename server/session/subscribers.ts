/** Who is told of changes in a session. A subscriber hears what is due, and fetches the latest when it can send it. */
import type { Role } from '../../shared/model.ts';
import type { Clock } from '../platform/clock.ts';

export interface DraftUpdate {
  readonly text: string;
  readonly by: string;
  readonly participantId: string;
  /** Only for the connection that typed the text, when it gave an id. */
  readonly draftId?: string;
}

/** One connection, or a program, that follows a session. Its methods return at once and may throw: nobody else misses anything (R8). */
export interface Subscriber {
  readonly connectionId: string;
  readonly role: Role;
  snapshotChanged(): void;
  draftChanged(update: DraftUpdate): void;
  viewersChanged(): void;
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** The session has ended. Nothing more will change. */
  sessionEnded(): void;
}

export interface Viewers {
  readonly reviewers: number;
  readonly watchers: number;
}

/** Presence changes with every connection that comes or goes, and each change would be told to all: a herd of n would cost n² messages. */
const VIEWERS_INTERVAL_MS = 250;

export class Subscribers {
  readonly #subscribers = new Set<Subscriber>();
  readonly #counts: Record<Role, number> = { reviewer: 0, watcher: 0 };
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onFault: (error: unknown) => void;
  /** Ends the time in which presence is not reported again. */
  #cancelPause: (() => void) | undefined;
  #isReportDue = false;

  /** `onFault` receives what a subscriber throws. */
  constructor(clock: Pick<Clock, 'after'>, onFault: (error: unknown) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  get viewers(): Viewers {
    return { reviewers: this.#counts.reviewer, watchers: this.#counts.watcher };
  }

  /** The subscriber itself is told at once of the viewers (rule W1), the others at most every 250 ms. */
  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#counts[subscriber.role] += 1;
    if (this.#cancelPause) this.#call(subscriber, (one) => one.viewersChanged());
    this.#reportViewers();
  }

  /** False when it was not there. */
  remove(subscriber: Subscriber): boolean {
    if (!this.#subscribers.delete(subscriber)) return false;
    this.#counts[subscriber.role] -= 1;
    if (this.size === 0) this.#endPause();
    else this.#reportViewers();
    return true;
  }

  notify(call: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.#subscribers) this.#call(subscriber, call);
  }

  /** Tells everybody that the session has ended, and removes them. */
  end(): void {
    this.#endPause();
    this.notify((one) => one.sessionEnded());
    this.#subscribers.clear();
    this.#counts.reviewer = 0;
    this.#counts.watcher = 0;
  }

  #call(subscriber: Subscriber, call: (subscriber: Subscriber) => void): void {
    try {
      call(subscriber);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #reportViewers(): void {
    this.#isReportDue = this.#cancelPause !== undefined;
    if (this.#isReportDue) return;
    this.#cancelPause = this.#clock.after(VIEWERS_INTERVAL_MS, () => {
      this.#cancelPause = undefined;
      if (this.#isReportDue) this.#reportViewers();
    });
    this.notify((one) => one.viewersChanged());
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#isReportDue = false;
  }
}
