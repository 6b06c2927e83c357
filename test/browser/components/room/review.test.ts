import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/room/review.ts';
import type { Review } from '../../../../client/components/room/review.ts';
import type { SessionState } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { comeToRest, deep, violations } from '../../../support/this-page.ts';

const picture = await states.paint('i1', { width: 300, height: 200 });
const partial = await states.paint('p1', { kind: 'partial', width: 300, height: 200 });

const shown: readonly [string, SessionState][] = [
  ['an empty room', states.empty()],
  ['a first failure', states.failedFirst(true)],
  ['a drawing with nothing to show yet', states.generating()],
  ['a drawing over the previous picture', states.generating(picture)],
  ['a preview', states.generating(picture, partial)],
  ['a picture to decide on', states.deciding(picture)],
  ['a failure beside the old picture', states.failedAgain(picture)],
  ['a lost race', states.lostRace(picture)],
  ['a command on its way', { ...states.deciding(picture), pending: new Set(['approve', 'regenerate'] as const) }],
  ['an approved picture', states.approved(picture)],
  ['a watched room', states.watching(states.empty())],
  ['a watched picture', states.watching(states.deciding(picture))],
  ['a lost line', states.reconnecting(states.deciding(picture))],
  ['a session that is gone', states.gone(states.deciding(picture))],
  ['a wanted token', states.tokenNeeded(true)],
];

let review: Review;

beforeEach(() => {
  document.documentElement.lang = 'en';
  document.title = 'Room';
  const main = document.createElement('main');
  main.innerHTML = '<h1>Proofroom</h1>';
  review = document.createElement('proof-review') as Review;
  main.append(review);
  document.body.append(main);
});

afterEach(() => document.querySelector('main')?.remove());

async function show(session: SessionState): Promise<void> {
  review.session = session;
  await review.updateComplete;
  await comeToRest();
}

describe.each(['light', 'dark'])('in %s', (scheme) => {
  beforeEach(() => review.style.setProperty('color-scheme', scheme));

  test.each(shown)('%s has no accessibility violations', async (_, state) => {
    await show(state);
    expect(await violations()).toEqual([]);
  });

  test.each(['Share', /change your name/i, 'Start over'])('the dialog behind %s has none', async (name) => {
    await show(states.deciding(picture));
    await page.getByRole('button', { name }).click();
    await expect
      .poll(() => deep(review.shadowRoot, 'dialog[open]').map((dialog) => getComputedStyle(dialog).opacity))
      .toEqual(['1']);
    expect(await violations()).toEqual([]);
  });
});

describe.each([320, 360, 700, 1440, 3840])('%i pixels wide', (width) => {
  test.each(shown)('%s needs no scrolling sideways', async (_, state) => {
    review.style.setProperty('inline-size', `${width}px`);
    await show(state);
    expect(overhanging(review, width)).toEqual([]);
  });
});

test('where a finger points, what it is to hit is at least 44 pixels high', async () => {
  for (const [name, state] of shown) {
    await show(state);
    for (const target of deep(review.shadowRoot, 'button, a.button, summary, select, input, textarea')) {
      const { height } = target.getBoundingClientRect();
      if (height > 0) expect(height, `${name}: ${target.outerHTML}`).toBeGreaterThanOrEqual(44);
    }
  }
});

/** What reaches over the element's right edge and isn't cut off or scrolled by an ancestor of its own. */
function overhanging(element: Element, width: number): string[] {
  const left = element.getBoundingClientRect().left;
  return deep(element.shadowRoot, ':not(.unseen, svg *, .sweep, option)')
    .filter((inner) => inner.checkVisibility() && inner.getBoundingClientRect().right - left > width + 0.5)
    .map((inner) => inner.outerHTML.slice(0, 80));
}
