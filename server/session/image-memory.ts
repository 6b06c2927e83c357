/** The budget for all memory that images take (rule R7). */

/** Bytes that are set aside. They are free again when every holder has released them. */
export interface Reservation {
  /** Its size. */
  readonly bytes: number;
  /** Bytes that releasing this one would free: 0 while others hold them too. */
  readonly freeableBytes: number;
  /** Another holder of the same bytes. It may be made after the last one was released: the bytes then count again. */
  hold(): Reservation;
  /** The image turned out to be of so many bytes. */
  resize(bytes: number): void;
  /** May be called twice. */
  release(): void;
}

/** The share of the budget for what can do without: copies of images that are being sent, and previews. */
const SPARE_SHARE = 1 / 3;

export class ImageMemory {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #spareBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasFree(bytes: number): boolean {
    return this.#usedBytes + bytes <= this.#limitBytes;
  }

  /** Sets `bytes` aside for an image; undefined when they are not free. */
  tryReserve(bytes: number): Reservation | undefined {
    return this.hasFree(bytes) ? this.#reserve(bytes, (change) => this.#count(change)) : undefined;
  }

  /**
   * Sets `bytes` aside for what can do without. Undefined when they are not free, or when all such reservations together would take more
   * than a third of the budget: somebody who reads slowly must not leave the images of others without memory.
   */
  tryReserveSpare(bytes: number): Reservation | undefined {
    if (!this.hasFree(bytes) || this.#spareBytes + bytes > this.#limitBytes * SPARE_SHARE) return undefined;
    return this.#reserve(bytes, (change) => {
      this.#spareBytes += change;
      this.#count(change);
    });
  }

  #count(change: number): void {
    this.#usedBytes += change;
  }

  #reserve(bytes: number, count: (change: number) => void): Reservation {
    const block = { bytes, holders: 0 };
    const hold = (): Reservation => {
      let isHeld = true;
      if (block.holders === 0) count(block.bytes);
      block.holders += 1;
      return {
        get bytes() {
          return block.bytes;
        },
        get freeableBytes() {
          return isHeld && block.holders === 1 ? block.bytes : 0;
        },
        hold,
        resize: (newBytes) => {
          if (block.holders > 0) count(newBytes - block.bytes);
          block.bytes = newBytes;
        },
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          block.holders -= 1;
          if (block.holders === 0) count(-block.bytes);
        },
      };
    };
    return hold();
  }
}
