import { html } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/viewer/candidates.ts';
import type { Candidate } from '../../client/model/viewer-content.ts';
import { paint } from '../support/component-states.ts';
import { useStand } from '../support/stand.ts';
import { whileNothingIsDecoded, wordsOf } from '../support/this-page.ts';

const stand = useStand();

describe('several pictures of one ask', () => {
  const teal = paint('i4', { width: 300, height: 200 });
  const grey = paint('p1', { kind: 'partial', width: 300, height: 200, colour: 'grey' });
  const cells = async (): Promise<Candidate[]> => [
    { candidate: 0, kind: 'finished', ratio: 1.5, picture: await teal, number: 4, words: 'No. 4', alt: 'A heron' },
    { candidate: 1, kind: 'failed', ratio: 1.5, words: 'It broke. Ask again.', alt: '' },
    { candidate: 2, kind: 'partial', ratio: 1.5, picture: await grey, words: 'Drawing', alt: 'Preview of a heron' },
    { candidate: 3, kind: 'blank', ratio: 1.5, words: 'Waiting in line', alt: '' },
  ];
  const lay = async (candidates: readonly Candidate[], working = true): Promise<void> => {
    stand.element.style.setProperty('--picture-height', '600px');
    await stand.show(html`<proof-candidates .candidates=${candidates} ?working=${working}></proof-candidates>`);
  };
  const items = () => page.getByRole('listitem');
  const boxes = () =>
    items()
      .elements()
      .map((item) => item.getBoundingClientRect());
  const columns = () => new Set(boxes().map(({ left }) => Math.round(left))).size;

  test('each says what it is', async () => {
    await lay(await cells());
    await expect.element(page.getByRole('list', { name: '4 pictures of one prompt' })).toBeVisible();
    await expect.element(page.getByRole('img', { name: 'Preview of a heron' })).toBeVisible();
    const words = items().elements().map(wordsOf);
    expect(words).toEqual(['No. 4', 'It broke. Ask again. No picture', 'Preview', 'Waiting in line']);
  });

  test('a finished one is opened by a click or a key, and no other is', async () => {
    await lay(await cells());
    const open = page.getByRole('button', { name: 'No. 4. A heron' });
    await open.click();
    open.element().focus();
    await userEvent.keyboard('{Enter}');
    expect(stand.opened).toEqual(['i4', 'i4']);
    expect(page.getByRole('button').elements()).toHaveLength(1);
  });

  test('a preview stays until the finished picture is decoded', async () => {
    const [, , preview] = await cells();
    if (!preview) throw new Error('There is no preview.');
    await lay([preview]);
    await expect.element(page.getByRole('img')).toHaveAttribute('src', (await grey).url);
    const decode = await whileNothingIsDecoded(async () => {
      await lay([{ ...preview, kind: 'finished', picture: await teal, words: 'No. 4', alt: 'A heron' }]);
      await expect.element(page.getByRole('button')).toBeVisible();
      expect(items().element().querySelector('img')?.src).toBe((await grey).url);
    });
    decode();
    await expect.poll(() => items().element().querySelector('img')?.src).toBe((await teal).url);
  });

  test('a preview is said to be one once it is to be seen', async () => {
    const [, , preview] = await cells();
    if (!preview) throw new Error('There is no preview.');
    const decode = await whileNothingIsDecoded(async () => {
      await lay([preview]);
      expect(items().element().textContent?.trim()).toBe('Drawing');
    });
    decode();
    await expect.element(page.getByText('Preview')).toBeVisible();
  });

  test('only what is being drawn moves, and only while something is', async () => {
    const moving = () =>
      items()
        .elements()
        .map((item) => item.querySelector('.sweep') !== null);
    await lay([...(await cells()), { candidate: 4, kind: 'blank', ratio: 1.5, number: 5, words: 'No. 5', alt: '' }]);
    expect(moving()).toEqual([false, false, true, true, false]);
    await lay(await cells(), false);
    expect(moving()).toEqual([false, false, false, false]);
  });

  test.each([
    [950, 2, 1, 2, 465],
    [950, 2, 1.5, 2, 465],
    [950, 3, 1, 3, 303],
    [950, 3, 1.5, 2, 387],
    [950, 3, 0.667, 3, 303],
    [950, 4, 1, 2, 258],
    [950, 4, 0.667, 4, 223],
    [2400, 4, 1, 4, 568],
    [296, 2, 1, 1, 262],
    [296, 2, 0.4, 2, 142],
    [296, 4, 1, 2, 142],
    [296, 3, 0.667, 2, 142],
  ])('on a mat %i wide, %i of ratio %f lie in %i columns, %i wide', async (width, count, ratio, most, size) => {
    stand.element.style.setProperty('inline-size', `${width}px`);
    await lay((await cells()).slice(0, count).map((cell) => ({ ...cell, ratio })));
    const rows = () => new Set(boxes().map(({ top }) => Math.round(top))).size;
    await expect.poll(rows).toBe(Math.ceil(count / most));
    // The last one of three lies in the middle, between the two above it.
    expect(columns()).toBe(count === 3 && most === 2 ? 3 : most);
    const top = Math.min(...boxes().map((box) => box.top));
    const bottom = Math.max(...boxes().map((box) => box.bottom));
    expect(bottom - top).toBeLessThanOrEqual(600.5);
    for (const box of boxes()) {
      expect(Math.abs(box.width - size)).toBeLessThan(1);
      expect(box.right).toBeLessThanOrEqual(width + stand.element.getBoundingClientRect().left + 0.5);
    }
  });

  test('one of another shape is shown whole', async () => {
    stand.element.style.setProperty('inline-size', '950px');
    const [first, second] = await cells();
    if (!first || !second) throw new Error('There are no pictures.');
    await lay([first, { ...second, ratio: 0.5 }]);
    const sheets = items()
      .elements()
      .map((item) => item.querySelector('.sheet')?.getBoundingClientRect());
    const [wide, tall] = sheets;
    expect((tall?.width ?? 0) / (tall?.height ?? 1)).toBeCloseTo(0.5, 2);
    expect(tall?.height).toBeCloseTo(wide?.height ?? 0, 0);
  });
});
