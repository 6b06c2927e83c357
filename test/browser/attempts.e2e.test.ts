import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { parseClientMessage, parseServerMessage } from '../../shared/protocol.ts';
import { useBrowser } from '../support/browser.ts';
import { isSound, looks, tabWith } from '../support/looks.ts';
import { comeLate, drawRow, gather, type LatePerson, type People, shows } from '../support/people.ts';
import { type Product, startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';
import { tabTo } from '../support/tab-key.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist', 'A hare in the field'];

/** Three people before three pictures that everybody has seen. */
async function threePictures({ address }: Product): Promise<People> {
  const people = await gather(browser, address);
  const { ana, bo, cy } = people;
  await drawRow([ana, bo, cy], PROMPTS);
  return people;
}

const imageIds = async (room: Room): Promise<string[]> =>
  (await room.snapshot()).attempts.map(({ image }) => image.imageId);

describe('every attempt is kept', () => {
  test('in the strip of each tab; what one person opens moves nobody else', async () => {
    const product = await startProduct();
    const { ana, bo, cy } = await threePictures(product);
    for (const room of [ana, bo, cy]) {
      await see(room.strip.getByRole('button')).toHaveCount(3);
      await see(room.attempt(3)).toHaveAttribute('aria-current', 'true');
    }
    await bo.open(1);
    await cy.open(2);
    await shows(bo, product.openai, 1);
    await shows(cy, product.openai, 2);
    await shows(ana, product.openai, 3);
    await see(ana.attempt(3)).toHaveAttribute('aria-current', 'true');
    await see(cy.button('Approve')).toHaveCount(0);
    expect(await bo.state()).toBe(await ana.state());
  });

  test('and any of them can be approved: those very bytes are final in both tabs (M3, M9)', async () => {
    const product = await startProduct();
    const { ana, bo, cy } = await threePictures(product);
    await bo.open(1);
    await shows(bo, product.openai, 1);
    await bo.press('Approve');
    for (const room of [ana, bo, cy]) {
      await see(room.heading('Approved')).toBeVisible();
      await see(room.attempt(1)).toHaveAccessibleName(`No. 1, ${PROMPTS[0]}, approved`);
      await shows(room, product.openai, 1);
    }
    expect(await ana.state()).toBe(await bo.state());
  });

  test('and opening one moves none of them away from beneath the pointer', async () => {
    const { ana } = await threePictures(await startProduct());
    const before = await ana.attempt(2).boundingBox();
    await ana.open(1);
    await see(ana.button('Show the newest picture')).toBeInViewport({ ratio: 1 });
    expect(await ana.attempt(2).boundingBox()).toEqual(before);
    await ana.press('Show the newest picture');
    await see(ana.attempt(3)).toHaveAttribute('aria-current', 'true');
    expect(await ana.attempt(2).boundingBox()).toEqual(before);
  });

  test('and can be downloaded, with -unapproved in the name of each but the approved one', async () => {
    const product = await startProduct();
    const { ana, bo } = await threePictures(product);
    const [fox, heron] = product.openai.sent.map(({ final }) => final);
    await bo.open(1);
    await shows(bo, product.openai, 1);
    expect(await bo.download()).toEqual({ name: 'a-fox-in-the-snow-unapproved.png', bytes: fox });
    await bo.press('Approve');
    await see(ana.heading('Approved')).toBeVisible();
    expect(await ana.download()).toEqual({ name: 'a-fox-in-the-snow.png', bytes: fox });
    await ana.open(2);
    await shows(ana, product.openai, 2);
    expect(await ana.download()).toEqual({ name: 'a-heron-in-the-mist-unapproved.png', bytes: heron });
  });

  test('and can be where the next one starts: the tree keeps its parent (M9)', async () => {
    const { ana, bo } = await threePictures(await startProduct());
    await bo.open(1);
    await bo.ask('A wolf in the snow', 'Regenerate');
    for (const room of [ana, bo]) {
      await see(room.attempt(4)).toHaveAccessibleName('No. 4, A wolf in the snow, regenerated from No. 1');
      await see(room.button('Regenerated from No. 1')).toBeVisible();
    }
    const { attempts } = await ana.snapshot();
    expect(attempts[3]?.parent).toBe(attempts[0]?.image.imageId);
    await ana.press('Regenerated from No. 1');
    await see(ana.attempt(1)).toHaveAttribute('aria-current', 'true');
    await see(bo.attempt(4)).toHaveAttribute('aria-current', 'true');
  });

  test('and a reload brings all of it back (R1)', async () => {
    const product = await startProduct();
    const { ana, bo } = await threePictures(product);
    await bo.open(2);
    await bo.press('Discard No. 2');
    await see(ana.attempt(2)).toHaveCount(0);
    const state = await ana.state();
    await ana.page.reload();
    await see(ana.live).toBeVisible();
    await see(ana.strip.getByRole('button')).toHaveCount(2);
    expect(await ana.state()).toBe(state);
    await see(ana.root.getByText('Discarded (1)')).toBeVisible();
    // What was discarded before this tab came is no news to it.
    await see(ana.root.getByText(/was discarded/)).toHaveCount(0);
    await ana.open(1);
    await shows(ana, product.openai, 1);
    expect(product.openai.requests).toHaveLength(3);
  });
});

