/** Rules of one connection: everything that is written on it, in order. */
import { isDeepStrictEqual } from 'node:util';
import { closeCodes } from '../../../shared/close-codes.ts';
import {
  type AckMessage,
  type ClientMessage,
  type Command,
  type GoodbyeMessage,
  type InlineImageMessage,
  type JoinMessage,
  parseClientMessage,
  parseServerMessage,
  type RejectMessage,
  type ServerMessage,
  type SnapshotMessage,
  type WelcomeMessage,
} from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { limits } from '../server-process.ts';
import type { ConnectionObserver } from '../simulated-connection.ts';
import { digest, requestIn, type SimulatedGenerator } from '../simulated-generator.ts';
import type { SessionRules } from './session-rules.ts';

export interface ConnectionRulesContext {
  readonly checks: RuleChecks;
  readonly generator: SimulatedGenerator;
  /** The rules of the session that this connection joins. */
  readonly joined: (sessionId: string, how?: 'refused') => SessionRules | undefined;
  /** The rules of a session that somebody has joined before. */
  readonly sessionOf: (sessionId: string) => SessionRules | undefined;
  /** Called when the server writes: its sessions may have changed. */
  readonly observe: () => void;
  /** Gets a line for each message: `→` received by the server, `⇠` written by the server, `←` received by the client. */
  readonly trace: (line: string) => void;
  readonly isDraining: () => boolean;
  readonly onWant: (participantId: string) => void;
  readonly onJoin: (join: JoinMessage) => void;
  readonly onCommand: (command: Command) => void;
  readonly onClientSent: (message: ClientMessage) => void;
  readonly onClientReceived: (message: ServerMessage) => void;
  readonly onClientClosed: (code: number) => void;
}

/** The heartbeat that announces a long message is written directly before it, whatever the socket holds. */
const ANNOUNCEMENT_BYTES = 64;
const LONGEST_RECONNECT_MS = 5_000;

export class ConnectionRules implements ConnectionObserver {
  readonly #context: ConnectionRulesContext;
  readonly #checks: RuleChecks;
  #join: JoinMessage | undefined;
  /** Who could be let in when the join came. */
  #doors: ReturnType<SessionRules['joining']> | undefined;
  #welcome: WelcomeMessage | undefined;
  #session: SessionRules | undefined;
  #snapshot: SnapshotMessage | undefined;
  /** How often each final image may still be sent (rule W2). */
  readonly #allowance = new Map<string, number>();
  /** Final images that the client has: sent before, or listed in `have`. */
  readonly #known = new Set<string>();
  /** Previews that were sent. */
  readonly previews = new Set<string>();
  /** Commands without an answer, by command id, the oldest first. */
  readonly #pending = new Map<string, Command[]>();
  /** Command ids of invalid messages without an answer. */
  readonly #invalid: string[] = [];
  /** How many entries of the record the client has. */
  #recordLength = 0;
  #hasGoodbye = false;
  #announcedBytes: number | undefined;
  /** A command was answered with `internal_error`, so the server must close the connection. */
  #mustCloseWith1011 = false;
  /** The server has begun to close, and owes no more answers. */
  closeCode: number | undefined;

  constructor(context: ConnectionRulesContext) {
    this.#context = context;
    this.#checks = context.checks;
  }

  /** Whoever has joined over this connection, which the server has not begun to close. */
  get presence(): WelcomeMessage | undefined {
    return this.closeCode === undefined ? this.#welcome : undefined;
  }

