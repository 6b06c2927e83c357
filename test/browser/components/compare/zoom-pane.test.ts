import { beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { button, useComparison } from '../../../support/comparison.ts';
import { textOf } from '../../../support/dom.ts';

const comparison = useComparison();

beforeEach(() => comparison.show());

test('at first both pictures are whole and at the same placement, whatever their sizes', async () => {
  expect(comparison.placementOf(0)).toEqual(comparison.placementOf(1));
  const pane = comparison.pane.getBoundingClientRect();
  const { width, height } = comparison.placementOf(0);
  expect([width <= Math.ceil(pane.width), height <= Math.ceil(pane.height)]).toEqual([true, true]);
  expect(comparison.percentage).toBe(`${Math.round((100 * width * devicePixelRatio) / 2000)}%`);
  expect(comparison.all('.facts').map(textOf)).toEqual([
    '2000 × 1500',
    `1000 × 750 at ${Math.round((100 * width * devicePixelRatio) / 1000)}%`,
  ]);
});

test('the keys 1 and 0 show actual pixels and the whole, plus and minus go through the zoom steps', async () => {
  const fitted = comparison.percentage;
  await userEvent.keyboard('1');
  expect(comparison.percentage).toBe('100%');
  expect(comparison.placementOf(0).width * devicePixelRatio).toBe(2000);
  expect(comparison.placementOf(1)).toEqual(comparison.placementOf(0));
  await userEvent.keyboard('++');
  expect(comparison.percentage).toBe('200%');
  await userEvent.keyboard('+++++');
  expect(comparison.percentage).toBe('400%');
  await expect.element(button('Zoom in')).toHaveAttribute('aria-disabled', 'true');
  await userEvent.keyboard('-');
  expect(comparison.percentage).toBe('300%');
  await userEvent.keyboard('0');
  expect(comparison.percentage).toBe(fitted);
});

test('the buttons do what the keys do', async () => {
  const fitted = comparison.percentage;
  await button('Actual pixels').click();
  expect(comparison.percentage).toBe('100%');
  await button('Zoom in').click();
  expect(comparison.percentage).toBe('150%');
  await button('Zoom out').click();
  expect(comparison.percentage).toBe('100%');
  await button('Fit').click();
  expect(comparison.percentage).toBe(fitted);
});

test('only an enlarged picture shows its pixels as squares', async () => {
  const rendering = () => comparison.all('img').map((image) => getComputedStyle(image).imageRendering);
  await userEvent.keyboard('1');
  expect(rendering()).toEqual(['auto', 'pixelated']);
  await userEvent.keyboard('+');
  expect(rendering()).toEqual(['pixelated', 'pixelated']);
});

test('arrow keys pan both pictures, with Shift further, and never past an edge', async () => {
  await userEvent.keyboard('1');
  const before = comparison.placementOf(0);
  await userEvent.keyboard('{ArrowRight}{ArrowDown}');
  expect(comparison.placementOf(0)).toMatchObject({ left: before.left - 48, top: before.top - 48 });
  expect(comparison.placementOf(1)).toEqual(comparison.placementOf(0));
  await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
  expect(comparison.placementOf(0).left).toBe(before.left - 48 + 240);
  await userEvent.keyboard('{Shift>}{ArrowLeft>20/}{/Shift}');
  expect(comparison.placementOf(0).left).toBe(0);
});

test('a wheel zooms both pictures at the pointer, and does not scroll the page', async () => {
  const pane = comparison.all('.surface')[1]?.getBoundingClientRect() ?? new DOMRect();
  const before = comparison.placementOf(1);
  const at = { x: before.left + before.width / 4, y: before.top + before.height / 2 };
  const wheel = { deltaY: -120, clientX: pane.left + at.x, clientY: pane.top + at.y };
  for (let turn = 0; turn < 8; turn += 1) {
    const event = new WheelEvent('wheel', { ...wheel, bubbles: true, composed: true, cancelable: true });
    comparison.pictures[1]?.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    await comparison.compare.updateComplete;
  }
  const after = comparison.placementOf(1);
  expect(after.width).toBeGreaterThan(before.width * 4);
  expect((at.x - after.left) / after.width).toBeCloseTo(0.25, 2);
  expect((at.y - after.top) / after.height).toBeCloseTo(0.5, 2);
  expect(comparison.placementOf(0)).toEqual(after);
});

test('a mouse drags both pictures', async () => {
  await userEvent.keyboard('1');
  const before = comparison.placementOf(0);
  const { pane } = comparison;
  await userEvent.dragAndDrop(pane, pane, { sourcePosition: { x: 200, y: 200 }, targetPosition: { x: 120, y: 230 } });
  expect(comparison.placementOf(0)).toMatchObject({ left: before.left - 80, top: before.top + 30 });
  expect(comparison.placementOf(1)).toEqual(comparison.placementOf(0));
});

test('two fingers zoom both pictures', async () => {
  const before = comparison.placementOf(0);
  comparison.touch('pointerdown', 1, -20, 0);
  comparison.touch('pointerdown', 2, 20, 0);
  comparison.touch('pointermove', 1, -80, 0);
  comparison.touch('pointermove', 2, 80, 0);
  comparison.touch('pointerup', 1, -80, 0);
  comparison.touch('pointerup', 2, 80, 0);
  await comparison.compare.updateComplete;
  expect(comparison.placementOf(0).width / before.width).toBeCloseTo(4, 1);
  expect(comparison.placementOf(1)).toEqual(comparison.placementOf(0));
});

test.each(['tap', 'click'])('a double %s shows actual pixels, another one the whole', async (kind) => {
  const fitted = comparison.percentage;
  const twice = async () => {
    if (kind === 'click') return userEvent.dblClick(comparison.pane);
    for (const _tap of [1, 2]) {
      comparison.touch('pointerdown', 1, 50, 10);
      comparison.touch('pointerup', 1, 50, 10);
    }
    await comparison.compare.updateComplete;
  };
  await twice();
  expect(comparison.percentage).toBe('100%');
  await twice();
  expect(comparison.percentage).toBe(fitted);
});

test('a fitted picture stays whole when the window is resized', async () => {
  const before = comparison.placementOf(0).width;
  await page.viewport(700, 700);
  await expect.poll(() => comparison.placementOf(0).width).toBeLessThan(before);
  expect(comparison.placementOf(0)).toEqual(comparison.placementOf(1));
});
