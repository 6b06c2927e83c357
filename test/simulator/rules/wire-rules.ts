/** What must hold on one connection: all that was written on it, in order. */
import { isDeepStrictEqual } from 'node:util';
import { closeCodes } from '../../../shared/close-codes.ts';
import {
  type AckMessage,
  type Command,
  type GoodbyeMessage,
  type ImageMessage,
  type JoinMessage,
  parseClientMessage,
  parseServerMessage,
  type RejectMessage,
  type ServerMessage,
  type SnapshotMessage,
  type WelcomeMessage,
} from '../../../shared/protocol.ts';
import { askIn, digest } from '../ask.ts';
import type { Tap } from '../cable.ts';
import type { Ledger } from '../ledger.ts';
import { limits } from '../server-process.ts';
import type { Time } from '../time.ts';
import type { Upstream } from '../upstream.ts';
import type { SessionRules } from './session-rules.ts';

export interface WireContext {
  readonly ledger: Ledger;
  readonly time: Time;
  readonly upstream: Upstream;
  /** Notes the session that a connection of this room has joined. */
  readonly joined: (sessionId: string) => SessionRules | undefined;
  /** A server wrote something: a good moment to look at its sessions. */
  readonly look: () => void;
  /** Hears of each message: `→` the server received it, `⇠` it wrote it, `←` the page received it. */
  readonly trace: (line: string) => void;
  /** The server is about to stop. */
  readonly isDraining: () => boolean;
  readonly joinCame: (join: JoinMessage) => void;
  readonly commandCame: (command: Command) => void;
  readonly clientReceived: (message: ServerMessage) => void;
  readonly clientClosed: (code: number) => void;
}

/** The heartbeat that announces a big message goes right before it, whatever there is room for. */
const ANNOUNCEMENT_BYTES = 64;
const LATEST_RETURN_MS = 5_000;

/** Snapshots by revision, without the draft, which has none (rule W9): shared by all connections of a session. */
const contents = new WeakMap<SessionRules, Map<number, string>>();

export class WireRules implements Tap {
  readonly #context: WireContext;
  readonly #ledger: Ledger;
  #join: JoinMessage | undefined;
  #session: SessionRules | undefined;
  #snapshot: SnapshotMessage | undefined;
  /** How often each final image may still cross (rule W2). */
  readonly #allowance = new Map<string, number>();
  /** Final images that are there: crossed, or named in `have`. */
  readonly #there = new Set<string>();
  /** Deliveries of each command id that wait for their answer, oldest first. */
  readonly #open = new Map<string, Command[]>();
  /** The command ids of messages that are no commands, still unanswered. */
  readonly #nonsense: string[] = [];
  readonly #openedAt: number;
  /** Commands and `want` that have come; commands that took their place in the bucket for sure. */
  #came = 0;
  #taken = 0;
  #hasGoodbye = false;
  #announced: number | undefined;
  /** The server has begun to close: it owes no more answers. */
  closeCode: number | undefined;

  constructor(context: WireContext) {
    this.#context = context;
    this.#ledger = context.ledger;
    this.#openedAt = context.time.now;
  }

  get session(): SessionRules | undefined {
    return this.#session;
  }

  /** Command ids that wait for an answer. */
  get unanswered(): string[] {
    const open = [...this.#open.entries()].filter(([, deliveries]) => deliveries.length > 0);
    return [...this.#nonsense, ...open.map(([commandId]) => commandId)];
  }

  serverReceived(text: string): void {
    this.#context.trace(`→ ${text}`);
    const parsed = parseClientMessage(text);
    if (!parsed.ok) {
      const { commandId } = parsed;
      if (commandId !== undefined) this.#nonsense.push(commandId);
      return;
    }
    const { message } = parsed;
    if (message.type === 'join') {
      this.#join ??= message;
      this.#context.joinCame(message);
      for (const imageId of message.have ?? []) this.#there.add(imageId);
    } else if (message.type === 'want') {
      this.#came += 1;
      for (const imageId of message.imageIds) this.#allow(imageId, 1);
    } else if (message.type === 'draft') {
      this.#session?.draftCame();
    } else if ('commandId' in message) {
      const { commandId } = message;
      this.#came += 1;
      this.#open.set(commandId, [...(this.#open.get(commandId) ?? []), message]);
      this.#session?.came(message);
      this.#context.commandCame(message);
    }
  }

  serverSent(frame: string | Buffer): void {
    this.#context.trace(`⇠ ${String(frame)}`);
    this.#context.look();
    const parsed = parseServerMessage(String(frame));
    this.#ledger.check(
      'R8',
      parsed.ok,
      () => `the server wrote what is no message: ${parsed.ok ? '' : parsed.problem}`,
    );
    if (!parsed.ok) return;
    const { message } = parsed;
    const announced = this.#announced;
    this.#announced = message.type === 'heartbeat' ? message.nextBytes : undefined;
    if (announced !== undefined) {
      this.#ledger.check(
        'R4',
        announced === Buffer.byteLength(frame),
        () => 'the message after nextBytes is another one',
      );
    }
    this.#sent(message);
  }

