/** One WebSocket in one session: parses what comes in, calls the core, and sends the answers. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { CloseCode } from '../../shared/close-codes.ts';
import {
  type ClientLimits,
  type ClientMessage,
  type Command,
  type DownloadPolicy,
  type GoodbyeMessage,
  type JoinMessage,
  PROTOCOL_VERSION,
  parseClientMessage,
  type RejectCode,
  type RejectMessage,
  type WantMessage,
  type WelcomeMessage,
} from '../../shared/protocol.ts';
import type { Generator } from '../generators/generator.ts';
import { type Clock, isoTime } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { TokenBucket } from '../platform/rate-limiter.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { whileAvailable } from '../session/availability.ts';
import { type Caller, isCreatorOf } from '../session/participants.ts';
import { type Rejection, reject, sentenceOf } from '../session/rejections.ts';
import type { SessionView } from '../session/session-view.ts';
import type { Joined, Sessions } from '../session/sessions.ts';
import type { Removal } from '../session/subscribers.ts';
import type { HeartbeatPeer, Heartbeats } from './heartbeats.ts';
import type { ImageFrames } from './image-frames.ts';
import { Outbox } from './outbox.ts';
import { type Corkable, SocketWriter } from './socket-writer.ts';

export interface ConnectionContext {
  readonly sessions: Sessions;
  readonly frames: ImageFrames;
  readonly heartbeats: Heartbeats;
  readonly generator: Pick<Generator, 'name' | 'model' | 'demo'>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  /** The path of an image over HTTP, as clients see it. */
  readonly imagePath: (sessionId: string, imageId: string) => string;
  readonly download: DownloadPolicy;
}

/** The peer of a connection, as its upgrade request showed it. */
export interface Peer {
  /** The address that limits are counted by. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a rejection counts besides the rejected message. */
const ANSWER_BYTES = 512;

/** `ws` waits 30 s for a dead peer to close. */
const CLOSE_DEADLINE_MS = 2_000;

export class Connection implements HeartbeatPeer {
  readonly id: string;
  readonly #socket: WebSocket;
  /** Until it has joined. */
  #peer: Peer | undefined;
  readonly #context: ConnectionContext;
  readonly #writer: SocketWriter;
  readonly #outbox: Outbox;
  readonly #stopHeartbeat: () => void;
  readonly #inbox: string[] = [];
  #cancelJoinDeadline: (() => void) | undefined;
  #cancelTermination: (() => void) | undefined;
  #isReading = false;
  /** In bytes: it takes time to parse a long message, only to reject it. */
  readonly #rejections: TokenBucket;
  /** Of the message that is being handled, until it is rejected. */
  #uncountedBytes = 0;
  #cancelWait: (() => void) | undefined;
  #rejectedBeforeJoin = 0;
  #joined: { readonly caller: Caller; readonly session: SessionView; readonly unsubscribe: () => void } | undefined;
  /** Why the session has removed this connection, while a command of its own is not answered yet. */
  #removal: Removal | undefined;
  #isExecuting = false;
  #isClosing = false;

