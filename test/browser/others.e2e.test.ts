import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { drawRow, gather } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const WORDS = 'Warmer light, and no tree';

const said = (room: Room, words: string) => room.root.getByText(words, { exact: true });

describe('what others do is told, and by whom', () => {
  test('who asked, while it is drawn; who cancelled, though they gave no reason', async () => {
    const product = await startProduct();
    const { ana, bo, cy } = await gather(browser, product.address);
    await drawRow([ana, bo, cy], [PROMPT]);
    product.openai.next('held');
    await bo.press('Regenerate');
    for (const room of [ana, cy]) await see(said(room, 'Bo asked for another picture.')).toBeVisible();
    await see(bo.heading('Drawing')).toBeVisible();
    await see(said(bo, 'Bo asked for another picture.')).toHaveCount(0);
    await bo.press('Cancel');
    for (const room of [ana, cy]) await see(room.status('Bo cancelled it.')).toBeVisible();
    await see(ana.status('The picture is ready for your decision.')).toHaveCount(0);
    await see(bo.heading('Is this the picture?')).toBeVisible();
    await see(bo.status('cancelled it')).toHaveCount(0);
  });

  test('who started over; and an approved picture is not taken from others without a question', async () => {
    const { address } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    await drawRow([ana, bo, cy], [PROMPT]);
    await ana.press('Approve');
    await bo.press('Start over');
    await see(bo.question).toContainText('save it first');
    await bo.question.getByRole('button', { name: 'Keep the picture' }).click();
    await see(ana.heading('Approved')).toBeVisible();
    await bo.press('Start over');
    await bo.question.getByRole('button', { name: 'Start over' }).click();
    for (const room of [ana, cy]) await see(said(room, 'Bo started over.')).toBeVisible();
    await see(bo.heading('What should the picture show?')).toBeVisible();
    await see(said(bo, 'Bo started over.')).toHaveCount(0);
  });
});

test('who writes what should change stays with that picture and their words, whatever others ask for (W8)', async () => {
  const product = await startProduct();
  const { ana, bo } = await gather(browser, product.address);
  await drawRow([ana, bo], [PROMPT]);
  await ana.feedback.pressSequentially('Warmer light,');
  product.openai.next('held');
  await bo.press('Regenerate');
  await see(ana.heading('Drawing')).toBeVisible();
  await ana.page.keyboard.type(' and no tree');
  await see(ana.feedback).toHaveValue(WORDS);
  await see(ana.feedback).toBeFocused();
  await see(ana.root.getByText('It waits here until this picture is done.').first()).toBeVisible();
  product.openai.release();
  await see(ana.attempt(2)).toBeVisible();
  await see(ana.feedback).toHaveAccessibleName('What should change in No. 1?');
  await see(ana.feedback).toHaveValue(WORDS);
  await ana.press('Refine No. 1');
  await see(bo.attempt(3)).toBeVisible();
  const { attempts } = await bo.snapshot();
  expect(attempts[2]).toMatchObject({ feedback: WORDS, parent: attempts[0]?.image.imageId });
});

test('Refine says with which options it draws, which are chosen further down', async () => {
  const { address, openai } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await ana.makePicture(PROMPT);
  await ana.root.getByText(/^\s*Options/).click();
  await ana.root.getByRole('radio', { name: '2', exact: true }).check({ force: true });
  await ana.root.getByRole('combobox', { name: 'Size' }).selectOption('Portrait');
  await see(ana.root.getByText('2 pictures, Portrait. Each picture is billed by itself.')).toBeVisible();
  await ana.feedback.fill(WORDS);
  await ana.press('Refine No. 1');
  await see(ana.heading('Which of them?')).toBeVisible();
  expect(openai.requests).toHaveLength(3);
});

test('a click that comes twice on Discard discards one picture', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await drawRow([ana], [PROMPT, 'A heron', 'A lake']);
  await ana.button('Discard No. 3').dblclick();
  await see(ana.status('No. 3 was discarded.')).toBeVisible();
  await see(ana.button('Undo')).toBeFocused();
  expect((await ana.snapshot()).attempts.map(({ number }) => number)).toEqual([1, 2]);
});
