/** Several pictures of one prompt. */
import type { Locator } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { seePicture, twoReviewers, twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { digest, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const REASON = 'The fox has five legs';

async function digestsOf(room: Room, buttons: Locator): Promise<string[]> {
  const pictures = await buttons.getByRole('img').all();
  return (await Promise.all(pictures.map((picture) => room.digestOf(picture)))).toSorted();
}

test('M3: candidates appear as they come in every tab, and one of them is approved once all are there', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await ana.openOptions();
  await ana.chooseCandidates(3);
  for (const scenario of ['drawn', 'held', 'held'] as const) openai.next(scenario);
  await ana.submitPrompt(PROMPT);
  for (const room of [ana, bo, cy]) {
    await see(room.finishedCandidates).toHaveCount(1);
    await see(room.candidates.filter({ hasText: 'Preview' })).toHaveCount(2);
    await see(room.button('Approve')).toHaveCount(0);
  }
  expect(openai.requests).toHaveLength(3);
  openai.release();
  for (const room of [ana, bo]) {
    await see(room.heading('Which of them?')).toBeVisible();
    await see(room.finishedCandidates).toHaveCount(3);
    await see(room.button('Approve')).toHaveCount(0);
  }
  expect(await digestsOf(bo, bo.finishedCandidates)).toEqual(openai.sent.map(({ final }) => digest(final)).toSorted());
  await bo.finishedCandidates.nth(1).click();
  await see(bo.heading('Is this the picture?')).toBeVisible();
  await see(ana.heading('Which of them?')).toBeVisible();
  await bo.press('Show all 3 pictures');
  await see(bo.finishedCandidates).toHaveCount(3);
  await bo.finishedCandidates.nth(1).click();
  await bo.press('Approve');
  // Candidates stand in their own order, which may differ from that of the requests and of the attempts.
  const second = (await bo.snapshot()).attempts.find(({ image }) => image.candidate === 1);
  const request = openai.sent.findIndex(({ final }) => digest(final) === second?.image.sha256) + 1;
  for (const room of [ana, bo, cy]) {
    await see(room.heading('Approved')).toBeVisible();
    await seePicture(room, openai, request);
  }
});

test('R2, M8: a failed candidate says why, a cancel keeps the finished ones, and only the failed are tried again', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  await ana.openOptions();
  await ana.chooseCandidates(3);
  for (const scenario of ['held', 'moderation_blocked', 'drawn'] as const) openai.next(scenario);
  await ana.submitPrompt(PROMPT);
  for (const room of [ana, bo]) {
    await see(room.finishedCandidates).toHaveCount(1);
    await see(room.candidates.filter({ hasText: 'safety system' })).toHaveCount(1);
  }
  await bo.cancel(REASON);
  await openai.requests[0]?.closedEarly;
  for (const [room, who] of [
    [ana, 'Bo'],
    [bo, 'You'],
  ] as const) {
    const notice = room.status(`${who} cancelled it: “${REASON}”`);
    await see(notice).toContainText('1 of 3 pictures was finished before that.');
    await see(notice).toContainText('failed');
    await see(room.heading('Is this the picture?')).toBeVisible();
    await seePicture(room, openai, 3);
    await see(room.feedback).toHaveValue(REASON);
  }

  for (const scenario of ['drawn', 'no_image', 'drawn'] as const) openai.next(scenario);
  await ana.press('Regenerate');
  for (const room of [ana, bo]) {
    await see(room.heading('Which of them?')).toBeVisible();
    await see(room.finishedCandidates).toHaveCount(2);
    await see(room.candidates.filter({ hasText: 'No picture' })).toHaveCount(1);
    await see(room.status('1 of 3 pictures failed')).toContainText('without an image');
    await see(room.text('No picture this time')).toHaveCount(0);
  }
  await ana.press('Try that one again');
  for (const room of [ana, bo]) await seePicture(room, openai, 7);
  expect(openai.requests).toHaveLength(7);
  await bo.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
});

test('four candidates at 1440 by 900 are large and in the order of their numbers; a cancelled refinement of one leads back to it', async () => {
  const { address, openai } = await startProduct();
  const { ana } = await twoReviewers(browser, address);
  await ana.page.setViewportSize({ width: 1440, height: 900 });
  await ana.openOptions();
  await ana.chooseCandidates(4);
  for (const scenario of ['held', 'drawn', 'drawn', 'drawn'] as const) openai.next(scenario);
  await ana.submitPrompt(PROMPT);
  await see(ana.finishedCandidates).toHaveCount(3);
  await see(ana.button('Cancel the last one')).toBeVisible();
  openai.release();
  await see(ana.heading('Which of them?')).toBeVisible();
  await see(ana.candidates).toHaveText([/No\. 1/, /No\. 2/, /No\. 3/, /No\. 4/]);
  await see(ana.strip.getByRole('button')).toHaveText(['No. 1', 'No. 2', 'No. 3', 'No. 4']);
  for (const candidate of await ana.finishedCandidates.all()) {
    expect((await candidate.boundingBox())?.width).toBeGreaterThanOrEqual(330);
  }

  await ana.finishedCandidates.nth(1).click();
  await ana.feedback.fill('Warmer light');
  openai.next('held');
  openai.next('held');
  openai.next('held');
  openai.next('held');
  await ana.press('Refine No. 2');
  await see(ana.heading('Drawing 4 pictures')).toBeVisible();
  await ana.cancel('');
  await see(ana.attempt(2)).toHaveAttribute('aria-current', 'true');
  await see(ana.feedback).toHaveValue('Warmer light');
  await ana.press('Show all 4 pictures');
  await ana.press('Discard No. 3');
  await see(ana.finishedCandidates).toHaveCount(3);
  await ana.press('Approve No. 4');
  await see(ana.heading('Approved')).toBeFocused();
});
