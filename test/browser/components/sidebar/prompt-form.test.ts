import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { focused } from '../../../support/dom.ts';
import { press, promptField, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('the prompt form', () => {
  test('refuses a blank prompt beside its field', async () => {
    await room.show(states.empty());
    await promptField().fill('   ');
    await press('Generate');
    await expect.element(page.getByText(/^Write a prompt first/)).toBeVisible();
    await expect.element(promptField()).toHaveAttribute('aria-invalid', 'true');
    expect(focused()?.id).toBe('prompt');
    expect(room.commands).toEqual([]);
  });

  test.each(['{Enter}', '{Control>}{Enter}{/Control}', '{Meta>}{Enter}{/Meta}'])('sends with %s', async (keys) => {
    await room.show(states.empty());
    await promptField().fill('A fox');
    await userEvent.keyboard(keys);
    expect(room.commands).toEqual([{ type: 'generate', prompt: 'A fox', options: {} }]);
  });

  test('says which keys send, and makes a new line with Shift and Enter', async () => {
    await room.show(states.empty());
    await expect.element(page.getByText('Enter sends, Shift + Enter starts a new line.').last()).toBeVisible();
    await promptField().fill('A fox');
    await userEvent.keyboard('{Shift>}{Enter}{/Shift}and a hare');
    await expect.element(promptField()).toHaveValue('A fox\nand a hare');
    expect(room.commands).toEqual([]);
  });

  test.each([
    ['while composing', { isComposing: true }],
    ['that ends a composition in Safari', { keyCode: 229 }],
    ['that is held down', { repeat: true }],
  ])('does not send with an Enter %s', async (_when, init) => {
    await room.show(states.empty());
    await promptField().fill('狐');
    const event = new KeyboardEvent('keydown', {
      key: 'Enter',
      bubbles: true,
      cancelable: true,
      composed: true,
      ...init,
    });
    promptField().element().dispatchEvent(event);
    expect(room.commands).toEqual([]);
  });

  test('W8: shares what is typed, and that somebody types', async () => {
    await room.show(states.empty());
    await promptField().fill('A fox');
    expect(room.intents).toEqual([
      { type: 'draft_focus', focused: true },
      { type: 'draft', text: 'A fox' },
    ]);
  });

  test('says by how much a prompt is too long, and does not send it', async () => {
    await room.show({ ...states.empty(), draft: 'x'.repeat(4_003) });
    await expect.element(page.getByText('The prompt is 3 characters too long.')).toBeVisible();
    await expect.element(page.getByText('4,003 of 4,000')).toBeVisible();
    await press('Generate');
    expect(room.commands).toEqual([]);
  });

  test('counts no characters far from the limit', async () => {
    await room.show({ ...states.empty(), draft: 'x'.repeat(3_599) });
    expect(page.getByText(/of 4,000/).query()).toBeNull();
  });

  test('takes over an example, and does not send it', async () => {
    await room.show(states.empty());
    await page.getByRole('button', { name: /^A sailing boat off a winter coast/ }).click();
    await expect.element(promptField()).toHaveValue('A sailing boat off a winter coast, linocut in two inks');
    expect(room.commands).toEqual([]);
  });

  test('sends the options, and dispatches what is chosen among them', async () => {
    room.review.options = { size: '1536x1024' };
    await room.show(states.deciding(picture));
    await page.getByText(/^\s*Options/).click();
    await page.getByRole('combobox', { name: 'Background' }).selectOptions('Transparent');
    const options = { size: '1536x1024', background: 'transparent' } as const;
    expect(room.commands).toEqual([{ type: 'options', options }]);
    room.review.options = options;
    await room.review.updateComplete;
    await press('Regenerate');
    expect(room.commands.at(-1)).toEqual({ type: 'regenerate', imageId: 'i1', prompt: states.prompt, options });
  });
});
