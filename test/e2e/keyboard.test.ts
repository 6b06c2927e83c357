/** The keyboard alone: every step has a visible focus, which moves on with the stage. */
import { test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { makePictures, seePicture, twoReviewers } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';
import { tabTo } from '../support/tab-key.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

test('with the keyboard alone one can choose options, generate, cancel, approve, download and start over', async () => {
  const { address, openai } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  const { page } = room;
  const { keyboard } = page;

  // The dialogs take the focus, and give it back.
  await tabTo(page, room.nameButton);
  await keyboard.press('Enter');
  await see(room.root.getByRole('textbox', { name: 'Your name' })).toBeFocused();
  await keyboard.press('Escape');
  await see(room.nameButton).toBeFocused();
  await tabTo(page, room.button('Share'));
  await keyboard.press('Enter');
  await see(room.heading('Share this session')).toBeFocused();
  await keyboard.press('Escape');
  await see(room.button('Share')).toBeFocused();

  await tabTo(page, room.prompt);
  await keyboard.type(PROMPT);
  await tabTo(page, room.options);
  await keyboard.press('Enter');
  await tabTo(page, room.root.getByRole('radio', { name: '1', exact: true }));
  await keyboard.press('ArrowRight');
  await see(room.root.getByRole('radio', { name: '2', exact: true })).toBeChecked();
  await tabTo(page, room.button('Generate'));
  openai.next('held');
  openai.next('held');
  await keyboard.press('Enter');
  await see(room.heading('Drawing 2 pictures')).toBeFocused();
  await tabTo(page, room.button('Cancel'));
  await keyboard.press('Space');
  await see(room.prompt).toBeFocused();
  await keyboard.press('Enter');
  await see(room.heading('Which of them?')).toBeFocused();
  await tabTo(page, room.finishedCandidates.last());
  await keyboard.press('Enter');
  await see(room.heading('Is this the picture?')).toBeVisible();

  await tabTo(page, room.button('Start over'));
  await keyboard.press('Enter');
  await see(room.question.getByRole('heading', { name: 'Start over?' })).toBeFocused();
  await keyboard.press('Escape');
  await see(room.question).toBeHidden();
  await see(room.button('Start over')).toBeFocused();

  await tabTo(page, room.button('Approve'));
  // Before the picture is on show, whole, the key does nothing (rule S10).
  await see(room.button('Approve')).toBeEnabled();
  await keyboard.press('Enter');
  await see(room.heading('Approved')).toBeFocused();
  await tabTo(page, room.button('Copy image'));
  await tabTo(page, room.root.getByRole('link', { name: 'Download' }));
  await keyboard.press('Enter');
  await tabTo(page, room.button('Start over'));
  await keyboard.press('Enter');
  await see(room.prompt).toBeFocused();
  await see(room.prompt).toHaveValue('');
});

test('with the keyboard alone one can view, compare, discard, restore, regenerate and approve attempts', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  const { page } = ana;
  const { keyboard } = page;
  await makePictures([ana, bo], [PROMPT, 'A heron in the mist']);

  const closeLook = ana.root.getByRole('dialog', { name: 'Close look at No. 2' });
  await tabTo(page, ana.button('Look closely at No. 2'));
  await keyboard.press('Enter');
  await see(closeLook.getByRole('heading', { name: 'Close look at No. 2' })).toBeFocused();
  await see(closeLook.getByRole('img', { name: 'No. 2: A heron in the mist' })).toBeVisible();
  await keyboard.press('Escape');
  await see(closeLook).toHaveCount(0);
  await see(ana.button('Look closely at No. 2')).toBeFocused();

  await tabTo(page, ana.attempt(2));
  await keyboard.press('Home');
  await see(ana.attempt(1)).toBeFocused();
  await keyboard.press('Enter');
  await seePicture(ana, openai, 1);
  await keyboard.press('ArrowRight');
  await keyboard.press('Delete');
  await see(bo.status('Ana discarded No. 2, which you have open.')).toBeVisible();
  await see(ana.button('Undo')).toBeFocused();
  await keyboard.press('Enter');
  await see(ana.attempt(2)).toBeFocused();
  await see(bo.attempt(2)).toBeVisible();

  await tabTo(page, ana.prompt);
  await keyboard.press('Control+A');
  await keyboard.type('A hare');
  await tabTo(page, ana.button('Regenerate'));
  await keyboard.press('Enter');
  await see(ana.picture('Generated image')).toHaveAccessibleName('Generated image: A hare');
  await see(ana.heading('Is this the picture?')).toBeFocused();

  await tabTo(page, ana.button('Compare'));
  await keyboard.press('Enter');
  await see(ana.comparison.getByRole('heading', { name: 'Compare' })).toBeFocused();
  await keyboard.press('1');
  await see(ana.comparison.getByRole('status').filter({ hasText: '%' })).toHaveText('100%');
  await keyboard.press('0');
  await tabTo(page, ana.comparison.getByRole('radio', { name: 'Side by side' }));
  await keyboard.press('ArrowRight');
  const slider = ana.comparison.getByRole('slider');
  await tabTo(page, slider);
  await keyboard.press('End');
  await see(slider).toHaveAttribute('aria-valuenow', '100');
  await keyboard.press('Escape');
  await see(ana.comparison).toHaveCount(0);
  await see(ana.button('Compare')).toBeFocused();
  await keyboard.press('Enter');
  await tabTo(page, ana.button('Approve No. 3'));
  await see(ana.button('Approve No. 3')).toBeEnabled();
  await keyboard.press('Enter');
  for (const room of [ana, bo]) {
    await see(room.heading('Approved')).toBeVisible();
    await seePicture(room, openai, 3);
  }
  await see(ana.comparison).toHaveCount(0);
  await see(ana.heading('Approved')).toBeFocused();
});
