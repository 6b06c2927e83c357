import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/sidebar/refine-form.ts';
import type { Intent } from '../../../../client/model/intent.ts';
import { focused } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

describe('the refine form', () => {
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
  const refineIntent = (feedback: string): Intent => ({
    type: 'refine',
    imageId: 'i3',
    feedback,
    options: { quality: 'high' },
  });

  test('names the attempt and sends the feedback', async () => {
    await refine();
    await expect.element(page.getByRole('textbox', { name: 'What should change in No. 3?' })).toBeVisible();
    await field().fill('Warmer light');
    await press();
    expect(stand.intents).toEqual([refineIntent('Warmer light')]);
  });

  test.each(['{Enter}', '{Control>}{Enter}{/Control}', '{Meta>}{Enter}{/Meta}'])('sends with %s', async (keys) => {
    await refine();
    await field().fill('Warmer light');
    await userEvent.keyboard(keys);
    expect(stand.intents).toEqual([refineIntent('Warmer light')]);
  });

  test('shows the typed text and dispatches each change', async () => {
    stand.unsent = { feedback: 'Warmer light' };
    await refine();
    await expect.element(field()).toHaveValue('Warmer light');
    await field().fill('Warmer light, and no boat');
    expect(stand.unsent).toEqual({ feedback: 'Warmer light, and no boat' });
  });

  test('refuses blank feedback beside its field', async () => {
    await refine();
    await field().fill('  ');
    await press();
    await expect.element(page.getByText('Say what should change first.')).toBeVisible();
    await expect.element(field()).toHaveAttribute('aria-invalid', 'true');
    expect(focused()?.id).toBe('feedback');
    expect(stand.intents).toEqual([]);
  });

  test('says by how much a text is too long, and does not send it', async () => {
    await refine({ limit: 20 });
    await field().fill('x'.repeat(21));
    await expect.element(page.getByText('This is 1 character too long.')).toBeVisible();
    await expect.element(page.getByText('21 of 20')).toBeVisible();
    await press();
    expect(stand.intents).toEqual([]);
  });

  test.each([{ busy: true }, { unavailable: true }])('sends nothing while %j', async (state) => {
    await refine(state);
    await field().fill('Warmer light');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    (page.getByRole('button').element() as HTMLElement).click();
    expect(stand.intents).toEqual([]);
  });

  test('keeps the text and sends nothing while a generation runs', async () => {
    stand.unsent = { feedback: 'Warmer light' };
    await refine({ waits: true });
    await expect.element(page.getByText('It waits here until this picture is done.')).toBeVisible();
    await expect.element(page.getByRole('button')).not.toBeInTheDocument();
    await field().click();
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    expect(stand.intents).toEqual([]);
  });

  describe('with the reason of a cancelled generation', () => {
    const origin = () => page.getByText(/^From the cancelled drawing/);

    test('suggests it in an untouched field, and says where it comes from', async () => {
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('too dark');
      await expect.element(origin()).toBeVisible();
      await field().fill('');
      await refine({ suggestion: 'too dark', busy: true });
      await expect.element(field()).toHaveValue('');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('never replaces typed text with it', async () => {
      stand.unsent = { feedback: 'Warmer light' };
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('Warmer light');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('keeps it as typed text only once it was edited', async () => {
      await refine({ suggestion: 'too dark' });
      expect(stand.unsent).toEqual({});
      await field().fill('too dark at the edges');
      expect(stand.unsent).toEqual({ feedback: 'too dark at the edges' });
    });

    test('drops it with the generation, unless it was edited', async () => {
      await refine({ suggestion: 'too dark' });
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('');
      await refine({ suggestion: 'too dark' });
      await field().fill('too dark at the edges');
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('too dark at the edges');
    });

    test('sends it unedited', async () => {
      await refine({ suggestion: 'too dark' });
      await press();
      expect(stand.intents).toEqual([refineIntent('too dark')]);
    });
  });
});
