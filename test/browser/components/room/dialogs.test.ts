import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { press, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('sharing', () => {
  test('the review link carries the key in its fragment alone, the watch link not at all (W5)', async () => {
    room.review.server = 'https://proofs.example';
    await room.show(states.deciding(picture));
    await press('Share');
    await expect
      .element(page.getByLabelText('Review link'))
      .toHaveValue(`https://proofs.example/s/s1#${states.sessionKey}`);
    await expect.element(page.getByLabelText('Watch link')).toHaveValue('https://proofs.example/s/s1');
  });

  test('a watcher can pass on the watch link alone', async () => {
    await room.show(states.watching(states.deciding(picture)));
    await press('Share');
    await expect.element(page.getByLabelText('Watch link')).toBeVisible();
    expect(page.getByLabelText('Review link').query()).toBeNull();
  });

  test('the state inspector shows the snapshot, and never the key', async () => {
    await room.show(states.deciding(picture));
    await page.getByText('Session state').click();
    const json = page.getByRole('region', { name: 'Session state as JSON' });
    await expect.element(json).toBeVisible();
    expect(json.element().textContent).toContain('"stage": "user_feedback"');
    expect(json.element().textContent).not.toContain(states.sessionKey);
  });

  test('a new name is asked for', async () => {
    await room.show(states.deciding(picture));
    await page.getByRole('button', { name: /2 reviewers, 1 watching.*Change your name/ }).click();
    await page.getByLabelText('Your name').fill('Ana');
    await press('Save name');
    expect(room.commands).toEqual([{ type: 'name', name: 'Ana' }]);
  });
});
