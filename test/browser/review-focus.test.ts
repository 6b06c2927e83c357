import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../support/component-states.ts';
import { press, promptField, useReview } from '../support/review-room.ts';
import { focused } from '../support/this-page.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('the focus', () => {
  test('goes along with who acted', async () => {
    await room.show(states.empty());
    await promptField().fill('A fox');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    await room.show(states.generating());
    await expect.poll(() => focused()?.textContent).toBe('Drawing');
    await room.show(states.deciding(picture));
    await press('Approve');
    await room.show(states.approved(picture));
    await expect.poll(() => focused()?.textContent?.trim()).toBe('Approved');
  });

  test('goes to the new stage when the part it was in is gone', async () => {
    await room.show(states.generating());
    page.getByRole('button', { name: 'Cancel' }).element().focus();
    await room.show(states.deciding(picture));
    await expect.poll(() => focused()?.textContent).toBe('Is this the picture?');
  });

  test('goes to the farewell when the session ends under it (R9)', async () => {
    await room.show(states.deciding(picture));
    page.getByRole('button', { name: 'Approve' }).element().focus();
    await room.show(states.gone(states.deciding(picture)));
    await expect.poll(() => focused()?.textContent).toBe('This session is gone');
  });

  test('stays where it is when somebody else acts, and so does the text being typed (W8)', async () => {
    await room.show(states.deciding(picture));
    await promptField().fill('My own idea');
    await room.show({ ...states.generating(picture), draft: 'My own idea' });
    expect(focused()?.id).toBe('prompt');
    await expect.element(page.getByRole('textbox', { name: 'Your next prompt' })).toHaveValue('My own idea');
  });

  test('stays out of the room while it is elsewhere on the page', async () => {
    const elsewhere = document.createElement('button');
    document.body.append(elsewhere);
    elsewhere.focus();
    await room.show(states.generating());
    await room.show(states.deciding(picture));
    expect(focused()).toBe(elsewhere);
    elsewhere.remove();
  });
});
