/** Finds out by a plain HTTP request why a client cannot connect. A browser does not say why a WebSocket failed. */
import * as v from 'valibot';
import type { Environment } from './environment.ts';

export type Obstacle =
  /** Nothing answers: there is no network, or it lets nothing through to that address. */
  | 'unreachable'
  /** Somebody before the server wants people to sign in: 401, 403, 511 or a redirect. */
  | 'sign_in'
  /** The server is being restarted, or the proxy before it does not find it: 429 or 5xx. */
  | 'server_away'
  /** Something else than Proofroom answers there. */
  | 'another_site'
  /** There is an answer, but this page may not read it: the server does not list the page's origin, or somebody before it answered. */
  | 'foreign_page'
  /** The server answers over HTTP and takes work, so WebSockets alone don't get through. */
  | 'no_websocket';

/** A request without an answer by then counts as one that nothing answers. */
const DEADLINE_MS = 10_000;

/** What `readyz` answers with. */
const Readiness = v.object({ status: v.string() });

type Requests = Pick<Environment, 'fetch' | 'setTimer'>;

/** After so many tries in a row without a word from the server, it is asked what is in the way; and again after each further one. */
const TRIES_IN_VAIN = 3;

/** Counts the tries in vain. The tries themselves go on meanwhile (rule R5). */
export class ObstacleSearch {
  readonly #environment: Requests;
  readonly #server: string;
  readonly #onFound: () => void;
  #tries = 0;
  #isAsking = false;
  #found: Obstacle | undefined;

  /**
   * @param server the server's address, with a slash at its end
   * @param onFound called when `found` has changed by itself
   */
  constructor(environment: Requests, server: string, onFound: () => void) {
    this.#environment = environment;
    this.#server = server;
    this.#onFound = onFound;
  }

  get found(): Obstacle | undefined {
    return this.#found;
  }

  /** A try to connect is over, and the server has not said a word. */
  triedInVain(): void {
    this.#tries += 1;
    if (this.#tries >= TRIES_IN_VAIN && !this.#isAsking) void this.#ask();
  }

  /** The server was reached, or is not tried any more. */
  reset(): void {
    this.#tries = 0;
    this.#found = undefined;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const obstacle = await findObstacle(this.#environment, this.#server);
    this.#isAsking = false;
    if (this.#tries < TRIES_IN_VAIN || obstacle === this.#found) return;
    this.#found = obstacle;
    this.#onFound();
  }
}

/** @param server the server's address, with a slash at its end */
async function findObstacle(environment: Requests, server: string): Promise<Obstacle> {
  const url = new URL('readyz', server).href;
  try {
    const [response, body] = await ask(environment, url, { redirect: 'manual' });
    return obstacleIn(response, body);
  } catch {
    // Without leave to read the answer, a page can still find out that there is one.
    const hasAnswer = await ask(environment, url, { mode: 'no-cors' }).then(
      () => true,
      () => false,
    );
    return hasAnswer ? 'foreign_page' : 'unreachable';
  }
}

async function ask(
  environment: Requests,
  url: string,
  options: RequestInit,
): Promise<[response: Response, body: string]> {
  const controller = new AbortController();
  const stopTimer = environment.setTimer(() => controller.abort(), DEADLINE_MS);
  try {
    const { signal } = controller;
    const response = await environment.fetch(url, {
      ...options,
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
    });
    return [response, await response.text()];
  } finally {
    stopTimer();
  }
}

function obstacleIn({ type, status }: Response, body: string): Obstacle {
  // A browser hides where a redirect leads, and even its status.
  const isRedirect = type === 'opaqueredirect' || (status >= 300 && status < 400);
  if (isRedirect || status === 401 || status === 403 || status === 511) return 'sign_in';
  if (status === 429 || status >= 500) return 'server_away';
  return status === 200 && isReadiness(body) ? 'no_websocket' : 'another_site';
}

function isReadiness(body: string): boolean {
  try {
    return v.is(Readiness, JSON.parse(body));
  } catch {
    return false;
  }
}
