import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { attempts, button, coarse, fine, images, useComparison } from '../support/comparison.ts';
import { wordsOf } from '../support/this-page.ts';

const comparison = useComparison();

describe('the pictures', () => {
  test('are told apart by number and prompt', async () => {
    await comparison.show();
    expect(comparison.alts).toEqual(['No. 1: A heron at first light', 'No. 2: A heron, brighter']);
    await expect.element(page.getByRole('combobox', { name: 'First picture' })).toHaveValue('fine');
    expect(wordsOf(comparison.one('select'))).toBe(
      'No. 1: A heron at first light No. 2: A heron, brighter No. 3: A sailing boat',
    );
  });

  test('are chosen for each side; digits pressed there are the list’s', async () => {
    await comparison.show();
    const fitted = comparison.percentage;
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'Second picture' }), 'wide');
    expect(comparison.alts).toEqual(['No. 1: A heron at first light', 'No. 3: A sailing boat']);
    comparison.one('select').focus();
    await userEvent.keyboard('1');
    expect(comparison.percentage).toBe(fitted);
  });

  test('swap places, by the button or by choosing the other side’s', async () => {
    await comparison.show();
    await button('Swap the two pictures').click();
    expect(comparison.alts).toEqual(['No. 2: A heron, brighter', 'No. 1: A heron at first light']);
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'First picture' }), 'fine');
    expect(comparison.alts).toEqual(['No. 1: A heron at first light', 'No. 2: A heron, brighter']);
    await expect.element(page.getByRole('combobox', { name: 'Second picture' })).toHaveValue('coarse');
  });

  test('that are not here are asked for once, and leave a blank of their shape that nobody can approve', async () => {
    comparison.compare.images = new Map([['fine', fine]]);
    await comparison.show();
    await comparison.compare.updateComplete;
    expect(comparison.intents).toEqual([{ type: 'want', imageIds: ['coarse'] }]);
    expect(comparison.placeOf(1)).toEqual(comparison.placeOf(0));
    expect(comparison.alts[1]).toBe('No. 2: A heron, brighter. On its way.');
    await button('Approve No. 2').click({ force: true });
    expect(comparison.intents).toHaveLength(1);
    comparison.compare.images = images;
    await comparison.compare.updateComplete;
    expect(comparison.alts[1]).toBe('No. 2: A heron, brighter');
    expect(comparison.intents).toHaveLength(1);
  });

  test('that somebody removes meanwhile give way to words, never to another picture', async () => {
    await comparison.show();
    comparison.compare.attempts = attempts.filter(({ number }) => number !== 2);
    await expect.element(page.getByText('This picture is no longer here.')).toBeVisible();
    expect(comparison.alts).toEqual(['No. 1: A heron at first light']);
    expect(comparison.all('button[aria-label^="Approve"]')).toHaveLength(1);
    await userEvent.selectOptions(page.getByRole('combobox', { name: 'Second picture' }), 'wide');
    expect(comparison.alts).toHaveLength(2);
  });
});

describe('what can be done', () => {
  test('approving names the picture of that side, and closes nothing', async () => {
    await comparison.show();
    await button('Approve No. 2').click();
    expect(comparison.intents).toEqual([{ type: 'approve', image: coarse.reference }]);
    expect(comparison.isOpen).toBe(true);
    comparison.compare.busy = true;
    await expect.element(button('Approve No. 2')).toHaveAttribute('aria-busy', 'true');
    await expect.element(button('Approve No. 1')).toHaveAttribute('aria-disabled', 'true');
    await button('Approve No. 1').click({ force: true });
    expect(comparison.intents).toHaveLength(1);
  });

  test('after a swap each button still means its own picture', async () => {
    await comparison.show();
    await button('Swap the two pictures').click();
    await button('Approve No. 1').click();
    expect(comparison.intents).toEqual([{ type: 'approve', image: fine.reference }]);
  });

  test('without a line nothing is approved; who only watches isn’t asked; what is approved is said', async () => {
    comparison.compare.unavailable = true;
    await comparison.show();
    await button('Approve No. 1').click({ force: true });
    expect(comparison.intents).toEqual([]);
    comparison.compare.decides = false;
    await comparison.compare.updateComplete;
    expect(comparison.all('button[aria-label^="Approve"]')).toEqual([]);
    Object.assign(comparison.compare, { decides: true, approvedId: 'coarse' });
    await expect.element(page.getByText('Approved')).toBeVisible();
    expect(comparison.all('button[aria-label^="Approve"]')).toEqual([]);
  });

  test('opening one closes the comparison and names it', async () => {
    await comparison.show();
    await button('Open No. 2').click();
    expect(comparison.opened).toEqual(['coarse']);
    expect(comparison.isOpen).toBe(false);
  });

  test('Escape closes, the focus returns to where it came from, and it can be opened again at once', async () => {
    await comparison.show();
    await userEvent.keyboard('{Escape}');
    expect(comparison.isOpen).toBe(false);
    expect(comparison.room.shadowRoot?.activeElement).toBe(comparison.opener);
    await comparison.show('wide', 'fine');
    const closed = new Promise((resolve) =>
      comparison.one('dialog').addEventListener('close', resolve, { once: true }),
    );
    comparison.compare.close();
    comparison.compare.show('wide', 'fine');
    await closed;
    await comparison.compare.updateComplete;
    expect(comparison.alts).toEqual(['No. 3: A sailing boat', 'No. 1: A heron at first light']);
  });
});
