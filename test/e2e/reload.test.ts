/** A reload loses nothing that was typed, and leaving cancels nothing. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { makePictures, twoReviewers } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const FEEDBACK = 'Warmer light, and no tree';
const REASON = 'The fox has five legs';

test('R1, R2: a reload comes back to the running generation, and closing the only tab cancels nothing', async () => {
  const { address, openai } = await startProduct();
  openai.next('held');
  const ana = await enter(await browser.newPage(), address);
  await ana.submitPrompt(PROMPT);
  const preview = ana.picture('Preview, still being drawn');
  await see(preview).toBeVisible();
  const link = ana.reviewLink;
  await ana.reload();
  await see(ana.heading('Drawing')).toBeVisible();
  await see(preview).toBeVisible();
  expect(await ana.digestOf(preview)).toBe(digest(openai.sent[0]?.partials[0]));
  expect(ana.reviewLink).toBe(link);
  await ana.page.close();
  openai.release();
  const late = await enter(await browser.newPage(), link);
  await see(late.picture('Generated image')).toBeVisible();
  await see(late.button('Approve')).toBeVisible();
  expect(openai.requests.map(({ isClosedEarly }) => isClosedEarly)).toEqual([false]);
});

test('R1: feedback and reasons survive a reload until they are used', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  await makePictures([ana, bo], [PROMPT]);

  await ana.feedback.fill(FEEDBACK);
  await ana.reload();
  await see(ana.feedback).toHaveValue(FEEDBACK);
  await see(bo.feedback).toHaveValue('');
  openai.next('no_image');
  await ana.press('Refine No. 1');
  await see(ana.alert('answered without an image')).toBeVisible();
  await ana.reload();
  await see(ana.feedback).toHaveValue(FEEDBACK);
  openai.next('held');
  await ana.press('Refine No. 1');
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await ana.reload();
  openai.release();
  await see(ana.attempt(2)).toBeVisible();
  await see(ana.feedback).toHaveValue('');
  await ana.reload();
  await see(ana.feedback).toHaveValue('');

  openai.next('held');
  await bo.press('Regenerate');
  await ana.reason.fill(REASON);
  await ana.reload();
  await see(ana.reason).toHaveValue(REASON);
  await ana.press('Cancel');
  await see(bo.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
  await see(ana.feedback).toHaveValue(REASON);
  await ana.reload();
  await see(ana.feedback).toHaveValue(REASON);

  // When the generation ends first, the reason becomes feedback on its picture.
  openai.next('held');
  await bo.press('Regenerate');
  await see(ana.reason).toHaveValue('');
  await ana.reason.fill('Too dark');
  const link = ana.reviewLink;
  await ana.page.goto('about:blank');
  openai.release();
  await see(bo.attempt(3)).toBeVisible();
  await enter(ana.page, link);
  await see(ana.feedback).toHaveValue('Too dark');
  await ana.reload();
  await see(ana.feedback).toHaveValue('Too dark');
});

test('R1: a reload sends a prompt that the connection has lost, and keeps one that is too long to be sent', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage();
  let isLossy = false;
  await page.routeWebSocket('**/ws', (tab) => {
    const server = tab.connectToServer();
    tab.onMessage((message) => {
      if (!isLossy) server.send(message);
    });
  });
  const ana = await enter(page, address);
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  isLossy = true;
  await ana.prompt.fill(PROMPT);
  const link = ana.reviewLink;
  await page.goto('about:blank');
  isLossy = false;
  await see(bo.people('1 reviewer')).toBeVisible();
  await see(bo.prompt).toHaveValue('');
  await enter(page, link);
  for (const room of [ana, bo]) await see(room.prompt).toHaveValue(PROMPT);
  // Once it was sent, a newer text replaces it.
  await bo.prompt.fill(`${PROMPT}, at dusk`);
  await see(ana.prompt).toHaveValue(`${PROMPT}, at dusk`);
  await ana.reload();
  await see(ana.prompt).toHaveValue(`${PROMPT}, at dusk`);

  const long = 'x'.repeat(4_001);
  await ana.prompt.fill(long);
  await ana.reload();
  await see(ana.prompt).toHaveValue(long);
});
