import type { Locator } from 'playwright';
import { describe, expect, test } from 'vitest';
import { cells, choose, finished, openOptions, reject } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { gather, shows } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { digest, type Room, see } from '../support/room.ts';
import { tabTo } from '../support/tab-key.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const REASON = 'The fox has five legs';

describe('several pictures at once', () => {
  test('are as many requests, shown as they come in each tab; one of them is approved when all are there', async () => {
    const product = await startProduct();
    const { openai } = product;
    const { ana, bo, cy } = await gather(browser, product.address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('drawn');
    openai.next('held');
    openai.next('held');
    await ana.ask(PROMPT);
    for (const room of [ana, bo, cy]) {
      await see(finished(room)).toHaveText([/No\. 1/]);
      await see(cells(room).filter({ hasText: 'Preview' })).toHaveCount(2);
      await see(room.button('Approve')).toHaveCount(0);
    }
    expect(openai.requests).toHaveLength(3);
    openai.release();
    for (const room of [ana, bo]) {
      await see(room.heading('Which of them?')).toBeVisible();
      await see(finished(room)).toHaveCount(3);
      await see(room.button('Approve')).toHaveCount(0);
    }
    expect(await digestsOf(bo, finished(bo))).toEqual(openai.sent.map(({ final }) => digest(final)).toSorted());
    await finished(bo).nth(1).click();
    await see(bo.heading('Is this the picture?')).toBeVisible();
    await see(ana.heading('Which of them?')).toBeVisible();
    const { attempts } = await bo.snapshot();
    await bo.press('Show all 3 pictures');
    await see(finished(bo)).toHaveCount(3);
    await finished(bo).nth(1).click();
    await bo.press('Approve');
    // They lie in the order of the ask, which is neither that in which they were finished nor that of the requests.
    const second = attempts.find(({ image }) => image.candidate === 1);
    const request = openai.sent.findIndex(({ final }) => digest(final) === second?.image.sha256) + 1;
    for (const room of [ana, bo, cy]) {
      await see(room.heading('Approved')).toBeVisible();
      await shows(room, openai, request);
    }
    expect(openai.requests).toHaveLength(3);
  });

  test('of which one fails: it is listed with its reason, and the others are to be decided on', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('held');
    openai.next('moderation_blocked');
    openai.next('drawn');
    await ana.ask(PROMPT);
    for (const room of [ana, bo]) {
      await see(finished(room)).toHaveCount(1);
      await see(cells(room).filter({ hasText: 'safety system' })).toHaveCount(1);
      await see(room.button('Approve')).toHaveCount(0);
    }
    openai.release();
    for (const room of [ana, bo]) {
      await see(room.heading('Which of them?')).toBeVisible();
      await see(finished(room)).toHaveCount(2);
      await see(cells(room).filter({ hasText: 'No picture' })).toHaveCount(1);
      await see(room.status('1 of 3 pictures failed')).toContainText('safety system');
      await see(room.root.getByText('No picture this time')).toHaveCount(0);
    }
    await finished(ana).first().click();
    await ana.press('Approve');
    for (const room of [ana, bo]) await see(room.heading('Approved')).toBeVisible();
  });

  test('cancelled, those that are finished stay, and the other requests are closed at once (R2)', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('held');
    openai.next('held');
    openai.next('drawn');
    await ana.ask(PROMPT);
    await see(finished(bo)).toHaveText([/No\. 1/]);
    await see(cells(bo).filter({ hasText: 'Preview' })).toHaveCount(2);
    await reject(bo, REASON);
    await Promise.all(openai.requests.slice(0, 2).map(({ closedEarly }) => closedEarly));
    for (const [room, who] of [
      [ana, 'Bo'],
      [bo, 'You'],
    ] as const) {
      await see(room.status(`${who} cancelled it: “${REASON}”`)).toContainText(
        '1 of 3 pictures was finished before that.',
      );
      await see(room.heading('Is this the picture?')).toBeVisible();
      await shows(room, openai, 3);
      await see(room.feedback).toHaveValue(REASON);
    }
    await ana.press('Approve');
    await see(bo.heading('Approved')).toBeVisible();
  });

  test('by keyboard alone: chosen, asked for, opened and approved', async () => {
    const { address } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    const { keyboard } = ana.page;
    await tabTo(ana.page, ana.prompt);
    await keyboard.type(PROMPT);
    await tabTo(ana.page, ana.root.locator('summary').filter({ hasText: 'Options' }));
    await keyboard.press('Enter');
    await tabTo(ana.page, ana.root.getByRole('radio', { name: '1', exact: true }));
    await keyboard.press('ArrowRight');
    await see(ana.root.getByRole('radio', { name: '2', exact: true })).toBeChecked();
    await tabTo(ana.page, ana.button('Generate'));
    await keyboard.press('Enter');
    await see(ana.heading('Which of them?')).toBeFocused();
    await tabTo(ana.page, finished(ana).last());
    await keyboard.press('Enter');
    await see(ana.heading('Is this the picture?')).toBeVisible();
    await tabTo(ana.page, ana.button('Approve'));
    await keyboard.press('Enter');
    await see(bo.heading('Approved')).toBeVisible();
  });
});

async function digestsOf(room: Room, buttons: Locator): Promise<string[]> {
  const pictures = await buttons.getByRole('img').all();
  return (await Promise.all(pictures.map((picture) => room.digestOf(picture)))).toSorted();
}
