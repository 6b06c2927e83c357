/**
 * The port for sessions: where they are kept, in the memory of one process or shared by many servers. No server owns a session. Whoever
 * changes one names the version that the change was made from, so that of two servers that decide at once only the first does.
 */
import type { RememberedAnswer } from './answers.ts';
import type { SessionDocument } from './session-document.ts';
import type { Removal } from './subscribers.ts';

export interface StoredSession {
  readonly document: SessionDocument;
  /** From 1; each new document has a higher one. */
  readonly version: number;
}

/** The changes that one step makes. */
export interface Change {
  /** In place of the one before. Absent when the step only answers a command. */
  readonly document?: SessionDocument;
  /** Remembered in the same step, with the last `REMEMBERED_COMMANDS` (rule M7). */
  readonly answer?: RememberedAnswer;
}

export type Commit =
  | { readonly outcome: 'committed'; readonly version: number }
  /** Another server was faster: the step has to be made again, from what stands there now. */
  | { readonly outcome: 'conflict' }
  /** The command of `change.answer` was answered before; nothing has changed. */
  | { readonly outcome: 'answered'; readonly before: RememberedAnswer }
  /** There is no such session any more. */
  | { readonly outcome: 'gone' };

export type SessionNotice =
  /** A change by another server. The latest is to be read where the change does not come with it: it is long, or may have been missed. */
  | { readonly type: 'changed'; readonly latest?: StoredSession }
  /** Another server has removed it, or it is gone with all others. No notice follows. */
  | { readonly type: 'removed'; readonly why: Removal };

/**
 * Every method but `hold` and `onExpired` rejects with `StoreUnavailable` when the store can't be reached in time. Those that read or change
 * a document reject with `NewerDocument` when it was written in a format that this server does not know. Listeners must not throw.
 */
export interface SessionStore {
  /** Keeps a new session under version 1. False when there are `SESSIONS` already. */
  create(sessionId: string, document: SessionDocument): Promise<boolean>;
  /** Undefined when there is none. */
  read(sessionId: string): Promise<StoredSession | undefined>;
  /** Checked in this order: gone, answered, conflict. In memory it is done at once, so that nobody comes in between. */
  commit(sessionId: string, version: number, change: Change): Commit | Promise<Commit>;
  /** The answer to a command, if it is still remembered. */
  answerTo(sessionId: string, commandId: string): Promise<RememberedAnswer | undefined>;
  /** The version of each session; undefined for those that are gone. */
  versions(sessionIds: readonly string[]): Promise<readonly (number | undefined)[]>;
  /** Ends a session and forgets its answers. @returns whether this call did it: false when it was gone */
  remove(sessionId: string, why: Removal): Promise<boolean>;
  /** Tells of changes and of the removal by other servers from now on; resolves, with the undo, when nothing more can be missed. */
  subscribe(sessionId: string, listener: (notice: SessionNotice) => void): Promise<() => void>;
  /**
   * Somebody on this server uses the session, so it does not expire. Undone, it expires after `SESSION_IDLE_MS`; twice is harmless. The
   * holds of a server that has died end by themselves.
   */
  hold(sessionId: string): () => void;
  /** Sessions that no server has held for `minIdleMs`, longest idle first. */
  idle(minIdleMs?: number): Promise<readonly string[]>;
  /**
   * Calls the listener for each session that has expired, on one server alone, which has to remove it within half a minute: then one is
   * told again. Returns the undo.
   */
  onExpired(listener: (sessionId: string) => void): () => void;
  /** How many there are. */
  size(): Promise<number>;
}

/** The store can't be reached, or does not answer in time. What was asked for may have been done. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}

/** A newer server has written the session in a format that this server does not know: it is left alone. */
export class NewerDocument extends StoreUnavailable {
  override readonly name = 'NewerDocument';
}
