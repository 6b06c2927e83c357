/** Sessions in the memory of one process. Several servers may share them, as tests do. */
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { RememberedAnswer } from '../session/answers.ts';
import type { SessionDocument } from '../session/session-document.ts';
import type { Change, Commit, SessionNotice, SessionStore, StoredSession } from '../session/session-store.ts';
import type { Removal } from '../session/subscribers.ts';

/** A server that was told of an expired session has so long to remove it, before one is told again. */
const CLAIM_MS = 30_000;

interface Entry {
  document: SessionDocument;
  version: number;
  /** By command id, oldest first. */
  readonly answers: Map<string, RememberedAnswer>;
  /** By all servers. */
  holds: number;
  /** When the last hold ended, on the monotonic clock. */
  idleSince: number;
  cancelExpiry: () => void;
}

/** The part that all servers share. */
interface Shared {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly limits: Pick<Limits, 'SESSIONS' | 'SESSION_IDLE_MS' | 'REMEMBERED_COMMANDS'>;
  readonly entries: Map<string, Entry>;
  /** Those that nobody holds, longest idle first. */
  readonly idle: Map<string, Entry>;
  readonly servers: Set<MemorySessionStore>;
}

export class MemorySessions {
  readonly #shared: Shared;

  constructor(clock: Shared['clock'], limits: Shared['limits']) {
    this.#shared = { clock, limits, entries: new Map(), idle: new Map(), servers: new Set() };
  }

  /** The sessions as one more server sees them. */
  forServer(): MemorySessionStore {
    return new MemorySessionStore(this.#shared);
  }
}

export class MemorySessionStore implements SessionStore {
  readonly #shared: Shared;
  readonly #listeners = new Map<string, Set<(notice: SessionNotice) => void>>();
  readonly #expiryListeners = new Set<(sessionId: string) => void>();
  readonly #releases = new Set<() => void>();

  constructor(shared: Shared) {
    this.#shared = shared;
    // Without servers there are no timers.
    if (shared.servers.size === 0) for (const [sessionId, entry] of shared.idle) expireIn(shared, sessionId, entry);
    shared.servers.add(this);
  }

  async create(sessionId: string, document: SessionDocument): Promise<boolean> {
    const { entries, limits } = this.#shared;
    if (entries.size >= limits.SESSIONS) return false;
    const entry: Entry = { document, version: 1, answers: new Map(), holds: 0, idleSince: 0, cancelExpiry: () => {} };
    entries.set(sessionId, entry);
    this.#setIdle(sessionId, entry);
    return true;
  }

  async read(sessionId: string): Promise<StoredSession | undefined> {
    const entry = this.#shared.entries.get(sessionId);
    return entry && { document: entry.document, version: entry.version };
  }

  commit(sessionId: string, version: number, { document, answer }: Change): Commit {
    const entry = this.#shared.entries.get(sessionId);
    if (!entry) return { outcome: 'gone' };
    const before = answer && entry.answers.get(answer.commandId);
    if (before) return { outcome: 'answered', before };
    if (entry.version !== version) return { outcome: 'conflict' };
    if (answer) this.#remember(entry, answer);
    if (document) {
      entry.document = document;
      entry.version += 1;
    }
    const committed = entry.version;
    if (document) this.#tellOthers(sessionId, { type: 'changed', latest: { document, version: committed } });
    return { outcome: 'committed', version: committed };
  }

  async answerTo(sessionId: string, commandId: string): Promise<RememberedAnswer | undefined> {
    return this.#shared.entries.get(sessionId)?.answers.get(commandId);
  }

  async versions(sessionIds: readonly string[]): Promise<readonly (number | undefined)[]> {
    return sessionIds.map((sessionId) => this.#shared.entries.get(sessionId)?.version);
  }

  async remove(sessionId: string, why: Removal): Promise<boolean> {
    const { entries, idle } = this.#shared;
    const entry = entries.get(sessionId);
    if (!entry) return false;
    entry.cancelExpiry();
    entries.delete(sessionId);
    idle.delete(sessionId);
    this.#tellOthers(sessionId, { type: 'removed', why });
    return true;
  }

  async subscribe(sessionId: string, listener: (notice: SessionNotice) => void): Promise<() => void> {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners);
    // One listener may subscribe twice.
    const tell = (notice: SessionNotice) => listener(notice);
    listeners.add(tell);
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0 && this.#listeners.get(sessionId) === listeners) this.#listeners.delete(sessionId);
    };
  }

  hold(sessionId: string): () => void {
    const { entries, idle } = this.#shared;
    const entry = entries.get(sessionId);
    if (!entry) return () => {};
    entry.holds += 1;
    entry.cancelExpiry();
    idle.delete(sessionId);
    const release = () => {
      if (!this.#releases.delete(release)) return;
      entry.holds -= 1;
      if (entry.holds === 0 && entries.get(sessionId) === entry) this.#setIdle(sessionId, entry);
    };
    this.#releases.add(release);
    return release;
  }

  async idle(minIdleMs = 0): Promise<readonly string[]> {
    const { idle, clock } = this.#shared;
    const latest = clock.monotonic() - minIdleMs;
    return [...idle].filter(([, { idleSince }]) => idleSince <= latest).map(([sessionId]) => sessionId);
  }

  onExpired(listener: (sessionId: string) => void): () => void {
    this.#expiryListeners.add(listener);
    return () => this.#expiryListeners.delete(listener);
  }

  async size(): Promise<number> {
    return this.#shared.entries.size;
  }

  /** The server has stopped: its holds end, and it is told nothing more. May be called twice. */
  close(): void {
    const { servers, entries } = this.#shared;
    servers.delete(this);
    this.#listeners.clear();
    this.#expiryListeners.clear();
    for (const release of [...this.#releases]) release();
    if (servers.size === 0) for (const { cancelExpiry } of entries.values()) cancelExpiry();
  }

  /** Takes in a notice of another server. */
  receive(sessionId: string, notice: SessionNotice): void {
    const listeners = this.#listeners.get(sessionId);
    if (!listeners) return;
    for (const tell of [...listeners]) if (listeners.has(tell)) tell(notice);
    // Nothing comes after a removal.
    if (notice.type === 'removed') listeners.clear();
  }

  /** Tells this server of an expired session. @returns false when nobody listens here */
  expire(sessionId: string): boolean {
    for (const listener of [...this.#expiryListeners]) listener(sessionId);
    return this.#expiryListeners.size > 0;
  }

  #tellOthers(sessionId: string, notice: SessionNotice): void {
    for (const server of [...this.#shared.servers]) if (server !== this) server.receive(sessionId, notice);
  }

  #setIdle(sessionId: string, entry: Entry): void {
    entry.idleSince = this.#shared.clock.monotonic();
    this.#shared.idle.set(sessionId, entry);
    expireIn(this.#shared, sessionId, entry);
  }

  #remember({ answers }: Entry, answer: RememberedAnswer): void {
    answers.set(answer.commandId, answer);
    if (answers.size <= this.#shared.limits.REMEMBERED_COMMANDS) return;
    const [oldest] = answers.keys();
    if (oldest !== undefined) answers.delete(oldest);
  }
}

function expireIn(shared: Shared, sessionId: string, entry: Entry, ms: number = shared.limits.SESSION_IDLE_MS): void {
  entry.cancelExpiry = shared.clock.after(ms, () => {
    expireIn(shared, sessionId, entry, CLAIM_MS);
    for (const server of [...shared.servers]) if (server.expire(sessionId)) return;
  });
}
