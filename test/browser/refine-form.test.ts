import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/refine-form.ts';
import type { Intent } from '../../client/intent.ts';
import type { Unsent } from '../../client/unsent.ts';
import { useStand } from '../support/stand.ts';
import { focused } from '../support/this-page.ts';

const stand = useStand();

describe('refining', () => {
  interface Given {
    imageId?: string;
    number?: number;
    limit?: number;
    suggestion?: string;
    accepted?: string;
    acceptedId?: string;
    unsent?: Unsent;
    busy?: boolean;
    unavailable?: boolean;
  }
  const refine = ({ imageId = 'i3', number = 3, limit = 2000, suggestion = '', ...given }: Given = {}) =>
    stand.show(html`<proof-refine
      .imageId=${imageId}
      .number=${number}
      .limit=${limit}
      .suggestion=${suggestion}
      .accepted=${given.accepted}
      .acceptedId=${given.acceptedId}
      .options=${{ quality: 'high' }}
      .unsent=${given.unsent ?? {}}
      ?busy=${given.busy}
      ?unavailable=${given.unavailable}
    ></proof-refine>`);
  const field = () => page.getByRole('textbox', { name: /^What should change/ });
  const press = () => page.getByRole('button', { name: 'Refine No. 3' }).click();
  const sent = (feedback: string): Intent => ({
    type: 'refine',
    imageId: 'i3',
    feedback,
    options: { quality: 'high' },
  });

  test('names the picture it is about, and sends the words with it', async () => {
    await refine();
    await expect.element(page.getByRole('textbox', { name: 'What should change in No. 3?' })).toBeVisible();
    await field().fill('Warmer light');
    await press();
    expect(stand.intents).toEqual([sent('Warmer light')]);
  });

  test.each(['Control', 'Meta'])('%s and Enter send it', async (modifier) => {
    await refine();
    await field().fill('Warmer light');
    await userEvent.keyboard(`{${modifier}>}{Enter}{/${modifier}}`);
    expect(stand.intents).toEqual([sent('Warmer light')]);
  });

  test('tells what is typed, so that a reload finds it, until it has become a picture', async () => {
    await refine();
    expect(stand.unsent).toEqual({});
    await field().fill('Warmer light');
    await expect.poll(() => stand.unsent).toEqual({ feedback: 'Warmer light' });
    await press();
    await expect.poll(() => stand.unsent).toEqual({ feedback: 'Warmer light', askedFeedback: 'Warmer light' });
    await refine({ accepted: 'Warmer light', acceptedId: 'i4' });
    await expect.poll(() => stand.unsent).toEqual({});
  });

  test('what is only lent is not to be kept; made one’s own, it is', async () => {
    await refine({ suggestion: 'Too dark' });
    await expect.element(field()).toHaveValue('Too dark');
    expect(stand.unsent).toEqual({});
    await field().fill('Too dark here');
    await expect.poll(() => stand.unsent).toEqual({ feedback: 'Too dark here' });
  });

  test('begins with what a reload has found, before a suggestion', async () => {
    await refine({ unsent: { feedback: 'Warmer light' }, suggestion: 'Too dark' });
    await expect.element(field()).toHaveValue('Warmer light');
    await field().fill('');
    await expect.poll(() => stand.unsent).toEqual({ feedback: undefined });
  });

  test('knows after a reload what it has asked for', async () => {
    const asked = { feedback: 'Warmer light', askedFeedback: 'Warmer light' };
    await refine({ unsent: asked, accepted: 'Less snow', acceptedId: 'i3' });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ unsent: asked, accepted: 'Warmer light', acceptedId: 'i4' });
    await expect.element(field()).toHaveValue('');
  });

  test('without words is refused beside its field', async () => {
    await refine();
    await field().fill('  ');
    await press();
    await expect.element(page.getByText('Say what should change first.')).toBeVisible();
    await expect.element(field()).toHaveAttribute('aria-invalid', 'true');
    expect(focused()?.id).toBe('feedback');
    expect(stand.intents).toEqual([]);
  });

  test('with too many words says by how much, and is not sent', async () => {
    await refine({ limit: 20 });
    await field().fill('x'.repeat(21));
    await expect.element(page.getByText('This is 1 character too long.')).toBeVisible();
    await expect.element(page.getByText('21 of 20')).toBeVisible();
    await press();
    expect(stand.intents).toEqual([]);
  });

  test.each([{ busy: true }, { unavailable: true }])('waits while %j', async (state) => {
    await refine(state);
    await field().fill('Warmer light');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    (page.getByRole('button').element() as HTMLElement).click();
    expect(stand.intents).toEqual([]);
  });

  test('keeps what is typed through another picture, a refusal and a failure, until it has become a picture', async () => {
    await refine({ accepted: 'Older words', acceptedId: 'i2' });
    await field().fill('Warmer light');
    await press();
    await refine({ accepted: 'Older words', acceptedId: 'i2', busy: true });
    await refine({ accepted: 'Older words', acceptedId: 'i2', imageId: 'i1', number: 1 });
    await refine({ accepted: 'Somebody else’s words', acceptedId: 'i4' });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await expect.element(field()).toHaveValue('');
  });

  test('takes the same words for the next picture too', async () => {
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await field().fill('Warmer light');
    await press();
    await refine({ accepted: 'Warmer light', acceptedId: 'i5', busy: true });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ accepted: 'Warmer light', acceptedId: 'i6' });
    await expect.element(field()).toHaveValue('');
  });

  test('leaves what was typed on after it was sent', async () => {
    await refine();
    await field().fill('Warmer light');
    await press();
    await field().fill('Warmer light, and no boat');
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await expect.element(field()).toHaveValue('Warmer light, and no boat');
  });

  describe('the reason of a cancelled drawing', () => {
    const origin = () => page.getByText(/^From the cancelled drawing/);

    test('is put into the empty field once, and said to come from there', async () => {
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('too dark');
      await expect.element(origin()).toBeVisible();
      await field().fill('');
      await refine({ suggestion: 'too dark', busy: true });
      await expect.element(field()).toHaveValue('');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('never takes the place of what somebody typed', async () => {
      await refine();
      await field().fill('Warmer light');
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('Warmer light');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('goes with the drawing, unless it was changed', async () => {
      await refine({ suggestion: 'too dark' });
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('');
      await refine({ suggestion: 'too dark' });
      await field().fill('too dark at the edges');
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('too dark at the edges');
    });

    test('stays when it was sent, until it has become a picture', async () => {
      await refine({ suggestion: 'too dark' });
      await press();
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('too dark');
      await refine({ suggestion: '', accepted: 'too dark', acceptedId: 'i4' });
      await expect.element(field()).toHaveValue('');
    });
  });
});
