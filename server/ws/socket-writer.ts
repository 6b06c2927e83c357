/** One WebSocket as a place to write frames to: how much it holds, and whether its peer is alive (rules R3 and R4). */
import type { WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';

/** Before a frame above this the client is told its length, so that it does not take a thin line for a dead one. */
const ANNOUNCED_ABOVE_BYTES = 64 * 1024;
export const BEAT_MS = 5_000;
const SILENCE_MS = 10_000;
/** The thinnest line that is waited for. */
const BYTES_PER_MS = (16 * 1024) / 1000;

export class Wire {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #capBytes: number;
  readonly #newId: () => string;
  /** Called when there is room again. */
  onRoom: () => void = () => {};
  #heldBytes = 0;
  #isInPieces = false;
  #sentBytes = 0;
  /** Pings without an answer yet, by payload, each with the bytes written before it. */
  readonly #asked = new Map<string, number>();
  /** The ping that was sent behind the last message whose arrival matters. */
  #arrivalAsked: string | undefined;
  #answeredBytes = 0;
  #answeredAt: number;

  constructor(socket: WebSocket, clock: Clock, capBytes: number, newId: () => string) {
    this.#newId = newId;
    this.#socket = socket;
    this.#clock = clock;
    this.#capBytes = capBytes;
    this.#answeredAt = clock.monotonic();
    socket.on('pong', (payload) => this.#answered(payload.toString()));
  }

  /** Whether the socket takes another frame without holding more than the cap. */
  get hasRoom(): boolean {
    return this.isBetweenMessages && this.#heldBytes <= this.#capBytes;
  }

  /** A whole message may be written, whatever the socket holds. */
  get isBetweenMessages(): boolean {
    return !this.#isInPieces && this.#isOpen;
  }

  /** The kernel has taken everything. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0 && !this.#isInPieces;
  }

  /** What was last sent to be followed has come to its reader. */
  get hasArrived(): boolean {
    return this.#arrivalAsked === undefined;
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Writes a text frame. */
  send(frame: string | Buffer): void {
    this.#announce(Buffer.byteLength(frame));
    this.#write(frame, true, () => this.#sent());
  }

  /**
   * Writes a text frame, and asks whether it has arrived where it is big enough for that to take a while. The kernel takes megabytes
   * for a thin line: what it has taken says nothing of its reader, and nothing later can take its place.
   */
  sendFollowed(frame: Buffer): void {
    this.send(frame);
    if (frame.length > this.#capBytes / 4) this.#arrivalAsked = this.ping();
  }

  /**
   * Writes one text message of `byteLength` bytes piece by piece, each when the kernel has all of the one before; nothing else
   * finds room meanwhile. `onSent` is called when the kernel has all of it, or the socket is gone.
   */
  sendPieces(pieces: Iterable<Buffer>, byteLength: number, onSent: () => void): void {
    this.#announce(byteLength);
    const rest = pieces[Symbol.iterator]();
    let next = rest.next();
    const writeNext = () => {
      if (next.done || !this.#isOpen) {
        this.#isInPieces = false;
        return this.#sent(onSent);
      }
      const piece = next.value;
      next = rest.next();
      this.#isInPieces = next.done !== true;
      this.#write(piece, !this.#isInPieces, writeNext);
    };
    writeNext();
  }

  #sent(onSent?: () => void): void {
    onSent?.();
    if (this.hasRoom) this.onRoom();
  }

  #announce(byteLength: number): void {
    if (byteLength <= ANNOUNCED_ABOVE_BYTES) return;
    this.send(JSON.stringify({ type: 'heartbeat', nextBytes: byteLength }));
  }

  #write(data: string | Buffer, fin: boolean, onTaken: () => void): void {
    const byteLength = Buffer.byteLength(data);
    this.#heldBytes += byteLength;
    this.#sentBytes += byteLength;
    this.#socket.send(data, { binary: false, fin }, () => {
      this.#heldBytes -= byteLength;
      onTaken();
    });
  }

  /**
   * Asks for a sign of life. The payload names the count of bytes so far: its answer says how much has arrived. Who has not read the
   * ping can't know the rest of it.
   * @returns its payload; nothing where the socket is no longer open
   */
  ping(): string | undefined {
    if (!this.#isOpen) return undefined;
    const payload = `${this.#sentBytes} ${this.#newId()}`;
    this.#asked.set(payload, this.#sentBytes);
    this.#socket.ping(payload);
    return payload;
  }

  /**
   * How much longer an answer to a ping is waited for, given the bytes on their way; in milliseconds, 0 when it is over. What
   * the peer sends unasked does not count: one that writes but never reads would otherwise be kept for ever.
   */
  get patienceMs(): number {
    const outstanding = this.#sentBytes - this.#answeredBytes;
    const silentMs = this.#clock.monotonic() - this.#answeredAt;
    return Math.max(0, SILENCE_MS + outstanding / BYTES_PER_MS - silentMs);
  }

  #answered(payload: string): void {
    const bytes = this.#asked.get(payload);
    if (bytes === undefined) return; // It answers no ping of ours.
    for (const asked of this.#asked.keys()) {
      this.#asked.delete(asked); // A peer may answer the latest of several alone.
      if (asked === payload) break;
    }
    this.#answeredBytes = bytes;
    this.#answeredAt = this.#clock.monotonic();
    if (this.#arrivalAsked === undefined || this.#asked.has(this.#arrivalAsked)) return;
    this.#arrivalAsked = undefined;
    if (this.hasRoom) this.onRoom();
  }
}
