/** Identity: one person in several tabs, and two people of the same name. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { delayConnection } from '../support/delayed-connection.ts';
import { enterAs, enterDelayed, makePictures, seePicture } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist', 'A hare in the field'] as const;

test('R1, M2: a person stays the same after a reload and in a second tab, and is never taken for a namesake', async () => {
  const { address, openai } = await startProduct();
  const ana = await enterAs('Ana', browser, address);
  const namesake = await enterDelayed('Ana', browser, ana.reviewLink);
  await makePictures([ana, namesake.room], PROMPTS);
  await ana.press('Discard No. 3');
  await see(ana.status('No. 3 was discarded.')).toBeVisible();
  await see(namesake.room.status('Ana discarded No. 3, which you have open.')).toBeVisible();
  await ana.reload();
  await ana.root.getByText('Discarded (1)').click();
  await see(ana.text('No. 3, by you')).toBeVisible();
  const page = await ana.page.context().newPage();
  const connection = await delayConnection(page);
  const secondTab = { connection, room: await enter(page, ana.reviewLink) };
  const others = [secondTab, namesake];
  for (const { room } of others) await room.root.getByText('Discarded (1)').click();
  await see(secondTab.room.text('No. 3, by you')).toBeVisible();
  await see(namesake.room.text('No. 3, by Ana')).toBeVisible();

  // The others approve another picture than Ana has, before they know of hers. Each command gets an answer of its own.
  for (const { room, connection } of others) {
    await room.select(1);
    connection.hold();
  }
  // A tab in the background draws no frames.
  await ana.page.bringToFront();
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
  await page.bringToFront();
  for (const { room, connection } of others) {
    await room.press('Approve');
    await see(room.button('Approve')).toHaveAttribute('aria-busy', 'true');
    connection.release();
    await see(room.heading('Approved')).toBeVisible();
    await seePicture(room, openai, 2);
  }
  await see(secondTab.room.alert('Your approval of No. 1 did not count: you approved No. 2.')).toBeAttached();
  await see(namesake.room.alert('Your approval of No. 1 did not count: Ana approved No. 2.')).toBeAttached();
  expect((await namesake.room.snapshot()).decisions).toHaveLength(1);

  await ana.page.bringToFront();
  await ana.startOver();
  await see(namesake.room.text('Ana started over.')).toBeVisible();
  await see(secondTab.room.heading('What should the picture show?')).toBeVisible();
  await see(secondTab.room.text('Ana started over.')).toHaveCount(0);
});

test('names that deceive: "You", a look-alike and a name that turns the sentence around', async () => {
  const { address } = await startProduct();
  const ana = await enterAs('Ana', browser, address);
  const you = await enterAs('You', browser, ana.reviewLink);
  const lookalike = await enterAs('\u0410n\u0430', browser, ana.reviewLink);
  const turned = await enterAs('\u202eoB \u05d0', browser, ana.reviewLink);
  await makePictures([you], ['A fox']);
  await you.startOver();
  await see(ana.text('Reviewer 1 started over.')).toBeVisible();
  await makePictures([turned], ['A heron']);
  await turned.startOver();
  const sentence = ana.text('oB \u05d0 started over.');
  await see(sentence).toBeVisible();
  await see(sentence.locator('bdi')).toHaveText('oB \u05d0');
  await lookalike.nameButton.click();
  await see(lookalike.root.getByRole('textbox', { name: 'Your name' })).toHaveValue('\u0410n\u0430 2');
});
