/** Sessions in the memory of one process. */
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { RememberedAnswer } from '../session/answers.ts';
import type { SessionDocument } from '../session/session-document.ts';
import type { Change, Commit, SessionStore, StoredSession } from '../session/session-store.ts';

interface Kept {
  stored: StoredSession;
  /** By command id, oldest first. */
  readonly answers: Map<string, RememberedAnswer>;
  holders: number;
  cancelExpiry: () => void;
}

type StoreLimits = Pick<Limits, 'SESSIONS' | 'SESSION_IDLE_MS' | 'REMEMBERED_COMMANDS'>;

export class MemorySessionStore implements SessionStore {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #limits: StoreLimits;
  /** Those that are used, and then the others, longest idle first. */
  readonly #sessions = new Map<string, Kept>();
  readonly #listeners = new Set<(sessionId: string) => void>();

  constructor(clock: Pick<Clock, 'after'>, limits: StoreLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  async create(sessionId: string, document: SessionDocument): Promise<boolean> {
    if (this.#sessions.size >= this.#limits.SESSIONS) return false;
    const kept = { stored: { document, version: 1 }, answers: new Map(), holders: 0, cancelExpiry: () => {} };
    this.#sessions.set(sessionId, kept);
    this.#becomeIdle(sessionId, kept);
    return true;
  }

  async read(sessionId: string): Promise<StoredSession | undefined> {
    return this.#sessions.get(sessionId)?.stored;
  }

  commit(sessionId: string, version: number, { document, answer }: Change): Commit {
    const kept = this.#sessions.get(sessionId);
    if (!kept) return { outcome: 'gone' };
    const before = answer && kept.answers.get(answer.commandId);
    if (before) return { outcome: 'answered', before };
    if (kept.stored.version !== version) return { outcome: 'conflict' };
    if (answer) this.#remember(kept, answer);
    if (document) kept.stored = { document, version: version + 1 };
    return { outcome: 'committed', version: kept.stored.version };
  }

  async answerTo(sessionId: string, commandId: string): Promise<RememberedAnswer | undefined> {
    return this.#sessions.get(sessionId)?.answers.get(commandId);
  }

  async versions(sessionIds: readonly string[]): Promise<readonly (number | undefined)[]> {
    return sessionIds.map((sessionId) => this.#sessions.get(sessionId)?.stored.version);
  }

  async remove(sessionId: string): Promise<boolean> {
    this.#sessions.get(sessionId)?.cancelExpiry();
    return this.#sessions.delete(sessionId);
  }

  async subscribe(): Promise<() => void> {
    return () => {};
  }

  hold(sessionId: string): () => void {
    const kept = this.#sessions.get(sessionId);
    if (!kept) return () => {};
    kept.holders += 1;
    kept.cancelExpiry();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      kept.holders -= 1;
      if (kept.holders === 0 && this.#sessions.get(sessionId) === kept) this.#becomeIdle(sessionId, kept);
    };
  }

  async idle(): Promise<readonly string[]> {
    return [...this.#sessions].filter(([, { holders }]) => holders === 0).map(([sessionId]) => sessionId);
  }

  onExpired(listener: (sessionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async size(): Promise<number> {
    return this.#sessions.size;
  }

  #becomeIdle(sessionId: string, kept: Kept): void {
    // The longest idle stands first.
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, kept);
    kept.cancelExpiry = this.#clock.after(this.#limits.SESSION_IDLE_MS, () => {
      for (const listener of this.#listeners) listener(sessionId);
    });
  }

  #remember({ answers }: Kept, answer: RememberedAnswer): void {
    answers.set(answer.commandId, answer);
    const [oldest] = answers.keys();
    if (answers.size > this.#limits.REMEMBERED_COMMANDS && oldest !== undefined) answers.delete(oldest);
  }
}
