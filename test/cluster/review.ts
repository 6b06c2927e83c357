/** Two people in one review, each with a connection of their own. What they do waits until they are connected, as in the page. */
import { type CommandResult, SessionClient, type SessionClientOptions } from '../../client/session/session-client.ts';
import { isOnline, stateOf } from '../faults/mass-reconnect.ts';

export class Review {
  readonly #ana: SessionClient;
  readonly #bo: SessionClient;

  private constructor(ana: SessionClient, bo: SessionClient) {
    this.#ana = ana;
    this.#bo = bo;
  }

  /** Ana creates the session, and Bo comes by the review link. */
  static async open(options: Pick<SessionClientOptions, 'server' | 'token'>): Promise<Review> {
    const ana = await connected({ ...options, name: 'Ana' });
    const { sessionId = '', sessionKey = '' } = ana.state;
    return new Review(ana, await connected({ ...options, name: 'Bo', sessionId, sessionKey }));
  }

  /** Ana asks for a picture, and Bo gets it. */
  async draw(): Promise<void> {
    await this.ask();
    await this.drawn();
  }

  /** Resolves when a server has accepted what Ana asks for. */
  async ask(): Promise<void> {
    await accepted(this.#ana.generate('A fox in the snow'));
  }

  async drawn(): Promise<void> {
    await stateOf(this.#bo, ({ snapshot, images }) => snapshot?.stage === 'user_feedback' && images.size > 0);
  }

  /** Ana approves the picture, and Bo sees it. */
  async approve(): Promise<void> {
    const picture = this.#bo.state.snapshot?.attempts[0]?.image;
    if (!picture) throw new Error('There is no picture to approve.');
    await accepted(this.#ana.approve(picture));
    await stateOf(this.#bo, ({ snapshot }) => snapshot?.stage === 'final');
  }

  close(): void {
    this.#ana.close();
    this.#bo.close();
  }
}

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
