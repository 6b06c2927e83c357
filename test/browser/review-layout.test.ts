import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ReceivedImage } from '../../client/session/session-state.ts';
import * as states from '../support/component-states.ts';
import { useReview } from '../support/review-room.ts';
import { focused } from '../support/this-page.ts';

const room = useReview();
const picture = await states.paint('i1');

afterEach(() => {
  document.documentElement.scrollTop = 0;
});

describe.each([
  [1440, 900],
  [360, 740],
])('on %i by %i pixels', (width, height) => {
  const rail = () => room.review.shadowRoot?.querySelector('.rail')?.getBoundingClientRect();
  const boxOf = (element: Element | null | undefined) => {
    const { x, y, width, height } = element?.getBoundingClientRect() ?? new DOMRect();
    return [x, y, width, height].map(Math.round);
  };

  beforeEach(async () => {
    await page.viewport(width, height);
    room.review.style.setProperty('--proofroom-height', '100dvh');
  });

  test('each of several pictures keeps its place and its size until all have settled, and so does one that fails', async () => {
    const paint = async (candidate: number): Promise<ReceivedImage> => {
      const painted = await states.paint(`c${candidate}`, { width: 48, height: 48 });
      return { ...painted, reference: { ...painted.reference, candidate } };
    };
    const [third, first, last] = await Promise.all([2, 0, 3].map(paint));
    if (!third || !first || !last) throw new Error('There are no pictures.');
    const laid = () => [...room.inside('proof-candidates', '.place').map(boxOf), rail()?.top];
    const words = () => room.inside('proof-candidates', '.caption').map(({ textContent }) => textContent?.trim());
    await room.show(states.several([]));
    await expect
      .poll(() => room.inside('proof-candidates', '.cells')[0]?.style.getPropertyValue('--columns'))
      .toBe('2');
    const before = laid();
    await room.show(states.several([third]));
    expect(laid()).toEqual(before);
    await room.show(states.several([third, first], [1]));
    expect(laid()).toEqual(before);
    await room.show(states.several([third, first, last], [1]));
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(laid()).toEqual(before);
    expect(words()).toEqual(['No. 2', 'No picture', 'No. 1', 'No. 3']);
  });

  test('the first picture has the mat for itself; it makes room when another is asked for, not when that comes', async () => {
    const sheet = () => [...room.inside('proof-picture', '.sheet').map(boxOf), rail()?.top];
    await room.show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: /^Generated/ })).toBeVisible();
    await expect.element(page.getByRole('toolbar')).not.toBeInTheDocument();
    await room.show(states.generating(picture));
    await expect.element(page.getByRole('toolbar')).toBeVisible();
    const before = sheet();
    const painted = await states.paint('i2', { colour: 'plum' });
    const next = { ...painted, reference: { ...painted.reference, generationId: 'g2' } };
    const now = states.deciding(next);
    const attempts = [picture, next].map(({ reference }) => states.attemptOf(reference));
    if (now.snapshot?.stage !== 'user_feedback') throw new Error('There is nothing to decide.');
    await room.show({ ...now, snapshot: { ...now.snapshot, attempts } });
    await expect.poll(() => room.inside('proof-picture', 'img.finished').length).toBe(1);
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(sheet()).toEqual(before);
  });
});

test.each([
  [720, 450],
  [740, 360],
])(
  'on %i by %i pixels, one of several that is opened comes into view, and the focus to the way back',
  async (width, height) => {
    await page.viewport(width, height);
    room.review.style.setProperty('--proofroom-height', '100dvh');
    const pictures = [0, 1, 2, 3].map(async (candidate) => {
      const painted = await states.paint(`c${candidate}`, { width: 48, height: 48 });
      return { ...painted, reference: { ...painted.reference, candidate } };
    });
    await room.show(states.several(await Promise.all(pictures)));
    await page.getByRole('button', { name: /^No\. 4\. Generated/ }).click();
    await expect.poll(() => focused()?.textContent?.trim()).toBe('Show all 4 pictures');
    const sheet = () => room.inside('proof-picture', '.sheet')[0]?.getBoundingClientRect();
    await expect.poll(() => (sheet()?.top ?? -1) >= 0).toBe(true);
    expect(sheet()?.bottom).toBeLessThanOrEqual(height);
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => focused()?.getAttribute('aria-label')).toMatch(/^No\. 1\. Generated/);
  },
);

test('what was discarded unfolds into view', async () => {
  await page.viewport(1440, 900);
  room.review.style.setProperty('--proofroom-height', '100dvh');
  const now = states.deciding(picture);
  if (!now.snapshot) throw new Error('There is no session.');
  const discarded = [2, 3].map((number) => ({
    ...states.attemptOf({ ...picture.reference, imageId: `i${number}` }),
    number,
    discarded: { by: 'Ana', connectionId: 'hers', at: '2026-11-22T19:05:00.000Z' },
  }));
  await room.show({ ...now, snapshot: { ...now.snapshot, discarded } });
  const restore = page.getByRole('button', { name: 'Restore No. 3' });
  await page.getByText('Discarded (2)').click();
  await expect.element(restore).toBeInViewport({ ratio: 1 });
});

test('in a low room inside a high window the picture takes the width of its mat', async () => {
  await page.viewport(1280, 900);
  room.review.style.setProperty('inline-size', '900px');
  await room.show(states.deciding(await states.paint('i1', { width: 48, height: 48 })));
  await room.show(states.generating(await states.paint('i1', { width: 48, height: 48 })));
  await expect.poll(() => room.inside('proof-picture', '.sheet')[0]?.getBoundingClientRect().width).toBe(404);
});
