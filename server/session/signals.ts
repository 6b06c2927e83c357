/**
 * The port for what servers tell each other of a session beside its document: drafts, presence, progress, previews. Only the latest value
 * under each key counts; one that is lost is followed by the next.
 */

export interface Signal {
  readonly key: string;
  /** Plain JSON; undefined: there is none any more. Another version of the server may have set it. */
  readonly value: unknown;
}

export interface Signals {
  /**
   * Tells the other servers, and keeps the value for `keptMs` (0: not at all) for those that come later. Never rejects.
   * @returns false when the store can't be reached: the signal may be lost
   */
  set(sessionId: string, key: string, value: unknown, keptMs: number): Promise<boolean>;
  /** The values that are kept. Rejects with `StoreUnavailable`. */
  read(sessionId: string): Promise<readonly Signal[]>;
  /**
   * Tells of what other servers set from now on; resolves, with the undo, when nothing more can be missed. Where something may have been
   * missed all the same, `onMissed` is called. Neither function may throw. Rejects with `StoreUnavailable`.
   */
  subscribe(sessionId: string, listener: (signal: Signal) => void, onMissed: () => void): Promise<() => void>;
}
