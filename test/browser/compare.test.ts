import axe from 'axe-core';
import { css } from 'lit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/compare.ts';
import type { Compare } from '../../client/components/compare.ts';
import { type Intent, IntentEvent } from '../../client/intent.ts';
import { OpenEvent } from '../../client/open-event.ts';
import { tokens } from '../../client/styles/tokens.ts';
import * as states from '../support/component-states.ts';

/** Number 2 is half as fine as number 1; number 3 is of another shape. */
const [fine, coarse, wide] = await Promise.all([
  states.paint('fine', { width: 2000, height: 1500, colour: 'teal' }),
  states.paint('coarse', { width: 1000, height: 750, colour: 'tan' }),
  states.paint('wide', { width: 1536, height: 1024, colour: 'plum' }),
]);
const prompts = ['A heron at first light', 'A heron, brighter', 'A sailing boat'];
const attempts = [fine, coarse, wide].map(({ reference }, index) => ({
  ...states.attemptOf(reference),
  number: index + 1,
  prompt: prompts[index] ?? '',
}));
const images = new Map([fine, coarse, wide].map((picture) => [picture.reference.imageId, picture]));

let room: HTMLElement;
let opener: HTMLButtonElement;
let compare: Compare;
let intents: Intent[];
let opened: string[];

beforeEach(async () => {
  await page.viewport(1000, 700);
  document.documentElement.lang = 'en';
  document.title = 'Compare';
  intents = [];
  opened = [];
  room = document.createElement('main');
  const house = room.attachShadow({ mode: 'open' });
  const type = css`
    :host {
      font: 400 var(--body) / 1.5 var(--font);
    }
  `;
  house.adoptedStyleSheets = [tokens, type].flatMap(({ styleSheet }) => styleSheet ?? []);
  opener = document.createElement('button');
  opener.textContent = 'Compare with the one before';
  compare = document.createElement('proof-compare') as Compare;
  Object.assign(compare, { attempts, images, decides: true });
  room.addEventListener(IntentEvent.type, (event) => {
    if (event instanceof IntentEvent) intents.push(event.intent);
  });
  room.addEventListener(OpenEvent.type, (event) => {
    if (event instanceof OpenEvent) opened.push(event.imageId);
  });
  house.append(opener, compare);
  document.body.append(room);
  await compare.updateComplete;
});

afterEach(() => room.remove());

async function show(left = 'fine', right = 'coarse'): Promise<void> {
  opener.focus();
  compare.show(left, right);
  await expect.poll(() => sheets().length).toBe(2);
  await comeToRest();
}

async function lookAt(imageId: string): Promise<void> {
  opener.focus();
  compare.show(imageId);
  await expect.poll(() => sheets().length).toBe(1);
  await comeToRest();
}

async function comeToRest(): Promise<void> {
  const animations = deep('*').flatMap((element) => element.getAnimations());
  await Promise.allSettled(animations.map(({ finished }) => finished));
}

/** Elements inside the comparison, through all shadow roots. */
function deep(selector: string, root: Element = compare): HTMLElement[] {
  return [...(root.shadowRoot?.querySelectorAll<HTMLElement>('*') ?? [])].flatMap((element) => [
    ...(element.matches(selector) ? [element] : []),
    ...deep(selector, element),
  ]);
}

function one(selector: string): HTMLElement {
  const [element] = deep(selector);
  if (!element) throw new Error(`There is no ${selector}.`);
  return element;
}

const sheets = () => deep('.sheet');
const surfaces = () => deep('.surface');
const alts = () =>
  deep('img, [role="img"]').map((image) => image.getAttribute('alt') ?? image.getAttribute('aria-label'));
const isOpen = () => one('dialog').matches('[open]');
const button = (name: string) => page.getByRole('button', { name, exact: true });
const percentage = () => one('output').textContent;
const slider = () => page.getByRole('slider');

/** Where a picture lies in its pane, in whole pixels. */
function placeOf(index: number): { left: number; top: number; width: number; height: number } {
  const sheet = sheets()[index]?.getBoundingClientRect() ?? new DOMRect();
  const pane = (surfaces()[index] ?? surfaces()[0])?.getBoundingClientRect() ?? new DOMRect();
  const [left, top] = [sheet.left - pane.left, sheet.top - pane.top];
  return {
    left: Math.round(left),
    top: Math.round(top),
    width: Math.round(sheet.width),
    height: Math.round(sheet.height),
  };
}

