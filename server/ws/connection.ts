/** One socket: what comes in is parsed, checked and handed on, one message after the other. */
import type { RawData, WebSocket } from 'ws';
import type { CloseCode } from '../../shared/close-codes.ts';
import { type ClientMessage, type JoinMessage, parseClientMessage, type RejectCode } from '../../shared/protocol.ts';
import type { Journal } from '../platform/telemetry.ts';
import type { Admissions } from '../session/admission.ts';
import { closeCodeOf, closeCodeOfError, type RefusalDetails, sentenceOf } from '../session/rejections.ts';
import { Pulse } from './heartbeat.ts';
import type { ImageFrames } from './image-frames.ts';
import { Outbox } from './outbox.ts';
import { Participant, type ParticipantContext } from './participant.ts';
import { joinedAlready, problemWithJoin } from './problems.ts';
import { RefusalLog } from './refusal-log.ts';
import { Wire } from './socket-writer.ts';
import { welcomeOf } from './welcome.ts';

export interface ConnectionContext extends ParticipantContext {
  readonly admissions: Admissions;
  readonly frames: ImageFrames;
  readonly newId: () => string;
  readonly journal: Journal;
}

/** After this the socket is torn down, whatever its peer does: a close handshake with a dead one would wait 30 s. */
const CLOSE_DEADLINE_MS = 2_000;

export class Connection {
  readonly id: string;
  readonly #socket: WebSocket;
  readonly #address: string;
  readonly #context: ConnectionContext;
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #refusals: RefusalLog;
  readonly #inbox: string[] = [];
  readonly #pulse: Pulse;
  readonly #undoDeadline: () => void;
  #undoTermination: () => void = () => {};
  #isReading = false;
  #refusedBeforeJoin = 0;
  #participant: Participant | undefined;
  #closing = false;

