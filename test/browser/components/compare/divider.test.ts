import { beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { useComparison } from '../../../support/comparison.ts';

const comparison = useComparison();

const slider = () => page.getByRole('slider');

beforeEach(async () => {
  await comparison.show();
  await page.getByText('Slider').click();
  await expect.element(slider()).toBeVisible();
});

test('the slider shows both pictures at the same placement, and begins in the middle', async () => {
  expect(comparison.placementOf(0)).toEqual(comparison.placementOf(1));
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '50');
  await expect.element(slider()).toHaveAttribute('aria-valuetext', '50% No. 1, 50% No. 2');
});

test('keys move the divider and not the pictures: arrow keys, with Shift further, Home and End; plus still zooms', async () => {
  await userEvent.keyboard('1');
  const placement = comparison.placementOf(0);
  comparison.one('[role="slider"]').focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '52');
  await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '42');
  await userEvent.keyboard('{End}');
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '100');
  await userEvent.keyboard('{Home}{ArrowDown}');
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '0');
  expect(comparison.placementOf(0)).toEqual(placement);
  await userEvent.keyboard('+');
  expect(comparison.percentage).toBe('150%');
});

test('dragging moves the divider across the visible part of the pictures, and not the pictures', async () => {
  await userEvent.keyboard('1');
  const placement = comparison.placementOf(0);
  const { pane } = comparison;
  const { width, height } = pane.getBoundingClientRect();
  await userEvent.dragAndDrop(comparison.one('.grip'), pane, { targetPosition: { x: width / 4, y: height / 2 } });
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '25');
  expect(comparison.placementOf(0)).toEqual(placement);
  expect(getComputedStyle(comparison.one('.left')).clipPath).toContain(`${width / 4}px 100%`);
});

test('from right to left, the first picture is on the right, and an arrow key moves the divider where it points', async () => {
  comparison.parent.dir = 'rtl';
  comparison.compare.requestUpdate();
  await comparison.compare.updateComplete;
  const middle = comparison.one('.grip').getBoundingClientRect().left;
  comparison.one('[role="slider"]').focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(slider()).toHaveAttribute('aria-valuenow', '48');
  expect(comparison.one('.grip').getBoundingClientRect().left).toBeGreaterThan(middle);
  expect(comparison.pictures[0]?.parentElement?.classList.contains('right')).toBe(true);
});
