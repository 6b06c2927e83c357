/** A connection whose messages reach a tab late, so that its person acts on a state that is out of date. */
import type { Page } from 'playwright';

export class DelayedConnection {
  #isHolding = false;
  #held: (() => void)[] = [];

  /** The server's messages wait from now on; the tab's go out at once. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Delivers what waits, in order, and from now on every message as it comes. */
  release(): void {
    this.#isHolding = false;
    for (const deliver of this.#held) deliver();
    this.#held = [];
  }

  /** @internal */
  receive(deliver: () => void): void {
    if (this.#isHolding) this.#held.push(deliver);
    else deliver();
  }
}

/** Puts a delayed connection between a page and the server. Call it before the page is opened. */
export async function delayConnection(page: Page): Promise<DelayedConnection> {
  const connection = new DelayedConnection();
  await page.routeWebSocket('**/ws', (tab) => {
    const server = tab.connectToServer();
    server.onMessage((message) => connection.receive(() => tab.send(message)));
  });
  return connection;
}
