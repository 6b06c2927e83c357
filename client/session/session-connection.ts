/** Joins a session over one connection after another, as the same participant, and keeps what it takes to join again. */

import { closeCodes } from '../../shared/close-codes.ts';
import {
  type ClientMessage,
  type GoodbyeMessage,
  type Invitation,
  type InvitationsMessage,
  type JoinMessage,
  type Links,
  type LinksMessage,
  parseServerMessage,
  type RejectMessage,
  type ServerMessage,
  type SnapshotMessage,
  type WelcomeMessage,
} from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { type DeliveredMessage, Inbox } from './inbox.ts';
import { ObstacleSearch } from './obstacle.ts';
import { ReconnectingSocket } from './reconnecting-socket.ts';
import { webSocketUrl } from './server-urls.ts';
import type { ConnectionState, EndReason, SessionState } from './session-state.ts';

/** What a session is joined with. */
interface Credentials {
  readonly sessionId: string | undefined;
  readonly sessionKey: string | undefined;
  readonly token: string | undefined;
  readonly name: string | undefined;
  readonly participant: { readonly id: string; readonly secret: string } | undefined;
  readonly approvals: number | undefined;
}

/** What a joined session sends. */
export type SessionMessage = Exclude<DeliveredMessage, WelcomeMessage | LinksMessage | InvitationsMessage>;

export interface SessionConnectionListener {
  /** The ids of at most `limit` images that the server need not send again. */
  heldImages(limit: number): string[];
  /** How many entries of the record need not be sent again. */
  recordLength(): number;
  /** The first snapshot of a connection: from now on, what is sent reaches the server. */
  joined(snapshot: SnapshotMessage): void;
  received(message: SessionMessage): void;
  /** The connection is gone, and what was in flight may be lost. */
  disconnected(): void;
  /** There will be no other connection unless `reconnect` is called. */
  ended(reason: EndReason): void;
  /** This or the listener itself has changed; called after the methods above. */
  changed(): void;
}

/** After so many connections that broke inside a long message, images are fetched over HTTP. */
const BROKEN_MESSAGES = 2;

/** Until `welcome` tells the server's own. */
const defaultLimits = { INBOUND_MESSAGE_BYTES: 64 * 1024, HAVE_IDS: 32, WANT_IDS: 12 };

export class SessionConnection {
  readonly #listener: SessionConnectionListener;
  readonly #environment: Environment;
  readonly #socketUrl: string;
  readonly #socket: ReconnectingSocket;
  readonly #obstacle: ObstacleSearch;
  #credentials: Credentials;
  /** The token in the last `join`. */
  #sentToken: string | undefined;
  #connection: ConnectionState = { status: 'connecting' };
  #welcome: WelcomeMessage | undefined;
  #links: Links | undefined;
  #invitations: readonly Invitation[] = [];
  /** Why the server closes the open connection for good, where it has said so. */
  #goodbyeCode: GoodbyeMessage['code'];
  #serverAheadMs: number | undefined;
  #hasStarted = false;
  /** Of the open connection, joined or not. */
  #inbox: Inbox | undefined;
  #isJoined = false;
  #isServerBusy = false;
  #hasWarned = false;
  /** How the server sends images: in messages, or as addresses where something on the way breaks long messages. */
  #images: 'inline' | 'url' = 'inline';
  /** A long message was announced over this connection and is not here yet. */
  #isMessageComing = false;
  #brokenMessages = 0;
  /** The server has sent something over this connection. */
  #isServerHere = false;
  #stopPolicyEvents: (() => void) | undefined;

