/** A simulated WebSocket: the browser's end, the server's end, and the network between them. */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Socket } from '../../client/session/environment.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { Link, type LinkSpeed } from './link.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The part of a `ws` WebSocket that the server's connections use, besides its events. */
type ServerSurface = Pick<WebSocket, 'readyState' | 'OPEN' | 'pause' | 'resume' | 'terminate'>;

/** Sees what either end writes and receives. */
export interface ConnectionObserver {
  serverSent(frame: string | Buffer): void;
  /** The server writes a frame, or a piece of one, to a socket that holds `heldBytes` which the kernel has not taken. */
  serverWrites(frame: string | Buffer, heldBytes: number): void;
  clientSent(text: string): void;
  serverReceived(text: string): void;
  clientReceived(text: string): void;
  serverCloses(code: number, heldBytes: number): void;
  /** The browser reports the end of a connection that its page did not close itself. */
  clientClosed(code: number): void;
}

/** Which bytes on their way still arrive when a connection is cut. `up`: commands arrive, and their answers are lost. */
export type DeliveredAtCut = 'none' | 'up' | 'down';

/** Runs an event of the browser; a tab on a sleeping computer delays them. */
export type RunInBrowser = (event: () => void) => void;

const FRAME_BYTES = 8;
const ABNORMAL_CLOSE = 1006;
/** How long `ws` waits for the other end's part of a close. */
const CLOSE_TIMEOUT_MS = 30_000;

export class SimulatedConnection {
  readonly client: Socket & { isClosing: boolean };
  readonly server: ServerSocket;
  readonly up: Link;
  readonly down: Link;
  readonly #time: VirtualTime;
  readonly #runInBrowser: RunInBrowser;
  #observer: ConnectionObserver | undefined;
  #isAccepted = false;
  #isClientOpen = false;
  #isClientClosed = false;

  constructor(time: VirtualTime, random: SeededRandom, speed: LinkSpeed, runInBrowser: RunInBrowser) {
    this.#time = time;
    this.#runInBrowser = runInBrowser;
    this.up = new Link(time, random, speed);
    this.down = new Link(time, random, speed);
    this.server = new ServerSocket(this);
    this.client = {
      onopen: null,
      onmessage: null,
      onclose: null,
      isClosing: false,
      send: (text) => this.#clientSends(text),
      close: () => this.#clientCloses(),
    };
  }

  /** Whether the network delivers in both directions. */
  get delivers(): boolean {
    return this.up.delivers && this.down.delivers;
  }

  get isOver(): boolean {
    return this.#isClientClosed && (!this.#isAccepted || this.server.readyState === this.server.CLOSED);
  }

  /** The browser has closed or lost the connection. */
  get isClientGone(): boolean {
    return this.#isClientClosed || this.client.isClosing;
  }

  set observer(observer: ConnectionObserver) {
    this.#observer = observer;
  }

  /** The server accepts the upgrade. */
  accept(): void {
    this.#isAccepted = true;
    this.down.send(FRAME_BYTES, () => {
      if (this.isClientGone) return;
      this.#isClientOpen = true;
      this.#runInBrowser(() => this.client.onopen?.());
    });
  }

  /** No connection can be made; the browser reports 1006. */
  refuse(): void {
    this.clientLost(ABNORMAL_CLOSE);
  }

