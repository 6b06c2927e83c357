/** Who looks on at a session, and is told what changes in it. */
import type { Role } from '../../shared/model.ts';

/** A connection that is told what has changed, and fetches it when it can send it. */
export interface Watcher {
  readonly connectionId: string;
  readonly role: Role;
  /** A command is about to set the draft: what was typed before it and still waits is published now, and not after it. */
  flushDraft(): void;
  snapshotChanged(): void;
  /** `draftId` is there when it is the watcher's own. */
  draftChanged(text: string, by: string, draftId?: string): void;
  viewersChanged(): void;
  progressed(candidate: number): void;
  previewed(candidate: number): void;
  /** The session is gone: nothing more will change. */
  sessionClosed(): void;
}

export class Audience {
  readonly #watchers = new Set<Watcher>();
  readonly #onFault: (error: unknown) => void;

  /** `onFault` hears what a watcher throws: nobody else is to miss anything for it (rule R8). */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get isEmpty(): boolean {
    return this.#watchers.size === 0;
  }

  /** How many look on, by role. */
  get viewers(): { readonly reviewers: number; readonly watchers: number } {
    const reviewers = [...this.#watchers].filter(({ role }) => role === 'reviewer').length;
    return { reviewers, watchers: this.#watchers.size - reviewers };
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.tell((one) => one.viewersChanged());
  }

  /** False where the watcher has gone before. */
  remove(watcher: Watcher): boolean {
    if (!this.#watchers.delete(watcher)) return false;
    this.tell((one) => one.viewersChanged());
    return true;
  }

  tell(what: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) {
      try {
        what(watcher);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  /** Tells everybody that the session is gone, and lets them go. */
  dismiss(): void {
    this.tell((one) => one.sessionClosed());
    this.#watchers.clear();
  }
}
