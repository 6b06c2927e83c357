import { beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { SessionState } from '../../client/session/session-state.ts';
import * as states from '../support/component-states.ts';
import { useReview } from '../support/review-room.ts';

const room = useReview();

/** The first of two is approved. */
async function twoPictures(): Promise<SessionState> {
  const [first, second] = [await states.paint('i1'), await states.paint('i2')];
  const state = states.approved(first);
  if (state.snapshot?.stage !== 'final') throw new Error('Nothing is approved.');
  const attempts = [first, second].map(({ reference }, at) => ({
    ...states.attemptOf(reference),
    number: at + 1,
    prompt: `Prompt ${at + 1}`,
  }));
  return {
    ...state,
    snapshot: { ...state.snapshot, attempts },
    images: new Map([first, second].map((picture) => [picture.reference.imageId, picture])),
  };
}

beforeEach(async () => room.show(await twoPictures()));

const open = (number: number) => page.getByRole('button', { name: new RegExp(`^No\\. ${number},`) }).click();

test('beside another picture the approval says which one it is about', async () => {
  await expect.element(page.getByRole('heading', { name: 'Approved', exact: true })).toBeVisible();
  await open(2);
  await expect.element(page.getByRole('heading', { name: 'No. 1 is approved', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Show the approved picture' }).click();
  await expect.element(page.getByRole('heading', { name: 'Approved', exact: true })).toBeVisible();
});

test('to take the picture along comes before what there is to read about it', async () => {
  const download = page.getByRole('link', { name: 'Download' });
  const prompt = page.getByRole('blockquote');
  await expect.element(prompt).toHaveTextContent('Prompt 1');
  const bottom = download.element().getBoundingClientRect().bottom;
  expect(bottom).toBeLessThan(prompt.element().getBoundingClientRect().top);
  await open(2);
  await expect.element(prompt).toHaveTextContent('Prompt 2');
});

test('Start over says that the others go too', async () => {
  await page.getByRole('button', { name: 'Start over', exact: true }).click();
  await expect.element(page.getByText(/One of these 2 pictures is approved.*all of them/)).toBeVisible();
});
