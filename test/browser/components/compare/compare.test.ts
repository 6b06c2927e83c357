import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { Command } from '../../../../shared/protocol.ts';
import { attempts, button, coarse, fine, images, useComparison } from '../../../support/comparison.ts';
import { textOf, violations } from '../../../support/dom.ts';

const comparison = useComparison();

const choice = (side: 'First' | 'Second') => page.getByRole('combobox', { name: `${side} picture` });
const approveButtons = () => comparison.all('button[aria-label^="Approve"]');
const approval = (imageId: string): Command => ({ type: 'approve', commandId: 'c1', imageId });
const first = 'No. 1: A heron at first light';
const second = 'No. 2: A heron, brighter';
const third = 'No. 3: A sailing boat';

describe('the choice of two pictures', () => {
  test('names each by number and prompt', async () => {
    await comparison.show();
    expect(comparison.alts).toEqual([first, second]);
    await expect.element(choice('First')).toHaveValue('fine');
    expect(textOf(comparison.one('select'))).toBe([first, second, third].join(' '));
  });

  test('changes one side; a digit typed into it does not zoom', async () => {
    await comparison.show();
    const fitted = comparison.percentage;
    await userEvent.selectOptions(choice('Second'), 'wide');
    expect(comparison.alts).toEqual([first, third]);
    comparison.one('select').focus();
    await userEvent.keyboard('1');
    expect(comparison.percentage).toBe(fitted);
  });

  test('swaps the sides by the button, and when the picture of the other side is chosen', async () => {
    await comparison.show();
    await button('Swap the two pictures').click();
    expect(comparison.alts).toEqual([second, first]);
    await userEvent.selectOptions(choice('First'), 'fine');
    expect(comparison.alts).toEqual([first, second]);
    await expect.element(choice('Second')).toHaveValue('coarse');
  });

  test('shows a message in place of a picture that is removed meanwhile, never another picture', async () => {
    await comparison.show();
    await comparison.set({ attempts: attempts.filter(({ number }) => number !== 2) });
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    expect(comparison.alts).toEqual([first]);
    expect(approveButtons()).toHaveLength(1);
    await userEvent.selectOptions(choice('Second'), 'wide');
    expect(comparison.alts).toEqual([first, third]);
  });
});

test('a picture without its bytes is requested once, is a placeholder of its shape, and can not be approved', async () => {
  await comparison.set({ images: new Map([['fine', fine]]) });
  await comparison.show();
  await comparison.compare.updateComplete;
  expect(comparison.intents).toEqual([{ type: 'want', imageIds: ['coarse'] }]);
  expect(comparison.placementOf(1)).toEqual(comparison.placementOf(0));
  expect(comparison.alts[1]).toBe(`${second}. On its way.`);
  await button('Approve No. 2').click({ force: true });
  await comparison.set({ images });
  expect(comparison.alts[1]).toBe(second);
  expect(comparison.intents).toHaveLength(1);
});

describe('approval', () => {
  test('M3: names the picture of its side, also after a swap, and leaves the dialog open', async () => {
    await comparison.show();
    await button('Approve No. 2').click();
    await button('Swap the two pictures').click();
    await button('Approve No. 1').click();
    expect(comparison.intents).toEqual([
      { type: 'approve', image: coarse.reference },
      { type: 'approve', image: fine.reference },
    ]);
    expect(comparison.isOpen).toBe(true);
  });

  test('while one is pending, its button is busy and the other one does nothing', async () => {
    await comparison.set({ pending: [approval('coarse')] });
    await comparison.show();
    await expect.element(button('Approve No. 2')).toHaveAttribute('aria-busy', 'true');
    await expect.element(button('Approve No. 1')).toHaveAttribute('aria-disabled', 'true');
    await expect.element(button('Approve No. 1')).not.toHaveAttribute('aria-busy');
    await button('Approve No. 1').click({ force: true });
    expect(comparison.intents).toEqual([]);
  });

  test('is impossible without a connection', async () => {
    await comparison.set({ unavailable: true });
    await comparison.show();
    await button('Approve No. 1').click({ force: true });
    expect(comparison.intents).toEqual([]);
  });

  test('W5: is not offered to a watcher', async () => {
    await comparison.set({ decides: false });
    await comparison.show();
    expect(approveButtons()).toEqual([]);
  });

  test('is not offered once a picture is approved, and that picture says so', async () => {
    await comparison.set({ approvedId: 'coarse' });
    await comparison.show();
    await expect.element(page.getByText('Approved')).toBeVisible();
    expect(approveButtons()).toEqual([]);
  });
});

