/** One session under load: a reviewer who decides, and watchers who look on. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseServerMessage, type ServerMessage, SUBPROTOCOL } from '../../shared/protocol.ts';

type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>;
type Command = Readonly<{ type: string } & Record<string, unknown>>;

export interface DecisionLatency {
  /** From the click to its `ack`. */
  readonly answeredMs: number;
  /** From the click to the last watcher's snapshot. */
  readonly seenMs: number;
}

class Seat {
  readonly socket: WebSocket;
  snapshot: Snapshot | undefined;
  sessionId = '';
  readonly #listeners = new Set<(message: ServerMessage) => void>();

  constructor(address: string, onFailure: (why: string) => void) {
    this.socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, SUBPROTOCOL, { perMessageDeflate: false });
    this.socket.on('error', (error) => onFailure(error.message));
    this.socket.on('close', (code) => code !== 1005 && code !== 1006 && onFailure(`closed with ${code}`));
    this.socket.on('message', (data) => this.#onMessage(String(data), onFailure));
  }

  async join(fields: object): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    const joined = this.until((message) => message.type === 'snapshot');
    this.socket.send(JSON.stringify({ type: 'join', images: 'url', ...fields }));
    await joined;
  }

  until(fits: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    return new Promise((resolve) => {
      const listener = (message: ServerMessage) => {
        if (!fits(message)) return;
        this.#listeners.delete(listener);
        resolve(message);
      };
      this.#listeners.add(listener);
    });
  }

  #onMessage(text: string, onFailure: (why: string) => void): void {
    const parsed = parseServerMessage(text);
    if (!parsed.ok) return onFailure(parsed.problem);
    const { message } = parsed;
    if (message.type === 'welcome') this.sessionId = message.sessionId;
    if (message.type === 'snapshot') this.snapshot = message;
    for (const listener of [...this.#listeners]) listener(message);
  }
}

export class Room {
  isBusy = false;
  readonly #reviewer: Seat;
  readonly #watchers: readonly Seat[];
  #commands = 0;

  private constructor(reviewer: Seat, watchers: readonly Seat[]) {
    this.#reviewer = reviewer;
    this.#watchers = watchers;
  }

  /** Opens a session, brings its watchers, and draws a first picture. */
  static async open(address: string, watchers: number, onFailure: (why: string) => void): Promise<Room> {
    const reviewer = new Seat(address, onFailure);
    await reviewer.join({});
    const seats = Array.from({ length: watchers }, () => new Seat(address, onFailure));
    await Promise.all(seats.map((seat) => seat.join({ sessionId: reviewer.sessionId })));
    const room = new Room(reviewer, seats);
    await room.#draw();
    return room;
  }

  /** Approves the picture on show, then starts over and draws the next. */
  async decide(): Promise<DecisionLatency> {
    this.isBusy = true;
    const { snapshot } = this.#reviewer;
    const start = performance.now();
    const seen = Promise.all(this.#watchers.map((seat) => seat.until(isIn('final'))));
    await this.#command({ type: 'approve', imageId: snapshot?.image?.imageId, sha256: snapshot?.image?.sha256 });
    const answeredMs = performance.now() - start;
    await seen;
    const seenMs = performance.now() - start;
    await this.#command({ type: 'start_over' });
    await this.#draw();
    this.isBusy = false;
    return { answeredMs, seenMs };
  }

  close(): void {
    for (const { socket } of [this.#reviewer, ...this.#watchers]) socket.terminate();
  }

  async #draw(): Promise<void> {
    const drawn = this.#reviewer.until(isIn('user_feedback'));
    await this.#command({ type: 'generate', prompt: 'a picture under load' });
    await drawn;
  }

  async #command(command: Command): Promise<void> {
    const commandId = `load-${++this.#commands}`;
    const turn = this.#reviewer.snapshot?.turn;
    const answer = this.#reviewer.until(
      (message) => (message.type === 'ack' || message.type === 'reject') && message.commandId === commandId,
    );
    this.#reviewer.socket.send(JSON.stringify({ ...command, commandId, turn }));
    const message = await answer;
    if (message.type === 'reject') throw new Error(`${command.type}: ${message.code}`);
  }
}

const isIn = (stage: Snapshot['stage']) => (message: ServerMessage) =>
  message.type === 'snapshot' && message.stage === stage;