  constructor(socket: WebSocket, stream: Corkable, peer: Peer, context: ConnectionContext) {
    const { clock, limits, frames, heartbeats, newId } = context;
    this.id = newId();
    this.#socket = socket;
    this.#peer = peer;
    this.#context = context;
    this.#rejections = new TokenBucket(limits.INBOUND_MESSAGE_BYTES, limits.REJECTED_BYTES_PER_SECOND, clock);
    this.#writer = new SocketWriter(socket, stream, clock, limits.OUTBOX_BYTES, newId);
    this.#outbox = new Outbox(this.#writer, frames, {
      clock,
      limits,
      onImageGone: (imageId) => this.#reject(reject('image_not_found'), { imageId }),
      onRemoved: (why) => this.#onRemoved(why),
      onFault: (error) => this.#onFault(error, 'a message could not be sent'),
    });
    this.#cancelJoinDeadline = clock.after(limits.JOIN_DEADLINE_MS, () => this.#refuse(4408, 'no join'));
    this.#stopHeartbeat = heartbeats.start(this);
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('close', () => this.#onClose());
    socket.on('error', (error) => this.#onError(error));
  }

  /** The socket holds more than its cap (rule R3). */
  get isSlow(): boolean {
    return !this.#writer.hasCapacity;
  }

  /** Everything that was due has been sent. */
  get isQuiet(): boolean {
    return this.#writer.isEmpty && this.#writer.isConfirmed && !this.#outbox.isPaused;
  }

  beat(): void {
    this.#writer.together(() => {
      this.#writer.ping();
      this.#outbox.sendHeartbeat();
    });
  }

  get remainingPatienceMs(): number {
    return this.#writer.remainingPatienceMs;
  }

  onSilence(): void {
    this.#context.telemetry.connectionWentSilent(this.id);
    this.#close(4408, 'silent');
  }

  /** Says goodbye and closes; the client comes back after `reconnectInMs`. */
  dismiss(code: CloseCode, reason: string, reconnectInMs: number): void {
    this.#outbox.sendLast({ type: 'goodbye', reason, reconnectInMs });
    this.#close(code, reason);
  }

  /** A command that ends the session is answered first (rule W6). */
  #onRemoved(why: Removal): void {
    if (this.#isExecuting) {
      this.#removal = why;
      return;
    }
    const { code, goodbye } = removals[why];
    if (goodbye) this.#outbox.sendLast({ type: 'goodbye', ...goodbye });
    this.#close(code, why.replace('_', ' '));
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return;
    // `ws` hands over one Buffer for a message while `binaryType` is its default. A binary frame is no JSON.
    this.#inbox.push(isBinary ? '' : String(data));
    // Nothing more is read from a client that does not read its answers.
    if (this.isSlow || this.#inbox.length >= this.#context.limits.HELD_MESSAGES) this.#socket.pause();
    if (!this.#isReading) void this.#readInbox();
  }

  /** Handles one message after the other, and none while the client does not read its answers. */
  async #readInbox(): Promise<void> {
    this.#isReading = true;
    for (let text = this.#inbox.shift(); text !== undefined && !this.#isClosing; text = this.#inbox.shift()) {
      await this.#outbox.ready();
      await this.#patience();
      await this.#handle(text);
      if (this.#inbox.length === 0) this.#socket.resume();
    }
    this.#isReading = false;
  }

  /** Resolves when the rate of rejected messages lets another message be read. */
  async #patience(): Promise<void> {
    const waitMs = this.#rejections.waitMs(0);
    if (waitMs === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#cancelWait = this.#context.clock.after(waitMs, resolve);
    await promise;
  }

  async #handle(text: string): Promise<void> {
    let ids: RejectedIds = {};
    this.#uncountedBytes = text.length;
    try {
      const parsed = parseClientMessage(text);
      if (!parsed.ok) return this.#onInvalid(parsed.problem, parsed.type, parsed.commandId);
      ids = commandIdOf(parsed.message);
      await this.#receive(parsed.message);
    } catch (error) {
      // The command gets an answer, or the client would send it again on its next connection (rule R8).
      this.#reject(reject('internal_error'), ids);
      this.#onFault(error, 'a message could not be handled');
    }
  }

  #onFault(error: unknown, message: string): void {
    this.#context.telemetry.fault(error, message);
    this.#close(1011, 'internal error');
  }

  #onInvalid(problem: string, type: string | undefined, commandId: string | undefined): void {
    const rejection = reject('invalid_message', problem);
    const ids = commandId === undefined ? {} : { commandId };
    if (this.#joined) this.#reject(rejection, ids);
    else if (type === 'join') this.#rejectJoin(rejection, ids);
    else this.#rejectBeforeJoin(rejection, ids);
  }

  async #receive(message: ClientMessage): Promise<void> {
    if (message.type === 'join') return this.#join(message);
    if (!this.#joined) return this.#rejectBeforeJoin(reject('not_joined'), commandIdOf(message));
    const { caller } = this.#joined;
    switch (message.type) {
      case 'want':
        return this.#want(message, caller);
      case 'draft': {
        const rejection = this.#context.sessions.setDraft(caller, message.text, message.draftId);
        return rejection && this.#reject(rejection);
      }
      case 'look':
        return this.#context.sessions.look(caller, message.imageId);
      default:
        return this.#execute(message, caller);
    }
  }

  async #join(message: JoinMessage): Promise<void> {
    const { limits, sessions } = this.#context;
    if (!this.#peer) {
      return this.#reject(reject('invalid_message', 'This connection has joined a session already.'));
    }
    const problem = joinProblem(message, limits);
    if (problem !== undefined) return this.#rejectJoin(reject('invalid_message', problem));
    const { sessionId } = message;
    const visitor = { ...this.#peer, connectionId: this.id };
    const joined = await (sessionId === undefined
      ? sessions.create(visitor, message)
      : sessions.join(visitor, sessionId, message));
    if (this.#isClosing) return;
    if (!joined.accepted) return this.#rejectJoin(joined);
    const subscription = sessions.subscribe(joined.caller, this.#outbox);
    if (!subscription.accepted) return this.#rejectJoin(subscription);
    this.#joined = { caller: joined.caller, session: joined.session, unsubscribe: subscription.leave };
    this.#peer = undefined;
    this.#cancelJoinDeadline?.();
    this.#cancelJoinDeadline = undefined;
    this.#onJoined(joined, message);
  }

  #onJoined(joined: Joined, { have = [], record = 0, images, prompts }: JoinMessage): void {
    const { imagePath, telemetry } = this.#context;
    const { role, sessionId } = joined.caller;
    const urlOf = (imageId: string) => imagePath(sessionId, imageId);
    const recipient = { source: joined.session, ...(images === 'url' && { urlOf }), promptsOnce: prompts === 'once' };
    this.#outbox.join(this.#welcome(joined), recipient, { have, record });
    telemetry.log.debug({ connection: this.id, session: sessionId, role }, 'joined');
  }

  #welcome({ caller, participantSecret, key, links, invitations, invitation }: Joined): WelcomeMessage {
    const { generator, sessions, limits, clock, download } = this.#context;
    const { name, model, demo } = generator;
    return {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      connectionId: this.id,
      participantId: caller.participant.id,
      participantSecret,
      sessionId: caller.sessionId,
      ...(key !== undefined && { key }),
      ...(links && { links }),
      ...(invitations && invitations.length > 0 && { invitations: [...invitations] }),
      ...(invitation && { invited: true }),
      ...(invitation?.expiresAt !== undefined && { expiresAt: invitation.expiresAt }),
      role: caller.role,
      ...(isCreatorOf(caller.participant) && { creator: true }),
      ...(caller.hasVote && { counts: true }),
      name: caller.participant.name,
      now: isoTime(clock),
      generator: { name, model, demo, supports: sessions.capabilities },
      limits: clientLimits(limits),
      keptForMs: limits.SESSION_IDLE_MS,
      download,
    };
  }

  async #want({ imageIds }: WantMessage, caller: Caller): Promise<void> {
    const { sessions, limits } = this.#context;
    if (imageIds.length > limits.WANT_IDS) {
      const problem = `The field "imageIds" has more than ${limits.WANT_IDS} entries.`;
      return this.#reject(reject('invalid_message', problem));
    }
    const rejection = sessions.requestImages(caller);
    if (rejection) return this.#reject(rejection);
    const session = this.#joined?.session;
    await whileAvailable(() => Promise.all(imageIds.map((imageId) => session?.loadImage(imageId))));
    for (const imageId of imageIds) if (!session?.image(imageId)) this.#reject(reject('image_not_found'), { imageId });
    this.#outbox.want(imageIds.filter((imageId) => session?.image(imageId)));
  }

  async #execute(command: Command, caller: Caller): Promise<void> {
    const { commandId } = command;
    this.#isExecuting = true;
    const answer = await this.#context.sessions.execute(caller, command);
    this.#isExecuting = false;
    if (answer.accepted) this.#outbox.send({ type: 'ack', commandId, revision: answer.revision });
    else this.#reject(answer, { commandId });
    if (this.#removal) this.#onRemoved(this.#removal);
  }

  #rejectJoin(rejection: Rejection, ids: RejectedIds = {}): void {
    this.#reject(rejection, ids);
    this.#close(rejection.isOutage ? 1012 : joinCloseCode(rejection.code), rejection.code);
  }

  /** A client that does not join is told so a few times, and then closed. */
  #rejectBeforeJoin(rejection: Rejection, ids: RejectedIds): void {
    this.#reject(rejection, ids);
    this.#rejectedBeforeJoin += 1;
    if (this.#rejectedBeforeJoin >= this.#context.limits.HELD_MESSAGES) this.#refuse(1008, 'join comes first');
  }

  #reject(rejection: Rejection, ids: RejectedIds = {}): void {
    const { code, sentence, lastAction } = rejection;
    this.#rejections.charge(this.#uncountedBytes + ANSWER_BYTES);
    this.#uncountedBytes = 0;
    this.#context.telemetry.messageRejected(this.id, code);
    this.#outbox.send({
      type: 'reject',
      ...ids,
      code,
      message: sentenceOf(rejection),
      ...sentence,
      ...(lastAction && { lastAction }),
    });
  }

  #refuse(code: CloseCode, reason: string): void {
    this.#context.telemetry.connectionRefused(this.id, code);
    this.#close(code, reason);
  }

  #close(code: CloseCode, reason: string): void {
    if (this.#isClosing) return;
    this.#beginClosing();
    this.#socket.close(code, reason);
  }

  /** The session is left at once, though a dead peer may never answer the close. */
  #beginClosing(): void {
    this.#isClosing = true;
    this.#leave();
    this.#cancelTermination = this.#context.clock.after(CLOSE_DEADLINE_MS, () => this.#socket.terminate());
  }

  #onClose(): void {
    this.#isClosing = true;
    this.#leave();
    this.#cancelTermination?.();
  }

  /** May be called twice. */
  #leave(): void {
    this.#cancelJoinDeadline?.();
    this.#stopHeartbeat();
    this.#outbox.stop();
    this.#cancelWait?.();
    this.#joined?.unsubscribe();
  }

  #onError(error: Error & { code?: string }): void {
    const { telemetry } = this.#context;
    const code = closeCodeOfError(error.code);
    if (code === undefined) telemetry.socketFailed(this.id, error.code);
    else telemetry.connectionRefused(this.id, code);
    if (!this.#isClosing) this.#beginClosing();
  }
}

