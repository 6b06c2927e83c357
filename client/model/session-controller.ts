/** The session client as a reactive controller of a Lit element. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { SessionClient, type SessionClientOptions } from '../session/session-client.ts';
import { initialState, type SessionState } from '../session/session-state.ts';

/** The public part of a `SessionClient`, which a test can implement. */
export type SessionClientApi = Pick<SessionClient, keyof SessionClient>;

/** Keeps one session open while its host is in a document, and updates the host at each change of state. */
export class SessionController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #createClient: (options: SessionClientOptions) => SessionClientApi;
  /** As given to `open`, with what the server has said since. */
  #options: SessionClientOptions | undefined;
  #client: SessionClientApi | undefined;
  #unsubscribe: (() => void) | undefined;
  #isConnected = false;
  #lastState: SessionState = initialState;

  constructor(
    host: ReactiveControllerHost,
    createClient: (options: SessionClientOptions) => SessionClientApi = (options) => new SessionClient(options),
  ) {
    this.#host = host;
    this.#createClient = createClient;
    host.addController(this);
  }

  /** The open session's; without one, the state in which the last one was closed. */
  get state(): SessionState {
    return this.#client?.state ?? this.#lastState;
  }

  /** Undefined while the host is in no document, and before `open`. */
  get client(): SessionClientApi | undefined {
    return this.#client;
  }

  /** Opens a session in place of the one that is open. While the host is in no document, it waits until the host is. */
  open(options: SessionClientOptions): void {
    this.#close();
    this.#lastState = initialState;
    this.#options = options;
    if (this.#isConnected) this.#start();
    this.#host.requestUpdate();
  }

  /** See `SessionClient.provideToken`. */
  provideToken(token: string): void {
    this.#options &&= { ...this.#options, token };
    this.#client?.provideToken(token);
  }

  /** See `SessionClient.rename`. */
  rename(name: string): void {
    this.#options &&= { ...this.#options, name };
    this.#client?.rename(name);
  }

  hostConnected(): void {
    this.#isConnected = true;
    this.#start();
  }

  hostDisconnected(): void {
    this.#isConnected = false;
    this.#close();
  }

  #start(): void {
    if (!this.#options || this.#client) return;
    this.#client = this.#createClient(this.#options);
    this.#unsubscribe = this.#client.subscribe(() => this.#host.requestUpdate());
    this.#client.connect();
  }

  /** Remembers the session and the participant, so that the host comes back as the same one when it is connected again. */
  #close(): void {
    const client = this.#client;
    if (!client || !this.#options) return;
    const { sessionId, sessionKey, welcome } = client.state;
    this.#options = {
      ...this.#options,
      ...(sessionId !== undefined && { sessionId }),
      ...(sessionKey !== undefined && { sessionKey }),
      ...(welcome && {
        name: welcome.name,
        participant: { id: welcome.participantId, secret: welcome.participantSecret },
      }),
    };
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    client.close();
    this.#lastState = client.state;
    this.#client = undefined;
  }
}
