import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

async function deciding(): Promise<Room> {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  await room.makePicture(PROMPT);
  return room;
}

test('Start over asks first while the picture is not approved; Escape keeps it, and the focus returns', async () => {
  const room = await deciding();
  await room.button('Start over').focus();
  await room.page.keyboard.press('Enter');
  await see(room.question).toBeVisible();
  await see(room.question.getByRole('heading', { name: 'Start over?' })).toBeFocused();
  await room.page.keyboard.press('Escape');
  await see(room.question).toBeHidden();
  await see(room.button('Start over')).toBeFocused();
  await see(room.picture('Generated image')).toBeVisible();

  await room.page.keyboard.press('Enter');
  await room.question.getByRole('button', { name: 'Keep the picture' }).click();
  await see(room.question).toBeHidden();
  await see(room.picture('Generated image')).toBeVisible();
});

test('the question keeps the focus, and its answer by keyboard starts over, with the focus in the prompt', async () => {
  const room = await deciding();
  const { keyboard } = room.page;
  await room.button('Start over').focus();
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await see(room.question.getByRole('button', { name: 'Keep the picture' })).toBeFocused();
  await keyboard.press('Tab');
  await see(room.question.getByRole('button', { name: 'Start over' })).toBeFocused();
  await keyboard.press('Enter');
  await see(room.heading('What should the picture show?')).toBeVisible();
  await see(room.prompt).toHaveValue('');
  await see(room.prompt).toBeFocused();
  await see(room.root.getByRole('img')).toHaveCount(0);
});

test('the question goes by itself when somebody else has approved the picture', async () => {
  const ana = await deciding();
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await ana.press('Start over');
  await see(ana.question).toBeVisible();
  await bo.press('Approve');
  await see(ana.question).toBeHidden();
  await see(ana.heading('Approved')).toBeVisible();
});

test('Start over asks nothing once the approved picture is saved, and keeps the decision on record', async () => {
  const room = await deciding();
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
  await room.download();
  await room.press('Start over');
  await see(room.heading('What should the picture show?')).toBeVisible();
  await see(room.question).toBeHidden();
  expect(JSON.parse(await room.state())).toMatchObject({ attempts: [], decisions: [{ decision: 'approved' }] });
});

test('an approved picture that nobody has saved does not go by one click, nor by one key', async () => {
  const room = await deciding();
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
  await room.button('Start over').focus();
  await room.page.keyboard.press('Enter');
  await see(room.question).toContainText('save it first');
  await room.question.getByRole('button', { name: 'Keep the picture' }).click();
  await see(room.heading('Approved')).toBeVisible();
  await see(room.picture('Generated image')).toBeVisible();
});

test('in all tabs the picture goes, and so does the prompt', async () => {
  const ana = await deciding();
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await see(bo.picture('Generated image')).toBeVisible();
  await ana.press('Start over');
  await ana.question.getByRole('button', { name: 'Start over' }).click();
  await see(bo.heading('What should the picture show?')).toBeVisible();
  await see(bo.root.getByRole('img')).toHaveCount(0);
  await see(bo.prompt).toHaveValue('');
});