type RejectedIds = Pick<RejectMessage, 'commandId' | 'imageId'>;

const commandIdOf = (message: ClientMessage): RejectedIds =>
  'commandId' in message ? { commandId: message.commandId } : {};

/** What is wrong with a `join` that its schema allows, in a sentence that quotes nothing of it. */
function joinProblem({ have = [], name = '' }: JoinMessage, { HAVE_IDS, NAME_CHARACTERS }: Limits): string | undefined {
  if (have.length > HAVE_IDS) return `The field "have" has more than ${HAVE_IDS} entries.`;
  return name.length > NAME_CHARACTERS ? `The field "name" has more than ${NAME_CHARACTERS} characters.` : undefined;
}

function clientLimits(limits: Limits): ClientLimits {
  const { INBOUND_MESSAGE_BYTES, PROMPT_CHARACTERS, FEEDBACK_CHARACTERS, NAME_CHARACTERS } = limits;
  const { HAVE_IDS, WANT_IDS, ATTEMPTS_PER_SESSION, DRAFTS_PER_SECOND } = limits;
  return {
    INBOUND_MESSAGE_BYTES,
    PROMPT_CHARACTERS,
    FEEDBACK_CHARACTERS,
    NAME_CHARACTERS,
    HAVE_IDS,
    WANT_IDS,
    ATTEMPTS_PER_SESSION,
    DRAFTS_PER_SECOND,
  };
}

