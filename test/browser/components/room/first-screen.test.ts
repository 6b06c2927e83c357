import { afterEach, beforeEach, expect, test } from 'vitest';
import en from '../../../../client/languages/en.ts';
import { isOnFirstScreen, withNewSession } from '../../../../client/model/first-screen.ts';
import { createTexts } from '../../../../client/model/texts.ts';
import { initialState } from '../../../../client/session/session-state.ts';
import { deep } from '../../../support/dom.ts';
import { ReviewRoom } from '../../../support/review-room.ts';
import { english } from '../../../support/texts.ts';

const first = createTexts('en', Object.fromEntries(Object.entries(en).filter(([key]) => isOnFirstScreen(key))));
const room = new ReviewRoom();

beforeEach(() => room.begin());
afterEach(() => room.end());

const shown = () => deep(document, 'proof-review, proof-review *').map(({ innerText }) => innerText);

test('the first screen has all its sentences before the others are here', async () => {
  room.review.demo = true;
  await room.read(first);
  await room.show(withNewSession(initialState));
  const texts = shown();
  await room.read(english);
  expect(texts).toEqual(shown());
  expect(texts.join('\n')).toContain(english('prompt.headline'));
});
