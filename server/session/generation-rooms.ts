/** The room in memory for what one generation may bring: each candidate has its own before anything is asked for (rule R7). */
import type { ImageMemory, Reservation } from './image-memory.ts';

export class GenerationRooms {
  readonly #memory: ImageMemory;
  readonly #bytesEach: number;
  /** By candidate. */
  readonly #rooms: Map<number, Reservation>;

  private constructor(memory: ImageMemory, bytesEach: number, rooms: readonly Reservation[]) {
    this.#memory = memory;
    this.#bytesEach = bytesEach;
    this.#rooms = new Map(rooms.entries());
  }

  /** With room for the first `count` candidates, which are drawn at once; nothing where that can't be had. */
  static reserve(memory: ImageMemory, bytesEach: number, count: number): GenerationRooms | undefined {
    const rooms = memory.reserve(bytesEach, count);
    return rooms && new GenerationRooms(memory, bytesEach, rooms);
  }

  /** The turn of a candidate has come: whether it has its room, which one that has waited takes only now. */
  take(candidate: number): boolean {
    if (this.#rooms.has(candidate)) return true;
    const [room] = this.#memory.reserve(this.#bytesEach) ?? [];
    if (room) this.#rooms.set(candidate, room);
    return room !== undefined;
  }

  of(candidate: number): Reservation | undefined {
    return this.#rooms.get(candidate);
  }

  /** May be called twice. */
  releaseAll(): void {
    for (const room of this.#rooms.values()) room.release();
  }
}
