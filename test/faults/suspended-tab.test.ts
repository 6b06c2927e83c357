/** A tab whose browser suspended it and resumed it: on a phone, on a laptop that was closed, behind other tabs. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const browser = useBrowser();
/** Longer than the silence after which a connection is given up, with the longest wait before the first try. */
const SUSPENDED_MS = 13_000;

/** The events by which a page learns that it is back. Browsers differ in which of them they send. */
const resumeEvents = {
  visibilitychange: () => document.dispatchEvent(new Event('visibilitychange')),
  pageshow: () => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
  online: () => window.dispatchEvent(new Event('online')),
} as const;

/** A tab that the test can hide, and whose clock it can stop. */
async function newSuspendablePage(): Promise<Page> {
  const page = await browser.newPage();
  await page.addInitScript(() =>
    Object.defineProperty(document, 'hidden', { get: () => document.documentElement.dataset.hidden !== undefined }),
  );
  await page.clock.install();
  return page;
}

/** Tries again where the moment has passed before the page heard of it. */
async function pauseClock(page: Page): Promise<void> {
  try {
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
  } catch (error) {
    if (!String(error).includes('to the past')) throw error;
    await pauseClock(page);
  }
}

/** Hides the tab, makes its connection half-open, and lets its clock run for `times` suspensions. */
async function suspend(page: Page, proxy: TcpProxy, times = 1): Promise<void> {
  await pauseClock(page);
  await page.evaluate(() => {
    document.documentElement.dataset.hidden = '';
    document.dispatchEvent(new Event('visibilitychange'));
  });
  proxy.makeHalfOpen();
  for (let time = 0; time < times; time += 1) await page.clock.runFor(SUSPENDED_MS);
}

/** The WebSockets that a page opens from now on. */
function openedSockets(page: Page): string[] {
  const urls: string[] = [];
  page.on('websocket', (socket) => urls.push(socket.url()));
  return urls;
}

test.for(['visibilitychange', 'pageshow', 'online'] as const)(
  'R1, R4: a tab whose connection died while it was hidden keeps it, and gets another one at once on %s',
  async (event) => {
    browser.allowErrors(connectionErrors);
    const product = await startProduct();
    const proxy = await startTcpProxy(Number(new URL(product.address).port));
    const page = await newSuspendablePage();
    const room = await enter(page, proxy.address);
    await room.makePicture('A fox in the snow');
    const sockets = openedSockets(page);
    await suspend(page, proxy);
    await see(room.live).toBeVisible();
    expect(sockets).toEqual([]);

    const other = await enter(await browser.newPage(), room.reviewLink.replace(proxy.address, product.address));
    await other.press('Approve');
    await page.evaluate(() => {
      delete document.documentElement.dataset.hidden;
    });
    // The page's clock stands still, so no timer of its own can be the cause of what follows.
    await page.evaluate(resumeEvents[event]);
    await see(room.heading('Approved')).toBeVisible();
    expect(sockets).toHaveLength(1);
    expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(product.openai.sent[0]?.final));
  },
);

test('R4: a tab that is hidden for minutes opens no other connection, whatever events it gets', async () => {
  browser.allowErrors(connectionErrors);
  const product = await startProduct();
  const proxy = await startTcpProxy(Number(new URL(product.address).port));
  const page = await newSuspendablePage();
  const room = await enter(page, proxy.address);
  const sockets = openedSockets(page);
  await suspend(page, proxy, 10);
  await page.evaluate(resumeEvents.pageshow);
  await page.evaluate(resumeEvents.online);
  await page.clock.runFor(SUSPENDED_MS);
  await see(room.live).toBeVisible();
  expect(sockets).toEqual([]);
});
