/** A tab that was put to sleep and woken: on a phone, in a lid that was closed, behind other tabs. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
/** Longer than a dead line is believed in, and the longest wait for the first try after it. */
const ASLEEP_MS = 13_000;

/** What tells a page that it is back, each alone: what a browser sends differs by browser, and by why the tab slept. */
const wakings = {
  visibilitychange: () => document.dispatchEvent(new Event('visibilitychange')),
  pageshow: () => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
  online: () => window.dispatchEvent(new Event('online')),
} as const;

/** A tab whose visibility is the test's, with a clock that stands still unless it is told to run. */
async function newSleeper(): Promise<Page> {
  const page = await browser.newPage();
  await page.addInitScript(() =>
    Object.defineProperty(document, 'hidden', { get: () => document.documentElement.dataset.asleep !== undefined }),
  );
  await page.clock.install();
  return page;
}

/** Hides the tab, lets its line die without a word, and passes its time, as often as it is to be looked at. */
async function sleepThrough(page: Page, proxy: TcpProxy, spells = 1): Promise<void> {
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
  await page.evaluate(() => {
    document.documentElement.dataset.asleep = '';
    document.dispatchEvent(new Event('visibilitychange'));
  });
  proxy.abandon();
  for (let spell = 0; spell < spells; spell += 1) await page.clock.runFor(ASLEEP_MS);
}

test.for(['visibilitychange', 'pageshow', 'online'] as const)(
  'R1, R4: a tab whose line died in its sleep judges nothing while it is hidden, and has another at once when it is back, by %s',
  async (waking) => {
    browser.allowErrors(connectionErrors);
    const product = await startProduct();
    const proxy = await startTcpProxy(Number(new URL(product.address).port));
    const page = await newSleeper();
    const room = await enter(page, proxy.address);
    await room.makePicture(PROMPT);
    const lines: string[] = [];
    page.on('websocket', (socket) => lines.push(socket.url()));
    await sleepThrough(page, proxy);
    // What the tab had decided on by now would have been seen before its answer to this.
    await see(room.live).toBeVisible();
    expect(lines).toEqual([]);

    const another = await enter(await browser.newPage(), room.reviewLink.replace(proxy.address, product.address));
    await another.press('Approve');
    await page.evaluate(() => {
      delete document.documentElement.dataset.asleep;
    });
    // Its clock stands still: no wait of its own is over, so whatever it does now is what waking makes it do.
    await page.evaluate(wakings[waking]);
    await see(room.heading('Approved')).toBeVisible();
    expect(lines).toHaveLength(1);
    expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(product.openai.sent[0]?.final));
  },
);

test('R4: a tab that is hidden for minutes looks for no other line, however often it could', async () => {
  browser.allowErrors(connectionErrors);
  const product = await startProduct();
  const proxy = await startTcpProxy(Number(new URL(product.address).port));
  const page = await newSleeper();
  const room = await enter(page, proxy.address);
  const lines: string[] = [];
  page.on('websocket', (socket) => lines.push(socket.url()));
  await sleepThrough(page, proxy, 10);
  await page.evaluate(wakings.pageshow);
  await page.evaluate(wakings.online);
  await page.clock.runFor(ASLEEP_MS);
  await see(room.live).toBeVisible();
  expect(lines).toEqual([]);
});
