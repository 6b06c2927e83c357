/** The port for the bytes of images, in memory alone (rule R12), and for the budget that all servers share (rule R7). */

/** Bytes of the budget that are set aside for an image to come. */
export interface ImageLease {
  /** Gives back what was not used. May be called twice. */
  release(): void;
}

/** Every method rejects with `StoreUnavailable` when the store can't be reached in time. */
export interface ImageStore {
  /** Sets bytes aside before money is spent. Undefined when they are not free. A lease ends with its server, at the latest a minute later. */
  reserve(bytes: number): Promise<ImageLease | undefined>;
  /** Keeps the bytes, which count from now on in place of the lease. `false` when there is no memory for them. */
  put(sessionId: string, imageId: string, bytes: Uint8Array, lease?: ImageLease): Promise<boolean>;
  /** The bytes, untouched (rule W4). */
  get(sessionId: string, imageId: string): Promise<Uint8Array | undefined>;
  drop(sessionId: string, imageIds: readonly string[]): Promise<void>;
  /** Drops all images of a session. */
  dropAll(sessionId: string): Promise<void>;
  /** Kept and set aside, by all servers. */
  usedBytes(): Promise<number>;
}
