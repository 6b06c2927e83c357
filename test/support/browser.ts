/** A real browser for tests that need several tabs, reloads and a real server. */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chromiumLaunchOptions } from './chromium.ts';

export interface ProfileOptions extends BrowserContextOptions {
  /** The person has given no name: they are asked for it before their first decision. Otherwise they are called Guest. */
  readonly unnamed?: true;
}

export interface TestBrowser {
  /** A new profile: it shares no storage, cookies or cache with others. Closed after the test. */
  newContext(options?: ProfileOptions): Promise<BrowserContext>;
  /** A tab in a new profile. Another tab of the same person is `page.context().newPage()`. */
  newPage(options?: ProfileOptions): Promise<Page>;
  /** Lets the pages of this test log errors that match. Every other error fails the test. */
  allowErrors(...patterns: RegExp[]): void;
}

/**
 * Call it at the top of a test file: launches one browser before its tests and closes it after them. A test fails if one of its pages
 * throws or logs an error; a violation of the CSP is one.
 */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];
  let errors: string[] = [];
  let allowed: RegExp[] = [];

  beforeAll(async () => {
    browser = await chromium.launch(chromiumLaunchOptions());
  });

  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    const unexpected = errors.filter((error) => !allowed.some((pattern) => pattern.test(error)));
    contexts = [];
    errors = [];
    allowed = [];
    expect(unexpected, 'errors in the pages').toEqual([]);
  });

  afterAll(() => browser?.close());

  async function newContext({ unnamed, ...options }: ProfileOptions = {}): Promise<BrowserContext> {
    if (!browser) throw new Error('The browser is open only inside tests and hooks.');
    const context = await browser.newContext(options);
    contexts.push(context);
    if (!unnamed) await context.addInitScript(rememberName);
    context.on('weberror', (thrown) => errors.push(thrown.error().stack ?? thrown.error().message));
    context.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
    });
    return context;
  }

  return {
    newContext,
    newPage: async (options) => (await newContext(options)).newPage(),
    allowErrors: (...patterns) => allowed.push(...patterns),
  };
}

/** Runs in the page, before its scripts. A page without storage throws. */
function rememberName(): void {
  try {
    localStorage.setItem('proofroom.name', localStorage.getItem('proofroom.name') ?? 'Guest');
  } catch {}
}
