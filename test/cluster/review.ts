/** Two people in one review, each with a connection of their own. What they do waits until they are connected, as in the page. */
import {
  type CommandResult,
  SessionClient,
  type SessionClientOptions,
  type SessionState,
} from '../../client/session/session-client.ts';
import { isOnline, stateOf } from '../faults/mass-reconnect.ts';

export const hasPicture = ({ snapshot, images }: SessionState): boolean =>
  snapshot?.stage === 'user_feedback' && images.has(snapshot.attempts.at(-1)?.image.imageId ?? '');

export class Review {
  readonly #ana: SessionClient;
  readonly #bo: SessionClient;
  readonly #clients: SessionClient[];

  private constructor(ana: SessionClient, bo: SessionClient) {
    this.#ana = ana;
    this.#bo = bo;
    this.#clients = [ana, bo];
  }

  /** Ana creates the session, and Bo comes by the review link. */
  static async open(options: Pick<SessionClientOptions, 'server' | 'token'>): Promise<Review> {
    const ana = await connected({ ...options, name: 'Ana' });
    return new Review(ana, await connected({ ...linkOf(ana), ...options, name: 'Bo' }));
  }

  /** Somebody else comes by the review link, to a server of the same deployment. */
  async join(server: string): Promise<SessionClient> {
    const client = await connected({ ...linkOf(this.#ana), server, name: 'Cy' });
    this.#clients.push(client);
    return client;
  }

  /** Ana comes back in another tab, to a server of the same deployment. */
  async comeBack(server: string): Promise<SessionClient> {
    const { participantId: id = '', participantSecret: secret = '' } = this.#ana.state.welcome ?? {};
    const client = await connected({ ...linkOf(this.#ana), server, name: 'Ana', participant: { id, secret } });
    this.#clients.push(client);
    return client;
  }

  /** Ana asks for a picture, or for another one, and everybody gets it. */
  async draw(): Promise<void> {
    await this.ask();
    await this.drawn();
  }

  /** Resolves when a server has accepted what Ana asks for, and Bo has been told. */
  async ask(): Promise<void> {
    const isAsked = stateOf(this.#bo, ({ snapshot }) => snapshot?.stage === 'generating');
    const { attempts = [] } = this.#ana.state.snapshot ?? {};
    await accepted(attempts.length > 0 ? this.#ana.regenerate() : this.#ana.generate('A fox in the snow'));
    await isAsked;
  }

  /** Resolves when everybody has the new picture. */
  async drawn(): Promise<void> {
    await Promise.all(this.#clients.map((client) => stateOf(client, hasPicture)));
  }

  /** Ana approves the picture, and Bo sees it. */
  async approve(): Promise<void> {
    const picture = this.#bo.state.snapshot?.attempts[0]?.image;
    if (!picture) throw new Error('There is no picture to approve.');
    await accepted(this.#ana.approve(picture));
    await stateOf(this.#bo, ({ snapshot }) => snapshot?.stage === 'final');
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

const linkOf = ({ state: { sessionId = '', sessionKey = '' } }: SessionClient) => ({ sessionId, sessionKey });

async function connected(options: SessionClientOptions): Promise<SessionClient> {
  const client = new SessionClient(options);
  client.connect();
  await stateOf(client, isOnline);
  return client;
}

async function accepted(result: Promise<CommandResult>): Promise<void> {
  const answer = await result;
  if (!answer.accepted) throw new Error(answer.rejection.message);
}
