/** Screenshots in a folder, and the errors of the pages that they were taken of. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { finishAnimations, scrollingEnds, stopEndlessAnimations } from '../support/motion.ts';

export interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

export class Album {
  /** Everything that a page logged as an error, threw, or made wider than its window. */
  readonly errors: string[] = [];
  readonly look: Look;
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  /** Matches the errors that the tour itself provokes. */
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

  async createFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  /** A tab in a new profile. */
  async newPage(): Promise<Page> {
    const context = await this.#browser.newContext(this.look);
    this.#contexts.push(context);
    context.on('weberror', (thrown) => this.#addError(thrown.error().stack ?? thrown.error().message));
    context.on('console', (message) => {
      if (message.type() === 'error') this.#addError(`${message.text()} (${message.location().url})`);
    });
    return context.newPage();
  }

  /** From now on errors that match are left out. */
  allowErrors(pattern: RegExp): void {
    this.#allowed = pattern;
  }

  /** Takes a screenshot of the whole page, or of the window while a dialog is open, once the page has stopped moving. */
  async take(page: Page, name: string): Promise<void> {
    this.#count += 1;
    await scrollingEnds(page);
    await finishAnimations(page);
    await stopEndlessAnimations(page);
    const overflow = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    if (overflow > 0) this.#addError(`${name} is ${overflow} px wider than the window`);
    const file = `${String(this.#count).padStart(2, '0')}-${name}.png`;
    const fullPage = (await page.locator('dialog:modal').count()) === 0;
    await page.screenshot({ path: join(this.#folder, file), fullPage });
  }

  async close(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
  }

  #addError(error: string): void {
    if (this.#allowed?.test(error)) return;
    const { colorScheme, viewport } = this.look;
    this.errors.push(`${colorScheme}, ${viewport.width} px wide, after screenshot ${this.#count}: ${error}`);
  }
}
