import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/sidebar/attempt-changes.ts';
import type { Attempt, DiscardedAttempt } from '../../../../shared/model.ts';
import * as states from '../../../support/component-states.ts';
import { deep, textOf } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();
const { reference } = await states.paint('i1');

const attempt = (number: number, details: Partial<Attempt> = {}): Attempt => ({
  ...states.attemptOf({ ...reference, imageId: `i${number}`, generationId: `g${number}` }),
  number,
  ...details,
});
const first = attempt(1);

const show = (shown: Attempt, attempts: Attempt[] = [first, shown], discarded: DiscardedAttempt[] = []) =>
  stand.show(html`<proof-changes
    .attempt=${shown}
    .attempts=${attempts}
    .discarded=${discarded}
  ></proof-changes>`);

const changes = () => page.getByRole('region', { name: 'What changed' });
const text = () => textOf(changes().element());

describe('M9: the origin of an attempt', () => {
  test('is a button that selects the parent', async () => {
    await show(attempt(2, { parent: 'i1', feedback: 'Darker, please' }));
    await changes().getByRole('button', { name: 'Refined from No. 1' }).click();
    expect(stand.selected).toEqual(['i1']);
    await expect.element(changes().getByText('Darker, please')).toBeVisible();
  });

  test('is not shown for an attempt without a parent', async () => {
    await show(first);
    expect(changes().query()).toBeNull();
  });

  test('is shown for a discarded parent, with the changes', async () => {
    const discarded = { by: 'Ana', participantId: 'ana', connectionId: 'c2', at: '2026-11-22T19:05:00.000Z' };
    await show(attempt(2, { parent: 'i1', options: {} }), [], [{ ...first, discarded }]);
    expect(text()).toContain('Regenerated from No. 1, which is discarded');
    expect(text()).toContain('Size: Landscape → to Automatic');
    expect(changes().getByRole('button').query()).toBeNull();
  });

  test('says that the parent is no longer kept', async () => {
    await show(attempt(2, { parent: 'gone', parentDropped: true }));
    expect(text()).toBe('No. 2 Regenerated from a picture that is no longer kept');
  });
});

describe('the changes of an attempt', () => {
  test('mark added and removed words by more than colour', async () => {
    await show(attempt(2, { parent: 'i1', prompt: 'A white heron at the edge of a calm lake, first light' }));
    const marks = deep(stand.element, 'ins, del');
    expect(marks.map((mark) => [mark.localName, mark.textContent])).toEqual([
      ['ins', 'white'],
      ['del', 'misty'],
      ['ins', 'calm'],
    ]);
    const styles = marks.map((mark) => getComputedStyle(mark).textDecorationLine);
    expect(styles).toEqual(['underline', 'line-through', 'underline']);
    const announced = marks.map((mark) => getComputedStyle(mark, '::before').content.replaceAll('"', '').trim());
    expect(announced).toEqual(['added:', 'removed:', 'added:']);
  });

  test('say that the prompt is the same', async () => {
    await show(attempt(2, { parent: 'i1' }));
    expect(text()).toBe('No. 2 Regenerated from No. 1 The same prompt again.');
  });

  test('list only the options that differ', async () => {
    const options = { size: '1024x1024', quality: 'high', background: 'auto' } as const;
    await show(attempt(2, { parent: 'i1', options }));
    const items = changes().getByRole('listitem').elements();
    expect(items.map(textOf)).toEqual(['Size: Landscape → to Square', 'Quality: Automatic → to High']);
  });

  test('S5: show markup as text', async () => {
    const markup = '<img src=x onerror=alert(1)>';
    await show(attempt(2, { parent: 'i1', feedback: markup, prompt: markup }));
    expect(deep(stand.element, 'img')).toEqual([]);
    expect(text()).toContain(markup);
  });
});