/** A finger on the first pane, at a point counted from the pane's middle. */
function touch(type: 'pointerdown' | 'pointermove' | 'pointerup', pointerId: number, x: number, y: number): void {
  const { left, top, width, height } = surfaces()[0]?.getBoundingClientRect() ?? new DOMRect();
  const at = { clientX: left + width / 2 + x, clientY: top + height / 2 + y };
  const init = { pointerId, pointerType: 'touch', bubbles: true, composed: true, cancelable: true, button: 0, ...at };
  sheets()[0]?.dispatchEvent(new PointerEvent(type, init));
}

async function violations(): Promise<string[]> {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

describe('zoom and pan', () => {
  beforeEach(() => show());

  test('begin with both pictures whole, in the same place, whatever their sizes', async () => {
    expect(placeOf(0)).toEqual(placeOf(1));
    const { width, height } = surfaces()[0]?.getBoundingClientRect() ?? new DOMRect();
    const place = placeOf(0);
    expect([place.width <= Math.ceil(width), place.height <= Math.ceil(height)]).toEqual([true, true]);
    expect(percentage()).toBe(`${Math.round((100 * place.width * devicePixelRatio) / 2000)}%`);
    expect(deep('.facts').map(({ textContent }) => textContent.replace(/\s/g, ' '))).toEqual([
      '2000 × 1500',
      `1000 × 750 at ${Math.round((100 * place.width * devicePixelRatio) / 1000)}%`,
    ]);
  });

  test('the keys 1 and 0 go to actual pixels and back, + and − through the usual steps', async () => {
    const fitted = percentage();
    await userEvent.keyboard('1');
    expect(percentage()).toBe('100%');
    expect(placeOf(0).width * devicePixelRatio).toBe(2000);
    expect(placeOf(1)).toEqual(placeOf(0));
    await userEvent.keyboard('++');
    expect(percentage()).toBe('200%');
    await userEvent.keyboard('+++++');
    expect(percentage()).toBe('400%');
    await expect.element(button('Zoom in')).toHaveAttribute('aria-disabled', 'true');
    await userEvent.keyboard('-');
    expect(percentage()).toBe('300%');
    await userEvent.keyboard('0');
    expect(percentage()).toBe(fitted);
  });

  test('the buttons do the same', async () => {
    const fitted = percentage();
    await button('Actual pixels').click();
    expect(percentage()).toBe('100%');
    await button('Zoom in').click();
    expect(percentage()).toBe('150%');
    await button('Zoom out').click();
    await button('Fit').click();
    expect(percentage()).toBe(fitted);
  });

  test('only what is enlarged shows its pixels', async () => {
    await userEvent.keyboard('1');
    expect(deep('img').map((image) => getComputedStyle(image).imageRendering)).toEqual(['auto', 'pixelated']);
    await userEvent.keyboard('+');
    expect(deep('img').map((image) => getComputedStyle(image).imageRendering)).toEqual(['pixelated', 'pixelated']);
  });

  test('arrow keys pan both, with Shift further, and never past the edge', async () => {
    await userEvent.keyboard('1');
    const before = placeOf(0);
    await userEvent.keyboard('{ArrowRight}{ArrowDown}');
    expect(placeOf(0)).toMatchObject({ left: before.left - 48, top: before.top - 48 });
    expect(placeOf(1)).toEqual(placeOf(0));
    await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
    expect(placeOf(0).left).toBe(before.left - 48 + 240);
    await userEvent.keyboard('{Shift>}{ArrowLeft>20/}{/Shift}');
    expect(placeOf(0).left).toBe(0);
  });

  test('a wheel zooms at the pointer', async () => {
    const pane = surfaces()[1]?.getBoundingClientRect() ?? new DOMRect();
    const before = placeOf(1);
    const at = { x: before.left + before.width / 4, y: before.top + before.height / 2 };
    const wheel = {
      deltaY: -120,
      clientX: pane.left + at.x,
      clientY: pane.top + at.y,
      bubbles: true,
      cancelable: true,
    };
    const events = Array.from({ length: 8 }, () => new WheelEvent('wheel', { ...wheel, composed: true }));
    for (const event of events) {
      sheets()[1]?.dispatchEvent(event);
      await compare.updateComplete;
    }
    expect(
      events.every(({ defaultPrevented }) => defaultPrevented),
      'the page stays where it is',
    ).toBe(true);
    const after = placeOf(1);
    expect(after.width).toBeGreaterThan(before.width * 4);
    expect((at.x - after.left) / after.width).toBeCloseTo(0.25, 2);
    expect((at.y - after.top) / after.height).toBeCloseTo(0.5, 2);
    expect(placeOf(0)).toEqual(after);
  });

  test('a mouse drags both', async () => {
    await userEvent.keyboard('1');
    const before = placeOf(0);
    const [pane] = surfaces();
    if (!pane) throw new Error('There is no pane.');
    await userEvent.dragAndDrop(pane, pane, {
      sourcePosition: { x: 200, y: 200 },
      targetPosition: { x: 120, y: 230 },
    });
    expect(placeOf(0)).toMatchObject({ left: before.left - 80, top: before.top + 30 });
    expect(placeOf(1)).toEqual(placeOf(0));
  });

  test('two fingers zoom where they are', async () => {
    const before = placeOf(0);
    touch('pointerdown', 1, -20, 0);
    touch('pointerdown', 2, 20, 0);
    touch('pointermove', 1, -80, 0);
    touch('pointermove', 2, 80, 0);
    touch('pointerup', 1, -80, 0);
    touch('pointerup', 2, 80, 0);
    await compare.updateComplete;
    expect(placeOf(0).width / before.width).toBeCloseTo(4, 1);
    expect(placeOf(1)).toEqual(placeOf(0));
  });

  test('a double tap shows actual pixels there, another one the whole', async () => {
    const fitted = percentage();
    const tap = () => {
      touch('pointerdown', 1, 50, 10);
      touch('pointerup', 1, 50, 10);
    };
    tap();
    tap();
    await compare.updateComplete;
    expect(percentage()).toBe('100%');
    tap();
    tap();
    await compare.updateComplete;
    expect(percentage()).toBe(fitted);
  });

  test('a double click does, too', async () => {
    const [pane] = surfaces();
    if (!pane) throw new Error('There is no pane.');
    await userEvent.dblClick(pane);
    expect(percentage()).toBe('100%');
  });

  test('the whole picture stays whole when the window changes', async () => {
    const before = placeOf(0).width;
    await page.viewport(700, 700);
    await expect.poll(() => placeOf(0).width).toBeLessThan(before);
    expect(placeOf(0)).toEqual(placeOf(1));
  });
});

describe('the slider', () => {
  beforeEach(async () => {
    await show();
    await page.getByText('Slider').click();
    await expect.element(slider()).toBeVisible();
  });

  test('lays the pictures over each other and begins in the middle', async () => {
    expect(placeOf(0)).toEqual(placeOf(1));
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '50');
    await expect.element(slider()).toHaveAttribute('aria-valuetext', '50% No. 1, 50% No. 2');
  });

  test('moves by arrow keys, with Shift further, to its ends by Home and End; the picture stays', async () => {
    await userEvent.keyboard('1');
    const place = placeOf(0);
    one('[role="slider"]').focus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '52');
    await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '42');
    await userEvent.keyboard('{End}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '100');
    await userEvent.keyboard('{Home}{ArrowDown}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '0');
    expect(placeOf(0)).toEqual(place);
    await userEvent.keyboard('+');
    expect(percentage()).toBe('150%');
  });

  test('is dragged across what is seen of the pictures, and they stay', async () => {
    await userEvent.keyboard('1');
    const place = placeOf(0);
    const [pane] = surfaces();
    if (!pane) throw new Error('There is no pane.');
    const { width, height } = pane.getBoundingClientRect();
    await userEvent.dragAndDrop(one('.grip'), pane, { targetPosition: { x: width / 4, y: height / 2 } });
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '25');
    expect(placeOf(0)).toEqual(place);
    expect(getComputedStyle(one('.left')).clipPath).toContain(`${width / 4}px 100%`);
  });

  test('where people write from right to left, the first picture is on the right and arrows still go where they point', async () => {
    room.dir = 'rtl';
    compare.requestUpdate();
    await compare.updateComplete;
    const middle = one('.grip').getBoundingClientRect().left;
    one('[role="slider"]').focus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '48');
    expect(one('.grip').getBoundingClientRect().left).toBeGreaterThan(middle);
    expect(sheets()[0]?.parentElement?.classList.contains('right')).toBe(true);
  });
});

