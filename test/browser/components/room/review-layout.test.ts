import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ReceivedImage } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { focused } from '../../../support/dom.ts';
import { useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');
const candidates = await Promise.all([0, 1, 2, 3].map(paintCandidate));

async function paintCandidate(candidate: number): Promise<ReceivedImage> {
  const painted = await states.paint(`c${candidate}`, { width: 48, height: 48 });
  return { ...painted, reference: { ...painted.reference, candidate } };
}

const canvas = () => room.inside('proof-picture', '.canvas')[0]?.getBoundingClientRect();

async function fillWindow(width: number, height: number): Promise<void> {
  await page.viewport(width, height);
  room.review.style.setProperty('--proofroom-height', '100dvh');
}

afterEach(() => {
  document.documentElement.scrollTop = 0;
});

describe.each([
  [1440, 900],
  [360, 740],
])('in a window of %i by %i pixels', (width, height) => {
  const sidebarTop = () => room.review.shadowRoot?.querySelector('.sidebar')?.getBoundingClientRect().top;
  const boxOf = (element: Element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height].map(Math.round);
  };

  beforeEach(() => fillWindow(width, height));

  test('candidates keep their places and sizes from the first to the last, also when one fails', async () => {
    const [first, , third, last] = candidates;
    if (!first || !third || !last) throw new Error('There are no candidates.');
    const boxes = () => [...room.inside('proof-candidates', '.slot').map(boxOf), sidebarTop()];
    const captions = () => room.inside('proof-candidates', '.caption').map(({ textContent }) => textContent?.trim());
    await room.show(states.several([]));
    await expect.poll(() => room.inside('proof-candidates', '.grid')[0]?.style.getPropertyValue('--columns')).toBe('2');
    const before = boxes();
    await room.show(states.several([third]));
    expect(boxes()).toEqual(before);
    await room.show(states.several([third, first], [1]));
    expect(boxes()).toEqual(before);
    await room.show(states.several([third, first, last], [1]));
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(boxes()).toEqual(before);
    expect(captions()).toEqual(['No. 2', 'No picture', 'No. 1', 'No. 3']);
  });

  test('the picture makes room for the strip when the second generation starts, not when it ends', async () => {
    const boxes = () => [...room.inside('proof-picture', '.canvas').map(boxOf), sidebarTop()];
    await room.show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: /^Generated/ })).toBeVisible();
    await expect.element(page.getByRole('toolbar')).not.toBeInTheDocument();
    await room.show(states.generating(picture));
    await expect.element(page.getByRole('toolbar')).toBeVisible();
    const before = boxes();
    const painted = await states.paint('i2', { colour: 'plum' });
    const next = { ...painted, reference: { ...painted.reference, generationId: 'g2' } };
    const { snapshot, ...state } = states.deciding(next);
    const attempts = [picture, next].map(({ reference }, at) => ({ ...states.attemptOf(reference), number: at + 1 }));
    await room.show({ ...state, ...(snapshot && { snapshot: { ...snapshot, attempts } }) });
    await expect.poll(() => room.inside('proof-picture', 'img.finished').length).toBe(1);
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(boxes()).toEqual(before);
  });
});

test.each([
  [720, 450],
  [740, 360],
])(
  'in a window of %i by %i pixels a selected candidate scrolls into view, and the focus moves to the way back',
  async (...size) => {
    await fillWindow(...size);
    await room.show(states.several(candidates));
    await page.getByRole('button', { name: /^No\. 4\. Generated/ }).click();
    await expect.poll(() => focused()?.textContent?.trim()).toBe('Show all 4 pictures');
    await expect.poll(() => (canvas()?.top ?? -1) >= 0).toBe(true);
    expect(canvas()?.bottom).toBeLessThanOrEqual(size[1]);
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => focused()?.getAttribute('aria-label')).toMatch(/^No\. 1\. Generated/);
  },
);

test('the list of discarded attempts unfolds into view', async () => {
  await fillWindow(1440, 900);
  const { snapshot, ...state } = states.deciding(picture);
  const discarded = [2, 3].map((number) => ({
    ...states.attemptOf({ ...picture.reference, imageId: `i${number}` }),
    number,
    discarded: { by: 'Ana', participantId: 'ana', connectionId: 'c2', at: '2026-11-22T19:05:00.000Z' },
  }));
  await room.show({ ...state, ...(snapshot && { snapshot: { ...snapshot, discarded } }) });
  await page.getByText('Discarded (2)').click();
  await expect.element(page.getByRole('button', { name: 'Restore No. 3' })).toBeInViewport({ ratio: 1 });
});

test('in a low room inside a high window the picture takes the width of the viewer', async () => {
  await page.viewport(1280, 900);
  room.review.style.setProperty('inline-size', '900px');
  const square = await states.paint('i1', { width: 48, height: 48 });
  await room.show(states.deciding(square));
  await room.show(states.generating(square));
  await expect.poll(() => canvas()?.width).toBe(404);
});
