/** Writes to one WebSocket: how much the socket holds, and whether its peer is alive (rules R3 and R4). */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';

/** A longer message is announced, so that the client does not take a slow connection for a dead one. */
const ANNOUNCED_ABOVE_BYTES = 64 * 1024;
const SILENCE_MS = 10_000;
/** The slowest connection that is waited for: 16 KiB a second. */
const SLOWEST_BYTES_PER_MS = (16 * 1024) / 1000;

/** The stream below a WebSocket, which `ws` keeps to itself. */
export type Corkable = Pick<Duplex, 'cork' | 'uncork'>;

export class SocketWriter {
  readonly #socket: WebSocket;
  readonly #stream: Corkable;
  readonly #clock: Clock;
  readonly #capBytes: number;
  readonly #newId: () => string;
  /** Called when the socket has capacity again. */
  onCapacity: () => void = () => {};
  #heldBytes = 0;
  #isInsideMessage = false;
  #sentBytes = 0;
  /** Unanswered pings, the oldest first, each with the bytes that were written before it. */
  readonly #pings: { readonly payload: string; readonly bytes: number }[] = [];
  /** The ping behind the last message of `sendAndConfirm`. */
  #confirmingPing: string | undefined;
  #answeredBytes = 0;
  #answeredAt: number;

  /** Writes nothing more, but for the end of a message, while the socket holds more than `capBytes`. */
  constructor(socket: WebSocket, stream: Corkable, clock: Clock, capBytes: number, newId: () => string) {
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
    this.#capBytes = capBytes;
    this.#newId = newId;
    this.#answeredAt = clock.monotonic();
    socket.on('pong', (payload) => this.#onPong(payload.toString()));
  }

  /** Whether another message may be written. */
  get hasCapacity(): boolean {
    return this.isBetweenMessages && this.#heldBytes <= this.#capBytes;
  }

  /** No message is half written, and the socket is open. */
  get isBetweenMessages(): boolean {
    return !this.#isInsideMessage && this.#isOpen;
  }

  /** The kernel has taken everything. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0 && !this.#isInsideMessage;
  }

  /** The peer has read the last message of `sendAndConfirm`. */
  get isConfirmed(): boolean {
    return this.#confirmingPing === undefined;
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Hands what `write` writes to the kernel in one call: for short messages a call costs more than all the rest. */
  together(write: () => void): void {
    this.#stream.cork();
    try {
      write();
    } finally {
      this.#stream.uncork();
    }
  }

  /** Writes a text message, whatever the socket holds. */
  send(message: string | Buffer): void {
    this.#announce(Buffer.byteLength(message));
    this.#write(message, true, () => this.#onWritten());
  }

  /**
   * Writes a text message and, when it is long, a ping behind it: `isConfirmed` turns true with the answer. The kernel takes megabytes
   * for a slow connection, so what it has taken does not say what the peer has read.
   */
  sendAndConfirm(message: Buffer): void {
    this.send(message);
    if (message.length > this.#capBytes / 4) this.#confirmingPing = this.ping();
  }

  /**
   * Writes one text message of `byteLength` bytes in pieces, each when the kernel has taken the one before; there is no capacity
   * meanwhile. Calls `onSent` when the kernel has taken all of it, or the socket is gone.
   */
  sendPieces(pieces: Iterable<Buffer>, byteLength: number, onSent: () => void): void {
    this.#announce(byteLength);
    const rest = pieces[Symbol.iterator]();
    let next = rest.next();
    const writeNext = () => {
      if (next.done || !this.#isOpen) {
        this.#isInsideMessage = false;
        onSent();
        return this.#onWritten();
      }
      const piece = next.value;
      next = rest.next();
      this.#isInsideMessage = next.done !== true;
      this.#write(piece, !this.#isInsideMessage, writeNext);
    };
    writeNext();
  }

  /**
   * Sends a ping. Its payload is the count of bytes written so far, so that the answer says how much has arrived, and a random id,
   * so that nobody can answer a ping that they have not read.
   * @returns the payload; undefined when the socket is not open
   */
  ping(): string | undefined {
    if (!this.#isOpen) return undefined;
    const payload = `${this.#sentBytes} ${this.#newId()}`;
    this.#pings.push({ payload, bytes: this.#sentBytes });
    this.#socket.ping(payload);
    return payload;
  }

  /**
   * How much longer to wait for the answer to a ping, given the bytes on their way; 0 when the time is up. Messages of the peer
   * do not extend it: one that writes and never reads would be kept for ever.
   */
  get remainingPatienceMs(): number {
    const outstandingBytes = this.#sentBytes - this.#answeredBytes;
    const silentMs = this.#clock.monotonic() - this.#answeredAt;
    return Math.max(0, SILENCE_MS + outstandingBytes / SLOWEST_BYTES_PER_MS - silentMs);
  }

  #onWritten(): void {
    if (this.hasCapacity) this.onCapacity();
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

  #onPong(payload: string): void {
    const answered = this.#pings.findIndex((ping) => ping.payload === payload);
    const ping = this.#pings[answered];
    if (!ping) return; // It answers no ping of ours.
    this.#pings.splice(0, answered + 1); // A peer may answer only the latest of several pings.
    this.#answeredBytes = ping.bytes;
    this.#answeredAt = this.#clock.monotonic();
    const confirming = this.#confirmingPing;
    if (confirming === undefined || this.#pings.some(({ payload }) => payload === confirming)) return;
    this.#confirmingPing = undefined;
    if (this.hasCapacity) this.onCapacity();
  }
}
