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

/** Each text by itself, without what is announced later, when the server has answered. */
const shown = (): string[] =>
  deep(room.review.shadowRoot)
    .filter((one) => one.checkVisibility() && !one.closest('[role=status]'))
    .flatMap((one) => [
      ...[...one.childNodes].filter((node) => node instanceof Text).map(({ data }) => data.trim()),
      one.getAttribute('placeholder') ?? '',
    ])
    .filter((text) => text !== '');

test('the first screen has all its sentences before the others are here', async () => {
  room.review.demo = true;
  await room.read(first);
  await room.show(withNewSession(initialState));
  await expect.poll(shown).toContain(english('options.title'));
  const texts = shown();
  expect(texts).toContain(english('prompt.headline'));
  await room.read(english);
  expect(texts).toEqual(shown());
});
