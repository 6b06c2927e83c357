/** On a small screen the picture stays in view while people decide about it. */
import type { Locator } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();

/** From its upper edge to its lower. */
const seeWhole = (element: Locator) => see(element).toBeInViewport({ ratio: 1 });

test('on a phone, previews, pictures and candidates scroll into view as they come, for reviewers and watchers', async () => {
  const { address, openai } = await startProduct();
  const ana = await enter(await browser.newPage({ viewport: { width: 360, height: 640 } }), address);
  const watcher = await enter(await browser.newPage({ viewport: { width: 360, height: 440 } }), ana.watchLink);
  await ana.makePicture('A fox in the snow');
  await seeWhole(watcher.picture('Generated image'));

  // Feedback and reason are far below the picture.
  openai.next('held');
  await ana.refine(1, 'Warmer light');
  await seeWhole(ana.picture('Preview, still being drawn'));
  await see(ana.heading('Drawing')).toBeFocused();
  await ana.reason.fill('Too cold');
  openai.release();
  await see(ana.heading('Is this the picture?')).toBeFocused();
  await seeWhole(ana.picture('Generated image'));
  await see(watcher.heading('You are watching')).toBeFocused();
  await seeWhole(watcher.picture('Generated image'));

  await ana.openOptions();
  await ana.chooseCandidates(4);
  await ana.press('Regenerate');
  await see(ana.heading('Which of them?')).toBeFocused();
  await see(ana.finishedCandidates).toHaveCount(4);
  for (const candidate of await ana.finishedCandidates.all()) await seeWhole(candidate);

  // After an approval, Download is in view, not the picture.
  await ana.finishedCandidates.first().click();
  await see(ana.button('Approve')).toBeEnabled();
  await ana.page.mouse.wheel(0, 240);
  await expect.poll(() => ana.page.evaluate(() => scrollY)).toBeGreaterThan(200);
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeFocused();
  await seeWhole(ana.root.getByRole('link', { name: 'Download' }));
  await see(watcher.heading('Approved')).toBeFocused();
  await seeWhole(watcher.picture('Generated image'));
});

test('while somebody types by touch, the button stays in reach above the keyboard, and Enter makes a new line', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const ana = await enter(page, address);
  await ana.makePicture('A fox in the snow');
  await ana.prompt.tap();
  await ana.prompt.fill('');
  await page.keyboard.type('A fox');
  await page.keyboard.press('Enter');
  await see(ana.prompt).toHaveValue('A fox\n');
  await see(ana.text(/^Enter sends/).first()).toBeHidden();
  // The window shrinks for the keyboard, as the page asks for.
  await page.setViewportSize({ width: 390, height: 420 });
  await ana.prompt.evaluate((field) => field.scrollIntoView({ block: 'end' }));
  await seeWhole(ana.button('Regenerate'));
});
