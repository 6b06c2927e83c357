import { html } from 'lit';
import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/sidebar/attempt-facts.ts';
import type { Attempt } from '../../../../shared/model.ts';
import * as states from '../../../support/component-states.ts';
import { deep, textOf } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();
const { reference } = await states.paint('i1');
const attempt: Attempt = states.attemptOf(reference);

const show = (shown: Attempt) =>
  stand.show(html`<proof-facts .attempt=${shown} .model=${'an-image-model'}></proof-facts>`);

/** Terms and values, in order. */
async function facts(shown: Attempt): Promise<[string, string][]> {
  await show(shown);
  await page.getByText('About this picture').click();
  const values = deep(stand.element, 'dd').map((value) => {
    const text = value.querySelector('proof-text')?.shadowRoot?.querySelector('p');
    return textOf(text ?? value) ?? '';
  });
  return deep(stand.element, 'dt').map((term, index) => [textOf(term) ?? '', values[index] ?? '']);
}

test('the facts are shown in order, with their units', async () => {
  expect(await facts({ ...attempt, number: 2, estimatedCost: { amount: 0.0412, currency: 'USD' } })).toEqual([
    ['Picture', 'No. 2'],
    ['Took', '20 s'],
    ['Tokens', '84 in, 4,160 out'],
    ['Cost', 'about $0.04, estimated from token usage'],
    ['Drawn by', 'an-image-model'],
    ['Size', 'Landscape'],
    ['Image', '48 × 32, PNG, 1 kB'],
    ['SHA-256', '3fa9c01b … 7c8d9e1c'],
    ['Prompt', states.prompt],
    ['Model’s prompt', 'A lone grey heron in dense mist.'],
  ]);
});

test.each([
  [0, '$0.00'],
  [0.0042, '$0.004'],
  [0.00001, '$0.00001'],
  [1.234, '$1.23'],
])('a cost of %d is shown as %s', async (amount, label) => {
  const shown = await facts({ ...attempt, estimatedCost: { amount, currency: 'USD' } });
  expect(shown).toContainEqual(['Cost', `about ${label}, estimated from token usage`]);
});

test('unknown facts are left out, and the attempt’s own model is shown', async () => {
  const { usage: _usage, revisedPrompt: _revised, ...rest } = attempt;
  const shown = await facts({ ...rest, options: { model: 'another' } });
  expect(shown.map(([term]) => term)).toEqual(['Picture', 'Took', 'Drawn by', 'Image', 'SHA-256', 'Prompt']);
  expect(shown).toContainEqual(['Drawn by', 'another']);
});

test('an image type of a newer server is shown as it is', async () => {
  const shown = await facts({ ...attempt, image: { ...reference, mediaType: 'image/avif' } });
  expect(shown).toContainEqual(['Image', '48 × 32, avif, 1 kB']);
});

test('S5: markup is shown as text', async () => {
  const markup = '<img src=x onerror=alert(1)>';
  expect(await facts({ ...attempt, prompt: markup, revisedPrompt: markup })).toContainEqual(['Prompt', markup]);
  expect(deep(stand.element, 'img')).toEqual([]);
});

test('a long prompt shows its first lines, and all of it on demand', async () => {
  const { revisedPrompt: _, ...rest } = attempt;
  await facts({ ...rest, prompt: 'An owl' });
  const more = page.getByRole('button', { name: 'Show all' });
  expect(more.query()).toBeNull();
  await show({ ...rest, prompt: 'A heron at the lake. '.repeat(1_500) });
  await more.click();
  expect(stand.element.offsetHeight).toBeGreaterThan(2_000);
  await page.getByRole('button', { name: 'Show less' }).click();
  expect(stand.element.offsetHeight).toBeLessThan(600);
  await show({ ...rest, prompt: 'An owl' });
  await expect.poll(() => more.query()).toBeNull();
});