  /** Command ids without an answer. */
  get unanswered(): string[] {
    const pending = [...this.#pending.entries()].filter(([, commands]) => commands.length > 0);
    return [...this.#invalid, ...pending.map(([commandId]) => commandId)];
  }

  clientSent(text: string): void {
    const parsed = parseClientMessage(text);
    if (parsed.ok) this.#context.onClientSent(parsed.message);
  }

  serverReceived(text: string): void {
    this.#context.trace(`→ ${text}`);
    const parsed = parseClientMessage(text);
    if (!parsed.ok) {
      const { commandId } = parsed;
      if (commandId !== undefined) this.#invalid.push(commandId);
      return;
    }
    const { message } = parsed;
    switch (message.type) {
      case 'join':
        this.#join ??= message;
        this.#recordLength = message.record ?? 0;
        this.#doors ??= this.#context.sessionOf(message.sessionId ?? '')?.joining(message);
        this.#context.onJoin(message);
        for (const imageId of message.have ?? []) this.#known.add(imageId);
        return;
      case 'want':
        if (this.#welcome) this.#context.onWant(this.#welcome.participantId);
        for (const imageId of message.imageIds) this.#allow(imageId);
        return;
      case 'draft':
        this.#session?.draftArrived();
        return;
      case 'look':
        return;
      default:
        this.#pending.set(message.commandId, [...(this.#pending.get(message.commandId) ?? []), message]);
        this.#session?.commandArrived(message, this.#welcome?.participantId);
        this.#context.onCommand(message);
    }
  }

  serverSent(frame: string | Buffer): void {
    this.#context.trace(`⇠ ${String(frame)}`);
    this.#context.observe();
    const parsed = parseServerMessage(String(frame));
    this.#checks.check(
      'R8',
      parsed.ok,
      () => `the server wrote an invalid message: ${parsed.ok ? '' : parsed.problem}`,
    );
    if (!parsed.ok) return;
    const { message } = parsed;
    if (message.type !== 'image') this.#checkKeys(message, String(frame));
    const announcedBytes = this.#announcedBytes;
    this.#announcedBytes = message.type === 'heartbeat' ? message.nextBytes : undefined;
    if (announcedBytes !== undefined) {
      const isRight = announcedBytes === Buffer.byteLength(frame);
      this.#checks.check('R4', isRight, () => `${announcedBytes} bytes were announced, and another message came`);
    }
    this.#onSent(message);
  }

  clientReceived(text: string): void {
    this.#context.trace(`← ${text}`);
    const parsed = parseServerMessage(text);
    if (parsed.ok) this.#context.onClientReceived(parsed.message);
  }

  clientClosed(code: number): void {
    this.#context.trace(`closed with ${code}`);
    this.#context.onClientClosed(code);
  }

  /** A socket never holds more than the cap and one message (rule R3), but for the few bytes of a goodbye, which waits for nothing. */
  serverWrites(frame: string | Buffer, heldBytes: number): void {
    if (heldBytes === 0 || String(frame).startsWith('{"type":"goodbye"')) return;
    const most = limits.OUTBOX_BYTES + ANNOUNCEMENT_BYTES;
    this.#checks.check('R3', heldBytes <= most, () => `more is written to a socket that holds ${heldBytes} bytes`);
  }

  serverCloses(code: number, heldBytes: number): void {
    this.closeCode ??= code;
    this.#checks.check('W7', code in closeCodes, () => `the server closed with ${code}`);
    if (code === 1011 || this.#mustCloseWith1011) {
      const isAnswered = code === 1011 && (this.#mustCloseWith1011 || heldBytes > 0);
      this.#checks.check('W6', isAnswered, () => `closed with ${code} after an internal error`);
    }
    // A session with a connection ends with its server, which says goodbye first, or when a reviewer wants it.
    const mayEnd = code !== 4404 || this.#session?.isEndRequested === true;
    if (this.#welcome) this.#checks.check('R13', mayEnd, () => 'a session ended while somebody was in it');
    if (code !== 1012 || !this.#context.isDraining()) return;
    // A goodbye can't be written in the middle of an image.
    const isTold = this.#hasGoodbye || heldBytes > 0;
    this.#checks.check('R6', isTold, () => 'a draining server closed a connection without a goodbye');
  }

  #onSent(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#onWelcome(message);
      case 'snapshot':
        return this.#onSnapshot(message);
      case 'image':
        if ('data' in message) return this.#onImage(message);
        if (message.kind === 'final') this.#known.add(message.imageId);
        return;
      case 'ack':
      case 'reject':
        return this.#onAnswer(message);
      case 'progress': {
        const { generationId } = message;
        const snapshot = this.#snapshot;
        const isKnown = snapshot?.stage === 'generating' && snapshot.generation.generationId === generationId;
        this.#checks.check('W1', isKnown, () => `progress of ${generationId} came before its snapshot`);
        return;
      }
      case 'record': {
        const isNext = message.from === this.#recordLength && message.entries.length > 0;
        this.#checks.check('W10', isNext, () => `entries from ${message.from} on came after ${this.#recordLength}`);
        this.#recordLength = message.from + message.entries.length;
        return;
      }
      case 'links':
        return this.#checks.check('W5', this.#welcome?.role === 'reviewer', () => 'a watcher was told of the links');
      case 'invitations': {
        const isCreator = this.#welcome?.creator === true && this.#welcome.role === 'reviewer';
        return this.#checks.check('W11', isCreator, () => 'somebody else than the creator was told of the invitations');
      }
      case 'viewers':
      case 'draft':
        this.#checks.check('W1', this.#snapshot !== undefined, () => `${message.type} came before the first snapshot`);
        return;
      case 'goodbye':
        return this.#onGoodbye(message);
      case 'heartbeat':
        return;
    }
  }

  /** Only the creator is told of the keys of invitations. */
  #checkKeys(message: ServerMessage, text: string): void {
    const welcome = message.type === 'welcome' ? message : this.#welcome;
    const isCreator = welcome?.creator === true && welcome.role === 'reviewer';
    const keys = isCreator || !welcome ? [] : (this.#session?.invitationKeys ?? []);
    if (keys.length === 0) return;
    const leaked = keys.find((key) => text.includes(`"${key}"`));
    this.#checks.check('W11', leaked === undefined, () => `a ${message.type} to somebody else has the key ${leaked}`);
  }

  /** A draining server asks each client to come back at another moment (rule R6). */
  #onGoodbye({ reason, reconnectInMs = -1 }: GoodbyeMessage): void {
    this.#hasGoodbye = true;
    if (reason !== 'restart') return;
    const isInRange = reconnectInMs >= 0 && reconnectInMs <= LONGEST_RECONNECT_MS && this.#context.isDraining();
    this.#checks.check('R6', isInRange, () => `a goodbye asks to come back in ${reconnectInMs} ms`);
  }

  #onWelcome(welcome: WelcomeMessage): void {
    const { sessionId, key, role, connectionId } = welcome;
    this.#checks.check('W1', this.#snapshot === undefined && !this.#welcome, () => 'a second welcome, or a late one');
    const isCreator = this.#join?.sessionId === undefined;
    const hasRightKey = (key !== undefined) === isCreator;
    const hasRightRole = !isCreator || role === 'reviewer';
    this.#checks.check(
      'W5',
      hasRightKey && hasRightRole,
      () => `${isCreator ? 'the creator' : 'a guest'} became ${role}`,
    );
    this.#welcome = welcome;
    this.#session = this.#context.joined(sessionId);
    if (!isCreator && this.#join && this.#doors) this.#session?.checkAdmission(this.#join, welcome, this.#doors);
    this.#session?.joined(connectionId, welcome, this.#join);
  }

  #onSnapshot(snapshot: SnapshotMessage): void {
    this.#checks.check('W1', this.#session !== undefined, () => 'a snapshot came before the welcome');
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    this.#session?.snapshotSent(snapshot);
    if (!before) return;
    const { recordLength = 0 } = snapshot;
    const isRecordHere = recordLength <= this.#recordLength;
    this.#checks.check('W10', isRecordHere, () => `a snapshot counts ${recordLength} entries of the record`);
    const isOnward = snapshot.revision >= before.revision && snapshot.turn >= before.turn;
    this.#checks.check('M6', isOnward, () => `revision ${snapshot.revision} came after ${before.revision}`);
    for (const imageId of shownImages(snapshot)) {
      this.#checks.check(
        'W3',
        this.#known.has(imageId),
        () => `a snapshot showed ${imageId} before its bytes were sent`,
      );
    }
  }

  #onImage({ data, imageId, kind, sha256, byteLength, generationId }: InlineImageMessage): void {
    const bytes = Buffer.from(data, 'base64');
    const isIntact = bytes.byteLength === byteLength && digest(bytes) === sha256;
    const isDrawn = this.#context.generator.painted.has(sha256);
    this.#checks.check('W4', isIntact && isDrawn, () => `the bytes of ${imageId} are not those that were drawn`);
    const isOurs = requestIn(bytes)?.prompt.startsWith(`[${this.#session?.team}]`) === true;
    this.#checks.check('R11', isOurs, () => `${kind} ${imageId} of ${generationId} reached another session`);
    const allowed = this.#allowanceOf(imageId);
    this.#checks.check('W2', allowed > 0, () => `${kind} ${imageId} was sent again, unwanted`);
    this.#allowance.set(imageId, allowed - 1);
    (kind === 'partial' ? this.previews : this.#known).add(imageId);
  }

  #allow(imageId: string): void {
    this.#allowance.set(imageId, this.#allowanceOf(imageId) + 1);
  }

  #allowanceOf(imageId: string): number {
    return this.#allowance.get(imageId) ?? (this.#known.has(imageId) ? 0 : 1);
  }

  #onAnswer(answer: AckMessage | RejectMessage): void {
    const { commandId } = answer;
    if (answer.type === 'reject' && answer.code === 'server_busy' && !this.#welcome && this.#join?.sessionId) {
      this.#context.joined(this.#join.sessionId, 'refused')?.checkRefusal(this.#join);
    }
    if (commandId === undefined) return;
    const invalid = this.#invalid.indexOf(commandId);
    if (invalid >= 0) {
      const isRejected = answer.type === 'reject' && answer.code === 'invalid_message';
      this.#checks.check('W6', isRejected, () => `an invalid message was answered with ${answer.type}`);
      this.#invalid.splice(invalid, 1);
      return;
    }
    const [command, ...later] = this.#pending.get(commandId) ?? [];
    this.#checks.check('W6', command !== undefined, () => `${commandId} got more answers than it was sent`);
    if (!command) return;
    this.#pending.set(commandId, later);
    if (answer.type === 'reject' && answer.code === 'internal_error') this.#mustCloseWith1011 = true;
    this.#session?.answered(command, answer, this.#welcome?.participantId ?? '');
    if (answer.type === 'reject') return;
    // When the snapshot waits for its image, the ack goes first.
    const isWaiting = this.#session?.session.shownImages.some((imageId) => !this.#known.has(imageId)) === true;
    const isAfter = (this.#snapshot?.revision ?? -1) >= answer.revision;
    this.#checks.check(
      'W6',
      isAfter || isWaiting,
      () => `the ack of ${commandId} came before snapshot ${answer.revision}`,
    );
  }
}

/** The ids of the images that a snapshot puts on show. */
export function shownImages(snapshot: SnapshotMessage): string[] {
  const approved = snapshot.stage === 'final' ? snapshot.approved : undefined;
  const all = [snapshot.image, approved].flatMap((image) => (image ? [image.imageId] : []));
  return [...new Set(all)];
}

export const isSameSnapshot = (one: SnapshotMessage, other: SnapshotMessage): boolean =>
  isDeepStrictEqual({ ...one, draft: '' }, { ...other, draft: '' });
