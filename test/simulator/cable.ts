/** A simulated WebSocket connection: the browser's socket on one end, the server's on the other, and a network between them. */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Socket } from '../../client/session/environment.ts';
import { Pipe, type Weather } from './pipe.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';

/** The part of a `ws` WebSocket that the server's connections use. */
type ServerSurface = Pick<WebSocket, 'readyState' | 'OPEN' | 'pause' | 'resume' | 'terminate'>;

/** Sees what is written on either end, and what arrives. */
export interface Tap {
  serverSent(frame: string | Buffer): void;
  /** The server writes to its socket, which holds so many bytes that the kernel has not taken. */
  serverWrites(frame: string | Buffer, heldBytes: number): void;
  serverReceived(text: string): void;
  clientReceived(text: string): void;
  /** The server closes a socket that holds so many bytes. */
  closeFrameSent(code: number, heldBytes: number): void;
  /** The page hears that its connection has ended, unless it has given it up itself. */
  clientClosed(code: number): void;
}

/** Which bytes on their way still arrive when a connection is cut: lost acks are those that came up but not down. */
export type Rescued = 'none' | 'up' | 'down';

const FRAME_BYTES = 8;
const ABNORMAL = 1006;
/** When `ws` gives up on the other end's part in a close. */
const CLOSE_TIMEOUT_MS = 30_000;

/** Where the browser's events run: a page that sleeps lets them wait. */
export type RunOnPage = (event: () => void) => void;

export class Cable {
  readonly client: Socket & { isClosing: boolean };
  readonly server: SimulatedSocket;
  readonly up: Pipe;
  readonly down: Pipe;
  readonly #time: Time;
  readonly #runOnPage: RunOnPage;
  #tap: Tap | undefined;
  #isAccepted = false;
  #isClientOpen = false;
  #isClientClosed = false;

  constructor(time: Time, random: Random, weather: Weather, runOnPage: RunOnPage) {
    this.#time = time;
    this.#runOnPage = runOnPage;
    this.up = new Pipe(time, random, weather);
    this.down = new Pipe(time, random, weather);
    this.server = new SimulatedSocket(this);
    this.client = {
      onopen: null,
      onmessage: null,
      onclose: null,
      isClosing: false,
      send: (text) => this.#clientSends(text),
      close: () => this.#clientCloses(),
    };
  }

  /** Both ways, as far as the network goes. */
  get carries(): boolean {
    return this.up.carries && this.down.carries;
  }

  get isOver(): boolean {
    return this.#isClientClosed && (!this.#isAccepted || this.server.readyState === this.server.CLOSED);
  }

  set tap(tap: Tap) {
    this.#tap = tap;
  }

  /** The browser has given the connection up, or lost it. */
  get isGivenUp(): boolean {
    return this.#isClientClosed || this.client.isClosing;
  }

  /** The server has taken the upgrade. */
  accept(): void {
    this.#isAccepted = true;
    this.down.push(FRAME_BYTES, () => {
      if (this.#isClientClosed || this.client.isClosing) return;
      this.#isClientOpen = true;
      this.#runOnPage(() => this.client.onopen?.());
    });
  }

  /** No connection can be made: the browser says so as 1006. */
  refuse(): void {
    this.clientLost(ABNORMAL);
  }

  /** The line breaks, and both ends hear of it. */
  cut(rescued: Rescued): void {
    if (rescued === 'up') this.up.flush();
    if (rescued === 'down') this.down.flush();
    if (this.up.isDead) return;
    this.down.close();
    this.up.close();
    this.clientLost(ABNORMAL);
    // What was rescued is an event before this one.
    if (this.#isAccepted) this.#time.after(0, () => this.server.lost(true));
  }

  /** The browser's end notices that the line is gone. */
  clientLost(code: number): void {
    if (this.#isClientClosed) return;
    this.#isClientClosed = true;
    this.#time.after(0, () =>
      this.#runOnPage(() => {
        if (!this.client.isClosing) this.#tap?.clientClosed(code);
        this.client.onclose?.({ code });
      }),
    );
  }

  /** A message that the browser did not send at this moment: one sent again, or by somebody who knows how to. */
  inject(text: string): void {
    if (this.#isClientOpen && !this.client.isClosing && !this.#isClientClosed) this.#pushUp(text);
  }

  serverSends(frame: string | Buffer, onTaken: (() => void) | undefined): void {
    this.#tap?.serverSent(frame);
    const arrive = () => {
      if (this.#isClientClosed) return;
      const text = String(frame);
      this.#runOnPage(() => {
        if (!this.client.isClosing) this.#tap?.clientReceived(text);
        this.client.onmessage?.({ data: text });
      });
    };
    this.down.push(Buffer.byteLength(frame) + FRAME_BYTES, arrive, onTaken);
  }

