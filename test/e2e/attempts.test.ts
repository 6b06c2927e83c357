/** Attempts: every finished picture is kept, and any of them can be viewed, discarded, restored, regenerated from and approved. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { parseClientMessage, parseServerMessage } from '../../shared/protocol.ts';
import { useBrowser } from '../support/browser.ts';
import { makePictures, seePicture, twoReviewers, twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist', 'A hare in the field'] as const;

test('M3, M9, R1: everybody views the attempt of their choice, and any attempt can be approved', async () => {
  const { address, openai } = await startProduct({ config: { download: 'always' } });
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await makePictures([ana, bo, cy], PROMPTS);
  for (const room of [ana, bo, cy]) {
    await see(room.strip.getByRole('button')).toHaveCount(3);
    await see(room.attempt(3)).toHaveAttribute('aria-current', 'true');
  }

  // What one person selects moves nobody else, and nothing under the pointer.
  const before = await bo.attempt(2).boundingBox();
  await bo.select(1);
  await cy.select(2);
  await seePicture(bo, openai, 1);
  await seePicture(cy, openai, 2);
  await seePicture(ana, openai, 3);
  await see(bo.button('Show the newest picture')).toBeInViewport({ ratio: 1 });
  expect(await bo.attempt(2).boundingBox()).toEqual(before);

  // A generation of somebody else takes nobody away from the attempt they look at.
  openai.next('held');
  await ana.submitPrompt('A wolf in the snow', 'Regenerate');
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await see(bo.heading('Drawing')).toBeVisible();
  for (const room of [bo, cy]) await see(room.text('Ana asked for another picture.')).toBeVisible();
  await see(ana.text('Ana asked for another picture.')).toHaveCount(0);
  await seePicture(bo, openai, 1);
  await see(ana.button('Show what is being drawn')).toHaveCount(0);
  await cy.press('Show what is being drawn');
  await see(cy.picture('Preview, still being drawn')).toBeVisible();
  openai.release();
  for (const room of [ana, cy]) await seePicture(room, openai, 4);
  for (const room of [ana, bo, cy])
    await see(room.attempt(4)).toHaveAccessibleName('No. 4, A wolf in the snow, regenerated from No. 3');
  await see(bo.heading('Is this the picture?')).toBeVisible();
  await seePicture(bo, openai, 1);

  await bo.submitPrompt('An owl', 'Regenerate');
  for (const room of [ana, bo]) await see(room.button('Regenerated from No. 1')).toBeVisible();
  const { attempts } = await ana.snapshot();
  expect(attempts[4]?.parent).toBe(attempts[0]?.image.imageId);
  await ana.press('Regenerated from No. 1');
  await see(ana.attempt(1)).toHaveAttribute('aria-current', 'true');
  await see(bo.attempt(5)).toHaveAttribute('aria-current', 'true');

  await ana.reload();
  await see(ana.strip.getByRole('button')).toHaveCount(5);
  await ana.select(2);
  await seePicture(ana, openai, 2);
  await ana.press('Approve');
  for (const room of [ana, bo, cy]) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.attempt(2)).toHaveAccessibleName(/^No\. 2, .*, approved$/);
    await seePicture(room, openai, 2);
  }
  const state = await ana.state();
  expect(await bo.state()).toBe(state);
  const bytesOf = (number: number) => openai.sent[number - 1]?.final;
  expect(await bo.download()).toEqual({ name: 'a-heron-in-the-mist.png', bytes: bytesOf(2) });
  await bo.select(3);
  await seePicture(bo, openai, 3);
  expect(await bo.download()).toEqual({ name: 'a-hare-in-the-field-unapproved.png', bytes: bytesOf(3) });
  expect(openai.requests).toHaveLength(5);
});

test('R13: a discarded attempt can be restored from every reviewer’s tab, even if it was the only one', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  const rooms = [ana, bo, cy];
  await makePictures([ana, bo, cy], PROMPTS);
  // The second click must not discard the next picture.
  await bo.button('Discard No. 3').dblclick();
  await see(bo.status('No. 3 was discarded.')).toBeVisible();
  await see(bo.button('Undo')).toBeFocused();
  // The reviewer keeps what she has in view; whoever watches follows.
  await see(ana.status('Bo discarded No. 3, which you have open.')).toBeVisible();
  await see(cy.status('No. 3 was discarded by Bo.')).toBeVisible();
  for (const room of rooms) await see(room.strip.getByRole('button')).toHaveText(['No. 1', 'No. 2']);
  await see(cy.button('Undo')).toHaveCount(0);
  await cy.root.getByText('Discarded (1)').click();
  await see(cy.text('No. 3, by Bo')).toBeVisible();
  await see(cy.root.getByRole('button', { name: /^Restore/ })).toHaveCount(0);
  await ana.press('Undo');
  for (const room of rooms) {
    await see(room.strip.getByRole('button')).toHaveText(['No. 1', 'No. 2', 'No. 3']);
    await see(room.text(/was discarded|discarded No\./)).toHaveCount(0);
  }
  await bo.select(3);
  await seePicture(bo, openai, 3);

  for (const number of [3, 2, 1]) {
    await ana.select(number);
    await ana.press(`Discard No. ${number}`);
    await see(ana.attempt(number)).toHaveCount(0);
  }
  await bo.press('Go on without it');
  for (const room of [ana, bo]) {
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPTS[2]);
    await see(room.root.getByRole('img')).toHaveCount(0);
  }
  // What was discarded before a tab came is listed there, and not reported.
  await bo.reload();
  await see(bo.text(/was discarded/)).toHaveCount(0);
  await bo.root.getByText('Discarded (3)').click();
  await bo.press('Restore No. 1');
  for (const room of [ana, bo]) {
    await see(room.heading('Is this the picture?')).toBeVisible();
    await seePicture(room, openai, 1);
  }
  expect(await bo.state()).toBe(await ana.state());
  expect(openai.requests).toHaveLength(3);
});

interface ImageTraffic {
  /** Ids of the images that the tab has requested. */
  readonly wanted: string[];
  /** Ids of the final images that it has received, one for each frame. */
  readonly received: string[];
}

