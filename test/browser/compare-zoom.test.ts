import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { button, useComparison } from '../support/comparison.ts';
import { wordsOf } from '../support/this-page.ts';

const comparison = useComparison();

describe('zoom and pan', () => {
  beforeEach(() => comparison.show());

  test('begin with both pictures whole, in the same place, whatever their sizes', async () => {
    expect(comparison.placeOf(0)).toEqual(comparison.placeOf(1));
    const { width, height } = comparison.pane.getBoundingClientRect();
    const place = comparison.placeOf(0);
    expect([place.width <= Math.ceil(width), place.height <= Math.ceil(height)]).toEqual([true, true]);
    expect(comparison.percentage).toBe(`${Math.round((100 * place.width * devicePixelRatio) / 2000)}%`);
    expect(comparison.all('.facts').map(wordsOf)).toEqual([
      '2000 × 1500',
      `1000 × 750 at ${Math.round((100 * place.width * devicePixelRatio) / 1000)}%`,
    ]);
  });

  test('the keys 1 and 0 go to actual pixels and back, + and − through the usual steps', async () => {
    const fitted = comparison.percentage;
    await userEvent.keyboard('1');
    expect(comparison.percentage).toBe('100%');
    expect(comparison.placeOf(0).width * devicePixelRatio).toBe(2000);
    expect(comparison.placeOf(1)).toEqual(comparison.placeOf(0));
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

  test('the buttons do the same', async () => {
    const fitted = comparison.percentage;
    await button('Actual pixels').click();
    expect(comparison.percentage).toBe('100%');
    await button('Zoom in').click();
    expect(comparison.percentage).toBe('150%');
    await button('Zoom out').click();
    await button('Fit').click();
    expect(comparison.percentage).toBe(fitted);
  });

  test('only what is enlarged shows its pixels', async () => {
    await userEvent.keyboard('1');
    expect(comparison.all('img').map((image) => getComputedStyle(image).imageRendering)).toEqual(['auto', 'pixelated']);
    await userEvent.keyboard('+');
    expect(comparison.all('img').map((image) => getComputedStyle(image).imageRendering)).toEqual([
      'pixelated',
      'pixelated',
    ]);
  });

  test('arrow keys pan both, with Shift further, and never past the edge', async () => {
    await userEvent.keyboard('1');
    const before = comparison.placeOf(0);
    await userEvent.keyboard('{ArrowRight}{ArrowDown}');
    expect(comparison.placeOf(0)).toMatchObject({ left: before.left - 48, top: before.top - 48 });
    expect(comparison.placeOf(1)).toEqual(comparison.placeOf(0));
    await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
    expect(comparison.placeOf(0).left).toBe(before.left - 48 + 240);
    await userEvent.keyboard('{Shift>}{ArrowLeft>20/}{/Shift}');
    expect(comparison.placeOf(0).left).toBe(0);
  });

  test('a wheel zooms at the pointer', async () => {
    const pane = comparison.all('.surface')[1]?.getBoundingClientRect() ?? new DOMRect();
    const before = comparison.placeOf(1);
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
      comparison.sheets[1]?.dispatchEvent(event);
      await comparison.compare.updateComplete;
    }
    expect(
      events.every(({ defaultPrevented }) => defaultPrevented),
      'the page stays where it is',
    ).toBe(true);
    const after = comparison.placeOf(1);
    expect(after.width).toBeGreaterThan(before.width * 4);
    expect((at.x - after.left) / after.width).toBeCloseTo(0.25, 2);
    expect((at.y - after.top) / after.height).toBeCloseTo(0.5, 2);
    expect(comparison.placeOf(0)).toEqual(after);
  });

  test('a mouse drags both', async () => {
    await userEvent.keyboard('1');
    const before = comparison.placeOf(0);
    const { pane } = comparison;
    await userEvent.dragAndDrop(pane, pane, {
      sourcePosition: { x: 200, y: 200 },
      targetPosition: { x: 120, y: 230 },
    });
    expect(comparison.placeOf(0)).toMatchObject({ left: before.left - 80, top: before.top + 30 });
    expect(comparison.placeOf(1)).toEqual(comparison.placeOf(0));
  });

  test('two fingers zoom where they are', async () => {
    const before = comparison.placeOf(0);
    comparison.touch('pointerdown', 1, -20, 0);
    comparison.touch('pointerdown', 2, 20, 0);
    comparison.touch('pointermove', 1, -80, 0);
    comparison.touch('pointermove', 2, 80, 0);
    comparison.touch('pointerup', 1, -80, 0);
    comparison.touch('pointerup', 2, 80, 0);
    await comparison.compare.updateComplete;
    expect(comparison.placeOf(0).width / before.width).toBeCloseTo(4, 1);
    expect(comparison.placeOf(1)).toEqual(comparison.placeOf(0));
  });

  test('a double tap shows actual pixels there, another one the whole', async () => {
    const fitted = comparison.percentage;
    const tap = () => {
      comparison.touch('pointerdown', 1, 50, 10);
      comparison.touch('pointerup', 1, 50, 10);
    };
    tap();
    tap();
    await comparison.compare.updateComplete;
    expect(comparison.percentage).toBe('100%');
    tap();
    tap();
    await comparison.compare.updateComplete;
    expect(comparison.percentage).toBe(fitted);
  });

  test('a double click does, too', async () => {
    const { pane } = comparison;
    await userEvent.dblClick(pane);
    expect(comparison.percentage).toBe('100%');
  });

  test('the whole picture stays whole when the window changes', async () => {
    const before = comparison.placeOf(0).width;
    await page.viewport(700, 700);
    await expect.poll(() => comparison.placeOf(0).width).toBeLessThan(before);
    expect(comparison.placeOf(0)).toEqual(comparison.placeOf(1));
  });
});
