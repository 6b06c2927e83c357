import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { useComparison } from '../support/comparison.ts';

const comparison = useComparison();

const slider = () => page.getByRole('slider');

describe('the slider', () => {
  beforeEach(async () => {
    await comparison.show();
    await page.getByText('Slider').click();
    await expect.element(slider()).toBeVisible();
  });

  test('lays the pictures over each other and begins in the middle', async () => {
    expect(comparison.placeOf(0)).toEqual(comparison.placeOf(1));
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '50');
    await expect.element(slider()).toHaveAttribute('aria-valuetext', '50% No. 1, 50% No. 2');
  });

  test('moves by arrow keys, with Shift further, to its ends by Home and End; the picture stays', async () => {
    await userEvent.keyboard('1');
    const place = comparison.placeOf(0);
    comparison.one('[role="slider"]').focus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '52');
    await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '42');
    await userEvent.keyboard('{End}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '100');
    await userEvent.keyboard('{Home}{ArrowDown}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '0');
    expect(comparison.placeOf(0)).toEqual(place);
    await userEvent.keyboard('+');
    expect(comparison.percentage).toBe('150%');
  });

  test('is dragged across what is seen of the pictures, and they stay', async () => {
    await userEvent.keyboard('1');
    const place = comparison.placeOf(0);
    const { pane } = comparison;
    const { width, height } = pane.getBoundingClientRect();
    await userEvent.dragAndDrop(comparison.one('.grip'), pane, { targetPosition: { x: width / 4, y: height / 2 } });
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '25');
    expect(comparison.placeOf(0)).toEqual(place);
    expect(getComputedStyle(comparison.one('.left')).clipPath).toContain(`${width / 4}px 100%`);
  });

  test('where people write from right to left, the first picture is on the right and arrows still go where they point', async () => {
    comparison.room.dir = 'rtl';
    comparison.compare.requestUpdate();
    await comparison.compare.updateComplete;
    const middle = comparison.one('.grip').getBoundingClientRect().left;
    comparison.one('[role="slider"]').focus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(slider()).toHaveAttribute('aria-valuenow', '48');
    expect(comparison.one('.grip').getBoundingClientRect().left).toBeGreaterThan(middle);
    expect(comparison.sheets[0]?.parentElement?.classList.contains('right')).toBe(true);
  });
});
