import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { violations } from '../../../support/dom.ts';
import { press, promptField, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');
const others = await Promise.all(
  ['i2', 'i3', 'i4', 'i5'].map((imageId, candidate) => states.paint(imageId, { candidate })),
);

/** Puts the focus into the room, and not into a field. */
async function enter(): Promise<void> {
  await page.viewport(1280, 800);
  room.review.shortcuts = true;
  await room.review.updateComplete;
  room.inside('proof-top-bar', 'button').at(0)?.focus();
}

const inView = () => room.inside('proof-attempt-strip', '[aria-current=true]')[0]?.dataset.imageId;

describe('shortcuts', () => {
  test('S10: A approves what the button would: nothing while it is off', async () => {
    await room.show(states.reconnecting(states.deciding(picture)));
    await enter();
    await userEvent.keyboard('a');
    expect(room.commands).toEqual([]);
    await room.show(states.deciding(picture));
    await userEvent.keyboard('a');
    expect(room.commands).toEqual([{ type: 'approve', image: picture.reference }]);
  });

  test('S10: A decides nothing while one of several pictures has to be opened first', async () => {
    await room.show(states.several(others));
    await enter();
    await userEvent.keyboard('a');
    expect(room.commands.filter(({ type }) => type !== 'want')).toEqual([]);
  });

  test('G regenerates, C compares', async () => {
    await room.show(states.several(others));
    await enter();
    await userEvent.keyboard('n');
    await userEvent.keyboard('g');
    expect(room.commands.at(-1)).toMatchObject({ type: 'regenerate', imageId: 'i2' });
    await userEvent.keyboard('c');
    await expect.element(page.getByRole('dialog', { name: 'Compare' })).toBeVisible();
    const before = room.commands.length;
    await userEvent.keyboard('agp');
    expect(room.commands).toHaveLength(before);
    await userEvent.keyboard('{Escape}');
  });

  test('N and P go from picture to picture, in the order of their numbers', async () => {
    await room.show(states.several(others));
    await enter();
    const visited: (string | undefined)[] = [];
    for (const key of 'nnpnnnp') {
      await userEvent.keyboard(key);
      await room.review.updateComplete;
      visited.push(inView());
    }
    expect(visited).toEqual(['i2', 'i3', 'i2', 'i3', 'i4', 'i5', 'i4']);
  });

  test('they do nothing while somebody types, with a modifier, or once they are used elsewhere', async () => {
    await room.show(states.deciding(picture));
    await enter();
    await promptField().fill('');
    await userEvent.keyboard('agc?');
    await expect.element(promptField()).toHaveValue('agc?');
    room.inside('proof-top-bar', 'button').at(0)?.focus();
    await userEvent.keyboard('{Control>}a{/Control}{Alt>}a{/Alt}');
    expect(room.commands).toEqual([]);
    const keyFrom = (init: object) => {
      const event = new KeyboardEvent('keydown', { key: 'a', cancelable: true, ...init });
      room.review.keyPressed(event);
      return event.defaultPrevented;
    };
    expect([keyFrom({ repeat: true }), keyFrom({ isComposing: true }), keyFrom({})]).toEqual([false, false, true]);
  });

  test('S10: they do nothing behind an open dialog, wherever the focus is', async () => {
    await room.show(states.deciding(picture));
    await enter();
    await page.getByRole('button', { name: /Change your name/ }).click();
    await expect.element(page.getByRole('dialog', { name: 'People in this session' })).toBeVisible();
    const event = new KeyboardEvent('keydown', { key: 'a', cancelable: true });
    // The focus has fallen to the page, which hands its keys to the room.
    room.review.keyPressed(event);
    expect([room.commands, event.defaultPrevented]).toEqual([[], false]);
  });

  test('? shows them all, and a switch turns them off, help included', async () => {
    await room.show(states.deciding(picture));
    await enter();
    await userEvent.keyboard('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await expect.element(dialog.getByText('Request changes to it')).toBeVisible();
    expect(await violations()).toEqual([]);
    await dialog.getByRole('checkbox').click();
    expect(room.commands).toEqual([{ type: 'shortcuts', on: false }]);
    room.review.shortcuts = false;
    await press('Close');
    await userEvent.keyboard('?a');
    await expect.element(dialog).not.toBeInTheDocument();
    expect(room.commands).toHaveLength(1);
    await press('Keyboard shortcuts');
    await expect.element(dialog).toBeVisible();
  });
});