/** What a tab has asked for, and what it has been given. */
interface Heard {
  /** Ids of the attempts whose bytes it has asked for. */
  readonly wanted: string[];
  /** Ids of the final images whose bytes have come, one entry a frame. */
  readonly received: string[];
}

/** Listens to a tab that is still empty. */
function listenTo(page: Page): Heard {
  const heard: Heard = { wanted: [], received: [] };
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => {
      const parsed = parseClientMessage(String(payload));
      if (parsed.ok && parsed.message.type === 'want') heard.wanted.push(...parsed.message.imageIds);
    });
    socket.on('framereceived', ({ payload }) => {
      const parsed = parseServerMessage(String(payload));
      if (parsed.ok && parsed.message.type === 'image') heard.received.push(parsed.message.imageId);
    });
  });
  return heard;
}

test('who comes late is given the picture on show, and thumbnails only as they scroll into view, once (W1, W2)', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await drawRow([ana], [...PROMPTS, 'A wolf', 'An owl', 'A lynx', 'A crane', 'A stoat']);
  const ids = await imageIds(ana);
  const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
  const heard = listenTo(page);
  const late = await enter(page, ana.reviewLink);
  await see(late.picture('Generated image')).toHaveAccessibleName('Generated image: A stoat');
  const thumbnail = (number: number) => late.attempt(number).locator('img');
  await thumbnail(8).scrollIntoViewIfNeeded();
  await see(thumbnail(7)).toBeVisible();
  expect(heard.received[0]).toBe(ids[7]);
  expect(heard.wanted).toContain(ids[6]);
  for (const unseen of ids.slice(0, 3)) expect(heard.wanted).not.toContain(unseen);
  await late.attempt(1).scrollIntoViewIfNeeded();
  await see(thumbnail(1)).toBeVisible();
  expect(heard.wanted).toContain(ids[0]);
  // Along the whole strip, and back to where all of it has been seen.
  for (const number of [3, 5, 7, 5, 3, 1]) {
    await late.attempt(number).scrollIntoViewIfNeeded();
    await see(thumbnail(number)).toBeVisible();
  }
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) await see(thumbnail(number)).toBeAttached();
  expect(heard.received.toSorted()).toEqual(ids.toSorted());
  expect(heard.wanted.toSorted()).toEqual(ids.slice(0, 7).toSorted());
});

