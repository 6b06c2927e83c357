/** The whole page in every stage: axe in light and dark, windows of 320 and 1440 pixels, long names, and less motion. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { finishAnimations, runningAnimations } from '../support/motion.ts';
import { addAxe, checkPage } from '../support/page-checks.ts';
import { enterAs } from '../support/people.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A heron at the edge of a misty lake, first light, soft watercolour';
/** As long as a name may be, without a place to break it. */
const LONG_NAME = 'W'.repeat(40);
const TOKEN = 'an-access-token-of-more-than-32-characters';

test('a reviewer: axe finds nothing and nothing is wider than the window, from the first prompt to the start over', async () => {
  const { address, openai } = await startProduct({ choices: { imageModels: ['another-model'] } });
  const page = await browser.newPage();
  await addAxe(page);
  const room = await enter(page, address);
  const other = await enterAs(LONG_NAME, browser, room.reviewLink);
  await room.press('Generate');
  await see(room.alert(/^Write a prompt first/)).toBeVisible();
  await room.openOptions();
  await room.chooseCandidates(3);
  await checkPage(page, 'first page, with an error and open options');

  for (const scenario of ['held', 'moderation_blocked', 'drawn'] as const) openai.next(scenario);
  await room.submitPrompt(PROMPT);
  await see(room.finishedCandidates).toHaveCount(1);
  await see(room.candidates.filter({ hasText: 'Preview' })).toHaveCount(1);
  await checkPage(page, 'candidates: a preview, a failure and a picture');
  await room.cancel('The heron has three legs');
  await see(room.status('You cancelled it')).toContainText('failed');
  await room.feedback.fill('x'.repeat(2_001));
  await see(room.alert('1 character too long')).toBeVisible();
  await checkPage(page, 'cancelled with a reason, and too much feedback');

  openai.next('held');
  await other.submitPrompt(`${PROMPT}, at night`, 'Regenerate');
  await see(room.text(`${LONG_NAME} asked for another picture.`)).toBeVisible();
  await room.press('Show what is being drawn');
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await checkPage(page, 'a preview of somebody with a long name');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await finishAnimations(page);
  expect(await runningAnimations(page)).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await runningAnimations(page)).toBe(0);
  openai.release();
  await see(room.strip.getByRole('button')).toHaveCount(2);
  await room.text('About this picture').click();
  await room.text('Session details').click();
  await room.text('Session state').click();
  await checkPage(page, 'review, with everything unfolded');
  await room.text('Session details').click();

  await room.chooseCandidates(1);
  openai.next('moderation_blocked');
  await room.press('Regenerate');
  await see(room.alert(/safety system/)).toBeVisible();
  await other.root.getByRole('button', { name: /^Discard No\. \d$/ }).click();
  await see(room.status(new RegExp(`${LONG_NAME} discarded No\\. \\d`))).toBeVisible();
  await room.root.getByText('Discarded (1)').click();
  await checkPage(page, 'a failure beside a picture, and a discarded attempt');
  await room.press('Undo');
  await see(room.strip.getByRole('button')).toHaveCount(2);

  await room.openComparison();
  await see(room.comparison.getByRole('img')).toHaveCount(2);
  await checkPage(page, 'comparison, side by side');
  await room.comparison.getByText('Slider', { exact: true }).click();
  await room.press('Zoom in');
  await checkPage(page, 'comparison with the slider, enlarged');
  await page.keyboard.press('Escape');
  await room.picture('Generated image').click();
  await see(room.root.getByRole('dialog', { name: /^Close look/ })).toBeVisible();
  await checkPage(page, 'close look');
  await page.keyboard.press('Escape');
  for (const [open, dialog] of [
    [room.button('Start over'), room.question],
    [room.button('Share'), room.root.getByRole('dialog', { name: 'Share this session' })],
    [room.nameButton, room.root.getByRole('dialog', { name: 'People in this session' })],
  ] as const) {
    await open.click();
    await see(dialog).toBeVisible();
    await checkPage(page, await dialog.innerText());
    await page.keyboard.press('Escape');
  }

  await other.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
  await checkPage(page, 'approved');
  await other.startOver();
  await see(room.text(`${LONG_NAME} started over.`)).toBeVisible();
  await checkPage(page, 'started over');
});

test('a watcher, the token form and the error pages: axe finds nothing and nothing is wider than the window', async () => {
  browser.allowErrors(/404 \(Not Found\)/, connectionErrors);
  const product = await startProduct({ config: { accessToken: TOKEN } });
  const { address, openai } = product;
  const page = await browser.newPage();
  await addAxe(page);
  const room = new Room(page);
  await page.goto(address);
  await page.getByLabel('Access token').fill('a wrong one');
  await room.press('Continue');
  await see(room.alert(/did not accept/)).toBeVisible();
  await checkPage(page, 'token refused');
  await page.goto(`${address}/s/`);
  await checkPage(page, 'not found');
  await page.goto(`${address}/s/not-here`);
  await see(room.heading('This session is gone')).toBeVisible();
  await checkPage(page, 'session gone');

  const ana = new Room(await browser.newPage());
  await ana.page.goto(address);
  await ana.page.getByLabel('Access token').fill(TOKEN);
  await ana.press('Continue');
  await see(ana.live).toBeVisible();
  await enter(page, ana.watchLink);
  await checkPage(page, 'watching an empty session');
  openai.next('held');
  await ana.submitPrompt(PROMPT);
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await checkPage(page, 'watching a generation');
  openai.release();
  await see(room.picture('Generated image')).toBeVisible();
  await checkPage(page, 'watching a review');
  await product.goOffline();
  await see(room.reconnecting).toBeVisible();
  await checkPage(page, 'reconnecting');
});
