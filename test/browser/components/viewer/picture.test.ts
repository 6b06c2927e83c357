import { beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { ReceivedImage, SessionState } from '../../client/session/session-state.ts';
import * as states from '../support/component-states.ts';
import { useReview } from '../support/review-room.ts';

const room = useReview();
let picture: ReceivedImage;

beforeEach(async () => {
  picture = await states.paint('i1');
});

const notYetHere = (state: SessionState): SessionState => ({ ...state, images: new Map() });
const words = () => page.getByText('On its way …');

test('a picture that is not here yet is said to be on its way, until it is', async () => {
  await room.show(notYetHere(states.deciding(picture)));
  await expect.element(words()).toBeVisible();
  await room.show(states.deciding(picture));
  await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  expect(words().query()).toBeNull();
});

test('it is not said where nothing comes any more, nor of what is still to be drawn', async () => {
  await room.show(states.gone(notYetHere(states.deciding(picture))));
  expect(words().query()).toBeNull();
  await room.show(notYetHere(states.generating(picture)));
  expect(words().query()).toBeNull();
});
