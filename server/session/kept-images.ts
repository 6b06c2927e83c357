/** The images that a session keeps, each with the room it takes in memory. */
import type { ImageMemory, Reservation } from './image-memory.ts';
import type { StoredImage } from './stored-image.ts';

interface KeptImage extends StoredImage {
  readonly room: Reservation;
}

export class KeptImages {
  readonly #memory: ImageMemory;
  /** By image id. */
  readonly #images = new Map<string, KeptImage>();

  constructor(memory: ImageMemory) {
    this.#memory = memory;
  }

  get byteLength(): number {
    return this.#images.values().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  /** What would come free if all were dropped now. */
  get freeableBytes(): number {
    return this.#images.values().reduce((sum, { room }) => sum + room.freeableBytes, 0);
  }

  /** Those that somebody else holds as well, on their way out: to drop them frees nothing yet. */
  get inUse(): readonly string[] {
    return [...this.#images].filter(([, { room }]) => room.freeableBytes === 0).map(([imageId]) => imageId);
  }

  find(imageId: string): StoredImage | undefined {
    return this.#images.get(imageId);
  }

  keep(image: StoredImage): void {
    const room = this.#memory.take(image.bytes.byteLength);
    this.#images.set(image.reference.imageId, { ...image, room });
  }

  drop(imageIds: Iterable<string>): void {
    for (const imageId of imageIds) {
      this.#images.get(imageId)?.room.release();
      this.#images.delete(imageId);
    }
  }

  dropAll(): void {
    this.drop([...this.#images.keys()]);
  }
}
