/** A connection that sends whatever it is told to, and checks every answer against the protocol. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { closeCodes } from '../../shared/close-codes.ts';
import { parseClientMessage, parseServerMessage, type ServerMessage } from '../../shared/protocol.ts';
import { upgraded } from '../support/raw-client.ts';
import type { AttackCounts } from './attack-counts.ts';
import type { FrameBatch } from './fuzzed-frames.ts';
import type { Knowledge } from './fuzzed-messages.ts';
import { encodeFrame, FrameReader, opcodes, type ServerFrame } from './websocket-frames.ts';

/** Codes that `ws` itself closes with, for bytes that are no valid frames (RFC 6455, 7.4.1). */
const PROTOCOL_CLOSES = [1002, 1007, 1009];
const ANSWER_TIMEOUT_MS = 30_000;
const MASK = Buffer.from([7, 77, 177, 17]);

export class HostileClient {
  knowledge: Knowledge = { commandIds: [] };
  readonly #socket: Socket;
  readonly #counts: AttackCounts;
  readonly #name: string;
  readonly #reader = new FrameReader();
  /** How often each command id was sent, less the answers that came (rule W6). */
  readonly #unanswered = new Map<string, number>();
  readonly #ended: Promise<'closed'>;
  readonly #fences = new Map<string, () => void>();
  #fenceCount = 0;
  #revision = -1;
  /** This client has sent a close frame, or bytes that may be one: the server may answer with the same code. */
  #hasSentClose = false;
  #closeCode: number | undefined;
  /** The server may end the connection without a close frame: the bytes were invalid, or this client ended it. */
  #mayEndAbruptly = false;

