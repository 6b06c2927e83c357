/** One session under load: a reviewer who approves images, and watchers. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { CommandInput } from '../../client/session/session-client.ts';
import { type JoinMessage, parseServerMessage, type ServerMessage, SUBPROTOCOL } from '../../shared/protocol.ts';

type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>;

export interface DecisionLatency {
  /** From sending the approval to its `ack`, in milliseconds. */
  readonly answeredMs: number;
  /** From sending the approval to the last watcher's snapshot, in milliseconds. */
  readonly seenMs: number;
}

class LoadClient {
  readonly socket: WebSocket;
  snapshot: Snapshot | undefined;
  sessionId = '';
  readonly #listeners = new Set<(message: ServerMessage) => void>();

  constructor(address: string, onError: (error: string) => void) {
    this.socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, SUBPROTOCOL, { perMessageDeflate: false });
    this.socket.on('error', (error) => onError(error.message));
    this.socket.on('close', (code) => code !== 1005 && code !== 1006 && onError(`closed with ${code}`));
    this.socket.on('message', (data) => this.#onMessage(String(data), onError));
  }

  async join(fields: Pick<JoinMessage, 'sessionId'>): Promise<void> {
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

  #onMessage(text: string, onError: (error: string) => void): void {
    const parsed = parseServerMessage(text);
    if (!parsed.ok) return onError(parsed.problem);
    const { message } = parsed;
    if (message.type === 'welcome') this.sessionId = message.sessionId;
    if (message.type === 'snapshot') this.snapshot = message;
    for (const listener of [...this.#listeners]) listener(message);
  }
}

export class LoadedSession {
  isBusy = false;
  readonly #reviewer: LoadClient;
  readonly #watchers: readonly LoadClient[];
  #commands = 0;

  private constructor(reviewer: LoadClient, watchers: readonly LoadClient[]) {
    this.#reviewer = reviewer;
    this.#watchers = watchers;
  }

  /** Creates a session, connects its watchers, and generates a first image. */
  static async open(address: string, watchers: number, onError: (error: string) => void): Promise<LoadedSession> {
    const reviewer = new LoadClient(address, onError);
    await reviewer.join({});
    const clients = Array.from({ length: watchers }, () => new LoadClient(address, onError));
    await Promise.all(clients.map((client) => client.join({ sessionId: reviewer.sessionId })));
    const session = new LoadedSession(reviewer, clients);
    await session.#generate();
    return session;
  }

  /** Approves the image on show, then starts over and generates the next one. */
  async decide(): Promise<DecisionLatency> {
    this.isBusy = true;
    const { imageId = '', sha256 = '' } = this.#reviewer.snapshot?.image ?? {};
    const startedAt = performance.now();
    const seen = Promise.all(this.#watchers.map((watcher) => watcher.until(isSnapshotIn('final'))));
    await this.#execute({ type: 'approve', imageId, sha256 });
    const answeredMs = performance.now() - startedAt;
    await seen;
    const seenMs = performance.now() - startedAt;
    await this.#execute({ type: 'start_over' });
    await this.#generate();
    this.isBusy = false;
    return { answeredMs, seenMs };
  }

  close(): void {
    for (const { socket } of [this.#reviewer, ...this.#watchers]) socket.terminate();
  }

  async #generate(): Promise<void> {
    const generated = this.#reviewer.until(isSnapshotIn('user_feedback'));
    await this.#execute({ type: 'generate', prompt: 'a picture under load' });
    await generated;
  }

  /** @throws {Error} when the command is rejected */
  async #execute(command: CommandInput): Promise<void> {
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

const isSnapshotIn = (stage: Snapshot['stage']) => (message: ServerMessage) =>
  message.type === 'snapshot' && message.stage === stage;