/** Records the images of a tab that is still empty. */
function recordImages(page: Page): ImageTraffic {
  const traffic: ImageTraffic = { wanted: [], received: [] };
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => {
      const parsed = parseClientMessage(String(payload));
      if (parsed.ok && parsed.message.type === 'want') traffic.wanted.push(...parsed.message.imageIds);
    });
    socket.on('framereceived', ({ payload }) => {
      const parsed = parseServerMessage(String(payload));
      if (parsed.ok && parsed.message.type === 'image') traffic.received.push(parsed.message.imageId);
    });
  });
  return traffic;
}

test('W1, W2: a late tab receives the picture on show, and each thumbnail once, as it scrolls into view', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await makePictures([ana], [...PROMPTS, 'A wolf', 'An owl', 'A lynx', 'A crane']);
  const ids = (await ana.snapshot()).attempts.map(({ image }) => image.imageId);
  const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
  const traffic = recordImages(page);
  const late = await enter(page, ana.reviewLink);
  await see(late.picture('Generated image')).toHaveAccessibleName('Generated image: A crane');
  const thumbnail = (number: number) => late.attempt(number).locator('img');
  await thumbnail(7).scrollIntoViewIfNeeded();
  await see(thumbnail(6)).toBeVisible();
  expect(traffic.received[0]).toBe(ids[6]);
  expect(traffic.wanted).toContain(ids[5]);
  for (const id of ids.slice(0, 3)) expect(traffic.wanted).not.toContain(id);
  for (const number of [1, 3, 5, 7, 5, 3, 1]) {
    await late.attempt(number).scrollIntoViewIfNeeded();
    await see(thumbnail(number)).toBeVisible();
  }
  for (const number of [2, 4, 6]) await see(thumbnail(number)).toBeAttached();
  expect(traffic.received.toSorted()).toEqual(ids.toSorted());
  expect(traffic.wanted.toSorted()).toEqual(ids.slice(0, 6).toSorted());
});

test('M3: two pictures are compared byte for byte, while others generate, discard and approve', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  const cy = await enter(await browser.newPage(), ana.watchLink);
  await makePictures([ana, bo, cy], PROMPTS.slice(0, 2));
  await bo.openComparison();
  await cy.openComparison();
  for (const number of [1, 2]) {
    await see(bo.compared(number)).toBeVisible();
    expect(await bo.digestOf(bo.compared(number))).toBe(await ana.digestOf(ana.attempt(number).locator('img')));
  }
  await see(ana.comparison).toHaveCount(0);
  await see(cy.comparison.getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await cy.press('Open No. 1');
  await see(cy.comparison).toHaveCount(0);
  await see(cy.attempt(1)).toHaveAttribute('aria-current', 'true');

  await ana.press('Discard No. 2');
  await see(bo.comparison.getByText('This picture is no longer here.')).toBeVisible();
  await see(bo.button('Approve No. 2')).toHaveCount(0);
  await ana.press('Undo');
  await see(bo.compared(2)).toBeVisible();
  await see(bo.button('Approve No. 2')).toBeVisible();

  openai.next('held');
  await ana.submitPrompt(PROMPTS[2], 'Regenerate');
  await see(bo.button('Approve No. 1')).toHaveCount(0);
  for (const number of [1, 2]) await see(bo.compared(number)).toBeVisible();
  openai.release();
  await see(bo.button('Approve No. 1')).toBeVisible();
  await bo.comparison.getByLabel('Second picture').selectOption({ label: `No. 3: ${PROMPTS[2]}` });
  await see(bo.compared(3)).toBeVisible();

  await cy.openComparison();
  await bo.press('Approve No. 1');
  for (const room of [ana, bo, cy]) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.comparison).toHaveCount(0);
    await seePicture(room, openai, 1);
  }
});
