/** One hostile connection: it sends what it is told to, and holds every answer to the protocol. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { closeCodes } from '../../shared/close-codes.ts';
import { parseClientMessage, parseServerMessage, type ServerMessage } from '../../shared/protocol.ts';
import { upgraded } from '../support/raw-client.ts';
import type { Salvo } from './bytes.ts';
import { encodeFrame, FrameReader, opcodes, type ServerFrame } from './frames.ts';
import type { Knowledge } from './messages.ts';
import type { Tally } from './tally.ts';

/** Codes that `ws` itself closes with, for bytes that are no WebSocket's: RFC 6455, 7.4.1. */
const PROTOCOL_CLOSES = [1002, 1007, 1009];
/** No answer by then is none at all. */
const PATIENCE_MS = 30_000;
const MASK = Buffer.from([7, 77, 177, 17]);

export class Visitor {
  knowledge: Knowledge = { commandIds: [] };
  readonly #socket: Socket;
  readonly #tally: Tally;
  readonly #reader = new FrameReader();
  /** How many answers each command id must get, less those that came (rule W6). */
  readonly #owed = new Map<string, number>();
  readonly #ended: Promise<'closed'>;
  readonly #fences = new Map<string, () => void>();
  readonly #name: string;
  #fenceCount = 0;
  #revision = -1;
  /** A close frame of ours was sent, or bytes that may be one: the server may echo its code. */
  #hasSaidGoodbye = false;
  #closeCode: number | undefined;
  /** The server may still be made to end without a word: the bytes were none that a client may send, or the end was ours. */
  #mayBeCutOff = false;

  constructor(socket: Socket, tally: Tally, name: string) {
    this.#socket = socket;
    this.#tally = tally;
    this.#name = name;
    const { promise, resolve } = Promise.withResolvers<'closed'>();
    this.#ended = promise;
    socket.on('data', (chunk) => this.#heard(chunk));
    // The server has nothing more to say: neither have we.
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      this.#left();
      resolve('closed');
    });
    socket.resume();
  }

  /** Whether it hears the server; one that does not can only be reset in the end. */
  get isReading(): boolean {
    return !this.#socket.isPaused();
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#closeCode === undefined;
  }

  /** Reads no more: what the server says stays with it. */
  stopReading(): void {
    this.#mayBeCutOff = true;
    this.#socket.pause();
  }

  /** `text` is what the frames say, where they say a whole message: then its command is owed an answer. */
  async send(salvo: Salvo, text?: string): Promise<void> {
    if (!this.isOpen) return;
    this.#tally.sent(salvo.frames);
    if (salvo.mayEcho) this.#hasSaidGoodbye = true;
    if (text === undefined) this.#mayBeCutOff = true;
    else this.#owe(text);
    if (salvo.bytes.length === 0 || this.#socket.write(salvo.bytes)) return;
    await Promise.race([once(this.#socket, 'drain').catch(() => undefined), this.#ended]);
  }

  /** Waits until all that was sent has been dealt with, or the connection is over; then nothing is owed any more. */
  async fence(): Promise<void> {
    if (!this.isOpen || !this.isReading) return;
    const commandId = `fence-${++this.#fenceCount}`;
    const { promise, resolve } = Promise.withResolvers<'answered'>();
    this.#fences.set(commandId, () => resolve('answered'));
    // No command, so that no limit applies to it; but the refusal tells its id.
    this.#socket.write(encodeFrame({ payload: Buffer.from(JSON.stringify({ commandId })), mask: MASK }));
    const outcome = await this.#patiently(Promise.race([promise, this.#ended]), 'an answer');
    if (outcome !== 'answered') return;
    // Where bytes were bent, nobody can tell which commands arrived.
    if (this.#mayBeCutOff) return;
    for (const [id, left] of this.#owed) if (left !== 0) this.#violated(`command ${id} is owed ${left} answers`);
    this.#owed.clear();
  }

  /** Closes in good order, and waits for the server to do so. */
  async leave(): Promise<void> {
    if (!this.isOpen) return this.#over();
    this.#hasSaidGoodbye = true;
    this.#socket.write(encodeFrame({ payload: Buffer.from([0x03, 0xe8]), opcode: opcodes.close, mask: MASK }));
    await this.#over();
  }

  /** Ends its own side alone, as a program that exits. */
  async hangUp(): Promise<void> {
    this.#mayBeCutOff = true;
    this.#socket.end();
    await this.#over();
  }

  async reset(): Promise<void> {
    this.#mayBeCutOff = true;
    this.#socket.resetAndDestroy();
    await this.#over();
  }

  async #over(): Promise<void> {
    await this.#patiently(this.#ended, 'the end of the connection');
  }

  async #patiently<Outcome>(what: Promise<Outcome>, name: string): Promise<Outcome | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      this.#violated(`waited in vain for ${name}`);
      this.#mayBeCutOff = true;
      this.#socket.destroy();
      resolve(undefined);
    }, PATIENCE_MS);
    return Promise.race([what, promise]).finally(() => clearTimeout(timer));
  }

  #owe(text: string): void {
    const parsed = parseClientMessage(text);
    const commandId = parsed.ok ? 'commandId' in parsed.message && parsed.message.commandId : parsed.commandId;
    if (typeof commandId !== 'string') return;
    this.#owed.set(commandId, (this.#owed.get(commandId) ?? 0) + 1);
    if (parsed.ok)
      this.knowledge = { ...this.knowledge, commandIds: [...this.knowledge.commandIds.slice(-20), commandId] };
  }

  #heard(chunk: Buffer): void {
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
    else this.#tally.answered(message.type);
    if (message.type === 'welcome') {
      const { sessionId, key } = message;
      this.knowledge = { ...this.knowledge, sessionId, ...(key !== undefined && { key }) };
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
    this.#tally.answered(answer.type === 'ack' ? 'ack' : `reject ${answer.code}`);
    if (commandId !== undefined) this.#owed.set(commandId, (this.#owed.get(commandId) ?? 0) - 1);
  }

  #left(): void {
    const code = this.#closeCode;
    this.#tally.closed(String(code ?? 'cut off'));
    if (code === undefined && !this.#hasSaidGoodbye && !this.#mayBeCutOff) this.#violated('cut off without a word');
    if (code === undefined || code in closeCodes || PROTOCOL_CLOSES.includes(code) || this.#hasSaidGoodbye) return;
    this.#violated(`closed with ${code}`);
  }

  #violated(what: string): void {
    this.#tally.violations.push(`${this.#name}: ${what}`);
  }
}

export const openVisitor = async (port: number, tally: Tally, name: string): Promise<Visitor> =>
  new Visitor(await upgraded(port), tally, name);