  constructor(socket: Socket, counts: AttackCounts, name: string) {
    this.#socket = socket;
    this.#counts = counts;
    this.#name = name;
    const { promise, resolve } = Promise.withResolvers<'closed'>();
    this.#ended = promise;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      this.#onClose();
      resolve('closed');
    });
    socket.resume();
  }

  /** False after `stopReading`; the connection can then only be reset. */
  get isReading(): boolean {
    return !this.#socket.isPaused();
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#closeCode === undefined;
  }

  /** Reads no more, so that the server can't send. */
  stopReading(): void {
    this.#mayEndAbruptly = true;
    this.#socket.pause();
  }

  /** `text` is the message in the frames, when they hold a whole one: its command must get an answer. */
  async send(batch: FrameBatch, text?: string): Promise<void> {
    if (!this.isOpen) return;
    this.#counts.frames += batch.frames;
    if (batch.mayClose) this.#hasSentClose = true;
    if (text === undefined) this.#mayEndAbruptly = true;
    else this.#expectAnswer(text);
    if (batch.bytes.length === 0 || this.#socket.write(batch.bytes)) return;
    await Promise.race([once(this.#socket, 'drain').catch(() => undefined), this.#ended]);
  }

  /** Waits until everything that was sent has been handled, or the connection has ended; then no answer may be missing. */
  async fence(): Promise<void> {
    if (!this.isOpen || !this.isReading) return;
    const commandId = `fence-${++this.#fenceCount}`;
    const { promise, resolve } = Promise.withResolvers<'answered'>();
    this.#fences.set(commandId, () => resolve('answered'));
    // An invalid message, so that no rate limit applies; its reject names the id.
    this.#socket.write(encodeFrame({ payload: Buffer.from(JSON.stringify({ commandId })), mask: MASK }));
    const outcome = await this.#withTimeout(Promise.race([promise, this.#ended]), 'an answer');
    // After changed bytes it is unknown which commands arrived.
    if (outcome !== 'answered' || this.#mayEndAbruptly) return;
    for (const [id, count] of this.#unanswered) {
      if (count !== 0) this.#violated(`command ${id} lacks ${count} answers`);
    }
    this.#unanswered.clear();
  }

  /** Sends a close frame, and waits for the server to close. */
  async close(): Promise<void> {
    if (!this.isOpen) return this.#end();
    this.#hasSentClose = true;
    this.#socket.write(encodeFrame({ payload: Buffer.from([0x03, 0xe8]), opcode: opcodes.close, mask: MASK }));
    await this.#end();
  }

  /** Ends only its own direction, as a process that exits. */
  async endWriting(): Promise<void> {
    this.#mayEndAbruptly = true;
    this.#socket.end();
    await this.#end();
  }

  async reset(): Promise<void> {
    this.#mayEndAbruptly = true;
    this.#socket.resetAndDestroy();
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#withTimeout(this.#ended, 'the end of the connection');
  }

  async #withTimeout<Outcome>(awaited: Promise<Outcome>, name: string): Promise<Outcome | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      this.#violated(`${name} did not come`);
      this.#mayEndAbruptly = true;
      this.#socket.destroy();
      resolve(undefined);
    }, ANSWER_TIMEOUT_MS);
    return Promise.race([awaited, promise]).finally(() => clearTimeout(timer));
  }

  #expectAnswer(text: string): void {
    const parsed = parseClientMessage(text);
    const commandId = parsed.ok ? 'commandId' in parsed.message && parsed.message.commandId : parsed.commandId;
    if (typeof commandId !== 'string') return;
    this.#unanswered.set(commandId, (this.#unanswered.get(commandId) ?? 0) + 1);
    if (!parsed.ok) return;
    this.knowledge = { ...this.knowledge, commandIds: [...this.knowledge.commandIds.slice(-20), commandId] };
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) this.#onFrame(frame);
    } catch (error) {
      this.#violated(String(error));
      this.#socket.destroy();
    }
  }

  #onFrame({ opcode, payload }: ServerFrame): void {
    switch (opcode) {
      case opcodes.text:
        return this.#onText(payload.toString());
      case opcodes.close:
        this.#closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE();
        return;
      case opcodes.ping:
        if (this.isOpen) this.#socket.write(encodeFrame({ payload, opcode: opcodes.pong, mask: MASK }));
        return;
      case opcodes.pong:
        return;
      default:
        this.#violated(`a frame with opcode ${opcode}`);
    }
  }

  #onText(text: string): void {
    const parsed = parseServerMessage(text);
    if (parsed.ok) return this.#onMessage(parsed.message);
    this.#violated(`${parsed.problem} ${text.slice(0, 300)}`);
  }

  #onMessage(message: ServerMessage): void {
    if (message.type === 'ack' || message.type === 'reject') this.#onAnswer(message);
    else this.#counts.answered(message.type);
    if (message.type === 'welcome') {
      const { sessionId, key, participantId: id, participantSecret: secret } = message;
      const participant = { id, secret };
      this.knowledge = { ...this.knowledge, sessionId, participant, ...(key !== undefined && { key }) };
    }
    if (message.type !== 'snapshot') return;
    if (message.revision < this.#revision) this.#violated(`revision ${message.revision} after ${this.#revision}`);
    this.#revision = message.revision;
    this.knowledge = { ...this.knowledge, snapshot: message };
  }

  #onAnswer(answer: Extract<ServerMessage, { type: 'ack' | 'reject' }>): void {
    const { commandId } = answer;
    const fence = commandId === undefined ? undefined : this.#fences.get(commandId);
    if (fence) return fence();
    this.#counts.answered(answer.type === 'ack' ? 'ack' : `reject ${answer.code}`);
    if (commandId !== undefined) this.#unanswered.set(commandId, (this.#unanswered.get(commandId) ?? 0) - 1);
  }

  #onClose(): void {
    const code = this.#closeCode;
    this.#counts.closed(String(code ?? 'no close frame'));
    const isExpected = this.#hasSentClose || this.#mayEndAbruptly;
    if (code === undefined && !isExpected) this.#violated('the server ended the connection without a close frame');
    if (code === undefined || code in closeCodes || PROTOCOL_CLOSES.includes(code) || this.#hasSentClose) return;
    this.#violated(`closed with ${code}`);
  }

  #violated(violation: string): void {
    this.#counts.violations.push(`${this.#name}: ${violation}`);
  }
}

export const openHostileClient = async (port: number, counts: AttackCounts, name: string): Promise<HostileClient> =>
  new HostileClient(await upgraded(port), counts, name);
