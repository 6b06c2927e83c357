/** The budget for all memory that images take (rule R7). */

/** Bytes that are set aside. They are free again when every holder has released them. */
export interface Reservation {
  /** Bytes that releasing this one would free: 0 while others hold them too. */
  readonly freeableBytes: number;
  /** Another holder of the same bytes. It may be made after the last one was released: the bytes then count again. */
  hold(): Reservation;
  /** The image turned out to be of so many bytes. */
  resize(bytes: number): void;
  /** May be called twice. */
  release(): void;
}

export class ImageMemory {
  readonly #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasFree(bytes: number): boolean {
    return this.#usedBytes + bytes <= this.#limitBytes;
  }

  /** Sets `bytes` aside; undefined when they are not free. */
  tryReserve(bytes: number): Reservation | undefined {
    if (!this.hasFree(bytes)) return undefined;
    const block = { bytes, holders: 0 };
    const hold = (): Reservation => {
      let isHeld = true;
      if (block.holders === 0) this.#usedBytes += block.bytes;
      block.holders += 1;
      return {
        get freeableBytes() {
          return isHeld && block.holders === 1 ? block.bytes : 0;
        },
        hold,
        resize: (newBytes) => {
          if (block.holders > 0) this.#usedBytes += newBytes - block.bytes;
          block.bytes = newBytes;
        },
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          block.holders -= 1;
          if (block.holders === 0) this.#usedBytes -= block.bytes;
        },
      };
    };
    return hold();
  }
}
