/** One WebSocket as a place to write frames to: how much it holds, and whether its peer is alive (rules R3 and R4). */
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';

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
  /** Called when there is room again. */
  onRoom: () => void = () => {};
  #heldBytes = 0;
  #sentBytes = 0;
  #answeredBytes = 0;
  #answeredAt: number;

  constructor(socket: WebSocket, clock: Clock, capBytes: number) {
    this.#socket = socket;
    this.#clock = clock;
    this.#capBytes = capBytes;
    this.#answeredAt = clock.now();
    socket.on('pong', (payload) => this.#answered(Number(payload.toString())));
  }

  /** Whether the socket takes another frame without holding more than the cap. */
  get hasRoom(): boolean {
    return this.#heldBytes <= this.#capBytes && this.#socket.readyState === this.#socket.OPEN;
  }

  /** The kernel has taken everything. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0;
  }

  /** Writes a text frame; `onSent` is called when the kernel has all of it, or the socket is gone. */
  send(frame: string | Buffer, onSent?: () => void): void {
    const byteLength = Buffer.byteLength(frame);
    if (byteLength > ANNOUNCED_ABOVE_BYTES) {
      this.send(JSON.stringify({ type: 'heartbeat', nextBytes: byteLength }));
    }
    this.#heldBytes += byteLength;
    this.#sentBytes += byteLength;
    this.#socket.send(frame, { binary: false }, () => {
      this.#heldBytes -= byteLength;
      onSent?.();
      if (this.hasRoom) this.onRoom();
    });
  }

  /** Asks for a sign of life. The payload is the count of bytes so far: its answer says how much has arrived. */
  ping(): void {
    // A clock that was set back would hide as much silence.
    this.#answeredAt = Math.min(this.#answeredAt, this.#clock.now());
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(String(this.#sentBytes));
  }

  /**
   * How much longer an answer to a ping is waited for, given the bytes on their way; in milliseconds, 0 when it is over. What
   * the peer sends unasked does not count: one that writes but never reads would otherwise be kept for ever.
   */
  get patienceMs(): number {
    const outstanding = this.#sentBytes - this.#answeredBytes;
    const silentMs = Math.max(0, this.#clock.now() - this.#answeredAt);
    return Math.max(0, SILENCE_MS + outstanding / BYTES_PER_MS - silentMs);
  }

  #answered(bytes: number): void {
    // A payload that is no count of ours answers no ping.
    if (!(bytes >= this.#answeredBytes && bytes <= this.#sentBytes)) return;
    this.#answeredBytes = bytes;
    this.#answeredAt = this.#clock.now();
  }
}
