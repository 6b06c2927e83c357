/** One WebSocket after another: a line to the server that comes back by itself. */
import { closePolicy } from '../../shared/close-codes.ts';
import { SUBPROTOCOL } from '../../shared/protocol.ts';
import { Backoff } from './backoff.ts';
import type { Environment, Socket } from './environment.ts';
import { Liveness } from './liveness.ts';

/** A connection that has not opened by then is given up. */
const OPEN_DEADLINE_MS = 10_000;
/** A connection that has held so long is stable: the next loss begins with a short wait again. */
const STABLE_AFTER_MS = 5_000;
/** The longest delay that a browser's timer takes; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface LineListener {
  /** A try is under way. */
  trying(): void;
  /** A connection is open; the server waits for `join`. */
  opened(): void;
  received(text: string): void;
  /** The connection is lost or was not made; the next try begins at `nextTryAt`, in milliseconds since 1970. */
  lost(nextTryAt: number): void;
  /** The server closed for good, with this code (rule W7). */
  ended(code: number): void;
}

type Phase =
  | { readonly is: 'stopped' }
  | { readonly is: 'opening'; readonly socket: Socket; readonly since: number; readonly stopTimer: () => void }
  | { readonly is: 'open'; readonly socket: Socket; readonly stopTimer: () => void }
  /** No wake-up shortens the wait below `notBefore`: the server asked for it. */
  | { readonly is: 'waiting'; readonly notBefore: number; readonly stopTimer: () => void };

/** Reconnects by rule R5 until it is stopped or the close code says so, and judges silence by rule R4. */
export class Line {
  readonly #url: string;
  readonly #listener: LineListener;
  readonly #environment: Environment;
  readonly #backoff: Backoff;
  readonly #liveness: Liveness;
  #phase: Phase = { is: 'stopped' };
  #stopWaking: (() => void) | undefined;
  /** What the server asked for in its `goodbye`, until the next connection is open. */
  #askedWaitMs: number | undefined;

  constructor(url: string, listener: LineListener, environment: Environment) {
    this.#url = url;
    this.#listener = listener;
    this.#environment = environment;
    this.#backoff = new Backoff(() => environment.random());
    this.#liveness = new Liveness(environment, () => this.#lose(0));
  }

  /** Begins the first try at once; does nothing on a line that runs. */
  start(): void {
    if (this.#phase.is !== 'stopped') return;
    this.#stopWaking ??= this.#environment.onWake(() => this.#wake());
    this.#try();
  }

  /** Closes and stays closed until the next `start`; the listener is not told. May be called twice. */
  stop(): void {
    this.#stopWaking?.();
    this.#stopWaking = undefined;
    this.#leavePhase();
    this.#phase = { is: 'stopped' };
  }

  /** Sends on an open connection; otherwise the text is dropped, since what it says may be out of date by then. */
  send(text: string): void {
    if (this.#phase.is === 'open') this.#phase.socket.send(text);
  }

  /** The next message will be of `bytes`, so silence is judged more patiently until it is here (rule R4). */
  expect(bytes: number): void {
    if (this.#phase.is === 'open') this.#liveness.heard(bytes);
  }

  /** The server is about to close, and wants this client back after `waitMs`, not before, if it says so. */
  postpone(waitMs: number | undefined): void {
    this.#askedWaitMs = waitMs;
  }

  #try(): void {
    this.#leavePhase();
    let socket: Socket;
    try {
      socket = this.#environment.openSocket(this.#url, SUBPROTOCOL);
    } catch (error) {
      this.#environment.warn(`The browser refuses to connect to ${this.#url}.`, error);
      this.#lose(0);
      return;
    }
    const stopTimer = this.#environment.setTimer(() => this.#lose(0), OPEN_DEADLINE_MS);
    this.#phase = { is: 'opening', socket, since: this.#environment.now(), stopTimer };
    this.#listen(socket);
    this.#listener.trying();
  }

  /** Each callback speaks for its own socket: once that one is not the line's any more, it has nothing to say. */
  #listen(socket: Socket): void {
    const isOurs = () => 'socket' in this.#phase && this.#phase.socket === socket;
    socket.onopen = () => {
      if (isOurs()) this.#opened(socket);
    };
    socket.onmessage = ({ data }) => {
      if (!isOurs()) return;
      this.#liveness.heard();
      if (typeof data === 'string') this.#listener.received(data);
    };
    socket.onclose = ({ code }) => {
      if (isOurs()) this.#closed(code);
    };
  }

  #opened(socket: Socket): void {
    this.#leaveTimer();
    const stopTimer = this.#environment.setTimer(() => this.#backoff.reset(), STABLE_AFTER_MS);
    this.#phase = { is: 'open', socket, stopTimer };
    this.#askedWaitMs = undefined;
    this.#liveness.heard();
    this.#listener.opened();
  }

  #closed(code: number): void {
    const policy = closePolicy(code);
    if (policy.reconnect) {
      this.#lose(policy.waitMs ?? 0);
      return;
    }
    this.stop();
    this.#listener.ended(code);
  }

  #lose(leastWaitMs: number): void {
    this.#leavePhase();
    const askedMs = this.#askedWaitMs;
    this.#askedWaitMs = undefined;
    const now = this.#environment.now();
    // The server's own number is spread out already.
    const waitMs = Math.min(LONGEST_TIMER_MS, askedMs ?? leastWaitMs + this.#backoff.next());
    const stopTimer = this.#environment.setTimer(() => this.#try(), waitMs);
    this.#phase = { is: 'waiting', notBefore: now + Math.max(leastWaitMs, askedMs ?? 0), stopTimer };
    this.#listener.lost(now + waitMs);
  }

  /** Somebody is looking again: a line that turns out dead, or waits for no reason of the server's, tries now. */
  #wake(): void {
    if (this.#phase.is === 'open') this.#liveness.check();
    const phase = this.#phase;
    const now = this.#environment.now();
    if (phase.is === 'waiting' && now >= phase.notBefore) this.#try();
    else if (phase.is === 'opening' && now - phase.since >= OPEN_DEADLINE_MS) this.#try();
  }

  #leaveTimer(): void {
    if (this.#phase.is !== 'stopped') this.#phase.stopTimer();
  }

  #leavePhase(): void {
    this.#leaveTimer();
    this.#liveness.stop();
    if ('socket' in this.#phase) this.#phase.socket.close();
  }
}