  /** @param server with a slash at its end */
  constructor(server: string, credentials: Credentials, listener: SessionConnectionListener, environment: Environment) {
    this.#credentials = credentials;
    this.#listener = listener;
    this.#environment = environment;
    this.#obstacle = new ObstacleSearch(environment, server, () => this.#onObstacle());
    this.#socketUrl = webSocketUrl(server);
    this.#socket = new ReconnectingSocket(
      this.#socketUrl,
      {
        connecting: () => this.#onConnecting(),
        opened: () => this.#onOpened(),
        received: (text) => this.#onText(text),
        lost: (nextTryAt, code) => this.#onLost(nextTryAt, code),
        closed: (code) => this.#onClosed(code),
        blocked: () => this.#end('blocked'),
      },
      environment,
    );
  }

  get state(): Pick<
    SessionState,
    'connection' | 'welcome' | 'links' | 'invitations' | 'serverAheadMs' | 'sessionId' | 'sessionKey'
  > {
    const { sessionId, sessionKey } = this.#credentials;
    return {
      connection: this.#connection,
      ...(this.#welcome && { welcome: this.#welcome }),
      ...(this.#links && { links: this.#links }),
      invitations: this.#invitations,
      ...(this.#serverAheadMs !== undefined && { serverAheadMs: this.#serverAheadMs }),
      ...(sessionId !== undefined && { sessionId }),
      ...(sessionKey !== undefined && { sessionKey }),
    };
  }

  get limits(): typeof defaultLimits {
    return this.#welcome?.limits ?? defaultLimits;
  }

  /** Why there will be no answer to what is sent; undefined while there may be. */
  get endReason(): EndReason | 'left' | undefined {
    const connection = this.#connection;
    if (connection.status === 'closed') return connection.reason;
    return connection.status === 'left' ? 'left' : undefined;
  }

  /** Does nothing on the second call, or after the end. */
  connect(): void {
    if (this.#hasStarted || this.endReason) return;
    this.#hasStarted = true;
    this.#start();
  }

  /** Does nothing unless the connection was closed for good. */
  reconnect(): void {
    if (this.#connection.status === 'closed') this.#restart();
  }

  rename(name: string): void {
    if (name === this.#credentials.name) return;
    this.#credentials = { ...this.#credentials, name };
    // A `join` that was sent already has the old name.
    if (this.#inbox) this.#restart();
  }

  provideToken(token: string): void {
    this.#credentials = { ...this.#credentials, token };
    if (this.#connection.status === 'token_needed') this.#start();
  }

  /** May be called twice. */
  leave(): void {
    if (this.#connection.status === 'left') return;
    this.#stop();
    this.#setConnection({ status: 'left' });
  }

  /** Sends over a connection that has joined; without one, the message is dropped. */
  send(message: ClientMessage): void {
    if (this.#isJoined) this.#socket.send(JSON.stringify(message));
  }

  #setConnection(connection: ConnectionState): void {
    this.#connection = connection;
    this.#listener.changed();
  }

  #start(): void {
    this.#connection = { status: 'connecting' };
    this.#stopPolicyEvents ??= this.#environment.onBlockedConnection((url) => this.#onBlockedConnection(url));
    // Before the change is reported: a subscriber may call `close` in response, which must stop the socket.
    this.#socket.start();
    this.#listener.changed();
  }

  #restart(): void {
    this.#stop();
    this.#start();
  }

  #stop(): void {
    this.#stopPolicyEvents?.();
    this.#stopPolicyEvents = undefined;
    this.#obstacle.reset();
    this.#socket.stop();
    this.#disconnect();
  }

  #disconnect(): void {
    this.#inbox?.close();
    this.#inbox = undefined;
    this.#isJoined = false;
    this.#isServerBusy = false;
    this.#listener.disconnected();
  }

  #end(reason: EndReason): void {
    this.#stop();
    this.#connection = { status: 'closed', reason };
    this.#listener.ended(reason);
    this.#listener.changed();
  }

  #endWithoutToken(): void {
    const { token } = this.#credentials;
    this.#stop();
    // A token that was provided after the `join` has not been refused.
    if (token !== this.#sentToken) this.#start();
    else this.#setConnection({ status: 'token_needed', refused: token !== undefined });
  }

  // ——— events of the socket ———

  #onConnecting(): void {
    this.#isServerHere = false;
    this.#isMessageComing = false;
    this.#goodbyeCode = undefined;
    if (this.#connection.status !== 'reconnecting') return;
    const { nextTryAt: _now, ...reconnecting } = this.#connection;
    this.#setConnection(reconnecting);
  }

  #onOpened(): void {
    this.#disconnect();
    this.#inbox = new Inbox(this.#environment, (message) => this.#onMessage(message));
    this.#sentToken = this.#credentials.token;
    const have = this.#listener.heldImages(this.limits.HAVE_IDS);
    const held = { have, record: this.#listener.recordLength() };
    this.#socket.send(JSON.stringify(joinMessage(this.#credentials, held, this.#images)));
  }

  #onText(text: string): void {
    this.#isServerHere = true;
    this.#isMessageComing = false;
    const parsed = parseServerMessage(text);
    if (!parsed.ok) {
      if (parsed.type === undefined || isKnownType(parsed.type)) this.#warnOnce(parsed.problem);
      return;
    }
    const { message } = parsed;
    if (message.type === 'heartbeat') this.#onHeartbeat(message.nextBytes);
    else if (message.type === 'goodbye') this.#onGoodbye(message);
    else this.#inbox?.receive(message);
    if (message.type === 'image') this.#brokenMessages = 0;
  }

  #onGoodbye({ code, reconnectInMs }: GoodbyeMessage): void {
    this.#goodbyeCode = code;
    this.#socket.expectClose(reconnectInMs);
  }

  #onHeartbeat(nextBytes = 0): void {
    this.#isMessageComing = nextBytes > 0;
    this.#socket.expectMessage(nextBytes);
  }

  #onLost(nextTryAt: number, code: number | undefined): void {
    if (code === 1009 && this.#images === 'url') {
      this.#socket.stop();
      return this.#finishInbox(() => this.#end('too_big'));
    }
    if (this.#isMessageComing) this.#brokenMessages += 1;
    if (code === 1009 || this.#brokenMessages >= BROKEN_MESSAGES) this.#images = 'url';
    if (this.#isServerHere || isOurs(code)) this.#obstacle.reset();
    else this.#obstacle.triedInVain();
    this.#finishInbox(() => {
      const isServerBusy = this.#isServerBusy || code === 4429;
      const obstacle = this.#obstacle.found;
      this.#disconnect();
      this.#setConnection({
        status: 'reconnecting',
        nextTryAt,
        ...(isServerBusy && { isServerBusy }),
        ...(obstacle && { obstacle }),
      });
    });
  }

  #onObstacle(): void {
    const obstacle = this.#obstacle.found;
    if (obstacle && this.#connection.status === 'reconnecting') this.#setConnection({ ...this.#connection, obstacle });
  }

  #onBlockedConnection(url: string): void {
    // Some browsers report only the beginning of the address, or its scheme.
    if (this.#connection.status !== 'online' && this.#socketUrl.startsWith(url)) this.#end('blocked_by_policy');
  }

  #onClosed(code: number): void {
    this.#finishInbox(() => {
      const said = this.#goodbyeCode;
      if (code === 4403 && this.#credentials.sessionId === undefined) this.#endWithoutToken();
      else if (said !== undefined && said !== 'unknown') this.#end(said);
      else this.#end(endReasons.get(code) ?? 'misuse');
    });
  }

  #finishInbox(then: () => void): void {
    if (this.#inbox) this.#inbox.finish(then);
    else then();
  }

  #warnOnce(problem: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#environment.warn(`A message of the server was ignored. ${problem}`);
  }

  // ——— messages of the session ———

  #onMessage(message: DeliveredMessage): void {
    if (message.type === 'reject' && !this.#isJoined) return this.#onJoinRejected(message.code);
    if (message.type === 'welcome') this.#onWelcome(message);
    else if (message.type === 'links') this.#onLinks(message);
    else if (message.type === 'invitations') this.#invitations = message.invitations;
    else if (message.type === 'snapshot' && !this.#isJoined) this.#onJoined(message);
    else this.#listener.received(message);
    this.#listener.changed();
  }

  #onWelcome(welcome: WelcomeMessage): void {
    const { sessionId, key, name, participantId: id, participantSecret: secret } = welcome;
    const sessionKey = key ?? this.#credentials.sessionKey;
    this.#credentials = { ...this.#credentials, sessionId, sessionKey, name, participant: { id, secret } };
    this.#welcome = welcome;
    this.#onLinks(welcome.links);
    this.#invitations = welcome.invitations ?? [];
    if (welcome.now !== undefined) this.#serverAheadMs = Date.parse(welcome.now) - this.#environment.now();
  }

  /** The key goes into the next `join` as well, though it is the participant's secret that lets a reviewer in again. */
  #onLinks(links: Links | undefined): void {
    this.#links = links;
    if (links?.reviewKey !== undefined) this.#credentials = { ...this.#credentials, sessionKey: links.reviewKey };
  }

  #onJoined(snapshot: SnapshotMessage): void {
    this.#isJoined = true;
    this.#obstacle.reset();
    this.#connection = { status: 'online' };
    this.#listener.joined(snapshot);
  }

  /** The server closes the connection next; for codes that are not handled here, its close code decides. */
  #onJoinRejected(code: RejectMessage['code']): void {
    if (code === 'session_not_found') this.#end('session_gone');
    else if (code === 'not_allowed' && this.#credentials.sessionId === undefined) this.#endWithoutToken();
    else if (code === 'not_allowed' || code === 'link_closed') this.#end(code);
    else if (code === 'revoked' || code === 'invitation_expired') this.#end(code);
    else if (code === 'server_busy' || code === 'rate_limited') this.#isServerBusy = true;
  }
}

