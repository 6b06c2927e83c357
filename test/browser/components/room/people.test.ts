import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { SnapshotMessage } from '../../../../shared/protocol.ts';
import * as states from '../../../support/component-states.ts';
import { focused, textOf, violations } from '../../../support/dom.ts';
import { press, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');
const four = await Promise.all([0, 1, 2, 3].map((candidate) => states.paint(`i${candidate + 1}`, { candidate })));
const dialog = page.getByRole('dialog', { name: 'People in this session' });
const question = page.getByRole('dialog', { name: 'Who is deciding?' });

describe('the people dialog', () => {
  const open = () => page.getByRole('button', { name: /2 reviewers, 1 watching.*Change your name/ }).click();

  test('lists who is here, with role and with what they look at, and goes with the session', async () => {
    const state = states.deciding(picture);
    await room.show(state);
    await open();
    const lines = () => room.inside('proof-people', 'li').map((line) => textOf(line.querySelector('div')));
    expect(lines()).toEqual([
      'Reviewer 1 (you) Reviewer, looks at No. 1',
      'Ana Reviewer, looks at No. 1',
      'Watcher 2 Watching',
    ]);
    expect(await violations()).toEqual([]);
    await room.show({ ...state, people: state.people.slice(0, 1) });
    expect(lines()).toHaveLength(1);
  });

  test('dispatches the new name', async () => {
    await room.show(states.deciding(picture));
    await open();
    await expect.element(dialog.getByLabelText('Your name')).toHaveValue('Reviewer 1');
    await dialog.getByLabelText('Your name').fill('Ana');
    await press('Save name');
    expect(room.commands).toEqual([{ type: 'name', name: 'Ana' }]);
    await expect.element(dialog).not.toBeInTheDocument();
  });
});

describe('W11: in the people dialog', () => {
  test('the creator turns somebody out after a question, and others are not offered to', async () => {
    await room.show(states.deciding(picture));
    await page.getByRole('button', { name: /Change your name/ }).click();
    expect(page.getByRole('button', { name: /^Turn out/ }).query()).toBeNull();
    await room.show(states.withInvitations(states.deciding(picture)));
    expect(page.getByRole('button', { name: /^Turn out/ }).elements()).toHaveLength(2);
    await press('Turn out Ana');
    const asked = page.getByRole('alertdialog', { name: 'Turn Ana out?' });
    await expect.element(asked).toBeVisible();
    expect(await violations()).toEqual([]);
    await asked.getByRole('button', { name: 'Turn out' }).click();
    expect(room.commands).toEqual([{ type: 'revoke', participantId: 'ana' }]);
  });

  test('the focus goes to the heading when the person whose button had it has left', async () => {
    const state = states.withInvitations(states.deciding(picture));
    await room.show(state);
    await page.getByRole('button', { name: /Change your name/ }).click();
    await press('Turn out Ana');
    await press('Turn out');
    await expect.poll(() => focused()?.ariaLabel).toBe('Turn out Ana');
    await room.show({ ...state, people: state.people.filter(({ name }) => name !== 'Ana') });
    expect(focused()?.textContent).toBe('People in this session');
  });

  test('somebody who was invited can take no other name, and reads until when they may be here', async () => {
    const welcome = { ...states.welcome('reviewer'), invited: true as const, expiresAt: '2026-11-29T15:30:00.000Z' };
    await room.show({ ...states.deciding(picture), welcome });
    await page.getByRole('button', { name: /Change your name/ }).click();
    await expect.element(dialog.getByText(/You are here by an invitation.*It expires Nov 29, 2026/s)).toBeVisible();
    expect(dialog.getByLabelText('Your name').query()).toBeNull();
  });
});

describe('somebody without a name', () => {
  const approve = { type: 'approve', image: picture.reference };

  test('is asked for it before the first decision, which then goes on, and never again', async () => {
    room.review.unnamed = true;
    await room.show(states.deciding(picture));
    await press('Approve');
    await expect.element(question).toBeVisible();
    expect(focused()?.id).toBe('name');
    expect(await violations()).toEqual([]);
    await press('Save and continue');
    await expect.element(question.getByText('Write your name first.')).toBeVisible();
    await expect.element(question.getByLabelText('Your name')).toHaveAccessibleDescription(/^Write your name first/);
    expect(await violations()).toEqual([]);
    expect(room.commands).toEqual([]);
    await question.getByLabelText('Your name').fill('Mira');
    await userEvent.keyboard('{Enter}');
    expect(room.commands).toEqual([{ type: 'name', name: 'Mira' }, approve]);
    await press('Approve');
    expect(room.commands.at(-1)).toEqual(approve);
    await expect.element(question).not.toBeInTheDocument();
  });

  test('who does not say it decides nothing', async () => {
    room.review.unnamed = true;
    await room.show(states.deciding(picture));
    await press('Approve');
    await press('Cancel');
    await expect.element(question).not.toBeInTheDocument();
    expect(room.commands).toEqual([]);
    expect(focused()?.textContent?.trim()).toBe('Approve');
  });

  test.each([
    ['is drawn anew', { turn: 7 }],
    ['is discarded by somebody', { attempts: [] }],
    ['has other bytes', { attempts: [states.attemptOf({ ...picture.reference, sha256: '0'.repeat(64) })] }],
  ])('S10: does not decide when the picture %s meanwhile, and keeps what they typed', async (_, change) => {
    room.review.unnamed = true;
    const state = states.deciding(picture);
    await room.show(state);
    await press('Approve');
    await question.getByLabelText('Your name').fill('Mira');
    await room.show({ ...state, snapshot: { ...state.snapshot, ...change } as SnapshotMessage });
    await expect.element(question.getByText(/your decision was not sent/)).toBeVisible();
    expect(await violations()).toEqual([]);
    await press('Save name');
    expect(room.commands).toEqual([{ type: 'name', name: 'Mira' }]);
  });
});

describe('what people look at', () => {
  test('is reported as the person goes from picture to picture, and while several are on show it is none', async () => {
    const looks = () => room.intents.flatMap((intent) => (intent.type === 'look' ? [intent.imageId] : []));
    await room.show(states.several(four));
    expect(looks()).toEqual([]);
    await page.getByRole('button', { name: /^No\. 2,/ }).click();
    await expect.poll(looks).toEqual(['i2']);
    await press('Show all 4 pictures');
    await expect.poll(looks).toEqual(['i2', undefined]);
  });

  test('shows beside each picture of the others, and in its description', async () => {
    const state = states.several(four);
    const [me, ana, cy] = state.people;
    if (!me || !ana || !cy) throw new Error('There is nobody.');
    await room.show({ ...state, people: [me, ana, { ...cy, lookingAt: 'i1' }] });
    await expect
      .element(page.getByRole('button', { name: /^No\. 1,/ }))
      .toHaveAccessibleDescription('Ana and Watcher 2 look at it.');
    await expect
      .element(page.getByRole('button', { name: /^No\. 1\. / }))
      .toHaveAccessibleDescription('Ana and Watcher 2 look at it.');
    const initials = (component: string) =>
      room.inside(component, 'proof-avatar').map((one) => one.shadowRoot?.querySelector('span')?.dataset.initials);
    expect(initials('proof-attempt-strip')).toEqual(['A', 'W2']);
    expect(initials('proof-candidates')).toEqual(['A', 'W2']);
    expect(await violations()).toEqual([]);
  });
});
