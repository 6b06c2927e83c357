/** Who is told of changes in a session. A subscriber hears what is due, and fetches the latest when it can send it. */
import type { Role } from '../../shared/model.ts';

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

export class Subscribers {
  readonly #subscribers = new Set<Subscriber>();
  readonly #onFault: (error: unknown) => void;

  /** `onFault` receives what a subscriber throws. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  get viewers(): Viewers {
    const reviewers = [...this.#subscribers].filter(({ role }) => role === 'reviewer').length;
    return { reviewers, watchers: this.#subscribers.size - reviewers };
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.notify((one) => one.viewersChanged());
  }

  /** False when it was not there. */
  remove(subscriber: Subscriber): boolean {
    if (!this.#subscribers.delete(subscriber)) return false;
    this.notify((one) => one.viewersChanged());
    return true;
  }

  notify(call: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.#subscribers) {
      try {
        call(subscriber);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  /** Tells everybody that the session has ended, and removes them. */
  end(): void {
    this.notify((one) => one.sessionEnded());
    this.#subscribers.clear();
  }
}
