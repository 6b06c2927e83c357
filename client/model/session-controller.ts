/** The session client as a part of a Lit element. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { SessionClient, type SessionClientOptions } from '../session/session-client.ts';
import { initialState, type SessionState } from '../session/session-state.ts';

/** What a view may ask of a client; a test may stand in for it. */
export type Session = Pick<SessionClient, keyof SessionClient>;

/** Keeps one session open while its host is in a document, and updates the host at each change of state. */
export class SessionController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #createClient: (options: SessionClientOptions) => Session;
  /** With what was learnt of the session since it was opened. */
  #options: SessionClientOptions | undefined;
  #client: Session | undefined;
  #unsubscribe: (() => void) | undefined;
  #isConnected = false;
  #lastState: SessionState = initialState;

  constructor(
    host: ReactiveControllerHost,
    createClient: (options: SessionClientOptions) => Session = (options) => new SessionClient(options),
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
  get client(): Session | undefined {
    return this.#client;
  }

  /** Opens a session in place of the one that is open; outside of a document it waits until the host is in one. */
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

  /** Keeps the ids, so that the host comes back to the same session, with the same name. */
  #close(): void {
    const client = this.#client;
    if (!client || !this.#options) return;
    const { sessionId, sessionKey, welcome } = client.state;
    this.#options = {
      ...this.#options,
      ...(sessionId !== undefined && { sessionId }),
      ...(sessionKey !== undefined && { sessionKey }),
      ...(welcome && { name: welcome.name }),
    };
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    client.close();
    this.#lastState = client.state;
    this.#client = undefined;
  }
}
