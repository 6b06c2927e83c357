/** A line that brings a tab its news late, so that its person acts on what is no longer so. */
import type { Page } from 'playwright';

export class SlowLine {
  #isHeld = false;
  #late: (() => void)[] = [];

  /** What the server says from now on waits; what the tab says goes out at once. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Brings what waits, in order, and from now on everything as it comes. */
  release(): void {
    this.#isHeld = false;
    for (const deliver of this.#late) deliver();
    this.#late = [];
  }

  /** @internal */
  carry(deliver: () => void): void {
    if (this.#isHeld) this.#late.push(deliver);
    else deliver();
  }
}

/** Puts such a line between a tab that is still empty and whatever server it will connect to. */
export async function slowLineOf(page: Page): Promise<SlowLine> {
  const line = new SlowLine();
  await page.routeWebSocket('**/ws', (tab) => {
    const server = tab.connectToServer();
    server.onMessage((message) => line.carry(() => tab.send(message)));
  });
  return line;
}
