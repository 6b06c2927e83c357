import { beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { ReceivedImage } from '../../client/session/session-state.ts';
import * as states from '../support/component-states.ts';
import { useReview } from '../support/review-room.ts';

/** As long as they may be. */
const PROMPT = 'A harbour town in the snow. '.repeat(142);
const FEEDBACK = 'Warmer light, no boat. '.repeat(86);
/** The highest that one of them may stand, in CSS pixels. */
const HIGHEST = 240;

const room = useReview();
let picture: ReceivedImage;

beforeEach(async () => {
  await page.viewport(1366, 600);
  picture = await states.paint('i2');
});

/** Every such part, in whichever component it stands. */
function parts(selector: string, root: ParentNode = document): HTMLElement[] {
  const inner = [...root.querySelectorAll('*')].flatMap(({ shadowRoot }) =>
    shadowRoot ? parts(selector, shadowRoot) : [],
  );
  return [...root.querySelectorAll<HTMLElement>(selector), ...inner];
}

const heights = (selector: string) => parts(selector).map(({ offsetHeight }) => offsetHeight);

test('what changed in a very long prompt keeps to its place, with the first change in view', async () => {
  const parent = { ...states.attemptOf({ ...picture.reference, imageId: 'i1', generationId: 'g0' }), prompt: PROMPT };
  const prompt = `${PROMPT}By night.`;
  const attempt = { ...states.attemptOf(picture.reference), parent: 'i1', prompt, feedback: FEEDBACK };
  const state = states.deciding(picture);
  if (state.snapshot?.stage !== 'user_feedback') throw new Error('Nothing to decide on.');
  await room.show({ ...state, snapshot: { ...state.snapshot, attempts: [parent, attempt] } });
  await expect.element(page.getByRole('region', { name: 'What changed' })).toBeVisible();
  expect(heights('.changes > :is(blockquote, .text)')).toEqual([HIGHEST, HIGHEST]);
  // What is only for screen readers makes the page no longer either.
  expect(document.documentElement.scrollHeight).toBeLessThan(2_000);
  const [change] = parts('.changes ins');
  const [text] = parts('.changes > .text');
  const [inner, outer] = [change?.getBoundingClientRect(), text?.getBoundingClientRect()];
  expect(inner?.bottom).toBeLessThanOrEqual(outer?.bottom ?? 0);

  // Nobody's reading is moved by what others do.
  if (text) text.scrollTop = 0;
  await room.show({ ...state, snapshot: { ...state.snapshot, revision: 5, attempts: [parent, { ...attempt }] } });
  expect(text?.scrollTop).toBe(0);
});

test('what is to change leaves Cancel near', async () => {
  const state = states.generating(picture);
  if (state.snapshot?.stage !== 'generating') throw new Error('Nothing is drawn.');
  const generation = { ...state.snapshot.generation, prompt: PROMPT, feedback: FEEDBACK };
  await room.show({ ...state, snapshot: { ...state.snapshot, generation } });
  await expect.element(page.getByText(/^To change: /)).toBeVisible();
  expect(heights('.stage > :is(p, blockquote)')).toEqual([HIGHEST, HIGHEST]);
});
