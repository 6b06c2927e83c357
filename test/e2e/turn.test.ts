/** What tells people that it is their turn while their tab is not in front. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { enterAs } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();

interface Spied {
  inFront: boolean;
  asked: number;
  notified: string[];
}

/** Playwright's pages always have the focus, and headless Chromium notifies nobody: both are stood in for. */
async function spyOn(page: Page, answer: NotificationPermission): Promise<() => Promise<Spied>> {
  await page.addInitScript((answer) => {
    const spied: Spied = { inFront: true, asked: 0, notified: [] };
    Object.assign(window, { spied });
    document.hasFocus = () => spied.inFront;
    class FakeNotification extends EventTarget {
      static permission: NotificationPermission = 'default';
      static async requestPermission(): Promise<NotificationPermission> {
        spied.asked += 1;
        FakeNotification.permission = answer;
        return answer;
      }
      constructor(_title: string, { body = '' }: NotificationOptions) {
        super();
        spied.notified.push(body);
      }
      close(): void {}
    }
    Object.assign(window, { Notification: FakeNotification });
  }, answer);
  return () => page.evaluate(() => (window as unknown as { spied: Spied }).spied);
}

async function moveTab(page: Page, inFront: boolean): Promise<void> {
  await page.evaluate((inFront) => {
    (window as unknown as { spied: Spied }).spied.inFront = inFront;
    if (inFront) window.dispatchEvent(new Event('focus'));
  }, inFront);
}

const iconOf = (page: Page) =>
  page.evaluate(() => document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href.split('/').at(-1));

test('a tab in the background shows a dot, and notifies whoever has asked for it; nobody is asked unprompted', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage();
  const spied = await spyOn(page, 'granted');
  const ana = await enter(page, address);
  const watcher = await browser.newPage();
  const spiedWatcher = await spyOn(watcher, 'granted');
  const cy = await enter(watcher, ana.watchLink);
  const bo = await enterAs('Bo', browser, ana.reviewLink);
  await see(cy.button('Notify me when it is my turn')).toHaveCount(0);

  await moveTab(page, false);
  await moveTab(watcher, false);
  await bo.makePicture('A fox');
  await see(page).toHaveTitle('● Ready to decide · Proofroom');
  expect(await iconOf(page)).toBe('favicon-turn.svg');
  await see(watcher).toHaveTitle('In review · Proofroom');
  await see(cy.status('The picture is ready. The reviewers are deciding on it.')).toBeAttached();
  expect((await page.request.get(`${address}/favicon-turn.svg`)).status()).toBe(200);
  await moveTab(page, true);
  await see(page).toHaveTitle('Ready to decide · Proofroom');
  expect(await iconOf(page)).toBe('favicon.svg');
  expect(await spied()).toMatchObject({ asked: 0, notified: [] });

  const bell = ana.button('Notify me when it is my turn');
  await bell.click();
  await see(bell).toHaveAttribute('aria-pressed', 'true');
  await bo.press('Regenerate');
  await see(ana.attempt(2)).toBeVisible();
  await moveTab(page, false);
  await bo.press('Regenerate');
  await see(page).toHaveTitle('● Ready to decide · Proofroom');
  expect(await spied()).toMatchObject({ asked: 1, notified: ['A picture waits for your decision.'] });
  await bo.press('Approve');
  await see(page).toHaveTitle('Approved · Proofroom');
  expect(await spiedWatcher()).toMatchObject({ asked: 0, notified: [] });
});

test('where the browser blocks notifications, the button says so', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage();
  const spied = await spyOn(page, 'denied');
  const ana = await enter(page, address);
  await ana.press('Notify me when it is my turn');
  const blocked = ana.button('Your browser blocks notifications from this page');
  await see(blocked).toHaveAttribute('aria-disabled', 'true');
  await blocked.click({ force: true });
  expect((await spied()).asked).toBe(1);
});
