/** A WebSocket that connects again after it was lost. */
import { closePolicy } from '../../shared/close-codes.ts';
import { SUBPROTOCOL } from '../../shared/protocol.ts';
import type { Environment, Socket } from './environment.ts';
import { Liveness } from './liveness.ts';

/** A connection that has not opened by then is given up. */
const OPEN_DEADLINE_MS = 10_000;
/** After a connection has held this long, the next loss begins with a short wait again. */
const STABLE_AFTER_MS = 5_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
/** Browsers fire a timer with a longer delay at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * How long to wait before the next try, in milliseconds: a random share of 1 s, then 2 s, 4 s … up to 10 s. Full jitter spreads out
 * clients that were disconnected together (rule R5).
 * @param failures tries that have failed since the last stable connection, from 0
 * @param random from 0, below 1
 */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
}

export interface ReconnectingSocketListener {
  /** A try to connect begins. */
  connecting(): void;
  /** A connection is open; the server waits for `join`. */
  opened(): void;
  received(text: string): void;
  /**
   * The connection is lost or could not be made; the next try begins at `nextTryAt`, in milliseconds since 1970.
   * @param code absent where it was given up without a close
   */
  lost(nextTryAt: number, code?: number): void;
  /** The server closed with a code that forbids another try (rule W7). */
  closed(code: number): void;
  /** A socket to this address may not be opened, so another try would fail as well. */
  blocked(): void;
}

type State =
  | { readonly is: 'stopped' }
  | { readonly is: 'opening'; readonly socket: Socket; readonly since: number; readonly stopTimer: () => void }
  | { readonly is: 'open'; readonly socket: Socket; readonly stopTimer: () => void }
  /** The server asked not to be tried before `notBefore`. */
  | { readonly is: 'waiting'; readonly notBefore: number; readonly stopTimer: () => void };

/** Reconnects until it is stopped or the close code says so (rules R5 and W7); takes a silent connection for lost (rule R4). */
export class ReconnectingSocket {
  readonly #url: string;
  readonly #listener: ReconnectingSocketListener;
  readonly #environment: Environment;
  readonly #liveness: Liveness;
  #state: State = { is: 'stopped' };
  #failures = 0;
  /** From the server's `goodbye`, until the next connection is open. */
  #requestedWaitMs: number | undefined;
  #stopWakeEvents: (() => void) | undefined;

  constructor(url: string, listener: ReconnectingSocketListener, environment: Environment) {
    this.#url = url;
    this.#listener = listener;
    this.#environment = environment;
    this.#liveness = new Liveness(environment, () => this.#reconnectLater(0));
  }

  /** Begins the first try at once; does nothing unless stopped. */
  start(): void {
    if (this.#state.is !== 'stopped') return;
    this.#stopWakeEvents ??= this.#environment.onWake(() => this.#wake());
    this.#connect();
  }

  /** Closes, without a call to the listener, until the next `start`. May be called twice. */
  stop(): void {
    this.#stopWakeEvents?.();
    this.#stopWakeEvents = undefined;
    this.#leaveState();
  }

  /** Sends on an open connection. Without one the text is dropped: it may be out of date by the next. */
  send(text: string): void {
    if (this.#state.is === 'open') this.#state.socket.send(text);
  }

  /** The next message is `bytes` long: allows for the time that it takes (rule R4). */
  expectMessage(bytes: number): void {
    if (this.#state.is === 'open') this.#liveness.messageReceived(bytes);
  }

  /** The server is about to close; with `waitMs`, the next try is to begin exactly then. */
  expectClose(waitMs: number | undefined): void {
    this.#requestedWaitMs = waitMs;
  }

  #connect(): void {
    this.#leaveState();
    let socket: Socket;
    try {
      socket = this.#environment.openSocket(this.#url, SUBPROTOCOL);
    } catch (error) {
      this.#environment.warn(`A connection to ${this.#url} is not allowed here.`, error);
      this.stop();
      this.#listener.blocked();
      return;
    }
    const stopTimer = this.#environment.setTimer(() => this.#reconnectLater(0), OPEN_DEADLINE_MS);
    this.#state = { is: 'opening', socket, since: this.#environment.now(), stopTimer };
    this.#listen(socket);
    this.#listener.connecting();
  }

  /** Events of a socket that was replaced meanwhile are ignored. */
  #listen(socket: Socket): void {
    const isCurrent = () => 'socket' in this.#state && this.#state.socket === socket;
    socket.onopen = () => {
      if (isCurrent()) this.#onOpen(socket);
    };
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      this.#liveness.messageReceived();
      if (typeof data === 'string') this.#listener.received(data);
    };
    socket.onclose = ({ code }) => {
      if (isCurrent()) this.#onClose(code);
    };
  }

  #onOpen(socket: Socket): void {
    this.#stopTimer();
    const stopTimer = this.#environment.setTimer(() => {
      this.#failures = 0;
    }, STABLE_AFTER_MS);
    this.#state = { is: 'open', socket, stopTimer };
    this.#requestedWaitMs = undefined;
    this.#liveness.messageReceived();
    this.#listener.opened();
  }

  #onClose(code: number): void {
    const policy = closePolicy(code);
    if (policy.reconnect) {
      this.#reconnectLater(policy.waitMs ?? 0, code);
      return;
    }
    this.stop();
    this.#listener.closed(code);
  }

  #reconnectLater(leastWaitMs: number, code?: number): void {
    this.#leaveState();
    const requestedMs = this.#requestedWaitMs;
    this.#requestedWaitMs = undefined;
    const now = this.#environment.now();
    // The server spreads its clients out itself, so its own number needs no jitter.
    const waitMs = Math.min(LONGEST_TIMER_MS, requestedMs ?? leastWaitMs + this.#nextBackoffMs());
    const stopTimer = this.#environment.setTimer(() => this.#connect(), waitMs);
    this.#state = { is: 'waiting', notBefore: now + Math.max(leastWaitMs, requestedMs ?? 0), stopTimer };
    this.#listener.lost(now + waitMs, code);
  }

  #nextBackoffMs(): number {
    const waitMs = backoffMs(this.#failures, this.#environment.random());
    this.#failures += 1;
    return waitMs;
  }

  /** Tries at once when the connection is dead, or when only the backoff is being waited for. */
  #wake(): void {
    if (this.#state.is === 'open') this.#liveness.check();
    const state = this.#state;
    const now = this.#environment.now();
    if (state.is === 'waiting' && now >= state.notBefore) this.#connect();
    else if (state.is === 'opening' && now - state.since >= OPEN_DEADLINE_MS) this.#connect();
  }

  #stopTimer(): void {
    if (this.#state.is !== 'stopped') this.#state.stopTimer();
  }

  #leaveState(): void {
    this.#stopTimer();
    this.#liveness.stop();
    const left = this.#state;
    // Before the socket is closed: Node reports the close of a socket that is still connecting at once, which must be ignored.
    this.#state = { is: 'stopped' };
    if ('socket' in left) left.socket.close();
  }
}
