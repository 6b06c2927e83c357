import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { OutcomeNote } from '../../../../client/components/sidebar/outcome-note.ts';
import * as states from '../../../support/component-states.ts';
import { animationsEnd, deep, focused, textOf, violations } from '../../../support/dom.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { press, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1', { width: 300, height: 200 });
const others = await Promise.all(
  ['i2', 'i3', 'i4', 'i5'].map((imageId, candidate) => states.paint(imageId, { candidate })),
);
const image = picture.reference;
const sent = () => room.commands.filter(({ type }) => type !== 'want');
const changes = () => page.getByRole('textbox', { name: /^Changes to ask for in No\. \d/ });
const entries = () => {
  const [list] = deep(room.review.shadowRoot, 'proof-decisions');
  return deep(list?.shadowRoot, 'li').map((item) => textOf(item));
};

beforeEach(() => page.viewport(1280, 900));

describe('an approval', () => {
  test('is one plain click, and has a note where somebody adds one', async () => {
    await room.show(states.deciding(picture));
    await press('Approve');
    expect(sent()).toEqual([{ type: 'approve', image }]);
    await press('Add a note');
    await userEvent.keyboard('For the cover only');
    await userEvent.keyboard('{Enter}');
    expect(sent()).toHaveLength(1);
    await press('Approve');
    expect(sent().at(-1)).toMatchObject({
      type: 'approve',
      image,
      note: expect.stringContaining('For the cover only'),
    });
  });

  test('of one’s own is undone by a plain click for ten seconds; afterwards Withdraw asks first', async () => {
    const clock = new ManualClock();
    const at = new Date(clock.now()).toISOString();
    await room.show(states.approved(picture, { participantId: 'me', decisionId: 'd7', at }));
    const [note] = deep(room.review.shadowRoot, 'proof-outcome') as OutcomeNote[];
    if (!note) throw new Error('There is no note of the outcome.');
    note.clock = clock;
    await note.updateComplete;
    await press('Undo');
    expect(sent()).toEqual([{ type: 'withdraw', decisionId: 'd7' }]);
    clock.advance(10_000);
    note.requestUpdate();
    await press('Withdraw');
    const question = page.getByRole('alertdialog', { name: 'Withdraw your approval of No. 1?' });
    await expect.element(question).toBeVisible();
    expect(sent()).toHaveLength(1);
    await question.getByRole('button', { name: 'Withdraw' }).click();
    expect(sent().at(-1)).toEqual({ type: 'withdraw', decisionId: 'd7' });
  });

  test('of somebody else can’t be withdrawn', async () => {
    await room.show(states.approved(picture));
    await expect.element(page.getByRole('heading', { name: 'Approved' })).toBeVisible();
    expect(page.getByRole('button', { name: /Undo|Withdraw/ }).elements()).toEqual([]);
  });
});

describe('a request for changes', () => {
  test('needs a reason, which Enter sends; R opens its field', async () => {
    await room.show(states.deciding(picture));
    room.review.shortcuts = true;
    await room.review.updateComplete;
    room.inside('proof-top-bar', 'button').at(0)?.focus();
    await userEvent.keyboard('r');
    await expect.poll(() => focused()?.id).toBe('changes');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText('Say what should change first.')).toBeVisible();
    expect(sent()).toEqual([]);
    await userEvent.keyboard('Less mist{Enter}');
    expect(sent()).toEqual([{ type: 'request_changes', image, note: 'Less mist' }]);
    await expect.poll(() => focused()?.tagName).toBe('H2');
  });

  test('keeps what was typed about a picture with that picture', async () => {
    await room.show(states.several(others));
    await page.getByRole('button', { name: 'Request changes to No. 2' }).click();
    await expect.poll(() => focused()?.id).toBe('changes');
    await userEvent.keyboard('Smaller boat');
    await page.getByRole('button', { name: /^No\. 3,/ }).click();
    await expect.element(page.getByRole('button', { name: 'Request changes', exact: true })).toBeVisible();
    await press('Request changes');
    await expect.element(changes()).toHaveValue('');
    await page.getByRole('button', { name: /^No\. 2,/ }).click();
    await expect.element(changes()).toHaveValue('Smaller boat');
    await press('Request changes');
    expect(sent()).toMatchObject([{ type: 'request_changes', image: { imageId: 'i3' }, note: 'Smaller boat' }]);
  });

  test('stays on the picture with its reason, marks it in the strip, and is offered for the next refinement', async () => {
    const several = states.several(others);
    const note = 'Less mist';
    const asked = states.decisionOn(others[1]?.reference ?? image, { decision: 'changes_requested', note, number: 2 });
    await room.show(states.decided(several, asked));
    await page.getByRole('button', { name: /^No\. 2,.* changes requested$/ }).click();
    await expect.element(page.getByRole('textbox', { name: 'What should change in No. 2?' })).toHaveValue(note);
    await expect.poll(entries).toEqual([expect.stringMatching(/^Ana asked for changes .*Less mist$/)]);
    await room.show(states.decided(several, { ...asked, withdrawn: asked }));
    await expect.element(page.getByRole('textbox', { name: 'What should change in No. 2?' })).toHaveValue('');
    await expect.poll(entries).toEqual([expect.stringMatching(/Withdrawn$/)]);
  });
});

