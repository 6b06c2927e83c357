/** On a small screen the picture stays in view while people decide about it. */
import type { Locator } from 'playwright';
import { test } from 'vitest';
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
  await ana.page.mouse.wheel(0, 240);
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeFocused();
  await seeWhole(ana.root.getByRole('link', { name: 'Download' }));
  await see(watcher.heading('Approved')).toBeFocused();
  await seeWhole(watcher.picture('Generated image'));
});