describe('closing', () => {
  test('Open selects the picture and closes the dialog', async () => {
    await comparison.show();
    await button('Open No. 2').click();
    expect(comparison.selected).toEqual(['coarse']);
    expect(comparison.isOpen).toBe(false);
  });

  test('Escape closes it and gives the focus back to the element that had it', async () => {
    await comparison.show();
    await userEvent.keyboard('{Escape}');
    expect(comparison.isOpen).toBe(false);
    expect(comparison.parent.shadowRoot?.activeElement).toBe(comparison.opener);
  });

  test('the late close event leaves a dialog alone that was opened again', async () => {
    await comparison.show();
    const closed = new Promise((resolve) =>
      comparison.one('dialog').addEventListener('close', resolve, { once: true }),
    );
    comparison.compare.close();
    comparison.compare.show('wide', 'fine');
    await closed;
    await comparison.compare.updateComplete;
    expect(comparison.alts).toEqual([third, first]);
  });
});

describe('a close look at one picture', () => {
  beforeEach(() => comparison.lookAt('fine'));

  test('shows the whole picture across the whole width, with its name as title and nothing to choose', async () => {
    await expect.element(page.getByRole('dialog', { name: 'Close look at No. 1' })).toBeVisible();
    expect(comparison.alts).toEqual([first]);
    expect(comparison.all('select, [type="radio"], [aria-label^="Swap"], [role="slider"]')).toEqual([]);
    const { width, height } = comparison.pane.getBoundingClientRect();
    expect(comparison.placementOf(0).height).toBe(Math.round(height));
    expect(width).toBe(1000 - 40);
  });

  test('zooms and pans by keys, mouse and touch', async () => {
    const fitted = comparison.percentage;
    await userEvent.keyboard('1');
    expect(comparison.placementOf(0).width * devicePixelRatio).toBe(2000);
    const before = comparison.placementOf(0);
    await userEvent.keyboard('{ArrowRight}');
    expect(comparison.placementOf(0).left).toBe(before.left - 48);
    const { pane } = comparison;
    await userEvent.dragAndDrop(pane, pane, { sourcePosition: { x: 200, y: 200 }, targetPosition: { x: 120, y: 230 } });
    expect(comparison.placementOf(0)).toMatchObject({ left: before.left - 128, top: before.top + 30 });
    await userEvent.keyboard('0');
    comparison.touch('pointerdown', 1, -20, 0);
    comparison.touch('pointerdown', 2, 20, 0);
    comparison.touch('pointermove', 2, 80, 0);
    await comparison.compare.updateComplete;
    expect(comparison.percentage).not.toBe(fitted);
  });

  test('offers to approve the picture, and not to open it, since it is open', async () => {
    await button('Approve No. 1').click();
    expect(comparison.intents).toEqual([{ type: 'approve', image: fine.reference }]);
    expect(button('Open No. 1').query()).toBeNull();
  });

  test('shows a message when the picture is removed meanwhile', async () => {
    await comparison.set({ attempts: attempts.filter(({ number }) => number !== 1) });
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    await expect.element(page.getByRole('dialog', { name: 'Close look' })).toBeVisible();
    expect(comparison.alts).toEqual([]);
  });

  test('leaves nothing behind for the comparison of two that follows', async () => {
    comparison.compare.close();
    await comparison.show();
    expect(comparison.alts).toEqual([first, second]);
    await expect.element(page.getByRole('dialog', { name: 'Compare' })).toBeVisible();
  });
});

describe.each(['Side by side', 'Slider', 'Close look'] as const)('the layout of %s', (mode) => {
  async function open(): Promise<void> {
    if (mode === 'Close look') return comparison.lookAt('fine');
    await comparison.show();
    await page.getByText(mode).click();
    await comparison.compare.updateComplete;
  }

  test.each(['light', 'dark'])('has no accessibility violations, %s', async (scheme) => {
    comparison.parent.style.setProperty('color-scheme', scheme);
    // The second picture's bytes are missing, so that its placeholder is checked, too.
    await comparison.set({ images: new Map([['fine', fine]]) });
    await open();
    expect(await violations()).toEqual([]);
  });

  test.each([320, 360, 660, 1000, 1440])(
    'at %i pixels needs no scrolling; targets are 44 pixels high',
    async (width) => {
      await page.viewport(width, 640);
      await open();
      const dialog = comparison.one('dialog');
      expect([dialog.scrollWidth, dialog.scrollHeight]).toEqual([width, 640]);
      for (const target of comparison.all('button, select, .mode, .handle')) {
        const { top, bottom, left, right } = target.getBoundingClientRect();
        expect(bottom - top, target.outerHTML).toBeGreaterThanOrEqual(44);
        // The handle of the slider may extend beyond the pane's edge.
        if (target.matches('button, select'))
          expect([left >= 0, right <= width, bottom <= 640]).toEqual([true, true, true]);
      }
      const heights = comparison.all('.side .button').map(({ offsetHeight }) => offsetHeight);
      expect(heights, 'Open and Approve have the usual height').toEqual(heights.map(() => 44));
    },
  );
});
