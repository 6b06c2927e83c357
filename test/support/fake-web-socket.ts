/** The server's end of a WebSocket, whose kernel takes bytes only when the test says so. */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Corkable } from '../../server/ws/socket-writer.ts';

interface PendingWrite {
  readonly data: string | Buffer;
  readonly onTaken: () => void;
}

/** More than any test writes: an endless loop fails in place of hanging. */
const MAX_WRITES = 10_000;

type UsedMembers = Pick<
  WebSocket,
  'readyState' | 'OPEN' | 'ping' | 'pause' | 'resume' | 'isPaused' | 'close' | 'terminate'
>;

/** A message of the server, parsed. */
export interface SentMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

export class FakeWebSocket extends EventEmitter implements UsedMembers, Corkable {
  readonly OPEN = 1;
  readyState: WebSocket['readyState'] = 1;
  isPaused = false;
  isTerminated = false;
  /** Every message written, in order. */
  readonly frames: (string | Buffer)[] = [];
  /** The payloads of the pings. */
  readonly pings: string[] = [];
  /** How the server closed it, such as `4408 silent`. */
  closed: string | undefined;
  /** How often the kernel was called to take what was written. */
  kernelCalls = 0;
  readonly #pending: PendingWrite[] = [];
  #fragments: Buffer[] = [];
  #writes = 0;
  #corks = 0;
  #isAnythingCorked = false;

  /** For code that expects the socket of `ws`. */
  get asWebSocket(): WebSocket {
    return this as unknown as WebSocket;
  }

  send(data: string | Buffer, { fin }: { fin: boolean }, onTaken: () => void): void {
    this.#writes += 1;
    if (this.#writes > MAX_WRITES) throw new Error('The server does not stop writing.');
    this.#pending.push({ data, onTaken });
    this.#callKernel();
    if (!fin) {
      this.#fragments.push(Buffer.from(data));
      return;
    }
    const isWhole = this.#fragments.length === 0;
    this.frames.push(isWhole ? data : Buffer.concat([...this.#fragments.splice(0), Buffer.from(data)]));
  }

  ping(payload: string): void {
    this.pings.push(payload);
    this.#callKernel();
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    this.#corks -= 1;
    if (this.#corks > 0 || !this.#isAnythingCorked) return;
    this.#isAnythingCorked = false;
    this.kernelCalls += 1;
  }

  #callKernel(): void {
    if (this.#corks > 0) this.#isAnythingCorked = true;
    else this.kernelCalls += 1;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** The peer has not answered the close yet: the test emits `close` when it does. */
  close(code?: number, reason?: string | Buffer): void {
    this.closed = `${code} ${reason}`;
    this.readyState = 2;
  }

  terminate(): void {
    this.isTerminated = true;
    this.readyState = 3;
    this.emit('close');
  }

  /** A message of the client arrives. */
  receive(message: object | string, isBinary = false): void {
    this.emit('message', Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), isBinary);
  }

  /** The peer answers a ping, by default the last one. */
  pong(payload = this.pings.at(-1) ?? ''): void {
    this.emit('pong', Buffer.from(payload));
  }

  /** The kernel takes the oldest `count` writes; by default all of them, and those that follow. */
  flush(count = Number.POSITIVE_INFINITY): void {
    for (let taken = 0; taken < count; taken += 1) {
      const next = this.#pending.shift();
      if (!next) return;
      next.onTaken();
    }
  }

  /** The messages written since the last call, parsed. */
  take(): SentMessage[] {
    return this.frames.splice(0).map((frame) => JSON.parse(String(frame)));
  }
}
