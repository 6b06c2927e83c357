/**
 * A tab with no more of DevTools than it takes to type and click. Playwright listens to the network in each of its pages, and Chromium
 * then copies every message of a WebSocket into two more processes: 50 ms for a picture, which nobody's tab has to wait for.
 */
import type { Browser, CDPSession } from 'playwright';

interface Reply {
  readonly id?: number;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
}

/** For what a page does on a busy machine. */
const PATIENCE_MS = 120_000;

export class BarePage implements AsyncDisposable {
  readonly #browser: CDPSession;
  readonly #browserContextId: string;
  readonly #sessionId: string;
  readonly #replies = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(browser: CDPSession, browserContextId: string, sessionId: string) {
    this.#browser = browser;
    this.#browserContextId = browserContextId;
    this.#sessionId = sessionId;
    browser.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId !== sessionId) return;
      const reply = JSON.parse(event.message) as Reply;
      if (reply.id !== undefined) this.#replies.get(reply.id)?.(reply);
    });
  }

  /** A tab in a profile of its own: Playwright lets go of tabs in profiles that it has not made. */
  static async open(browser: Browser): Promise<BarePage> {
    const session = await browser.newBrowserCDPSession();
    const { browserContextId } = await session.send('Target.createBrowserContext');
    const { targetId } = await session.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    const page = new BarePage(session, browserContextId, sessionId);
    const size = { width: 1280, height: 720, deviceScaleFactor: 1, mobile: false };
    await page.send('Emulation.setDeviceMetricsOverride', size);
    await page.send('Page.enable');
    await page.send('Page.setBypassCSP', { enabled: true });
    return page;
  }

  /** Sends a command of the DevTools protocol. */
  async send(method: string, params: object = {}): Promise<object> {
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const timer = setTimeout(() => reject(new Error(`${method} was not answered.`)), PATIENCE_MS);
    this.#replies.set(id, resolve);
    const message = JSON.stringify({ id, method, params });
    await this.#browser.send('Target.sendMessageToTarget', { message, sessionId: this.#sessionId });
    const { result = {}, error } = await promise.finally(() => {
      clearTimeout(timer);
      this.#replies.delete(id);
    });
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Runs a function at the beginning of every page that is loaded from now on. */
  async addInitScript(script: () => void): Promise<void> {
    await this.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${script})()` });
  }

  async goto(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
  }

  /** Calls a function in the page. Its promise is awaited. */
  async evaluate<Arguments extends readonly unknown[], Result>(
    call: (...args: Arguments) => Result,
    ...args: Arguments
  ): Promise<Awaited<Result>> {
    const expression = `(${call})(...${JSON.stringify(args)})`;
    const evaluated = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = evaluated as Evaluated;
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description);
    return result.value as Awaited<Result>;
  }

  /** Into what has the focus. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async click(at: { readonly x: number; readonly y: number }): Promise<void> {
    for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.send('Target.disposeBrowserContext', { browserContextId: this.#browserContextId });
    await this.#browser.detach();
  }
}
