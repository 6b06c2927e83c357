import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { isSound, looks, tabWith } from '../support/looks.ts';
import { drawRow, gather, type People, shows } from '../support/people.ts';
import { type Product, startProduct } from '../support/product.ts';
import { digest, enter, type Room, see } from '../support/room.ts';
import { tabTo } from '../support/tab-key.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist'];

async function twoPictures({ address }: Product): Promise<People> {
  const people = await gather(browser, address);
  const { ana, bo, cy } = people;
  await drawRow([ana, bo, cy], PROMPTS);
  return people;
}

async function compare(room: Room): Promise<void> {
  await room.press('Compare');
  await see(room.comparison.getByRole('heading', { name: 'Compare' })).toBeFocused();
}

const compared = (room: Room, number: number) =>
  room.comparison.getByRole('img', { name: new RegExp(`^No\\. ${number}: `) });

test('opened from the strip it shows both, byte for byte, and goes by keyboard alone', async () => {
  const product = await startProduct();
  const { ana, bo } = await twoPictures(product);
  const { keyboard } = ana.page;
  await tabTo(ana.page, ana.button('Compare'));
  await keyboard.press('Enter');
  await see(ana.comparison.getByRole('heading', { name: 'Compare' })).toBeFocused();
  for (const [at, { final }] of product.openai.sent.entries()) {
    await see(compared(ana, at + 1)).toBeVisible();
    expect(await ana.digestOf(compared(ana, at + 1))).toBe(digest(final));
  }
  await keyboard.press('1');
  await see(ana.comparison.getByRole('status').filter({ hasText: '%' })).toHaveText('100%');
  await keyboard.press('0');
  await tabTo(ana.page, ana.comparison.getByRole('radio', { name: 'Side by side' }));
  await keyboard.press('ArrowRight');
  const slider = ana.comparison.getByRole('slider');
  await tabTo(ana.page, slider);
  await keyboard.press('End');
  await see(slider).toHaveAttribute('aria-valuenow', '100');
  await tabTo(ana.page, ana.button('Approve No. 1'));
  await keyboard.press('Enter');
  for (const room of [ana, bo]) {
    await see(room.heading('Approved')).toBeVisible();
    await shows(room, product.openai, 1);
  }
  await see(ana.comparison).toHaveCount(0);
  expect(await ana.state()).toBe(await bo.state());
});

test('Escape closes it, and the focus is back where it was', async () => {
  const { ana } = await twoPictures(await startProduct());
  await compare(ana);
  await ana.page.keyboard.press('Escape');
  await see(ana.comparison).toHaveCount(0);
  await see(ana.button('Compare')).toBeFocused();
});

test('one picture is looked at closely, byte for byte, and approved there, by keyboard alone', async () => {
  const product = await startProduct();
  const { ana, bo } = await twoPictures(product);
  const { keyboard } = ana.page;
  const near = ana.root.getByRole('dialog', { name: 'Close look at No. 2' });
  await tabTo(ana.page, ana.button('Look closely at No. 2'));
  await keyboard.press('Enter');
  await see(near.getByRole('heading', { name: 'Close look at No. 2' })).toBeFocused();
  const picture = near.getByRole('img', { name: `No. 2: ${PROMPTS[1]}` });
  await see(picture).toBeVisible();
  expect(await ana.digestOf(picture)).toBe(digest(product.openai.sent[1]?.final));
  await keyboard.press('Escape');
  await see(near).toHaveCount(0);
  await see(ana.button('Look closely at No. 2')).toBeFocused();
  await keyboard.press('Space');
  await tabTo(ana.page, ana.button('Approve No. 2'));
  await keyboard.press('Enter');
  for (const room of [ana, bo]) await see(room.heading('Approved')).toBeVisible();
  await see(near).toHaveCount(0);
});

test('what one person compares is nobody else’s business', async () => {
  const { ana, bo } = await twoPictures(await startProduct());
  await compare(ana);
  await see(compared(ana, 2)).toBeVisible();
  await see(bo.comparison).toHaveCount(0);
});

describe('while somebody compares', () => {
  test('another’s approval closes it, and both tabs are final', async () => {
    const product = await startProduct();
    const { ana, bo, cy } = await twoPictures(product);
    await compare(bo);
    await compare(cy);
    await ana.press('Approve');
    for (const room of [ana, bo, cy]) {
      await see(room.heading('Approved')).toBeVisible();
      await shows(room, product.openai, 2);
    }
    for (const room of [bo, cy]) await see(room.comparison).toHaveCount(0);
  });

  test('another’s Regenerate leaves it open, where nothing is approved until the new one is there to be compared', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoPictures(product);
    await compare(bo);
    product.openai.next('held');
    await ana.ask('A hare in the field', 'Regenerate');
    await see(ana.picture('Preview, still being drawn')).toBeVisible();
    await see(bo.button('Approve No. 1')).toHaveCount(0);
    for (const number of [1, 2]) await see(compared(bo, number)).toBeVisible();
    product.openai.release();
    await see(bo.button('Approve No. 1')).toBeVisible();
    await bo.comparison.getByLabel('Second picture').selectOption({ label: 'No. 3: A hare in the field' });
    await see(compared(bo, 3)).toBeVisible();
    expect(await bo.digestOf(compared(bo, 3))).toBe(digest(product.openai.sent[2]?.final));
    await bo.press('Approve No. 1');
    for (const room of [ana, bo]) {
      await see(room.heading('Approved')).toBeVisible();
      await shows(room, product.openai, 1);
    }
    await see(bo.comparison).toHaveCount(0);
  });

  test('what another discards gives way to words, and comes back when it is restored', async () => {
    const { ana, bo } = await twoPictures(await startProduct());
    await compare(bo);
    await see(compared(bo, 2)).toBeVisible();
    await ana.press('Discard No. 2');
    await see(bo.comparison.getByText('This picture is no longer here.')).toBeVisible();
    await see(bo.button('Approve No. 2')).toHaveCount(0);
    await see(compared(bo, 1)).toBeVisible();
    await ana.press('Undo');
    await see(compared(bo, 2)).toBeVisible();
    await see(bo.button('Approve No. 2')).toBeVisible();
  });
});

test('who only watches compares too, and approves nothing', async () => {
  const { cy } = await twoPictures(await startProduct());
  await compare(cy);
  for (const number of [1, 2]) await see(compared(cy, number)).toBeVisible();
  await see(cy.comparison.getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await cy.press('Open No. 1');
  await see(cy.comparison).toHaveCount(0);
  await see(cy.attempt(1)).toHaveAttribute('aria-current', 'true');
});

test.each(looks)('it is sound, $colorScheme and $width px wide', async (look) => {
  const { address } = await startProduct();
  const tab = await tabWith(look, browser);
  const ana = await enter(tab, address);
  await drawRow([ana], PROMPTS);
  await compare(ana);
  for (const number of [1, 2]) await see(compared(ana, number)).toBeVisible();
  await isSound(tab, 'side by side');
  await ana.comparison.getByText('Slider', { exact: true }).click();
  await see(ana.comparison.getByRole('slider')).toBeVisible();
  await isSound(tab, 'one over the other');
  await ana.press('Zoom in');
  await isSound(tab, 'enlarged');
  await tab.keyboard.press('Escape');
  await ana.picture('Generated image').click();
  await see(ana.root.getByRole('dialog', { name: 'Close look at No. 2' })).toBeVisible();
  await isSound(tab, 'one alone');
});
