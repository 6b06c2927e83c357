import { html } from 'lit';
import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/viewer/candidates.ts';
import type { CandidateContent } from '../../../../client/model/viewer-content.ts';
import { paint } from '../../../support/component-states.ts';
import { holdDecoding, textOf } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

const [teal, grey] = await Promise.all([
  paint('i4', { width: 300, height: 200 }),
  paint('p1', { kind: 'partial', width: 300, height: 200, colour: 'grey' }),
]);
const finished = {
  candidate: 0,
  kind: 'finished',
  ratio: 1.5,
  picture: teal,
  imageId: 'i4',
  label: 'No. 4',
  number: 4,
  alt: 'A heron',
} as const satisfies CandidateContent;
const failed = { candidate: 1, kind: 'failed', ratio: 1.5, label: 'It broke. Ask again.', alt: '' } as const;
const partial = {
  candidate: 2,
  kind: 'partial',
  ratio: 1.5,
  picture: grey,
  label: 'Drawing',
  alt: 'Preview of a heron',
} as const satisfies CandidateContent;
const waiting = { candidate: 3, kind: 'placeholder', ratio: 1.5, label: 'Waiting in line', alt: '' } as const;
/** Finished, and its bytes are not here. */
const coming = { ...waiting, candidate: 4, imageId: 'i5', label: 'No. 5' } as const;

async function show(candidates: readonly CandidateContent[], drawing = true, decides = false): Promise<void> {
  stand.element.style.setProperty('--picture-height', '600px');
  await stand.show(
    html`<proof-candidates
      .candidates=${candidates}
      ?drawing=${drawing}
      ?decides=${decides && !drawing}
      ?cancels=${decides && drawing}
    ></proof-candidates>`,
  );
}

const items = () => page.getByRole('listitem').elements();
const boxes = () => items().map((item) => item.getBoundingClientRect());
const countOf = (edge: 'left' | 'top') => new Set(boxes().map((box) => Math.round(box[edge]))).size;

test('each candidate says what it is', async () => {
  await show([finished, failed, partial, waiting]);
  await expect.element(page.getByRole('list', { name: '4 pictures of one prompt' })).toBeVisible();
  await expect.element(page.getByRole('img', { name: 'Preview of a heron' })).toBeVisible();
  expect(items().map(textOf)).toEqual(['No. 4', 'It broke. Ask again. No picture', 'Preview', 'Waiting in line']);
});

test('only a finished candidate can be selected, by a click or a key', async () => {
  await show([finished, failed, partial, waiting]);
  const select = page.getByRole('button', { name: 'No. 4. A heron' });
  await select.click();
  select.element().focus();
  await userEvent.keyboard('{Enter}');
  expect(stand.selected).toEqual(['i4', 'i4']);
  expect(page.getByRole('button').elements()).toHaveLength(1);
});

test('W1: the bytes of finished candidates that are not here are requested, once', async () => {
  await show([finished, coming]);
  await show([finished, { ...coming }]);
  expect(stand.intents).toEqual([{ type: 'want', imageIds: ['i5'] }]);
});

test('a preview stays until the finished picture is decoded', async () => {
  const image = () => items()[0]?.querySelector('img');
  await show([partial]);
  await expect.poll(() => image()?.src).toBe(grey.url);
  const decode = await holdDecoding(async () => {
    await show([{ ...finished, candidate: 2 }]);
    await expect.element(page.getByRole('button')).toBeVisible();
    expect(image()?.src).toBe(grey.url);
  });
  decode();
  await expect.poll(() => image()?.src).toBe(teal.url);
});

test('a candidate is labelled as a preview only once its preview is decoded', async () => {
  const decode = await holdDecoding(async () => {
    await show([partial]);
    expect(items().map(textOf)).toEqual(['Drawing']);
  });
  decode();
  await expect.element(page.getByText('Preview')).toBeVisible();
});

test('only unfinished candidates are animated, and only while the generation runs', async () => {
  const animated = () => items().map((item) => item.querySelector('.sweep') !== null);
  await show([finished, failed, partial, waiting, coming]);
  expect(animated()).toEqual([false, false, true, true, false]);
  await show([finished, failed, partial, waiting], false);
  expect(animated()).toEqual([false, false, false, false]);
});