  clientReceived(text: string): void {
    this.#context.trace(`← ${text}`);
    const parsed = parseServerMessage(text);
    if (parsed.ok) this.#context.clientReceived(parsed.message);
  }

  clientClosed(code: number): void {
    this.#context.trace(`closed ${code}`);
    this.#context.clientClosed(code);
  }

  /**
   * A socket takes no more before it holds less than the cap: it never holds more than the cap and one frame (rule R3), but for the
   * few bytes of a goodbye, which wait for nothing.
   */
  serverWrites(frame: string | Buffer, heldBytes: number): void {
    if (heldBytes === 0 || String(frame).startsWith('{"type":"goodbye"')) return;
    const most = limits.OUTBOX_BYTES + ANNOUNCEMENT_BYTES;
    this.#ledger.check('R3', heldBytes <= most, () => `more is written to a socket that holds ${heldBytes} bytes`);
  }

  closeFrameSent(code: number, heldBytes: number): void {
    this.closeCode ??= code;
    this.#ledger.check('W7', code in closeCodes, () => `the server closed with ${code}`);
    if (code !== 1012 || !this.#context.isDraining()) return;
    // One whose socket is full can't be told.
    const isTold = this.#hasGoodbye || heldBytes > 0;
    this.#ledger.check('R6', isTold, () => 'somebody was sent away without a goodbye');
  }

  #sent(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message);
      case 'snapshot':
        return this.#checkSnapshot(message);
      case 'image':
        return this.#image(message);
      case 'ack':
      case 'reject':
        return this.#answer(message);
      case 'progress': {
        const { generationId } = message;
        const snapshot = this.#snapshot;
        const isKnown = snapshot?.stage === 'generating' && snapshot.generation.generationId === generationId;
        this.#ledger.check('W1', isKnown, () => `progress of ${generationId} came before a snapshot told of it`);
        return;
      }
      case 'viewers':
      case 'draft':
        this.#ledger.check('W1', this.#snapshot !== undefined, () => `${message.type} came before the first snapshot`);
        return;
      case 'goodbye':
        return this.#goodbye(message);
      case 'heartbeat':
        return;
    }
  }

  /** Who is sent away is asked to come back, each at a moment of its own (rule R6). */
  #goodbye({ reason, reconnectInMs = -1 }: GoodbyeMessage): void {
    this.#hasGoodbye = true;
    if (reason !== 'restart') return;
    const isInRange = reconnectInMs >= 0 && reconnectInMs <= LATEST_RETURN_MS && this.#context.isDraining();
    this.#ledger.check('R6', isInRange, () => `somebody is asked to come back in ${reconnectInMs} ms`);
  }

  #welcome({ sessionId, key, role, connectionId }: WelcomeMessage): void {
    this.#ledger.check('W1', this.#snapshot === undefined && !this.#session, () => 'a second welcome, or one too late');
    const isCreator = this.#join?.sessionId === undefined;
    const isMeant =
      (key !== undefined) === isCreator && (role === 'reviewer') === (isCreator || this.#join?.key !== undefined);
    this.#ledger.check(
      'W5',
      isMeant,
      () => `a ${isCreator ? 'creator' : 'guest'} became ${role}, key ${key !== undefined}`,
    );
    this.#session = this.#context.joined(sessionId);
    if (!isCreator && role === 'reviewer') {
      this.#ledger.check('W5', this.#join?.key === this.#session?.session.key, () => 'a wrong key lets one decide');
    }
    if (role === 'reviewer') this.#session?.reviewerJoined(connectionId);
  }

  #checkSnapshot(snapshot: SnapshotMessage): void {
    const session = this.#session;
    this.#ledger.check('W1', session !== undefined, () => 'a snapshot came before the welcome');
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    if (before) {
      const isOnward = snapshot.revision >= before.revision && snapshot.turn >= before.turn;
      this.#ledger.check('M6', isOnward, () => `revision ${snapshot.revision} came after ${before.revision}`);
      for (const imageId of shown(snapshot)) {
        this.#ledger.check(
          'W3',
          this.#there.has(imageId),
          () => `the snapshot showed ${imageId} before its bytes had come`,
        );
      }
    }
    if (session) this.#checkContent(snapshot, session);
  }

  /** One revision, one content: neither a draft nor a presence makes another (rule W9), nor does anything change without one (rule M6). */
  #checkContent({ draft: _draft, ...content }: SnapshotMessage, session: SessionRules): void {
    const known = contents.get(session) ?? new Map<number, string>();
    contents.set(session, known);
    const text = JSON.stringify(content);
    const first = known.get(content.revision);
    known.set(content.revision, text);
    if (first !== undefined)
      this.#ledger.check('W9', first === text, () => `revision ${content.revision} has two contents`);
  }

  #image({ data, imageId, kind, sha256, byteLength, generationId }: ImageMessage): void {
    const bytes = Buffer.from(data ?? '', 'base64');
    const isTrue = bytes.byteLength === byteLength && digest(bytes) === sha256;
    const isDrawn = this.#context.upstream.painted.has(sha256);
    this.#ledger.check('W4', isTrue && isDrawn, () => `image ${imageId} is not what was drawn`);
    const isOurs = askIn(bytes)?.prompt.startsWith(`[${this.#session?.room}]`) === true;
    this.#ledger.check('R11', isOurs, () => `${kind} ${imageId} of ${generationId} reached another session`);
    if (kind === 'partial') return;
    const allowed = this.#allowance.get(imageId) ?? (this.#there.has(imageId) ? 0 : 1);
    this.#ledger.check('W2', allowed > 0, () => `image ${imageId} crossed again, unasked`);
    this.#there.add(imageId);
    this.#allowance.set(imageId, allowed - 1);
  }

  #allow(imageId: string, times: number): void {
    const before = this.#allowance.get(imageId) ?? (this.#there.has(imageId) ? 0 : 1);
    this.#allowance.set(imageId, before + times);
  }

  /** So many commands at once, then so many a second; nobody is refused for less (rule S4). */
  #checkRate(answer: AckMessage | RejectMessage): void {
    const code = answer.type === 'reject' ? answer.code : undefined;
    if (code === 'rate_limited' && this.#session) {
      const isTooMuch = this.#came > limits.COMMAND_BURST;
      return this.#ledger.check('S4', isTooMuch, () => `message ${this.#came} was called too much at once`);
    }
    if (answer.commandId === undefined || code === 'invalid_message' || code === 'not_joined') return;
    this.#taken += 1;
    if (this.#taken <= limits.COMMAND_BURST) return;
    const seconds = (this.#context.time.now - this.#openedAt) / 1_000;
    const most = limits.COMMAND_BURST + seconds * limits.COMMANDS_PER_SECOND;
    this.#ledger.check('S4', this.#taken <= most, () => `${this.#taken} commands were taken in ${seconds} s`);
  }

  #answer(answer: AckMessage | RejectMessage): void {
    this.#checkRate(answer);
    const { commandId } = answer;
    if (commandId === undefined) return;
    const nonsense = this.#nonsense.indexOf(commandId);
    if (nonsense >= 0) {
      const isRefused = answer.type === 'reject' && answer.code === 'invalid_message';
      this.#ledger.check('W6', isRefused, () => `nonsense was answered with ${answer.type}`);
      this.#nonsense.splice(nonsense, 1);
      return;
    }
    const [command, ...later] = this.#open.get(commandId) ?? [];
    this.#ledger.check('W6', command !== undefined, () => `${commandId} was answered more often than it came`);
    if (!command) return;
    this.#open.set(commandId, later);
    this.#session?.answered(command, answer);
    if (answer.type === 'reject') return;
    // A snapshot may wait for its image, and then the ack goes first.
    const waits = this.#session?.session.shownImages.some((imageId) => !this.#there.has(imageId)) === true;
    const isFirst = (this.#snapshot?.revision ?? -1) >= answer.revision;
    this.#ledger.check('W6', isFirst || waits, () => `the ack of ${commandId} came before snapshot ${answer.revision}`);
  }
}

export function shown(snapshot: SnapshotMessage): string[] {
  const approved = snapshot.stage === 'final' ? snapshot.approved : undefined;
  const all = [snapshot.image, approved].flatMap((image) => (image ? [image.imageId] : []));
  return [...new Set(all)];
}

export const isSameSnapshot = (one: SnapshotMessage, other: SnapshotMessage): boolean =>
  isDeepStrictEqual({ ...one, draft: '' }, { ...other, draft: '' });