  serverWrites(frame: string | Buffer, heldBytes: number): void {
    this.#tap?.serverWrites(frame, heldBytes);
  }

  /** The browser answers by itself, whatever its page does. */
  serverPings(payload: string): void {
    this.down.push(FRAME_BYTES, () => {
      if (!this.#isClientClosed) this.up.push(FRAME_BYTES, () => this.server.emit('pong', Buffer.from(payload)));
    });
  }

  serverCloses(code: number, heldBytes: number): void {
    this.#tap?.closeFrameSent(code, heldBytes);
    this.down.push(FRAME_BYTES, () => {
      if (this.#isClientClosed) return;
      this.up.push(FRAME_BYTES, () => this.server.lost(false));
      this.clientLost(code);
    });
  }

  /** The server tears its end down; over a line that carries nothing just then the browser never hears of it. */
  serverGone(): void {
    const isHeard = this.down.carries;
    this.up.close();
    this.down.close();
    if (isHeard) this.clientLost(ABNORMAL);
  }

  #clientSends(text: string): void {
    if (!this.#isClientOpen) throw new DOMException('still connecting', 'InvalidStateError');
    if (!this.client.isClosing && !this.#isClientClosed) this.#pushUp(text);
  }

  #pushUp(text: string): void {
    this.up.push(Buffer.byteLength(text) + FRAME_BYTES, () => {
      if (this.server.readyState === this.server.CLOSED) return;
      if (this.server.readyState === this.server.OPEN) this.#tap?.serverReceived(text);
      this.server.emit('message', Buffer.from(text), false);
    });
  }

  #clientCloses(): void {
    if (this.client.isClosing || this.#isClientClosed) return;
    this.client.isClosing = true;
    this.up.push(FRAME_BYTES, () => {
      if (this.server.readyState === this.server.CLOSED) return;
      this.server.readyState = this.server.CLOSING;
      const undo = this.#time.after(CLOSE_TIMEOUT_MS, () => this.server.terminate());
      const arrive = () => this.clientLost(1005);
      this.down.push(FRAME_BYTES, arrive, () => {
        undo();
        this.server.lost(false);
      });
    });
  }
}

/** The server's end, as `ws` shows it. */
export class SimulatedSocket extends EventEmitter implements ServerSurface {
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState: WebSocket['readyState'] = 1;
  readonly #cable: Cable;
  /** Of a message that is sent in pieces: it goes out with the last. */
  readonly #pieces: Buffer[] = [];
  #heldBytes = 0;
  #isDetached = false;

  constructor(cable: Cable) {
    super();
    this.#cable = cable;
  }

  send(frame: string | Buffer, { fin }: { fin: boolean }, whenTaken?: () => void): void {
    const byteLength = Buffer.byteLength(frame);
    this.#cable.serverWrites(frame, this.#heldBytes);
    this.#heldBytes += byteLength;
    const onTaken = () => {
      this.#heldBytes -= byteLength;
      whenTaken?.();
    };
    if (this.readyState !== this.OPEN || !fin) {
      if (!fin) this.#pieces.push(Buffer.from(frame));
      queueMicrotask(onTaken);
      return;
    }
    const pieces = this.#pieces.splice(0);
    this.#cable.serverSends(pieces.length > 0 ? Buffer.concat([...pieces, Buffer.from(frame)]) : frame, onTaken);
  }

  ping(payload: string): void {
    if (this.readyState === this.OPEN) this.#cable.serverPings(payload);
  }

  pause(): void {
    this.#cable.up.block('unread');
  }

  resume(): void {
    this.#cable.up.unblock('unread');
  }

  close(code: number, _reason?: string): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = this.CLOSING;
    this.#cable.serverCloses(code, this.#heldBytes);
  }

  terminate(): void {
    if (this.readyState === this.CLOSED) return;
    this.#cable.serverGone();
    queueMicrotask(() => this.lost(false));
  }

  /** The connection has ended; `isReset` when it broke. */
  lost(isReset: boolean): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#cable.up.close();
    if (isReset) this.emit('error', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    this.emit('close');
  }

  /** The server's process is gone: nobody listens any more, and nothing more is sent. */
  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.readyState = this.CLOSED;
    this.removeAllListeners();
    this.on('error', () => {});
    this.#cable.serverGone();
  }
}
