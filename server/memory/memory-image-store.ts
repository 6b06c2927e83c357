/** The images of servers in one process. */
import type { ImageMemory, Reservation } from '../session/image-memory.ts';
import type { ImageLease, ImageStore } from '../session/image-store.ts';

interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly reservation: Reservation;
}

/** The part that several servers in one process share. */
export class MemoryImages {
  readonly memory: ImageMemory;
  /** By session and image. */
  readonly sessions = new Map<string, Map<string, StoredBytes>>();

  constructor(memory: ImageMemory) {
    this.memory = memory;
  }

  forServer(): MemoryImageStore {
    return new MemoryImageStore(this);
  }
}

/** One server's door to the images. */
export class MemoryImageStore implements ImageStore {
  readonly #images: MemoryImages;
  readonly #leases = new Map<ImageLease, Reservation>();

  constructor(images: MemoryImages) {
    this.#images = images;
  }

  async reserve(bytes: number): Promise<ImageLease | undefined> {
    const reservation = this.#images.memory.tryReserve(bytes);
    if (!reservation) return undefined;
    const lease: ImageLease = {
      release: () => {
        if (this.#leases.delete(lease)) reservation.release();
      },
    };
    this.#leases.set(lease, reservation);
    return lease;
  }

  async put(sessionId: string, imageId: string, bytes: Uint8Array, lease?: ImageLease): Promise<boolean> {
    const { memory, sessions } = this.#images;
    const images = sessions.get(sessionId) ?? new Map<string, StoredBytes>();
    if (images.has(imageId)) {
      lease?.release();
      return true;
    }
    const leased = lease && this.#leases.get(lease);
    const missing = bytes.byteLength - (leased?.bytes ?? 0);
    if (missing > 0 && !memory.hasFree(missing)) return false;
    const reservation = leased ?? memory.tryReserve(bytes.byteLength);
    if (!reservation) return false;
    if (lease) this.#leases.delete(lease);
    reservation.resize(bytes.byteLength);
    sessions.set(sessionId, images.set(imageId, { bytes, reservation }));
    return true;
  }

  async get(sessionId: string, imageId: string): Promise<Uint8Array | undefined> {
    return this.#images.sessions.get(sessionId)?.get(imageId)?.bytes;
  }

  async keep(): Promise<void> {
    // They last as long as the process, so only a drop ends them.
  }

  async drop(sessionId: string, imageIds: readonly string[]): Promise<void> {
    const images = this.#images.sessions.get(sessionId);
    for (const imageId of imageIds) {
      images?.get(imageId)?.reservation.release();
      images?.delete(imageId);
    }
    if (images?.size === 0) this.#images.sessions.delete(sessionId);
  }

  async dropAll(sessionId: string): Promise<void> {
    await this.drop(sessionId, [...(this.#images.sessions.get(sessionId)?.keys() ?? [])]);
  }

  async usedBytes(): Promise<number> {
    return this.#images.memory.usedBytes;
  }

  close(): void {
    for (const lease of this.#leases.keys()) lease.release();
  }
}