  /** `address` is the client's, for the limits. */
  constructor(socket: WebSocket, address: string, context: ConnectionContext) {
    const { clock, limits, frames, newId, journal } = context;
    this.id = newId();
    this.#socket = socket;
    this.#address = address;
    this.#context = context;
    this.#wire = new Wire(socket, clock, limits.OUTBOX_BYTES, newId);
    this.#outbox = new Outbox(this.#wire, frames, (imageId) => this.#refuse('image_not_found', { imageId }));
    this.#refusals = new RefusalLog(this.id, clock, journal);
    this.#undoDeadline = clock.after(limits.JOIN_DEADLINE_MS, () => this.#onJoinDeadline());
    this.#pulse = new Pulse(this.#wire, clock, {
      beat: () => this.#outbox.heartbeatIsDue(),
      silent: () => this.#onSilence(),
    });
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('close', () => this.#onClose());
    socket.on('error', (error) => this.#onError(error));
  }

  get isSlow(): boolean {
    return !this.#wire.hasRoom;
  }

  /** Everything that was due has been sent: an empty wire is one that the outbox found nothing more for. */
  get isQuiet(): boolean {
    return this.#wire.isEmpty && this.#wire.hasArrived;
  }

  /** Says goodbye and closes; the client comes back after `reconnectInMs`. */
  dismiss(code: CloseCode, reason: string, reconnectInMs?: number): void {
    this.#outbox.sendLast({ type: 'goodbye', reason, ...(reconnectInMs !== undefined && { reconnectInMs }) });
    this.#close(code, reason);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    // `ws` hands over one Buffer a message, as long as `binaryType` is left alone; binary frames are no JSON.
    this.#inbox.push(isBinary ? '' : String(data));
    if (this.#inbox.length >= this.#context.limits.HELD_MESSAGES) this.#socket.pause();
    if (!this.#isReading) void this.#readInbox();
  }

  /** One message after the other, and none while the client does not read its answers. */
  async #readInbox(): Promise<void> {
    this.#isReading = true;
    try {
      for (let text = this.#inbox.shift(); text !== undefined && !this.#closing; text = this.#inbox.shift()) {
        await this.#outbox.ready();
        await this.#handle(text);
        if (this.#inbox.length === 0) this.#socket.resume();
      }
    } catch (error) {
      this.#context.journal.fault(error, 'a message could not be handled');
      this.#close(1012, 'fault');
    } finally {
      this.#isReading = false;
    }
  }

  async #handle(text: string): Promise<void> {
    const parsed = parseClientMessage(text);
    if (!parsed.ok) {
      const { type, commandId, problem } = parsed;
      const details = { commandId, message: problem };
      if (this.#participant) return this.#refuse('invalid_message', details);
      return type === 'join'
        ? this.#refuseJoin('invalid_message', details)
        : this.#refuseStranger('invalid_message', details);
    }
    const { message } = parsed;
    if (message.type === 'join') return this.#join(message);
    if (!this.#participant) return this.#refuseStranger('not_joined', commandIdOf(message));
    return this.#participant.receive(message);
  }

  #join(message: JoinMessage): void {
    const { limits, admissions, generator } = this.#context;
    const { have = [], name: wished = '' } = message;
    if (this.#participant) return this.#refuse('invalid_message', { message: joinedAlready });
    const problem = problemWithJoin(message, limits);
    if (problem !== undefined) return this.#refuseJoin('invalid_message', { message: problem });
    const admission = admissions.admit(message, this.#address);
    if (!admission.admitted) return this.#refuseJoin(admission.code);
    const { session, role } = admission;
    const actor = { connectionId: this.id, name: wished.trim() || session.nextReviewerName() };
    this.#participant = new Participant(admission, actor, this.#context, {
      outbox: this.#outbox,
      refuse: (code, details) => this.#refuse(code, details),
      sessionClosed: () => this.#close(4404, 'session gone'),
    });
    const path = `/api/sessions/${session.id}/images/`;
    this.#outbox.subscribe(welcomeOf(admission, actor, generator, limits), {
      source: session,
      have,
      ...(message.images === 'url' && { urlOf: (imageId: string) => path + imageId }),
    });
    this.#context.journal.log.debug({ connection: this.id, session: session.id, role }, 'joined');
  }

  #refuseJoin(code: RejectCode, details?: RefusalDetails): void {
    this.#refuse(code, details);
    this.#close(closeCodeOf(code), code);
  }

  /** Whoever has not joined is told a few times that this comes first. */
  #refuseStranger(code: RejectCode, details: RefusalDetails): void {
    this.#refuse(code, details);
    this.#refusedBeforeJoin += 1;
    if (this.#refusedBeforeJoin >= this.#context.limits.HELD_MESSAGES) this.#turnAway(1008, 'join comes first');
  }

  #refuse(code: RejectCode, details: RefusalDetails = {}): void {
    this.#refusals.note(code);
    this.#outbox.send({ type: 'reject', code, ...details, message: details.message ?? sentenceOf(code) });
  }

  #onSilence(): void {
    this.#context.journal.connectionWentSilent(this.id);
    this.#close(4408, 'silent');
  }

  #onJoinDeadline(): void {
    if (!this.#participant) this.#turnAway(4408, 'no join');
  }

  #turnAway(code: CloseCode, reason: string): void {
    this.#context.journal.connectionRefused(this.id, code);
    this.#close(code, reason);
  }

  #close(code: CloseCode, reason: string): void {
    if (this.#closing) return;
    this.#end();
    this.#socket.close(code, reason);
  }

  /** Nobody is to see it here any more, though its peer may never have its part in the close. */
  #end(): void {
    this.#closing = true;
    this.#leave();
    this.#undoTermination = this.#context.clock.after(CLOSE_DEADLINE_MS, () => this.#socket.terminate());
  }

  #onClose(): void {
    this.#closing = true;
    this.#leave();
    this.#refusals.close();
    this.#undoTermination();
  }

  /** Takes no further part, though the socket may still be closing. */
  #leave(): void {
    this.#undoDeadline();
    this.#pulse.stop();
    this.#participant?.leave();
  }

  #onError(error: Error & { code?: string }): void {
    const { journal } = this.#context;
    const code = closeCodeOfError(error.code);
    if (code === undefined) journal.socketFailed(this.id, error.code);
    else journal.connectionRefused(this.id, code);
    if (!this.#closing) this.#end();
  }
}

const commandIdOf = (message: ClientMessage) => ('commandId' in message ? { commandId: message.commandId } : {});