describe('declining', () => {
  test('asks first, and wants to know why', async () => {
    await room.show(states.deciding(picture));
    await press('Decline …');
    const question = page.getByRole('alertdialog', { name: 'End the review without a picture?' });
    await expect.element(question).toBeVisible();
    await animationsEnd();
    expect(await violations()).toEqual([]);
    await question.getByRole('button', { name: 'Decline' }).click();
    await expect.element(question.getByText('Say why first.')).toBeVisible();
    await question.getByRole('textbox', { name: 'Why?' }).fill('Off brand');
    await question.getByRole('button', { name: 'Decline' }).click();
    expect(sent()).toEqual([{ type: 'decline', image, note: 'Off brand' }]);
  });

  test('R1: keeps the reason that was typed when a command of somebody else closes the question', async () => {
    const state = states.deciding(picture);
    await room.show(state);
    await press('Decline …');
    const question = page.getByRole('alertdialog', { name: 'End the review without a picture?' });
    await question.getByRole('textbox', { name: 'Why?' }).fill('Off brand');
    await room.show({ ...state, ...(state.snapshot && { snapshot: { ...state.snapshot, turn: 7 } }) });
    await expect.element(question).not.toBeInTheDocument();
    await press('Decline …');
    await expect.element(question.getByRole('textbox', { name: 'Why?' })).toHaveValue('Off brand');
    await question.getByRole('button', { name: 'Decline' }).click();
    expect(sent()).toEqual([{ type: 'decline', image, note: 'Off brand' }]);
  });

  test('ends the review: the page says who declined and why, and offers to start over', async () => {
    await room.show(states.declined(picture));
    await expect.element(page.getByRole('heading', { name: 'Declined' })).toBeVisible();
    const [outcome] = room.inside('proof-sidebar', 'proof-outcome');
    expect(textOf(outcome?.shadowRoot?.querySelector('q'))).toBe('None of them fits the campaign.');
    const captions = () => room.inside('proof-picture', 'figcaption').map((caption) => textOf(caption));
    await expect.poll(captions).toEqual(['Declined']);
    await expect.element(page.getByRole('button', { name: 'Start over' })).toBeVisible();
    expect(textOf(room.review.shadowRoot?.querySelector('p.unseen[role=status]'))).toBe(
      'Ana declined: the review has ended without a picture.',
    );
  });
});

describe('a full session', () => {
  test('names what may go, the longest discarded first, and never what is decided about, open, or refined', async () => {
    const five = await Promise.all(
      ['f1', 'f2', 'f3', 'f4', 'f5'].map((imageId) => states.paint(imageId, { width: 300, height: 200 })),
    );
    const state = states.discardedByAna(states.decidingOn(five), 'f3');
    const [one] = state.snapshot?.attempts ?? [];
    if (!state.snapshot || !state.welcome || !one) throw new Error('There is no session.');
    const decision = states.decisionOn(one.image, { decision: 'changes_requested', note: 'Less mist' });
    const limits = { ...state.welcome.limits, ATTEMPTS_PER_SESSION: 5 };
    const mira = { participantId: 'mira', name: 'Mira', role: 'reviewer', lookingAt: 'f2' } as const;
    await room.show({
      ...states.decided(state, decision),
      people: [mira],
      welcome: { ...state.welcome, limits },
    });
    const ask = { type: 'refine', imageId: 'f5', feedback: 'Warmer', options: {} } as const;
    room.review.makeRoom(ask);
    const dialog = page.getByRole('dialog', { name: 'Make room for what comes next?' });
    await expect.element(dialog.getByRole('checkbox', { name: /^No\. 3/ })).toBeChecked();
    await expect.element(dialog.getByRole('checkbox', { name: /^No\. 4/ })).not.toBeChecked();
    expect(dialog.getByRole('checkbox').elements()).toHaveLength(2);
    expect(await violations()).toEqual([]);
    await dialog.getByRole('checkbox', { name: /^No\. 3/ }).click();
    await expect.element(dialog.getByRole('button', { name: /and go on$/ })).toHaveAttribute('aria-disabled', 'true');
    await dialog.getByRole('checkbox', { name: /^No\. 4/ }).click();
    await dialog.getByRole('button', { name: 'Remove it and go on' }).click();
    expect(sent()).toEqual([{ type: 'make_room', imageIds: ['f4'], ask }]);
  });

  test('tells whoever comes back what had to be given up, until they have read it', async () => {
    const at = '2026-11-22T19:04:12.000Z';
    const forgotten = { kind: 'forgotten' as const, entryId: 'e1', at, numbers: [7, 9] };
    await room.show({ ...states.deciding(picture), record: [forgotten] });
    const sentence = page.getByText('Pictures No. 7 and 9 had to be given up for memory while nobody was here.');
    await expect.element(sentence).toBeVisible();
    expect(await violations()).toEqual([]);
    await press('Dismiss');
    await expect.element(sentence).not.toBeInTheDocument();
  });
});

describe('where several have to agree', () => {
  const status = () => textOf(room.inside('proof-sidebar', 'proof-decision')[0]?.shadowRoot?.querySelector('.figures'));

  test('the page counts the approvals and names who is missing', async () => {
    await room.show(states.severalNeeded(picture));
    expect(status()).toBe('1 of 2, waiting for you or Mira');
  });

  test('the creator of the session changes how many', async () => {
    await room.show(states.severalNeeded(picture));
    await page.getByText('2 approvals needed').click();
    await page.getByRole('combobox', { name: /^How many people must approve/ }).selectOptions('3 people');
    expect(sent()).toEqual([{ type: 'require_approvals', approvals: 3 }]);
  });

  test('somebody whose approval does not count reads so before they click, and can’t decline', async () => {
    await room.show(states.severalNeeded(picture, false));
    expect(status()).toBe('1 of 2, waiting for Mira');
    await expect.element(page.getByText(/^Your decisions go on record\. Your approval does not count/)).toBeVisible();
    expect(page.getByRole('button', { name: 'Decline …' }).query()).toBeNull();
  });
});
