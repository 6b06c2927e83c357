import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { focused, violations } from '../../../support/dom.ts';
import { press, useReview } from '../../../support/review-room.ts';
import { english } from '../../../support/texts.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('the share dialog', () => {
  test('W5: puts the key into the fragment of the review link, and not into the watch link', async () => {
    room.review.server = 'https://proofs.example/proofroom/';
    await room.show(states.deciding(picture));
    await press('Share');
    const link = 'https://proofs.example/proofroom/s/s1';
    await expect.element(page.getByLabelText('Review link')).toHaveValue(`${link}#${states.sessionKey}`);
    await expect.element(page.getByLabelText('Watch link')).toHaveValue(link);
  });

  test('W5: gives a watcher the watch link alone', async () => {
    await room.show(states.watching(states.deciding(picture)));
    await press('Share');
    await expect.element(page.getByLabelText('Watch link')).toBeVisible();
    expect(page.getByLabelText('Review link').query()).toBeNull();
    for (const name of [/Replace/, /^Close .*link/, /End session/]) {
      expect(page.getByRole('button', { name }).query(), String(name)).toBeNull();
    }
  });

  test('W5: a reviewer closes the watch link after a question, and makes a new one', async () => {
    const deciding = states.withLinks(states.deciding(picture));
    await room.show(deciding);
    await press('Share');
    await press('Close watch link');
    const question = page.getByRole('alertdialog', { name: 'Close the watch link?' });
    await expect.element(question.getByText(/The one person who watches now leaves/)).toBeVisible();
    expect(await violations()).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await expect.element(question).not.toBeInTheDocument();
    expect(room.commands).toEqual([]);
    await press('Close watch link');
    await press('Close link');
    expect(room.commands).toEqual([{ type: 'close_link', role: 'watcher' }]);

    await room.show(states.withLinks(deciding, { watch: 'closed' }));
    await expect.element(page.getByText('Closed: nobody can watch.')).toBeVisible();
    expect(await violations()).toEqual([]);
    const newLink = page.getByRole('button', { name: 'New watch link' });
    await expect.poll(() => focused()?.textContent?.trim()).toBe('New watch link');
    await newLink.click();
    expect(room.commands.at(-1)).toEqual({ type: 'replace_link', role: 'watcher' });
    await room.show(states.withLinks(deciding, { watchKey: 'w1' }));
    const field = page.getByLabelText('Watch link', { exact: true });
    await expect.element(field).toHaveValue(`${location.origin}/s/s1#w1`);
    await expect.element(field).toHaveAccessibleDescription(/^This link is new/);
  });

  test('W5: the review link is its creator’s; others are told when theirs works no longer', async () => {
    const deciding = states.deciding(picture);
    await room.show(states.withLinks(deciding));
    await press('Share');
    await press('Replace review link');
    await expect.element(page.getByText(/Reviewers who are in the session stay in it/)).toBeVisible();
    await press('Replace link');
    expect(room.commands).toEqual([{ type: 'replace_link', role: 'reviewer' }]);
    await room.show(states.withLinks(deciding, { review: 'closed', manages: ['watcher'] }));
    await expect.element(page.getByText(/The one that you came by works no longer/)).toBeVisible();
    expect(page.getByRole('button', { name: /review link/ }).query()).toBeNull();
  });

  test('R13: ending the session asks first; when it has ended, the dialog goes and the focus is on what happened', async () => {
    const deciding = states.withLinks(states.deciding(picture));
    await room.show(deciding);
    await press('Share');
    await press('End session for everybody …');
    const question = page.getByRole('alertdialog', { name: 'End the session for everybody?' });
    await expect.element(question.getByText(/You and 2 others leave it/)).toBeVisible();
    await press('Keep the session');
    expect(room.commands).toEqual([]);
    await press('End session for everybody …');
    await press('End the session');
    expect(room.commands).toEqual([{ type: 'end_session' }]);
    await room.show({ ...deciding, connection: { status: 'closed', reason: 'session_ended' } });
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    await expect.poll(() => focused()?.textContent?.trim()).toBe('A reviewer ended this session');
  });

  test('W11: the creator invites somebody by name, and is told when the link is ready', async () => {
    const state = states.withInvitations(states.deciding(picture));
    await room.show(state);
    await press('Share');
    await press('Invite');
    const name = page.getByLabelText('Name', { exact: true });
    await expect.element(name).toHaveAccessibleDescription('Write the name first.');
    expect(focused()?.id).toBe('name');
    expect(await violations()).toEqual([]);
    await name.fill(' Flo ');
    await page.getByLabelText('Role').selectOptions('Watcher');
    await page.getByLabelText('Expires').selectOptions('After 7 days');
    await name.click();
    await userEvent.keyboard('{Enter}');
    expect(room.commands).toEqual([{ type: 'invite', name: 'Flo', role: 'watcher', lifetime: 'week' }]);

    const made = { keyId: 'k', name: 'Flo', role: 'watcher', key: 'key-of-flo', participantId: 'flo' } as const;
    await room.show({ ...state, invitations: [...state.invitations, made] });
    await expect.element(page.getByText('The link for Flo is ready: copy it and send it.')).toBeVisible();
    await expect.element(name).toHaveValue('');
    await expect.element(page.getByLabelText('Link for Flo')).toHaveValue(`${location.origin}/s/s1#key-of-flo`);
    await expect.element(page.getByRole('button', { name: 'Copy the link for Flo' })).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  test('W11: an invitation is revoked after a question, and those that are over have no link', async () => {
    const state = states.withInvitations(states.deciding(picture));
    await room.show(state);
    await press('Share');
    const lines = page.getByRole('list', { name: 'Invitations' }).getByRole('listitem');
    await expect.element(lines.filter({ hasText: 'Eve' }).getByText('Reviewer · revoked')).toBeVisible();
    for (const gone of ['Eve', 'Dan']) expect(page.getByLabelText(`Link for ${gone}`).query()).toBeNull();
    await press('Revoke the invitation of Ana');
    const question = page.getByRole('alertdialog', { name: 'Revoke the invitation of Ana?' });
    await expect.element(question.getByText(/Ana leaves the session at once/)).toBeVisible();
    expect(await violations()).toEqual([]);
    await press('Keep the invitation');
    expect(room.commands).toEqual([]);
    await press('Revoke the invitation of Ana');
    await press('Revoke it');
    expect(room.commands).toEqual([{ type: 'revoke', keyId: 'key-Ana' }]);
    expect(focused()?.textContent?.trim()).toBe('Revoke');
    const invitations = state.invitations.map((one) => (one.name === 'Ana' ? { ...one, revoked: true as const } : one));
    await room.show({ ...state, invitations });
    expect(focused()?.textContent).toBe('Invite by name');
  });

  test('W11: nobody but the creator is offered to invite', async () => {
    await room.show(states.withLinks(states.deciding(picture), { manages: ['watcher'] }));
    await press('Share');
    expect(page.getByRole('button', { name: 'Invite', exact: true }).query()).toBeNull();
  });

  test('R13: says how long the session is kept, and until when if everybody left now', async () => {
    await room.show(states.deciding(picture));
    await expect.element(page.getByText(/^This session is kept for 24 hours/)).toBeVisible();
    await press('Share');
    const text = page.getByRole('dialog').getByText(/If everybody left now, that would be until \w+ \d+, \d{4}, /);
    await expect.element(text).toBeVisible();
  });

  test('says why a link was not changed', async () => {
    const rejection = { command: 'close_link', code: 'rate_limited', message: 'That was too much.', at: 1 } as const;
    await room.show({ ...states.withLinks(states.deciding(picture)), rejection });
    await press('Share');
    await expect.element(page.getByRole('dialog').getByText(english('reject.rate_limited'))).toBeVisible();
  });
});

