import type { Locator } from 'playwright';
import { test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const phone = { viewport: { width: 360, height: 640 } };

/** All of it, from its upper edge to its lower. */
const seeWhole = (picture: Locator) => see(picture).toBeInViewport({ ratio: 1 });

test('on a phone who asks from far below sees what is drawn, and then the picture to decide on', async () => {
  const { address, openai } = await startProduct();
  const room = await enter(await browser.newPage(phone), address);
  await room.makePicture('A fox in the snow');
  await room.feedback.fill('Warmer light');
  openai.next('held');
  await room.press('Refine No. 1');
  await seeWhole(room.picture('Preview, still being drawn'));
  await see(room.heading('Drawing')).toBeFocused();

  await room.root.getByRole('textbox', { name: 'What is wrong with it?' }).fill('Too cold');
  openai.release();
  await see(room.heading('Is this the picture?')).toBeFocused();
  await seeWhole(room.picture('Generated image'));
});

test('and of several all', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(phone), address);
  await room.makePicture('A fox in the snow');
  await room.root.locator('summary').filter({ hasText: 'Options' }).click();
  await room.root.getByRole('radio', { name: '4', exact: true }).check({ force: true });
  await room.press('Regenerate');
  await see(room.heading('Which of them?')).toBeFocused();
  for (const number of [2, 3, 4, 5]) {
    await seeWhole(room.root.getByRole('button', { name: new RegExp(`^No\\. ${number}\\. `) }));
  }
});

test('a watcher keeps the picture in view, whatever the others do', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  const watcher = await enter(await browser.newPage({ viewport: { width: 360, height: 440 } }), ana.watchLink);
  await ana.makePicture('A fox in the snow');
  await seeWhole(watcher.picture('Generated image'));
  await ana.ask('A heron in the mist', 'Regenerate');
  await see(ana.attempt(2)).toHaveAttribute('aria-current', 'true');
  await see(watcher.heading('You are watching')).toBeFocused();
  await seeWhole(watcher.picture('Generated image'));
  await ana.press('Approve');
  await see(watcher.heading('Approved')).toBeFocused();
  await seeWhole(watcher.picture('Generated image'));
});

test('who has approved stays with what comes next', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(phone), address);
  await room.makePicture('A fox in the snow');
  await room.page.mouse.wheel(0, 240);
  await room.press('Approve');
  await see(room.heading('Approved')).toBeFocused();
  await seeWhole(room.root.getByRole('link', { name: 'Download' }));
});