describe('one alone', () => {
  beforeEach(() => lookAt('fine'));

  test('is named, is whole at first, and there is nothing to choose', async () => {
    await expect.element(page.getByRole('dialog', { name: 'Close look at No. 1' })).toBeVisible();
    expect(alts()).toEqual(['No. 1: A heron at first light']);
    expect(deep('select, [type="radio"], [aria-label^="Swap"], [role="slider"]')).toEqual([]);
    const { width, height } = surfaces()[0]?.getBoundingClientRect() ?? new DOMRect();
    expect(placeOf(0).height).toBe(Math.round(height));
    expect(width, 'it has the whole width').toBe(1000 - 40);
  });

  test('zooms and pans by keys, mouse and fingers as two do', async () => {
    const fitted = percentage();
    await userEvent.keyboard('1');
    expect(placeOf(0).width * devicePixelRatio).toBe(2000);
    const before = placeOf(0);
    await userEvent.keyboard('{ArrowRight}');
    expect(placeOf(0).left).toBe(before.left - 48);
    const [pane] = surfaces();
    if (!pane) throw new Error('There is no pane.');
    await userEvent.dragAndDrop(pane, pane, { sourcePosition: { x: 200, y: 200 }, targetPosition: { x: 120, y: 230 } });
    expect(placeOf(0)).toMatchObject({ left: before.left - 128, top: before.top + 30 });
    await userEvent.keyboard('0');
    touch('pointerdown', 1, -20, 0);
    touch('pointerdown', 2, 20, 0);
    touch('pointermove', 2, 80, 0);
    await compare.updateComplete;
    expect(percentage()).not.toBe(fitted);
  });

  test('can be approved there, and is not to be opened, since it is', async () => {
    await button('Approve No. 1').click();
    expect(intents).toEqual([{ type: 'approve', image: fine.reference }]);
    expect(button('Open No. 1').query()).toBeNull();
  });

  test('that somebody removes meanwhile gives way to words', async () => {
    compare.attempts = attempts.filter(({ number }) => number !== 1);
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    await expect.element(page.getByRole('dialog', { name: 'Close look' })).toBeVisible();
    expect(alts()).toEqual([]);
  });

  test('is followed by two as if nothing had been', async () => {
    compare.close();
    await show();
    expect(alts()).toHaveLength(2);
    await expect.element(page.getByRole('dialog', { name: 'Compare' })).toBeVisible();
  });
});

