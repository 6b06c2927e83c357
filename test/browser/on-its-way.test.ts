import { afterEach, beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/review.ts';
import type { Review } from '../../client/components/review.ts';
import type { ReceivedImage, SessionState } from '../../client/session-state.ts';
import * as states from '../support/component-states.ts';

let review: Review;
let picture: ReceivedImage;

beforeEach(async () => {
  picture = await states.paint('i1');
  review = document.createElement('proof-review') as Review;
  document.body.append(review);
});

afterEach(() => review.remove());

async function show(session: SessionState): Promise<void> {
  review.session = session;
  await review.updateComplete;
}

const notYetHere = (state: SessionState): SessionState => ({ ...state, images: new Map() });
const words = () => page.getByText('On its way …');

test('a picture that is not here yet is said to be on its way, until it is', async () => {
  await show(notYetHere(states.deciding(picture)));
  await expect.element(words()).toBeVisible();
  await show(states.deciding(picture));
  await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  expect(words().query()).toBeNull();
});

test('it is not said where nothing comes any more, nor of what is still to be drawn', async () => {
  await show(states.gone(notYetHere(states.deciding(picture))));
  expect(words().query()).toBeNull();
  await show(notYetHere(states.generating(picture)));
  expect(words().query()).toBeNull();
});
