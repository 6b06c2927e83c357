import { beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { SessionState } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { animationsEnd, deep, overflowing, violations } from '../../../support/dom.ts';
import { useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1', { width: 300, height: 200 });
const partial = await states.paint('p1', { kind: 'partial', width: 300, height: 200 });

const shown = states.mainStates(picture, partial);

beforeEach(() => page.viewport(1280, 900));

async function show(session: SessionState): Promise<void> {
  await room.show(session);
  await animationsEnd();
}

describe('axe finds nothing in light and dark', () => {
  test.each(shown)('%s', async (_, state) => {
    await show(state);
    for (const scheme of ['light', 'dark']) {
      room.review.style.setProperty('color-scheme', scheme);
      expect(await violations(), scheme).toEqual([]);
    }
  });

  test.each(['Share', /change your name/i, 'Start over'])('the dialog behind %s', async (name) => {
    await show(states.deciding(picture));
    await page.getByRole('button', { name }).click();
    await expect
      .poll(() => deep(room.review.shadowRoot, 'dialog[open]').map((dialog) => getComputedStyle(dialog).opacity))
      .toEqual(['1']);
    for (const scheme of ['light', 'dark']) {
      room.review.style.setProperty('color-scheme', scheme);
      expect(await violations(), scheme).toEqual([]);
    }
  });
});

describe('nothing overflows at any width, and controls are 44 pixels high', () => {
  test.each(shown)('%s', async (_, state) => {
    await show(state);
    for (const width of [320, 360, 700, 1440, 3840]) {
      room.review.style.setProperty('inline-size', `${width}px`);
      expect(overflowing(room.review, width), `${width} px`).toEqual([]);
    }
    for (const control of deep(room.review.shadowRoot, 'button, a.button, summary, select, input, textarea')) {
      const { height } = control.getBoundingClientRect();
      if (height > 0) expect(height, control.outerHTML).toBeGreaterThanOrEqual(44);
    }
  });
});