/** Why the connection ended, by close code; the other codes without a reconnect mean `misuse` (rule W7). */
const endReasons = new Map<number, EndReason>([
  [4403, 'not_allowed'],
  [4404, 'session_gone'],
]);

/** Whether a Proofroom server closed with that code, and not somebody in between. */
const isOurs = (code: number | undefined): boolean => code !== undefined && code !== 1001 && code in closeCodes;

/** The token counts only where a session is created, and the key and the participant only where one is joined (rule W5). */
function joinMessage(
  { sessionId, sessionKey, token, name, participant, approvals }: Credentials,
  { have, record }: { have: string[]; record: number },
  images: 'inline' | 'url',
): JoinMessage {
  const identity =
    sessionId === undefined
      ? { ...(token !== undefined && { token }), ...(approvals !== undefined && { approvals }) }
      : { sessionId, ...(sessionKey !== undefined && { key: sessionKey }), ...(participant && { participant }) };
  return {
    type: 'join',
    ...identity,
    ...(name !== undefined && { name }),
    ...(have.length > 0 && { have }),
    ...(record > 0 && { record }),
    ...(images === 'url' && { images }),
    prompts: 'once',
  };
}

const knownTypes: Readonly<Record<ServerMessage['type'], true>> = {
  welcome: true,
  snapshot: true,
  draft: true,
  viewers: true,
  record: true,
  prompt: true,
  links: true,
  invitations: true,
  progress: true,
  image: true,
  ack: true,
  reject: true,
  heartbeat: true,
  goodbye: true,
};

/** Messages of other types come from a newer server and are ignored without a warning. */
const isKnownType = (type: string): boolean => Object.hasOwn(knownTypes, type);
