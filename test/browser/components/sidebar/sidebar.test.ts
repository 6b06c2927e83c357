import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { press, promptField, useReview } from '../../../support/review-room.ts';
import { focused } from '../../../support/this-page.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('decisions', () => {
  test('Approve names the image on show', async () => {
    await room.show(states.deciding(picture));
    await press('Approve');
    expect(room.commands).toEqual([{ type: 'approve', image: picture.reference }]);
  });

  test('a button whose command is on its way keeps its focus and does nothing', async () => {
    await room.show(states.deciding(picture));
    await press('Approve');
    await room.show({ ...states.deciding(picture), pending: new Set(['approve'] as const) });
    const button = page.getByRole('button', { name: 'Approve' });
    await expect.element(button).toHaveAttribute('aria-disabled', 'true');
    expect(focused()?.textContent?.trim()).toBe('Approve');
    await userEvent.keyboard('{Enter}');
    expect(room.commands).toHaveLength(1);
  });

  test('a watcher has none, and is told so', async () => {
    for (const state of [
      states.empty(),
      states.generating(picture),
      states.deciding(picture),
      states.approved(picture),
    ]) {
      await room.show(states.watching(state));
      for (const name of ['Approve', 'Regenerate', 'Generate', 'Cancel', 'Start over', 'Try again']) {
        expect(page.getByRole('button', { name, exact: true }).query(), name).toBeNull();
      }
      expect(page.getByRole('textbox').query()).toBeNull();
    }
    await room.show(states.watching(states.deciding(picture)));
    await expect.element(page.getByRole('heading', { name: 'You are watching' })).toBeVisible();
  });

  test('Start over asks first while the picture is not approved', async () => {
    await room.show(states.deciding(picture));
    await press('Start over');
    const question = page.getByRole('alertdialog', { name: 'Start over?' });
    await expect.element(question).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(question).not.toBeInTheDocument();
    expect(room.commands).toEqual([]);
    await press('Start over');
    await question.getByRole('button', { name: 'Start over' }).click();
    expect(room.commands).toEqual([{ type: 'start_over' }]);
  });

  test('Start over asks once it is approved where somebody else is here to lose it, or it was not taken along', async () => {
    const approved = states.approved(picture);
    await room.show(approved);
    await press('Start over');
    await expect.element(page.getByText(/is approved.*save it first/)).toBeVisible();
    expect(room.commands).toEqual([]);
    await press('Keep the picture');
    await room.show({ ...approved, viewers: { type: 'viewers', reviewers: 1, watchers: 0 } });
    await press('Start over');
    await press('Keep the picture');
    await page.getByRole('link', { name: 'Download' }).click();
    await press('Start over');
    expect(room.commands).toEqual([{ type: 'start_over' }]);
  });

  test('Start over says how many pictures would go', async () => {
    const { snapshot, ...state } = states.deciding(picture);
    const attempts = [1, 2].map((number) => states.attemptOf({ ...picture.reference, imageId: `i${number}` }));
    await room.show({ ...state, ...(snapshot && { snapshot: { ...snapshot, attempts } }) });
    await press('Start over');
    await expect.element(page.getByText(/None of these 2 pictures is approved/)).toBeVisible();
  });

  test('the question goes when somebody else has decided', async () => {
    await room.show(states.deciding(picture));
    await press('Start over');
    await room.show(states.approved(picture));
    await expect.element(page.getByRole('alertdialog')).not.toBeInTheDocument();
  });

  test('who lost a race is told who acted, and when', async () => {
    await room.show(states.lostRace(picture));
    await expect.element(page.getByText(/^Ana asked for another picture \d s ago\.$/).first()).toBeVisible();
  });

  test('an approval says who, when, and which bytes', async () => {
    await room.show(states.approved(picture));
    await expect.element(page.getByRole('heading', { name: 'Approved' })).toBeVisible();
    await expect.element(page.getByText(/by Ana,/)).toBeVisible();
    await expect.element(page.getByRole('code')).toHaveTextContent('3fa9c01b … 7c8d9e1c');
  });

  test('while the line is down none can be taken', async () => {
    await room.show(states.reconnecting(states.deciding(picture)));
    (page.getByRole('button', { name: 'Approve' }).element() as HTMLElement).click();
    expect(room.commands).toEqual([]);
    await expect.element(page.getByText(/^Reconnecting, next try in \d s$/)).toBeVisible();
  });
});

describe('failures', () => {
  test('are told at once, with Try again where that may help', async () => {
    await room.show(states.failedFirst(true));
    await expect.element(page.getByText(/^The model took too long/)).toBeVisible();
    await expect.element(promptField()).toHaveValue(states.prompt);
    await press('Try again');
    expect(room.commands).toEqual([{ type: 'retry' }]);
  });

  test('offer no second try where it would end the same', async () => {
    await room.show(states.failedFirst(false));
    await expect.element(page.getByText(/^The model took too long/)).toBeVisible();
    expect(page.getByRole('button', { name: 'Try again' }).query()).toBeNull();
  });

  test('leave the old picture on show', async () => {
    await room.show(states.failedAgain(picture));
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  });

  test('a session that is gone leaves its picture to be taken along, and its prompt to begin anew (R9)', async () => {
    await room.show(states.gone(states.deciding(picture)));
    await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
    expect(page.getByRole('button', { name: 'Approve' }).query()).toBeNull();
    await press('New session, same prompt');
    expect(room.commands).toEqual([{ type: 'new_session', prompt: states.prompt }]);
  });

  test('a refused access token is said, and can be given again (S2)', async () => {
    await room.show(states.tokenNeeded(true));
    await expect.element(page.getByText(/The server did not accept that token/)).toBeVisible();
    await page.getByLabelText('Access token').fill('a better one');
    await press('Continue');
    expect(room.commands).toEqual([{ type: 'token', token: 'a better one' }]);
  });
});
