/**
 * Sessions in Redis, shared by all servers of a deployment.
 *
 * Of each session: a hash with its document, a hash of remembered answers, and a list of their command ids. Of all sessions: a sorted set
 * by the moment at which they expire, and who holds them. While a session is held, that moment is set to the time of idleness and a
 * lease from now, again and again. So a moment that is no later than the time of idleness from now means that no server holds it, and
 * the holds of a server that dies end with their leases. All moments are by the clock of Redis.
 */
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { RememberedAnswer } from '../session/answers.ts';
import { ignoreUnavailable } from '../session/availability.ts';
import { DOCUMENT_FORMAT, type SessionDocument } from '../session/session-document.ts';
import {
  type Change,
  type Commit,
  NewerDocument,
  type SessionNotice,
  type SessionStore,
  type StoredSession,
} from '../session/session-store.ts';
import type { Removal } from '../session/subscribers.ts';
import { messageOf } from './channels.ts';
import type { RedisClient } from './connection.ts';
import type { RedisDeployment } from './deployment.ts';
import { defineSessionScripts } from './session-scripts.ts';
import { isRemoval, parseAnswer, parseDocument } from './stored-json.ts';

export interface RedisSessionStoreOptions {
  readonly deployment: RedisDeployment;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'SESSIONS' | 'SESSION_IDLE_MS' | 'REMEMBERED_COMMANDS'>;
  /** How often holds are renewed and expired sessions looked for. A hold ends three times as long after its server has stopped. */
  readonly intervalMs?: number;
  /** A server that was told of an expired session has so long to remove it, before one is told again. */
  readonly claimMs?: number;
}

const INTERVAL_MS = 5_000;
const CLAIM_MS = 30_000;
const SESSIONS_PER_COMMAND = 200;
/** A longer document is not published with its change, since only servers with people in the session need it. */
const MOST_TOLD_BYTES = 16 * 1024;

interface Hold {
  count: number;
  /** When the document's own end was last put off, by the monotonic clock. */
  prolongedAt: number;
}

export class RedisSessionStore implements SessionStore {
  readonly #deployment: RedisDeployment;
  readonly #clock: Clock;
  readonly #limits: RedisSessionStoreOptions['limits'];
  readonly #leaseMs: number;
  readonly #claimMs: number;
  /** The document's own end, should nobody remove it: later than any moment at which it may expire. */
  readonly #documentMs: number;
  /** By session. */
  readonly #holds = new Map<string, Hold>();
  readonly #subscriptions = new Map<string, Set<(notice: SessionNotice) => void>>();
  readonly #expiryListeners = new Set<(sessionId: string) => void>();
  readonly #stopTimer: () => void;

