/** The port for the bytes of images, in memory alone (rule R12), and for the budget that all servers share (rule R7). */

/** Bytes of the budget that are set aside for one image to come. */
export interface ImageLease {
  /** Gives the bytes back, if `put` has not used the lease. May be called twice. */
  release(): void;
}

/** Every method that returns a promise rejects with `StoreUnavailable` when the store can't be reached in time. */
export interface ImageStore {
  /** Sets bytes aside before money is spent. Undefined when they are not free. A lease ends with its server, at the latest a minute later. */
  reserve(bytes: number): Promise<ImageLease | undefined>;
  /**
   * Keeps the bytes, which count from now on in place of the lease. An image that is kept already stays, and counts once.
   * @returns `false` when there is no memory for them; the lease then still holds
   */
  put(sessionId: string, imageId: string, bytes: Uint8Array, lease?: ImageLease): Promise<boolean>;
  /** The bytes, untouched (rule W4). Undefined when they were dropped, have expired, or had to make way in a store that was full. */
  get(sessionId: string, imageId: string): Promise<Uint8Array | undefined>;
  /** The session is still there: its images expire `keptMs` after the last `put` or `keep`, where they can outlive all servers. */
  keep(sessionId: string): Promise<void>;
  /** Those that are not there are ignored. */
  drop(sessionId: string, imageIds: readonly string[]): Promise<void>;
  /** Drops all images of a session. */
  dropAll(sessionId: string): Promise<void>;
  /** Kept and set aside, by all servers. */
  usedBytes(): Promise<number>;
  /** Releases the leases of this server. May be called twice. */
  close(): void;
}
