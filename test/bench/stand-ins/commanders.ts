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

  /** Looks at the beginning of each message alone, so that this process takes little of the processors. */
  next(type: 'ack' | 'snapshot'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const listener = (data: Buffer) => {
      const beginning = data.toString('latin1', 0, 30);
      if (beginning.includes('"type":"reject"')) reject(new Error(String(data)));
      else if (!beginning.includes(`"type":"${type}"`)) return;
      this.socket.off('message', listener);
      resolve();
    };
    this.socket.on('message', listener);
    return promise;
  }
}

class Commander {
  readonly #tab: Tab;
  readonly #other: Tab;
  readonly #imageId: string;
  #commands = 0;

  private constructor(tab: Tab, other: Tab, imageId: string) {
    this.#tab = tab;
    this.#other = other;
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
    return new Commander(tab, other, (drawn.type === 'snapshot' && drawn.attempts[0]?.image.imageId) || '');
  }

  /** @param count even, so that the picture is there again in the end */
  async run(count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) await this.#command();
  }

  /** @returns how long one command takes, until the other tab has the new state */
  async hopMs(): Promise<number> {
    const seen = this.#other.next('snapshot').then(now);
    const sentAt = now();
    await this.#command();
    return (await seen) - sentAt;
  }

  async #command(): Promise<void> {
    const type = this.#commands % 2 === 0 ? 'discard' : 'restore';
    this.#commands += 1;
    const answered = this.#tab.next('ack');
    this.#tab.socket.send(JSON.stringify({ type, commandId: `bench-${this.#commands}`, imageId: this.#imageId }));
    await answered;
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
  /** @returns how long each of so many commands of the first one takes until its second tab has the new state, in milliseconds */
  async hops({ count }: { readonly count: number }): Promise<number[]> {
    const times: number[] = [];
    for (let done = 0; done < count; done += 1) times.push((await commanders[0]?.hopMs()) ?? Number.NaN);
    return times;
  },
  /** @returns how many milliseconds it took until all had sent so many */
  async run({ commands }: { readonly commands: number }): Promise<number> {
    const startedAt = now();
    await Promise.all(commanders.map((commander) => commander.run(commands)));
    return now() - startedAt;
  },
});
