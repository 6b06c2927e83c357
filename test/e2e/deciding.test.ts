/** Decisions of three people: with reasons, taken back, and never by accident. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { enterAs, enterDelayed, makePictures } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist'] as const;

async function threeReviewers(address: string): Promise<{ ana: Room; bo: Room; mira: Room }> {
  const ana = await enterAs('Ana', browser, address);
  const bo = await enterAs('Bo', browser, ana.reviewLink);
  return { ana, bo, mira: await enterAs('Mira', browser, ana.reviewLink) };
}

const changes = (room: Room) => room.root.getByRole('textbox', { name: /^Changes to ask for in No\. \d$/ });
const decisions = (room: Room) => room.root.getByRole('list', { name: 'Decisions about this picture' });
const dialog = (room: Room, name: string) => room.root.getByRole('alertdialog', { name });

test('M12: a request for changes reaches everybody with its reason, and its author alone takes it back', async () => {
  const { address } = await startProduct();
  const { ana, bo, mira } = await threeReviewers(address);
  await makePictures([ana, bo, mira], PROMPTS.slice(0, 1));
  await bo.press('Request changes');
  await changes(bo).fill('The fox looks away');
  await changes(bo).press('Enter');
  for (const room of [ana, mira]) {
    await see(decisions(room)).toContainText(/Bo asked for changes.*The fox looks away/s);
    await see(room.feedback).toHaveValue('The fox looks away');
    await see(room.status('Bo asked for changes to No. 1.')).toBeAttached();
    await see(decisions(room).getByRole('button')).toHaveCount(0);
  }

  // The reason is the text of the next refinement, and the mark stays on the picture.
  await mira.press('Refine No. 1');
  await see(mira.heading('Is this the picture?')).toBeVisible();
  expect((await mira.snapshot()).attempts.at(-1)).toMatchObject({ feedback: 'The fox looks away' });
  await see(ana.root.getByRole('button', { name: /^No\. 1,.* changes requested$/ })).toBeVisible();
  await bo.select(1);
  await decisions(bo).getByRole('button').click();
  await see(decisions(bo)).toContainText('Withdrawn');
  await see(ana.root.getByRole('button', { name: /changes requested/ })).toHaveCount(0);
});

test('M12: an approval with a note is undone, and a decline ends the review for everybody until it is withdrawn', async () => {
  const { address } = await startProduct();
  const { ana, bo, mira } = await threeReviewers(address);
  await makePictures([ana, bo, mira], PROMPTS.slice(0, 1));
  await bo.press('Add a note');
  await bo.root.getByRole('textbox', { name: 'Note on your approval' }).fill('For the cover');
  await bo.press('Approve');
  for (const room of [ana, bo, mira]) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.text('For the cover')).toBeVisible();
  }
  await see(ana.button('Undo')).toHaveCount(0);
  await bo.press('Undo');
  for (const room of [ana, bo, mira]) await see(room.heading('Is this the picture?')).toBeVisible();
  await see(decisions(ana)).toContainText(/Bo approved it.*Withdrawn/s);

  await mira.press('Decline …');
  await dialog(mira, 'End the review without a picture?').getByRole('textbox', { name: 'Why?' }).fill('Off brand');
  await dialog(mira, 'End the review without a picture?').getByRole('button', { name: 'Decline' }).click();
  for (const room of [ana, bo, mira]) {
    await see(room.heading('Declined')).toBeVisible();
    await see(room.text('Off brand')).toBeVisible();
    await see(room.page).toHaveTitle('Declined · Proofroom');
    await see(room.status('Mira declined: the review has ended without a picture.')).toBeAttached();
    await see(room.downloadLink.filter({ hasText: 'approved' })).toHaveCount(0);
  }
  await mira.press('Undo');
  await see(ana.heading('Is this the picture?')).toBeVisible();
  await mira.press('Decline …');
  await dialog(mira, 'End the review without a picture?').getByRole('textbox', { name: 'Why?' }).fill('Off brand');
  await dialog(mira, 'End the review without a picture?').getByRole('button', { name: 'Decline' }).click();
  await see(ana.heading('Declined')).toBeVisible();
  await ana.startOver();
  for (const room of [ana, bo, mira]) await see(room.prompt).toHaveValue('');
  expect((await ana.snapshot()).decisions).toHaveLength(3);
});

test('M11: where two have to agree, the page counts, and says whose approval does not count', async () => {
  const { address } = await startProduct();
  const { ana, bo, mira } = await threeReviewers(address);
  await makePictures([ana, bo, mira], PROMPTS.slice(0, 1));
  await see(bo.text('1 approval needed')).toHaveCount(0);
  await ana.text('1 approval needed').click();
  await ana.root.getByRole('combobox', { name: /^How many people must approve/ }).selectOption('2');
  for (const room of [ana, bo, mira]) await see(room.text('0 of 2. Not enough people are invited yet.')).toBeVisible();
  await see(bo.text(/^Your decisions go on record\. Your approval does not count here/)).toBeVisible();
  await see(bo.button('Decline …')).toHaveCount(0);
  await bo.press('Approve');
  await see(decisions(ana)).toContainText('Bo approved it');
  await ana.press('Approve');
  await see(ana.heading('You have approved it')).toBeVisible();
  await see(mira.text('1 of 2. Not enough people are invited yet.')).toBeVisible();
  await see(ana.button('Approve')).toHaveCount(0);
  await ana.root.getByRole('combobox', { name: /^How many people must approve/ }).selectOption('1');
  await mira.press('Approve');
  for (const room of [ana, bo, mira]) await see(room.heading('Approved')).toBeVisible();
});

test('S10: what somebody has open stays on show when others discard it or start over', async () => {
  const { address } = await startProduct();
  const { ana, bo, mira } = await threeReviewers(address);
  await makePictures([ana, bo, mira], PROMPTS);
  await bo.select(1);
  const shown = await bo.digestOf(bo.picture('Generated image'));
  await bo.feedback.fill('Warmer light');
  await mira.select(1);
  await mira.press('Discard No. 1');
  await see(bo.status('Mira discarded No. 1, which you have open.')).toBeVisible();
  expect(await bo.digestOf(bo.picture('Generated image'))).toBe(shown);
  await see(bo.button('Approve')).toHaveCount(0);
  await bo.press('Undo');
  await see(bo.button('Approve')).toBeEnabled();
  await see(mira.attempt(1)).toBeVisible();

  await ana.startOver();
  await see(mira.prompt).toHaveValue('');
  await see(bo.status('Ana started over. No. 1, which you have open, is no longer in the session.')).toBeVisible();
  expect(await bo.digestOf(bo.picture('Generated image'))).toBe(shown);
  await see(bo.feedback).toHaveValue('Warmer light');
  await bo.press('Go on without it');
  await see(bo.picture('Generated image')).toHaveCount(0);
});

test('S10, M2: a decision that came too late counts for nothing, and its author is told what became of it', async () => {
  const { address } = await startProduct();
  const ana = await enterAs('Ana', browser, address);
  const { room: bo, connection } = await enterDelayed('Bo', browser, ana.reviewLink);
  const mira = await enterAs('Mira', browser, ana.reviewLink);
  await makePictures([ana, bo, mira], PROMPTS);
  await bo.select(1);
  connection.hold();
  await mira.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
  await bo.press('Approve');
  connection.release();
  await see(bo.alert('Your approval of No. 1 did not count: Mira approved No. 2.')).toBeAttached();
  expect((await ana.snapshot()).decisions).toMatchObject([{ by: 'Mira', number: 2 }]);

  // Pressed when Mira's decision arrives, and released after it.
  await mira.press('Undo');
  await bo.select(1);
  await see(bo.button('Approve')).toBeEnabled();
  const box = await bo.button('Approve').boundingBox();
  await bo.page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
  await bo.page.mouse.down();
  await mira.press('Approve');
  await see(bo.heading('No. 2 is approved').or(bo.heading('Approved'))).toBeVisible();
  await bo.page.mouse.up();
  await see(bo.status('That click did not count: Mira approved No. 2.')).toBeVisible();
  expect((await ana.snapshot()).decisions.filter(({ by }) => by === 'Bo')).toEqual([]);
});

test('R13: a full session offers to make room, keeps what is decided about or open, and sends the words again', async () => {
  const { address } = await startProduct({ limits: { ATTEMPTS_PER_SESSION: 3 } });
  const { ana, bo, mira } = await threeReviewers(address);
  await makePictures([ana, bo, mira], [...PROMPTS, 'A boat']);
  await bo.select(1);
  await mira.select(2);
  await mira.press('Request changes');
  await changes(mira).fill('Less mist');
  await changes(mira).press('Enter');
  await see(decisions(mira)).toContainText('Less mist');
  await mira.select(3);
  await ana.select(3);
  await ana.feedback.fill('Warmer light');
  await ana.press('Refine No. 3');
  const room = ana.root.getByRole('dialog', { name: 'Make room for what comes next?' });
  await see(room).toContainText('Somebody has decided about every picture that could make room, or has it open.');
  await room.getByRole('button', { name: 'Close' }).click();

  await bo.select(3);
  await expect
    .poll(async () => {
      await ana.press('Refine No. 3');
      await see(room).toBeVisible();
      const names = await room.getByRole('checkbox').count();
      if (names === 0) await room.getByRole('button', { name: 'Close' }).click();
      return names;
    })
    .toBe(1);
  await see(room.getByRole('checkbox', { name: /^No\. 1\b/ })).toBeChecked();
  await room.getByRole('button', { name: 'Remove it and go on' }).click();
  for (const one of [ana, mira]) await see(one.attempt(4)).toBeVisible();
  await see(ana.attempt(1)).toHaveCount(0);
  expect((await ana.snapshot()).attempts.map(({ number, feedback }) => [number, feedback])).toEqual([
    [2, undefined],
    [3, undefined],
    [4, 'Warmer light'],
  ]);
});