  /** The connection breaks, and both ends get an error. */
  cut(delivered: DeliveredAtCut): void {
    if (delivered === 'up') this.up.flush();
    if (delivered === 'down') this.down.flush();
    if (this.up.isDead) return;
    this.down.close();
    this.up.close();
    this.clientLost(ABNORMAL_CLOSE);
    // In an event of its own, after the one that delivered what was on its way.
    if (this.#isAccepted) this.#time.after(0, () => this.server.lost(true));
  }

  /** The browser learns that the connection is gone. */
  clientLost(code: number): void {
    if (this.#isClientClosed) return;
    this.#isClientClosed = true;
    this.#time.after(0, () =>
      this.#runInBrowser(() => {
        if (!this.client.isClosing) this.#observer?.clientClosed(code);
        this.client.onclose?.({ code });
      }),
    );
  }

  /** Sends a message that the client did not send now: a repeated or a hostile one. */
  inject(text: string): void {
    if (this.#isClientOpen && !this.isClientGone) this.#sendUp(text);
  }

  /** The same for several messages, which arrive in one chunk of TCP data. */
  injectTogether(texts: readonly string[]): void {
    if (!this.#isClientOpen || this.isClientGone) return;
    const byteLength = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + FRAME_BYTES, 0);
    this.up.send(byteLength, () => {
      for (const text of texts) this.#arriveAtServer(text);
    });
  }

  serverSends(frame: string | Buffer, onTaken: (() => void) | undefined): void {
    this.#observer?.serverSent(frame);
    const arrive = () => {
      if (this.#isClientClosed) return;
      const text = String(frame);
      this.#runInBrowser(() => {
        if (!this.client.isClosing) this.#observer?.clientReceived(text);
        this.client.onmessage?.({ data: text });
      });
    };
    this.down.send(Buffer.byteLength(frame) + FRAME_BYTES, arrive, onTaken);
  }

  serverWrites(frame: string | Buffer, heldBytes: number): void {
    this.#observer?.serverWrites(frame, heldBytes);
  }

  /** The browser answers pings by itself, whatever its page does. */
  serverPings(payload: string): void {
    this.down.send(FRAME_BYTES, () => {
      if (!this.#isClientClosed) this.up.send(FRAME_BYTES, () => this.server.emit('pong', Buffer.from(payload)));
    });
  }

  serverCloses(code: number, heldBytes: number): void {
    this.#observer?.serverCloses(code, heldBytes);
    this.down.send(FRAME_BYTES, () => {
      if (this.#isClientClosed) return;
      this.up.send(FRAME_BYTES, () => this.server.lost(false));
      this.clientLost(code);
    });
  }

  /** The server destroys its end. Over a blocked link the browser does not learn of it. */
  serverGone(): void {
    const isReported = this.down.delivers;
    this.up.close();
    this.down.close();
    if (isReported) this.clientLost(ABNORMAL_CLOSE);
  }

  #clientSends(text: string): void {
    if (!this.#isClientOpen) throw new DOMException('still connecting', 'InvalidStateError');
    if (this.isClientGone) return;
    this.#observer?.clientSent(text);
    this.#sendUp(text);
  }

  #sendUp(text: string): void {
    this.up.send(Buffer.byteLength(text) + FRAME_BYTES, () => this.#arriveAtServer(text));
  }

  #arriveAtServer(text: string): void {
    if (this.server.readyState === this.server.CLOSED) return;
    if (this.server.readyState === this.server.OPEN) this.#observer?.serverReceived(text);
    this.server.emit('message', Buffer.from(text), false);
  }

  #clientCloses(): void {
    if (this.isClientGone) return;
    this.client.isClosing = true;
    this.up.send(FRAME_BYTES, () => {
      if (this.server.readyState === this.server.CLOSED) return;
      this.server.readyState = this.server.CLOSING;
      const cancelTimeout = this.#time.after(CLOSE_TIMEOUT_MS, () => this.server.terminate());
      const arrive = () => this.clientLost(1005);
      this.down.send(FRAME_BYTES, arrive, () => {
        cancelTimeout();
        this.server.lost(false);
      });
    });
  }
}

/** The server's end, as `ws` shows it. */
export class ServerSocket extends EventEmitter implements ServerSurface {
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState: WebSocket['readyState'] = 1;
  readonly #connection: SimulatedConnection;
  /** Of a message that is sent in pieces: it goes out with the last. */
  readonly #pieces: Buffer[] = [];
  #heldBytes = 0;
  #isDetached = false;

  constructor(connection: SimulatedConnection) {
    super();
    this.#connection = connection;
  }

  send(frame: string | Buffer, { fin }: { fin: boolean }, callback?: () => void): void {
    const byteLength = Buffer.byteLength(frame);
    this.#connection.serverWrites(frame, this.#heldBytes);
    this.#heldBytes += byteLength;
    const onTaken = () => {
      this.#heldBytes -= byteLength;
      callback?.();
    };
    if (this.readyState !== this.OPEN || !fin) {
      if (!fin) this.#pieces.push(Buffer.from(frame));
      queueMicrotask(onTaken);
      return;
    }
    const pieces = this.#pieces.splice(0);
    this.#connection.serverSends(pieces.length > 0 ? Buffer.concat([...pieces, Buffer.from(frame)]) : frame, onTaken);
  }

  ping(payload: string): void {
    if (this.readyState === this.OPEN) this.#connection.serverPings(payload);
  }

  // The simulated kernel takes each write by itself.
  cork(): void {}
  uncork(): void {}

  pause(): void {
    this.#connection.up.block('unread');
  }

  resume(): void {
    this.#connection.up.unblock('unread');
  }

  close(code: number, _reason?: string): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = this.CLOSING;
    this.#connection.serverCloses(code, this.#heldBytes);
  }

  terminate(): void {
    if (this.readyState === this.CLOSED) return;
    this.#connection.serverGone();
    queueMicrotask(() => this.lost(false));
  }

  /** The connection has ended; `isReset` when it broke. */
  lost(isReset: boolean): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#connection.up.close();
    if (isReset) this.emit('error', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    this.emit('close');
  }

  /** The server's process is gone: it gets no more events and sends nothing. */
  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.readyState = this.CLOSED;
    this.removeAllListeners();
    this.on('error', () => {});
    this.#connection.serverGone();
  }
}