test('S2: the token form says that a token was refused, and takes another one', async () => {
  await room.show(states.tokenNeeded(true));
  await expect.element(page.getByText(/The server did not accept that token/)).toBeVisible();
  await page.getByLabelText('Access token').fill('a better one');
  await press('Continue');
  expect(room.commands).toEqual([{ type: 'token', token: 'a better one' }]);
});

describe('R13: Start over', () => {
  const question = page.getByRole('alertdialog', { name: 'Start over?' });

  test('asks first while no picture is approved', async () => {
    await room.show(states.deciding(picture));
    await press('Start over');
    await expect.element(question).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(question).not.toBeInTheDocument();
    expect(room.commands).toEqual([]);
    await press('Start over');
    await question.getByRole('button', { name: 'Start over' }).click();
    expect(room.commands).toEqual([{ type: 'start_over' }]);
  });

  test('asks for an approved picture, unless it was saved and nobody else is here', async () => {
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

  test('says how many pictures it would remove', async () => {
    const attempts = [1, 2].map((number) => ({
      ...states.attemptOf({ ...picture.reference, imageId: `i${number}` }),
      number,
    }));
    for (const [state, text] of [
      [states.deciding(picture), /None of these 2 pictures is approved/],
      [states.approved(picture), /One of these 2 pictures is approved.*all of them/],
    ] as const) {
      await room.show({ ...state, ...(state.snapshot && { snapshot: { ...state.snapshot, attempts } }) });
      await press('Start over');
      await expect.element(page.getByText(text)).toBeVisible();
      await press('Keep the pictures');
    }
  });

  test('stops asking when the stage has changed', async () => {
    await room.show(states.deciding(picture));
    await press('Start over');
    await room.show(states.approved(picture));
    await expect.element(page.getByRole('alertdialog')).not.toBeInTheDocument();
  });
});
