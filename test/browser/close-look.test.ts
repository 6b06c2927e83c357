import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { attempts, button, fine, useComparison } from '../support/comparison.ts';
import { violations } from '../support/this-page.ts';

const comparison = useComparison();

describe('one alone', () => {
  beforeEach(() => comparison.lookAt('fine'));

  test('is named, is whole at first, and there is nothing to choose', async () => {
    await expect.element(page.getByRole('dialog', { name: 'Close look at No. 1' })).toBeVisible();
    expect(comparison.alts).toEqual(['No. 1: A heron at first light']);
    expect(comparison.all('select, [type="radio"], [aria-label^="Swap"], [role="slider"]')).toEqual([]);
    const { width, height } = comparison.pane.getBoundingClientRect();
    expect(comparison.placeOf(0).height).toBe(Math.round(height));
    expect(width, 'it has the whole width').toBe(1000 - 40);
  });

  test('zooms and pans by keys, mouse and fingers as two do', async () => {
    const fitted = comparison.percentage;
    await userEvent.keyboard('1');
    expect(comparison.placeOf(0).width * devicePixelRatio).toBe(2000);
    const before = comparison.placeOf(0);
    await userEvent.keyboard('{ArrowRight}');
    expect(comparison.placeOf(0).left).toBe(before.left - 48);
    const { pane } = comparison;
    await userEvent.dragAndDrop(pane, pane, { sourcePosition: { x: 200, y: 200 }, targetPosition: { x: 120, y: 230 } });
    expect(comparison.placeOf(0)).toMatchObject({ left: before.left - 128, top: before.top + 30 });
    await userEvent.keyboard('0');
    comparison.touch('pointerdown', 1, -20, 0);
    comparison.touch('pointerdown', 2, 20, 0);
    comparison.touch('pointermove', 2, 80, 0);
    await comparison.compare.updateComplete;
    expect(comparison.percentage).not.toBe(fitted);
  });

  test('can be approved there, and is not to be opened, since it is', async () => {
    await button('Approve No. 1').click();
    expect(comparison.intents).toEqual([{ type: 'approve', image: fine.reference }]);
    expect(button('Open No. 1').query()).toBeNull();
  });

  test('that somebody removes meanwhile gives way to words', async () => {
    comparison.compare.attempts = attempts.filter(({ number }) => number !== 1);
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    await expect.element(page.getByRole('dialog', { name: 'Close look' })).toBeVisible();
    expect(comparison.alts).toEqual([]);
  });

  test('is followed by two as if nothing had been', async () => {
    comparison.compare.close();
    await comparison.show();
    expect(comparison.alts).toHaveLength(2);
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
    comparison.room.style.setProperty('color-scheme', scheme);
    await comparison.lookAt('fine');
    const dialog = comparison.one('dialog');
    expect([dialog.scrollWidth, dialog.scrollHeight]).toEqual([width, 640]);
    for (const target of comparison.all('button')) {
      const { left, right, bottom } = target.getBoundingClientRect();
      expect(target.offsetHeight, target.outerHTML).toBeGreaterThanOrEqual(44);
      expect([left >= 0, right <= width, bottom <= 640]).toEqual([true, true, true]);
    }
    expect(await violations()).toEqual([]);
  },
);
