/** The budget for everything that images take in memory (rule R7). */
export interface Reservation {
  /** What would come free if this were released now: nothing while somebody else holds the room too. */
  readonly freeableBytes: number;
  /** Gives the room back, unless somebody else holds it too; may be called twice. */
  release(): void;
  /** Another hold on the same room, which is free when the last of them is released, and taken again by a later one. */
  hold(): Reservation;
}

export class ImageMemory {
  readonly #limitBytes: number;
  #usedBytes = 0;
  /** Frees what nobody looks at until so many bytes are free, as far as that goes. */
  makeRoom: (bytes: number) => void = () => {};
  /** Hears of each hold that is given back: there may be more room now, or more that could be freed. */
  onRelease: () => void = () => {};

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#usedBytes + bytes <= this.#limitBytes;
  }

  /** Room for `count` times so many bytes that are to come, or nothing where what nobody looks at does not suffice. */
  reserve(bytes: number, count = 1): readonly Reservation[] | undefined {
    if (!this.hasRoom(count * bytes)) this.makeRoom(count * bytes);
    return this.hasRoom(count * bytes) ? Array.from({ length: count }, () => this.take(bytes)) : undefined;
  }

  /** Counts bytes that are here already: they are never refused. */
  take(bytes: number): Reservation {
    let holders = 0;
    const hold = (): Reservation => {
      let isHeld = true;
      if (holders === 0) this.#usedBytes += bytes;
      holders += 1;
      return {
        get freeableBytes() {
          return isHeld && holders === 1 ? bytes : 0;
        },
        hold,
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          holders -= 1;
          if (holders === 0) this.#usedBytes -= bytes;
          this.onRelease();
        },
      };
    };
    return hold();
  }
}
