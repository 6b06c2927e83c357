/** Belonging to one session over one connection after another: each is joined with the same credentials, and lost or ended in its time. */
import type { ClientMessage, RejectMessage, SnapshotMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { type Credentials, joinMessage, socketUrl } from './client-messages.ts';
import { closedFor } from './end-reason.ts';
import type { Environment } from './environment.ts';
import { type Delivery, Inbox, readServerMessage } from './inbox.ts';
import { Line } from './reconnecting-socket.ts';
import type { ConnectionState, EndReason, SessionState } from './session-state.ts';

/** What the session says; who one is in it concerns the membership alone. */
export type News = Exclude<Delivery, WelcomeMessage>;

export interface MembershipListener {
  /** A `join` is about to be sent: the ids of images that it need not bring, at most `limit`. */
  have(limit: number): string[];
  /** The first snapshot of a connection: from now on the server takes what is sent. */
  joined(snapshot: SnapshotMessage): void;
  /** Whatever else the session says. */
  heard(news: News): void;
  /** The connection is gone, and with it what was on its way. */
  left(): void;
  /** There is no way back, unless the person asks for one. */
  ended(reason: EndReason): void;
  /** All of an event is taken in, here and by what the listener was told before. */
  changed(): void;
}

/** Until the server's own numbers are known. */
const defaultLimits = { INBOUND_MESSAGE_BYTES: 64 * 1024, HAVE_IDS: 32, WANT_IDS: 12 };

export class Membership {
  readonly #listener: MembershipListener;
  readonly #environment: Environment;
  readonly #line: Line;
  #credentials: Credentials;
  /** The token of the last `join`. */
  #sentToken: string | undefined;
  #connection: ConnectionState = { status: 'connecting' };
  #welcome: WelcomeMessage | undefined;
  #hasBegun = false;
  /** The open connection's; its `welcome` and the join's snapshot may be still to come. */
  #inbox: Inbox | undefined;
  #isJoined = false;
  /** Why the last try came to nothing, if the server said so itself. */
  #busy: { readonly isServerBusy?: true } = {};
  #hasWarned = false;

  /** @throws {TypeError} when `server` is no address */
  constructor(server: string | URL, credentials: Credentials, listener: MembershipListener, environment: Environment) {
    this.#credentials = credentials;
    this.#listener = listener;
    this.#environment = environment;
    this.#line = new Line(
      socketUrl(server),
      {
        trying: () => this.#onTrying(),
        opened: () => this.#onOpened(),
        received: (text) => this.#onReceived(text),
        lost: (nextTryAt) => this.#onLost(nextTryAt),
        ended: (code) => this.#onEnded(code),
      },
      environment,
    );
  }

  /** What the state shows of it. */
  get state(): Pick<SessionState, 'connection' | 'welcome' | 'sessionId' | 'sessionKey'> {
    const { sessionId, sessionKey } = this.#credentials;
    return {
      connection: this.#connection,
      ...(this.#welcome && { welcome: this.#welcome }),
      ...(sessionId !== undefined && { sessionId }),
      ...(sessionKey !== undefined && { sessionKey }),
    };
  }

  get limits(): typeof defaultLimits {
    return this.#welcome?.limits ?? defaultLimits;
  }

  /** Why no server will answer any more; undefined where one may. */
  get over(): EndReason | 'left' | undefined {
    const connection = this.#connection;
    if (connection.status === 'closed') return connection.reason;
    return connection.status === 'left' ? 'left' : undefined;
  }

  /** Begins; a second call does nothing, nor does one after the end. */
  begin(): void {
    if (this.#hasBegun || this.over) return;
    this.#hasBegun = true;
    this.#line.start();
  }

  /** Joins again after the server ended the connection for good; does nothing otherwise. */
  comeBack(): void {
    if (this.#connection.status === 'closed') this.#joinAnew();
  }

  /** Goes by another name, which means to join anew where this has joined. */
  rename(name: string): void {
    if (name === this.#credentials.name) return;
    this.#credentials = { ...this.#credentials, name };
    // Until the line is open, the `join` is still to be sent.
    if (this.#inbox) this.#joinAnew();
  }

  /** Answers `token_needed`, or is kept for when a token is needed. */
  provideToken(token: string): void {
    this.#credentials = { ...this.#credentials, token };
    if (this.#connection.status === 'token_needed') this.#connect();
  }

  /** Leaves for good; may be called twice. */
  leave(): void {
    if (this.#connection.status === 'left') return;
    this.#stop();
    this.#show({ status: 'left' });
  }

  /** Sends over a connection that has joined; otherwise the message is dropped. */
  send(message: ClientMessage): void {
    if (this.#isJoined) this.#line.send(JSON.stringify(message));
  }

  #show(connection: ConnectionState): void {
    this.#connection = connection;
    this.#listener.changed();
  }

  #joinAnew(): void {
    this.#stop();
    this.#connect();
  }

  #connect(): void {
    this.#connection = { status: 'connecting' };
    // Whoever is told of it may leave: then the line runs already, and can be stopped.
    this.#line.start();
    this.#listener.changed();
  }

  #stop(): void {
    this.#line.stop();
    this.#leaveConnection();
  }

  #leaveConnection(): void {
    this.#inbox?.close();
    this.#inbox = undefined;
    this.#isJoined = false;
    this.#busy = {};
    this.#listener.left();
  }

  #needToken(): void {
    const { token } = this.#credentials;
    this.#stop();
    // A token that was provided meanwhile has not been refused.
    if (token !== this.#sentToken) this.#connect();
    else this.#show({ status: 'token_needed', refused: token !== undefined });
  }

  #end(reason: EndReason): void {
    this.#stop();
    this.#listener.ended(reason);
    this.#show({ status: 'closed', reason });
  }

  // ——— what the line says ———

  #onTrying(): void {
    if (this.#connection.status !== 'reconnecting') return;
    const { nextTryAt: _now, ...reconnecting } = this.#connection;
    this.#show(reconnecting);
  }

  #onOpened(): void {
    this.#leaveConnection();
    this.#inbox = new Inbox(this.#environment.sha256, (delivery) => this.#onDelivery(delivery));
    this.#sentToken = this.#credentials.token;
    const join = joinMessage(this.#credentials, this.#listener.have(this.limits.HAVE_IDS));
    this.#line.send(JSON.stringify(join));
  }

  #onReceived(text: string): void {
    const message = readServerMessage(text, (problem) => this.#warnOnce(problem));
    // These two are about the line itself and don't wait behind an image.
    if (message?.type === 'heartbeat') this.#line.expect(message.nextBytes ?? 0);
    else if (message?.type === 'goodbye') this.#line.postpone(message.reconnectInMs);
    else if (message) this.#inbox?.receive(message);
  }

  #onLost(nextTryAt: number): void {
    this.#afterAll(() => {
      const busy = this.#busy;
      this.#leaveConnection();
      this.#show({ status: 'reconnecting', nextTryAt, ...busy });
    });
  }

  #onEnded(code: number): void {
    this.#afterAll(() => {
      if (code === 4403 && this.#credentials.sessionId === undefined) this.#needToken();
      else this.#end(closedFor(code));
    });
  }

  /** What has come whole over the line that is gone is taken in first. */
  #afterAll(then: () => void): void {
    if (this.#inbox) this.#inbox.finish(then);
    else then();
  }

  #warnOnce(problem: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#environment.warn(`A message of the server was not understood, and dropped. ${problem}`);
  }

  // ——— what the server says ———

  #onDelivery(delivery: Delivery): void {
    if (delivery.type === 'reject' && !this.#isJoined) return this.#onRefused(delivery.code);
    if (delivery.type === 'welcome') this.#onWelcome(delivery);
    else if (delivery.type === 'snapshot' && !this.#isJoined) this.#onJoined(delivery);
    else this.#listener.heard(delivery);
    this.#listener.changed();
  }

  #onWelcome(welcome: WelcomeMessage): void {
    const { sessionId, key, name } = welcome;
    const sessionKey = key ?? this.#credentials.sessionKey;
    this.#credentials = { ...this.#credentials, sessionId, sessionKey, name };
    this.#welcome = welcome;
  }

  #onJoined(snapshot: SnapshotMessage): void {
    this.#isJoined = true;
    this.#connection = { status: 'online' };
    this.#listener.joined(snapshot);
  }

  /** The join was refused; for other reasons than these the close code, which follows, says what to do. */
  #onRefused(code: RejectMessage['code']): void {
    if (code === 'session_not_found') this.#end('session_gone');
    else if (code === 'not_allowed' && this.#credentials.sessionId === undefined) this.#needToken();
    else if (code === 'not_allowed') this.#end('not_allowed');
    else if (code === 'server_busy' || code === 'rate_limited') this.#busy = { isServerBusy: true };
  }
}
