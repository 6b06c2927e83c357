/** The prompt field, which everybody in a session shares. */
import { test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { twoReviewers } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();
const LONG_TEXT = 'A fox that is typed letter by letter, faster than any connection could echo it';

test('W8: typing appears in other tabs, and replaces no text in a field that somebody uses', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  const { keyboard } = ana.page;

  // The page gave the focus to Ana's field. She has not used it, so it still shows what others write.
  await see(ana.prompt).toBeFocused();
  await bo.prompt.fill('A fox');
  await see(ana.prompt).toHaveValue('A fox');
  await keyboard.press('End');
  await bo.prompt.fill('A fox in the snow');
  await keyboard.type(', asleep');
  await see(ana.prompt).toHaveValue('A fox, asleep');

  // The last edit wins once nobody else is in the field. No echo of a letter undoes the letters typed since.
  await bo.prompt.blur();
  await ana.prompt.fill('');
  await ana.prompt.pressSequentially(LONG_TEXT);
  await see(ana.prompt).toHaveValue(LONG_TEXT);
  await see(bo.prompt).toHaveValue(LONG_TEXT);

  // Bo goes on typing while Ana generates: his text waits for the next picture, and he keeps the focus.
  await bo.prompt.pressSequentially(' at night');
  await see(ana.prompt).toHaveValue(LONG_TEXT);
  openai.next('held');
  await ana.press('Generate');
  await see(bo.root.getByRole('textbox', { name: 'Your next prompt' })).toHaveValue(`${LONG_TEXT} at night`);
  await see(bo.picture('Preview, still being drawn')).toHaveAccessibleName(`Preview, still being drawn: ${LONG_TEXT}`);
  openai.release();
  await see(bo.picture('Generated image')).toBeVisible();
  await see(bo.prompt).toHaveValue(`${LONG_TEXT} at night`);
  await see(bo.prompt).toBeFocused();
});