  constructor({ deployment, clock, limits, intervalMs = INTERVAL_MS, claimMs = CLAIM_MS }: RedisSessionStoreOptions) {
    this.#deployment = deployment;
    this.#clock = clock;
    this.#limits = limits;
    this.#leaseMs = intervalMs * 3;
    this.#documentMs = limits.SESSION_IDLE_MS * 2 + this.#leaseMs * 2 + claimMs;
    this.#claimMs = claimMs;
    defineSessionScripts(deployment.connection.client);
    this.#stopTimer = clock.every(intervalMs, () => {
      this.#renewHolds().catch(ignoreUnavailable);
      this.#sweep().catch(ignoreUnavailable);
    });
  }

  async create(sessionId: string, document: SessionDocument): Promise<boolean> {
    const { SESSIONS, SESSION_IDLE_MS } = this.#limits;
    // In a cluster no script can use both keys, so the place is taken first. One that stays empty expires like a session.
    const hasPlace = await this.#run((client) =>
      client.proofroomTakePlace(this.#expiryKey, sessionId, SESSIONS, SESSION_IDLE_MS),
    );
    if (hasPlace !== 1) return false;
    try {
      const text = JSON.stringify(document);
      await this.#run((client) =>
        client.proofroomCreate(this.#documentKey(sessionId), document.format, text, this.#documentMs),
      );
      return true;
    } catch (error) {
      this.#run((client) => client.zrem(this.#expiryKey, sessionId)).catch(ignoreUnavailable);
      throw error;
    }
  }

  async read(sessionId: string): Promise<StoredSession | undefined> {
    const [version, format, text] = await this.#run((client) =>
      client.hmget(this.#documentKey(sessionId), 'version', 'format', 'document'),
    );
    if (Number(format) > DOCUMENT_FORMAT) throw new NewerDocument(NEWER);
    return storedIn(version, text);
  }

  async commit(sessionId: string, version: number, { document, answer }: Change): Promise<Commit> {
    const { serverId } = this.#deployment;
    const result = await this.#run((client) =>
      client.proofroomCommit(
        ...this.#sessionKeys(sessionId),
        version,
        DOCUMENT_FORMAT,
        document ? JSON.stringify(document) : '',
        answer?.commandId ?? '',
        answer ? JSON.stringify(answer) : '',
        this.#limits.REMEMBERED_COMMANDS,
        this.#documentMs,
        this.#deployment.channelOf(sessionId),
        messageOf(serverId, 'changed'),
        MOST_TOLD_BYTES,
      ),
    );
    return parseCommit(result);
  }

  async answerTo(sessionId: string, commandId: string): Promise<RememberedAnswer | undefined> {
    const [, answersKey] = this.#sessionKeys(sessionId);
    return parseAnswer((await this.#run((client) => client.hget(answersKey, commandId))) ?? undefined);
  }

  versions(sessionIds: readonly string[]): Promise<readonly (number | undefined)[]> {
    return this.#run((client) =>
      Promise.all(
        sessionIds.map(async (sessionId) => {
          const version = await client.hget(this.#documentKey(sessionId), 'version');
          return version === null ? undefined : Number(version);
        }),
      ),
    );
  }

  async remove(sessionId: string, why: Removal): Promise<boolean> {
    this.#holds.delete(sessionId);
    const removed = await this.#run((client) =>
      client.proofroomRemove(
        ...this.#sessionKeys(sessionId),
        this.#deployment.channelOf(sessionId),
        messageOf(this.#deployment.serverId, 'removed', why),
      ),
    );
    await this.#run((client) =>
      Promise.all([client.zrem(this.#expiryKey, sessionId), client.del(this.#holdersKey(sessionId))]),
    );
    return removed === 1;
  }

  async subscribe(sessionId: string, listener: (notice: SessionNotice) => void): Promise<() => void> {
    const subscriptions = this.#subscriptions.get(sessionId) ?? new Set();
    this.#subscriptions.set(sessionId, subscriptions);
    const tell = (notice: SessionNotice) => {
      if (!subscriptions.has(tell)) return;
      // Nothing comes after a removal, which is found out in two ways.
      if (notice.type === 'removed') forget();
      listener(notice);
    };
    const forget = () => {
      subscriptions.delete(tell);
      if (subscriptions.size === 0 && this.#subscriptions.get(sessionId) === subscriptions) {
        this.#subscriptions.delete(sessionId);
      }
    };
    subscriptions.add(tell);
    try {
      const leave = await this.#deployment.channels.subscribe(this.#deployment.channelOf(sessionId), {
        received: (kind, body) => {
          if (kind === 'changed') tell({ type: 'changed', ...latestIn(body) });
          if (kind === 'removed' && isRemoval(body)) tell({ type: 'removed', why: body });
        },
        missed: () => tell({ type: 'changed' }),
      });
      return () => {
        forget();
        leave();
      };
    } catch (error) {
      forget();
      throw error;
    }
  }

  hold(sessionId: string): () => void {
    const hold = this.#holds.get(sessionId) ?? { count: 0, prolongedAt: this.#clock.monotonic() };
    hold.count += 1;
    if (hold.count === 1) {
      this.#holds.set(sessionId, hold);
      this.#renew([sessionId]).catch(ignoreUnavailable);
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      hold.count -= 1;
      // The session may have been removed, and the hold with it.
      if (hold.count > 0 || this.#holds.get(sessionId) !== hold) return;
      this.#holds.delete(sessionId);
      this.#release(sessionId).catch(ignoreUnavailable);
    };
  }

  async idle(minIdleMs = 0): Promise<readonly string[]> {
    const expireWithinMs = this.#limits.SESSION_IDLE_MS - minIdleMs;
    const ids = await this.#run((client) => client.proofroomIdle(this.#expiryKey, expireWithinMs));
    return stringsIn(ids);
  }

  onExpired(listener: (sessionId: string) => void): () => void {
    this.#expiryListeners.add(listener);
    return () => this.#expiryListeners.delete(listener);
  }

  size(): Promise<number> {
    return this.#run((client) => client.zcard(this.#expiryKey));
  }

  /** Renews no hold any more. May be called twice. */
  close(): void {
    this.#stopTimer();
    this.#holds.clear();
  }

  async #renewHolds(): Promise<void> {
    const ids = [...this.#holds.keys()];
    for (let first = 0; first < ids.length; first += SESSIONS_PER_COMMAND) {
      await this.#renew(ids.slice(first, first + SESSIONS_PER_COMMAND));
    }
  }

  async #renew(sessionIds: readonly string[]): Promise<void> {
    const { SESSION_IDLE_MS } = this.#limits;
    const holders = sessionIds.map((sessionId) => this.#holdersKey(sessionId));
    const missing = await this.#run((client) =>
      client.proofroomRenew(
        holders.length + 1,
        this.#expiryKey,
        ...holders,
        this.#deployment.serverId,
        SESSION_IDLE_MS,
        this.#leaseMs,
        ...sessionIds,
      ),
    );
    await Promise.all(stringsIn(missing).map((sessionId) => this.#find(sessionId)));
    await this.#prolong(sessionIds);
  }

  /** A session that is held and not among all sessions: it is gone, with the whole store perhaps, or only its entry was lost. */
  async #find(sessionId: string): Promise<void> {
    const exists = await this.#run((client) => client.exists(this.#documentKey(sessionId)));
    if (!this.#holds.has(sessionId)) return;
    if (exists === 1) {
      const { SESSION_IDLE_MS } = this.#limits;
      const anyNumber = Number.MAX_SAFE_INTEGER;
      await this.#run((client) =>
        client.proofroomTakePlace(this.#expiryKey, sessionId, anyNumber, SESSION_IDLE_MS + this.#leaseMs),
      );
      return;
    }
    this.#holds.delete(sessionId);
    for (const tell of [...(this.#subscriptions.get(sessionId) ?? [])]) tell({ type: 'removed', why: 'session_gone' });
  }

  /** Seldom, since the documents live for twice the time of idleness. */
  async #prolong(sessionIds: readonly string[]): Promise<void> {
    const now = this.#clock.monotonic();
    const due = sessionIds.filter((sessionId) => {
      const hold = this.#holds.get(sessionId);
      return hold && now - hold.prolongedAt > this.#limits.SESSION_IDLE_MS / 4;
    });
    await Promise.all(
      due.map(async (sessionId) => {
        await this.#run((client) =>
          Promise.all(this.#sessionKeys(sessionId).map((key) => client.pexpire(key, this.#documentMs))),
        );
        const hold = this.#holds.get(sessionId);
        if (hold) hold.prolongedAt = now;
      }),
    );
  }

  async #release(sessionId: string): Promise<void> {
    await this.#run((client) =>
      client.proofroomRelease(
        this.#expiryKey,
        this.#holdersKey(sessionId),
        this.#deployment.serverId,
        this.#limits.SESSION_IDLE_MS,
        sessionId,
      ),
    );
  }

  async #sweep(): Promise<void> {
    if (this.#expiryListeners.size === 0) return;
    const expired = await this.#run((client) =>
      client.proofroomClaim(this.#expiryKey, this.#claimMs, SESSIONS_PER_COMMAND),
    );
    for (const sessionId of stringsIn(expired)) {
      for (const listener of [...this.#expiryListeners]) listener(sessionId);
    }
  }

  #run<Result>(call: (client: RedisClient) => Promise<Result>): Promise<Result> {
    return this.#deployment.connection.run(call);
  }

  get #expiryKey(): string {
    return this.#deployment.sharedKey('sessions');
  }

  #holdersKey(sessionId: string): string {
    return this.#deployment.sharedKey(`holders:${sessionId}`);
  }

  #documentKey(sessionId: string): string {
    return this.#deployment.sessionKey(sessionId, 'document');
  }

  #sessionKeys(sessionId: string): readonly [string, string, string] {
    const key = (part: string) => this.#deployment.sessionKey(sessionId, part);
    return [this.#documentKey(sessionId), key('answers'), key('answered')];
  }
}

const NEWER = 'a newer server has written this session';

function storedIn(version: string | null | undefined, text: string | null | undefined): StoredSession | undefined {
  const document = parseDocument(text);
  return version && document ? { document, version: Number(version) } : undefined;
}

/** What the script has put behind a notice: nothing of a long document. One of a newer format has to be read, as if it were not there. */
function latestIn(body: string): { readonly latest?: StoredSession } {
  const [, version, format, text] = /^(\d+) (\d+) (.*)$/s.exec(body) ?? [];
  const latest = Number(format) === DOCUMENT_FORMAT ? storedIn(version, text) : undefined;
  return latest ? { latest } : {};
}

function parseCommit(result: unknown): Commit {
  const [outcome, detail] = stringsIn(result);
  switch (outcome) {
    case 'committed':
      return { outcome, version: Number(detail) };
    case 'answered': {
      const before = parseAnswer(detail);
      return before ? { outcome, before } : { outcome: 'gone' };
    }
    case 'conflict':
      return { outcome };
    case 'newer':
      throw new NewerDocument(NEWER);
    default:
      return { outcome: 'gone' };
  }
}

const stringsIn = (reply: unknown): readonly string[] =>
  Array.isArray(reply) ? reply.filter((entry) => typeof entry === 'string') : [];
