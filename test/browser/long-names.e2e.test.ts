import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
/** As long as a name may be, without a place to break it. */
const NAME = 'W'.repeat(40);

/** How many pixels of the sidebar and its content lie beyond the window's edge. */
const cutOff = ({ page }: Room) =>
  page.locator('proof-sidebar').evaluate((sidebar) => {
    const parts = [...(sidebar.shadowRoot?.querySelectorAll('*') ?? [])];
    const edges = [sidebar, ...parts].map((part) => part.getBoundingClientRect().right);
    return Math.max(0, ...edges) - document.documentElement.clientWidth;
  });

test.each([360, 1366])('the name of who acted makes nothing wider than a window of %i px', async (width) => {
  const { address, openai } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  const bo = await enter(await browser.newPage({ viewport: { width, height: 640 } }), ana.reviewLink);
  await ana.callMe(NAME);
  openai.next('held');
  await ana.ask('A fox in the snow');
  await see(bo.root.getByText(`${NAME} asked for a picture.`)).toBeVisible();
  expect(await cutOff(bo)).toBeLessThanOrEqual(0);
  openai.release();
  await ana.press('Approve');
  await see(bo.heading('Approved')).toBeVisible();
  expect(await cutOff(bo)).toBeLessThanOrEqual(0);
  await ana.press('Start over');
  await ana.question.getByRole('button', { name: 'Start over' }).click();
  await see(bo.root.getByText(`${NAME} started over.`)).toBeVisible();
  expect(await cutOff(bo)).toBeLessThanOrEqual(0);
});