test.each([
  [950, 2, 1, 2, 465],
  [950, 2, 1.5, 2, 465],
  [950, 3, 1, 2, 330],
  [950, 3, 1.5, 2, 387],
  [950, 3, 0.667, 2, 330],
  [950, 4, 1, 2, 330],
  [950, 4, 0.667, 2, 330],
  [2400, 4, 1, 4, 568],
  [296, 2, 1, 1, 262],
  [296, 2, 0.4, 2, 142],
  [296, 4, 1, 2, 142],
  [296, 3, 0.667, 2, 142],
])(
  'in %i by 600 pixels, %i candidates of ratio %f are in %i columns, %i pixels wide',
  async (width, count, ratio, columns, size) => {
    stand.element.style.setProperty('inline-size', `${width}px`);
    await show([finished, failed, partial, waiting].slice(0, count).map((candidate) => ({ ...candidate, ratio })));
    await expect.poll(() => Math.abs((boxes()[0]?.width ?? 0) - size)).toBeLessThan(1);
    expect(countOf('top')).toBe(Math.ceil(count / columns));
    // The last one of three is centred below the other two.
    expect(countOf('left')).toBe(count === 3 && columns === 2 ? 3 : columns);
    const top = Math.min(...boxes().map((box) => box.top));
    const bottom = Math.max(...boxes().map((box) => box.bottom));
    if (size !== 330) expect(bottom - top).toBeLessThanOrEqual(600.5);
    for (const box of boxes()) {
      expect(Math.abs(box.width - size)).toBeLessThan(1);
      expect(box.right).toBeLessThanOrEqual(width + stand.element.getBoundingClientRect().left + 0.5);
    }
  },
);

test('a candidate of another shape than the first is shown whole', async () => {
  stand.element.style.setProperty('inline-size', '950px');
  await show([finished, { ...failed, ratio: 0.5 }]);
  const [wide, tall] = items().map((item) => item.querySelector('.canvas')?.getBoundingClientRect());
  expect((tall?.width ?? 0) / (tall?.height ?? 1)).toBeCloseTo(0.5, 2);
  expect(tall?.height).toBeCloseTo(wide?.height ?? 0, 0);
});

test('S10: a finished candidate is approved or discarded where it stands, once it is decoded', async () => {
  const decode = await holdDecoding(async () => {
    await show([finished, failed], false, true);
    await expect.element(page.getByRole('button', { name: 'Approve No. 4' })).toHaveAttribute('aria-disabled', 'true');
    await page.getByRole('button', { name: 'Approve No. 4' }).click({ force: true });
  });
  expect(stand.intents).toEqual([]);
  decode();
  await expect.element(page.getByRole('button', { name: 'Approve No. 4' })).not.toHaveAttribute('aria-disabled');
  await page.getByRole('button', { name: 'Approve No. 4' }).click();
  await page.getByRole('button', { name: 'Discard No. 4' }).click();
  expect(stand.intents).toEqual([
    { type: 'approve', image: teal.reference },
    { type: 'discard', imageId: 'i4' },
  ]);
  expect(stand.selected).toEqual([]);
});

test('what is still drawn is cancelled on its cell, which says how many that ends', async () => {
  await show([finished, failed, partial, waiting, coming], true, true);
  expect(items().map((item) => item.querySelectorAll('.actions button').length)).toEqual([0, 0, 1, 1, 0]);
  await page.getByRole('button', { name: 'Cancel the 2 left' }).first().click();
  expect(stand.intents.at(-1)).toEqual({ type: 'cancel' });
  await show([finished, partial], true, true);
  await expect.element(page.getByRole('button', { name: 'Cancel the last one' })).toBeVisible();
});

test('on a narrow cell the decisions are icons, still named', async () => {
  stand.element.style.setProperty('inline-size', '296px');
  await show([finished, { ...finished, candidate: 1, imageId: 'i5' }, failed, failed], false, true);
  const approve = page.getByRole('button', { name: 'Approve No. 4' }).first();
  await expect.poll(() => approve.element().getBoundingClientRect().width).toBe(40);
});