test.each([
  [320, 'light'],
  [660, 'dark'],
  [1440, 'light'],
])(
  'one alone, %i pixels wide, in %s, needs no scrolling, is accessible, and every target is 44 pixels high',
  async (width, scheme) => {
    await page.viewport(width, 640);
    room.style.setProperty('color-scheme', scheme);
    await lookAt('fine');
    const dialog = one('dialog');
    expect([dialog.scrollWidth, dialog.scrollHeight]).toEqual([width, 640]);
    for (const target of deep('button')) {
      const { left, right, bottom } = target.getBoundingClientRect();
      expect(target.offsetHeight, target.outerHTML).toBeGreaterThanOrEqual(44);
      expect([left >= 0, right <= width, bottom <= 640]).toEqual([true, true, true]);
    }
    expect(await violations()).toEqual([]);
  },
);

describe('the pictures', () => {
  test('are told apart by number and prompt', async () => {
    await show();
    expect(alts()).toEqual(['No. 1: A heron at first light', 'No. 2: A heron, brighter']);
    await expect.element(page.getByRole('combobox', { name: 'First picture' })).toHaveValue('fine');
    expect(one('select').textContent?.replace(/\s+/g, ' ').trim()).toBe(
      'No. 1: A heron at first light No. 2: A heron, brighter No. 3: A sailing boat',
    );
  });

  test('are chosen for each side; digits pressed there are the list’s', async () => {
    await show();
    const fitted = percentage();
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'Second picture' }), 'wide');
    expect(alts()).toEqual(['No. 1: A heron at first light', 'No. 3: A sailing boat']);
    one('select').focus();
    await userEvent.keyboard('1');
    expect(percentage()).toBe(fitted);
  });

  test('swap places, by the button or by choosing the other side’s', async () => {
    await show();
    await button('Swap the two pictures').click();
    expect(alts()).toEqual(['No. 2: A heron, brighter', 'No. 1: A heron at first light']);
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'First picture' }), 'fine');
    expect(alts()).toEqual(['No. 1: A heron at first light', 'No. 2: A heron, brighter']);
    await expect.element(page.getByRole('combobox', { name: 'Second picture' })).toHaveValue('coarse');
  });

  test('that are not here are asked for once, and leave a blank of their shape that nobody can approve', async () => {
    compare.images = new Map([['fine', fine]]);
    await show();
    await compare.updateComplete;
    expect(intents).toEqual([{ type: 'want', imageIds: ['coarse'] }]);
    expect(placeOf(1)).toEqual(placeOf(0));
    expect(alts()[1]).toBe('No. 2: A heron, brighter. On its way.');
    await button('Approve No. 2').click({ force: true });
    expect(intents).toHaveLength(1);
    compare.images = images;
    await compare.updateComplete;
    expect(alts()[1]).toBe('No. 2: A heron, brighter');
    expect(intents).toHaveLength(1);
  });

  test('that somebody removes meanwhile give way to words, never to another picture', async () => {
    await show();
    compare.attempts = attempts.filter(({ number }) => number !== 2);
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    expect(alts()).toEqual(['No. 1: A heron at first light']);
    expect(deep('button[aria-label^="Approve"]')).toHaveLength(1);
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'Second picture' }), 'wide');
    expect(alts()).toHaveLength(2);
  });
});

