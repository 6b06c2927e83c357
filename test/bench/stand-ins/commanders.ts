/**
 * Reviewers, each in a session of their own, who send one command after the other as fast as they are answered: they discard their
 * picture and take it back. Each session has a second tab, on the next server.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseServerMessage, type ServerMessage, SUBPROTOCOL } from '../../../shared/protocol.ts';
import { now } from '../processes.ts';
import { offer } from './offer.ts';

export interface CommandersOrder {
  readonly ports: readonly number[];
  readonly sessions: number;
}

class Tab {
  readonly socket: WebSocket;

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, SUBPROTOCOL, { perMessageDeflate: false });
  }

  /** Sends a message, and resolves with the first one that fits. */
  async ask(message: object, fits: (answer: ServerMessage) => boolean): Promise<ServerMessage> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    const { promise, resolve } = Promise.withResolvers<ServerMessage>();
    const listener = (data: unknown) => {
      const parsed = parseServerMessage(String(data));
      if (!parsed.ok || !fits(parsed.message)) return;
      this.socket.off('message', listener);
      resolve(parsed.message);
    };
    this.socket.on('message', listener);
    this.socket.send(JSON.stringify(message));
    return promise;
  }
}

class Commander {
  readonly #tab: Tab;
  readonly #imageId: string;
  #commands = 0;

  private constructor(tab: Tab, imageId: string) {
    this.#tab = tab;
    this.#imageId = imageId;
  }

  static async open(port: number, otherPort: number): Promise<Commander> {
    const [tab, other] = [new Tab(port), new Tab(otherPort)];
    const welcome = await tab.ask({ type: 'join', images: 'url' }, ({ type }) => type === 'welcome');
    const sessionId = welcome.type === 'welcome' ? welcome.sessionId : '';
    await other.ask({ type: 'join', images: 'url', sessionId }, ({ type }) => type === 'snapshot');
    const drawn = await tab.ask(
      { type: 'generate', commandId: 'generate', prompt: 'a quiet sea' },
      (answer) => answer.type === 'snapshot' && answer.stage === 'user_feedback',
    );
    return new Commander(tab, (drawn.type === 'snapshot' && drawn.attempts[0]?.image.imageId) || '');
  }

  /** @param count even, so that the picture is there again in the end */
  async run(count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) await this.#command(done % 2 === 0 ? 'discard' : 'restore');
  }

  /** Looks at the beginning of each message alone, so that this process takes little of the processors. */
  #command(type: 'discard' | 'restore'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { socket } = this.#tab;
    const listener = (data: Buffer) => {
      if (data.includes('"type":"reject"')) reject(new Error(String(data)));
      else if (!data.includes('"type":"ack"')) return;
      socket.off('message', listener);
      resolve();
    };
    socket.on('message', listener);
    this.#commands += 1;
    socket.send(JSON.stringify({ type, commandId: `bench-${this.#commands}`, imageId: this.#imageId }));
    return promise;
  }
}

const commanders: Commander[] = [];

offer({
  async open({ ports, sessions }: CommandersOrder): Promise<void> {
    for (let index = 0; index < sessions; index += 1) {
      const [port = 0, next = port] = [ports[index % ports.length], ports[(index + 1) % ports.length]];
      commanders.push(await Commander.open(port, next));
    }
  },
  /** @returns how many milliseconds it took until all had sent so many */
  async run({ commands }: { readonly commands: number }): Promise<number> {
    const startedAt = now();
    await Promise.all(commanders.map((commander) => commander.run(commands)));
    return now() - startedAt;
  },
});
