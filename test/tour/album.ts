/** Pictures of the page, one after the other, in a folder; and what was wrong with the page while they were taken. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { comeToRest } from '../support/motion.ts';

export interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

export class Album {
  /** Whatever a page logged as an error, threw, or made wider than its window. */
  readonly problems: string[] = [];
  readonly look: Look;
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  /** Of errors that the tour provokes itself. */
  #allowed: RegExp | undefined;
  #count = 0;

  constructor(browser: Browser, folder: string, look: Look) {
    const { colorScheme, viewport } = look;
    this.#browser = browser;
    this.look = look;
    this.#folder = join(folder, `${colorScheme}-${viewport.width}x${viewport.height}`);
  }

  get count(): number {
    return this.#count;
  }

  async open(): Promise<this> {
    await mkdir(this.#folder, { recursive: true });
    return this;
  }

  /** A tab in a profile of its own. */
  async newPage(): Promise<Page> {
    const context = await this.#browser.newContext(this.look);
    this.#contexts.push(context);
    context.on('weberror', (thrown) => this.#note(thrown.error().stack ?? thrown.error().message));
    context.on('console', (message) => {
      if (message.type() === 'error') this.#note(`${message.text()} (${message.location().url})`);
    });
    return context.newPage();
  }

  /** From now on such errors are none. */
  allow(pattern: RegExp): void {
    this.#allowed = pattern;
  }

  /** The whole page as it is now, or the window where a dialog fills that, once nothing moves any more that has an end. */
  async take(page: Page, name: string): Promise<void> {
    this.#count += 1;
    await comeToRest(page);
    const beyond = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    if (beyond > 0) this.#note(`${name} is ${beyond} px wider than the window`);
    const file = `${String(this.#count).padStart(2, '0')}-${name}.png`;
    const fullPage = (await page.locator('dialog:modal').count()) === 0;
    await page.screenshot({ path: join(this.#folder, file), fullPage });
  }

  async close(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
  }

  #note(problem: string): void {
    if (this.#allowed?.test(problem)) return;
    const { colorScheme, viewport } = this.look;
    this.problems.push(`${colorScheme}, ${viewport.width} px wide, after picture ${this.#count}: ${problem}`);
  }
}