describe('what can be done', () => {
  test('approving names the picture of that side, and closes nothing', async () => {
    await show();
    await button('Approve No. 2').click();
    expect(intents).toEqual([{ type: 'approve', image: coarse.reference }]);
    expect(isOpen()).toBe(true);
    compare.busy = true;
    await expect.element(button('Approve No. 2')).toHaveAttribute('aria-busy', 'true');
    await expect.element(button('Approve No. 1')).toHaveAttribute('aria-disabled', 'true');
    await button('Approve No. 1').click({ force: true });
    expect(intents).toHaveLength(1);
  });

  test('after a swap each button still means its own picture', async () => {
    await show();
    await button('Swap the two pictures').click();
    await button('Approve No. 1').click();
    expect(intents).toEqual([{ type: 'approve', image: fine.reference }]);
  });

  test('without a line nothing is approved; who only watches isn’t asked; what is approved is said', async () => {
    compare.unavailable = true;
    await show();
    await button('Approve No. 1').click({ force: true });
    expect(intents).toEqual([]);
    compare.decides = false;
    await compare.updateComplete;
    expect(deep('button[aria-label^="Approve"]')).toEqual([]);
    Object.assign(compare, { decides: true, approvedId: 'coarse' });
    await expect.element(page.getByText('Approved')).toBeVisible();
    expect(deep('button[aria-label^="Approve"]')).toEqual([]);
  });

  test('opening one closes the comparison and names it', async () => {
    await show();
    await button('Open No. 2').click();
    expect(opened).toEqual(['coarse']);
    expect(isOpen()).toBe(false);
  });

  test('Escape closes, the focus returns to where it came from, and it can be opened again at once', async () => {
    await show();
    await userEvent.keyboard('{Escape}');
    expect(isOpen()).toBe(false);
    expect(room.shadowRoot?.activeElement).toBe(opener);
    await show('wide', 'fine');
    const closed = new Promise((resolve) => one('dialog').addEventListener('close', resolve, { once: true }));
    compare.close();
    compare.show('wide', 'fine');
    await closed;
    await compare.updateComplete;
    expect(alts()).toEqual(['No. 3: A sailing boat', 'No. 1: A heron at first light']);
  });
});

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each(['Side by side', 'Slider'])('%s has no accessibility violations', async (way) => {
    room.style.setProperty('color-scheme', scheme);
    compare.images = new Map([['fine', fine]]);
    await show();
    await page.getByText(way).click();
    await compare.updateComplete;
    expect(await violations()).toEqual([]);
  });
});

describe.each([320, 360, 660, 1000, 1440])('%i pixels wide', (width) => {
  test.each(['Side by side', 'Slider'])('%s needs no scrolling, and every target is 44 pixels high', async (way) => {
    await page.viewport(width, 640);
    await show();
    await page.getByText(way).click();
    await compare.updateComplete;
    const heights = deep('.side .button').map(({ offsetHeight }) => offsetHeight);
    expect(heights, 'to approve is one of the usual buttons here').toEqual([44, 44, 44, 44]);
    const dialog = one('dialog');
    expect([dialog.scrollWidth, dialog.scrollHeight]).toEqual([width, 640]);
    for (const target of deep('button, select, .way, .line')) {
      const { top, bottom, left, right } = target.getBoundingClientRect();
      expect(bottom - top, target.outerHTML).toBeGreaterThanOrEqual(44);
      if (target.matches('button, select'))
        expect([left >= 0, right <= width, bottom <= 640]).toEqual([true, true, true]);
    }
  });
});