/** How a connection is closed that its session has removed (rule W7). */
const removals: Readonly<Record<Removal, { code: CloseCode; goodbye?: Omit<GoodbyeMessage, 'type'> }>> = {
  session_gone: { code: 4404 },
  newer_server: { code: 1012 },
  session_ended: { code: 4404, goodbye: { code: 'session_ended', reason: 'A reviewer ended this session.' } },
  link_closed: { code: 4403, goodbye: { code: 'link_closed', reason: sentenceOf({ code: 'link_closed' }) } },
  revoked: { code: 4403, goodbye: { code: 'revoked', reason: sentenceOf({ code: 'revoked' }) } },
  invitation_expired: {
    code: 4403,
    goodbye: { code: 'invitation_expired', reason: sentenceOf({ code: 'invitation_expired' }) },
  },
  place_taken: { code: 4429, goodbye: { reason: 'The session is full, and this place went to somebody else.' } },
};

/** How a connection is closed after its `join` was rejected (rule W7). */
function joinCloseCode(code: RejectCode): CloseCode {
  switch (code) {
    case 'session_not_found':
      return 4404;
    case 'not_allowed':
    case 'link_closed':
    case 'revoked':
    case 'invitation_expired':
      return 4403;
    case 'rate_limited':
    case 'server_busy':
      return 4429;
    default:
      return 1008;
  }
}

/** The code that `ws` itself closes with, where the error says that a message exceeded a limit. */
function closeCodeOfError(code: string | undefined): CloseCode | undefined {
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return 1009;
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008;
    default:
      return undefined;
  }
}
