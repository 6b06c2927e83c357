import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/sidebar/refine-form.ts';
import type { Intent } from '../../client/model/intent.ts';
import { useStand } from '../support/stand.ts';
import { focused } from '../support/this-page.ts';

const stand = useStand();

describe('refining', () => {
  interface Given {
    imageId?: string;
    number?: number;
    limit?: number;
    suggestion?: string;
    waits?: boolean;
    busy?: boolean;
    unavailable?: boolean;
  }
  const refine = ({ imageId = 'i3', number = 3, limit = 2000, suggestion = '', ...given }: Given = {}) =>
    stand.showForm(
      ({ feedback }) => html`<proof-refine
      .imageId=${imageId}
      .number=${number}
      .limit=${limit}
      .feedback=${feedback}
      .suggestion=${suggestion}
      .options=${{ quality: 'high' }}
      ?waits=${given.waits}
      ?busy=${given.busy}
      ?unavailable=${given.unavailable}
    ></proof-refine>`,
    );
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

  test('shows what was typed, and tells of each change', async () => {
    stand.unsent = { feedback: 'Warmer light' };
    await refine();
    await expect.element(field()).toHaveValue('Warmer light');
    await field().fill('Warmer light, and no boat');
    expect(stand.unsent).toEqual({ feedback: 'Warmer light, and no boat' });
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

  test('of what waits for another picture sends nothing', async () => {
    stand.unsent = { feedback: 'Warmer light' };
    await refine({ waits: true });
    await expect.element(page.getByText('It waits here until this picture is done.')).toBeVisible();
    await expect.element(page.getByRole('button')).not.toBeInTheDocument();
    await field().click();
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    expect(stand.intents).toEqual([]);
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
      stand.unsent = { feedback: 'Warmer light' };
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('Warmer light');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('is not to be kept while it is only lent; made one’s own, it is', async () => {
      await refine({ suggestion: 'too dark' });
      expect(stand.unsent).toEqual({});
      await field().fill('too dark at the edges');
      expect(stand.unsent).toEqual({ feedback: 'too dark at the edges' });
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

    test('is sent as it stands', async () => {
      await refine({ suggestion: 'too dark' });
      await press();
      expect(stand.intents).toEqual([sent('too dark')]);
    });
  });
});