describe('what is discarded', () => {
  test('is gone in each tab, with who did it, and Undo in another tab brings it back', async () => {
    const product = await startProduct();
    const { ana, bo, cy } = await threePictures(product);
    await bo.open(2);
    await bo.press('Discard No. 2');
    for (const room of [ana, cy]) await see(room.status('No. 2 was discarded by Bo.')).toBeVisible();
    await see(bo.status('No. 2 was discarded.')).toBeVisible();
    for (const room of [ana, bo, cy]) await see(room.attempt(2)).toHaveCount(0);
    await see(cy.button('Undo')).toHaveCount(0);
    await cy.root.getByText('Discarded (1)').click();
    await see(cy.root.getByText('No. 2, by Bo')).toBeVisible();
    await see(cy.root.getByRole('button', { name: /^Restore/ })).toHaveCount(0);
    await ana.press('Undo');
    for (const room of [ana, bo, cy]) {
      await see(room.strip.getByRole('button')).toHaveText(['No. 1', 'No. 2', 'No. 3']);
      await see(room.root.getByText(/was discarded/)).toHaveCount(0);
    }
    await bo.open(2);
    await shows(bo, product.openai, 2);
  });

  test('leaves the prompt when it was the only one, and restored it is to be decided on again', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], ['A fox in the snow']);
    await ana.press('Discard No. 1');
    for (const room of [ana, bo]) {
      await see(room.heading('What should the picture show?')).toBeVisible();
      await see(room.button('Generate')).toBeVisible();
      await see(room.prompt).toHaveValue('A fox in the snow');
      await see(room.root.getByRole('img')).toHaveCount(0);
    }
    await bo.root.getByText('Discarded (1)').click();
    await bo.press('Restore No. 1');
    for (const room of [ana, bo]) {
      await see(room.heading('Is this the picture?')).toBeVisible();
      await shows(room, openai, 1);
    }
    expect(await bo.state()).toBe(await ana.state());
    expect(openai.requests).toHaveLength(1);
  });
});

/** Two people who look at the first of so many pictures, and may do with it what they like. */
async function twoDeciding(
  { address }: Product,
  prompts: readonly string[],
): Promise<{ ana: LatePerson; bo: LatePerson }> {
  const ana = await comeLate(browser, 'Ana', address);
  const bo = await comeLate(browser, 'Bo', ana.room.reviewLink);
  await drawRow([ana.room, bo.room], prompts);
  if (prompts.length > 1) for (const { room } of [ana, bo]) await room.open(1);
  for (const { room } of [ana, bo]) await see(room.button('Discard No. 1')).toBeVisible();
  return { ana, bo };
}

const APPROVED_BY_ANA = /^Ana approved this image (just now|\d+ s ago)\.$/;

describe('discard against approve (M2)', () => {
  test('clicked at the same moment, one wins, and both are told the truth', async () => {
    const { ana, bo } = await twoDeciding(await startProduct(), PROMPTS);
    ana.line.hold();
    bo.line.hold();
    await Promise.all([ana.room.press('Approve'), bo.room.press('Discard No. 1')]);
    ana.line.release();
    bo.line.release();
    const approved = ana.room.heading('Approved');
    await see(approved.or(ana.room.status('No. 1 was discarded by Bo.'))).toBeVisible();
    if (await approved.isVisible()) {
      await see(bo.room.alert(APPROVED_BY_ANA)).toBeAttached();
      await see(bo.room.heading('Approved')).toBeVisible();
      await see(bo.room.attempt(1)).toBeVisible();
    } else {
      await see(ana.room.alert('This image is no longer in the session.')).toBeAttached();
      await see(bo.room.status('No. 1 was discarded.')).toBeVisible();
      await see(bo.room.attempt(1)).toHaveCount(0);
    }
    expect(await ana.room.state()).toBe(await bo.room.state());
  });

  test('too late to discard: it is approved, and whose decision that was is said', async () => {
    const { ana, bo } = await twoDeciding(await startProduct(), PROMPTS);
    bo.line.hold();
    await ana.room.press('Approve');
    await see(ana.room.heading('Approved')).toBeVisible();
    await bo.room.press('Discard No. 1');
    await see(bo.room.button('Discard No. 1')).toHaveAttribute('aria-busy', 'true');
    bo.line.release();
    await see(bo.room.alert(APPROVED_BY_ANA)).toBeAttached();
    await see(bo.room.heading('Approved')).toBeVisible();
    expect(await ana.room.state()).toBe(await bo.room.state());
  });

  test.each([
    ['one of several', PROMPTS, 'This image is no longer in the session.'],
    ['the only one', PROMPTS.slice(0, 1), 'The session has moved on since you looked at it.'],
  ])('too late to approve %s: it is discarded, and by whom', async (_which, prompts, answer) => {
    const { ana, bo } = await twoDeciding(await startProduct(), prompts);
    ana.line.hold();
    await bo.room.press('Discard No. 1');
    await see(bo.room.status('No. 1 was discarded.')).toBeVisible();
    await ana.room.press('Approve');
    await see(ana.room.button('Approve')).toHaveAttribute('aria-busy', 'true');
    ana.line.release();
    await see(ana.room.alert(answer)).toBeAttached();
    await see(ana.room.status('No. 1 was discarded by Bo.')).toBeVisible();
    expect((await ana.room.snapshot()).decisions).toEqual([]);
    expect(await ana.room.state()).toBe(await bo.room.state());
  });
});

describe('who looks at an older attempt', () => {
  test('is not torn away when somebody else regenerates, and can go to what is being drawn', async () => {
    const product = await startProduct();
    const { ana, bo } = await threePictures(product);
    await bo.open(1);
    product.openai.next('held');
    await ana.ask('A wolf in the snow', 'Regenerate');
    await see(ana.picture('Preview, still being drawn')).toBeVisible();
    await see(bo.heading('Drawing')).toBeVisible();
    await see(bo.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPTS[0]}`);
    await see(ana.button('Show what is being drawn')).toHaveCount(0);
    await bo.press('Show what is being drawn');
    const preview = bo.picture('Preview, still being drawn');
    await see(preview).toBeVisible();
    product.openai.release();
    for (const room of [ana, bo]) await shows(room, product.openai, 4);
  });

  test('still does when the new one is finished, and decides on what is looked at', async () => {
    const product = await startProduct();
    const { ana, bo } = await threePictures(product);
    await bo.open(1);
    product.openai.next('held');
    await ana.ask('A wolf in the snow', 'Regenerate');
    await see(bo.heading('Drawing')).toBeVisible();
    product.openai.release();
    await see(bo.attempt(4)).toBeVisible();
    await see(bo.heading('Is this the picture?')).toBeVisible();
    await shows(bo, product.openai, 1);
    await bo.press('Approve');
    for (const room of [ana, bo]) {
      await see(room.heading('Approved')).toBeVisible();
      await shows(room, product.openai, 1);
    }
  });

  test('is taken to the approved picture when somebody else decides', async () => {
    const product = await startProduct();
    const { ana, bo } = await threePictures(product);
    await bo.open(1);
    await ana.press('Approve');
    await see(bo.heading('Approved')).toBeVisible();
    await shows(bo, product.openai, 3);
  });
});

test('by keyboard alone: along the strip, open, discard, undo, and approve', async () => {
  const product = await startProduct();
  const { ana, bo } = await threePictures(product);
  const { keyboard } = ana.page;
  await tabTo(ana.page, ana.attempt(3));
  await keyboard.press('Home');
  await see(ana.attempt(1)).toBeFocused();
  await keyboard.press('Enter');
  await shows(ana, product.openai, 1);
  await keyboard.press('ArrowRight');
  await see(ana.attempt(2)).toBeFocused();
  await keyboard.press('Delete');
  await see(ana.status('No. 2 was discarded.')).toBeVisible();
  await see(bo.status('No. 2 was discarded by Ana.')).toBeVisible();
  await see(ana.button('Undo')).toBeFocused();
  await keyboard.press('Enter');
  await see(ana.attempt(2)).toBeFocused();
  await see(bo.attempt(2)).toBeVisible();
  await keyboard.press('Space');
  await shows(ana, product.openai, 2);
  await tabTo(ana.page, ana.button('Approve'));
  await keyboard.press('Enter');
  await see(ana.heading('Approved')).toBeFocused();
  await shows(bo, product.openai, 2);
});

test.each(looks)('the strip is sound, $colorScheme and $width px wide', async (look) => {
  const { address } = await startProduct();
  const tab = await tabWith(look, browser);
  const ana = await enter(tab, address);
  await drawRow([ana], [...PROMPTS, 'A wolf', 'An owl']);
  await ana.open(2);
  await isSound(tab, 'an older attempt opened');
  await ana.press('Discard No. 2');
  await see(ana.button('Undo')).toBeVisible();
  await ana.root.getByText('Discarded (1)').click();
  await see(ana.button('Restore No. 2')).toBeVisible();
  await isSound(tab, 'the discarded open, with a way back');
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
  await isSound(tab, 'one of them approved');
});
