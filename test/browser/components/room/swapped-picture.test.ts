import { beforeEach, describe, expect, test } from 'vitest';
import { cdp, page, userEvent } from 'vitest/browser';
import type { ReceivedImage, SessionState } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { deep, focused, textOf, violations } from '../../../support/dom.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { press, useReview } from '../../../support/review-room.ts';

const room = useReview();
const first = await states.paint('i1', { width: 300, height: 200 });
const second = await states.paint('i2', { width: 300, height: 200, colour: 'plum' });
const candidates = await Promise.all(
  ['i3', 'i4'].map((imageId, candidate) => states.paint(imageId, { candidate, generationId: 'g3' })),
);
const several: SessionState = (() => {
  const state = states.decidingOn([first, ...candidates], 9);
  const attempts = (state.snapshot?.attempts ?? []).map((attempt, at) =>
    at === 0 ? attempt : { ...attempt, image: { ...attempt.image, generationId: 'g9' } },
  );
  const image = attempts.at(-1)?.image;
  if (state.snapshot?.stage !== 'user_feedback' || !image) throw new Error('There is nothing to decide.');
  return { ...state, snapshot: { ...state.snapshot, attempts, image } };
})();

let clock: ManualClock;

beforeEach(async () => {
  await page.viewport(1280, 900);
  clock = new ManualClock();
  room.review.clock = clock;
  room.review.shortcuts = true;
});

const decisions = () =>
  room.intents.filter(({ type }) => ['approve', 'request_changes', 'decline', 'discard'].includes(type));
const approve = () => control('approve');
const control = (shortcut: string) => {
  const found = deep(room.review.shadowRoot, `[data-shortcut=${shortcut}], proof-candidates`)
    .flatMap((one) => (one.localName === 'proof-candidates' ? deep(one.shadowRoot, '[data-decides]') : one))
    .find((one) => one.checkVisibility());
  if (!found) throw new Error(`There is no ${shortcut}.`);
  return found;
};
const isOnShow = ({ url }: ReceivedImage) =>
  deep(room.review.shadowRoot, 'img').some((image) => image.getAttribute('src') === url && image.checkVisibility());

/** Somebody else brings another picture into view. Resolves when it is on show. */
async function swap(to: SessionState = states.decidingOn([first, second], 9), shown = second): Promise<void> {
  await room.show(to);
  await expect.poll(() => isOnShow(shown)).toBe(true);
}

async function wait(ms: number): Promise<void> {
  clock.advance(ms);
  await room.review.updateComplete;
  await new Promise(requestAnimationFrame);
}

/** Where an element is for the browser, outside of the frame in which tests run. */
function placeOf(element: Element): { x: number; y: number } {
  const frame = window.frameElement?.getBoundingClientRect();
  const scale = frame ? frame.width / innerWidth : 1;
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: (frame?.left ?? 0) + (left + width / 2) * scale, y: (frame?.top ?? 0) + (top + height / 2) * scale };
}

interface Press {
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

const presses: Record<string, (element: HTMLElement) => Press> = {
  'a mouse': (element) => {
    const at = { ...placeOf(element), button: 'left', clickCount: 1 } as const;
    return {
      begin: () => cdp().send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at }),
      end: () => cdp().send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at }),
    };
  },
  'a finger': (element) => {
    const touchPoints = [placeOf(element)];
    return {
      begin: async () => {
        // Elsewhere first, or the browser takes the tap together with the one before for a double tap.
        await cdp().send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [placeOf(room.review)] });
        await cdp().send('Input.dispatchTouchEvent', { type: 'touchCancel', touchPoints: [] });
        await cdp().send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
      },
      end: () => cdp().send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] }),
    };
  },
  Space: (element) => ({
    begin: () => {
      element.focus();
      return userEvent.keyboard('[Space>]');
    },
    end: () => userEvent.keyboard('[/Space]'),
  }),
  Enter: (element) => ({
    begin: () => {
      element.focus();
      return userEvent.keyboard('{Enter>}');
    },
    end: () => userEvent.keyboard('{/Enter}'),
  }),
  'the key A': () => ({
    begin: () => {
      room.inside('proof-top-bar', 'button').at(0)?.focus();
      return userEvent.keyboard('{a>}');
    },
    end: () => userEvent.keyboard('{/a}'),
  }),
};

describe.each(Object.entries(presses))('S10: %s', (name, pressOn) => {
  const click = async (element: HTMLElement) => {
    const press = pressOn(element);
    await press.begin();
    await press.end();
  };

  test('0 to 900 ms after a swap decides nothing, and 1,100 ms after it about what is on show', async () => {
    await room.show(states.deciding(first));
    await expect.poll(() => isOnShow(first)).toBe(true);
    await swap();
    for (const ms of [0, 100, 200, 300, 300]) {
      await wait(ms);
      expect(approve().getAttribute('aria-disabled')).toBe('true');
      expect(approve().classList).toContain('resting');
      await click(approve());
    }
    expect(decisions()).toEqual([]);
    await expect.element(page.getByText(/^That click did not count/)).toBeVisible();
    await wait(200);
    await click(approve());
    await expect.poll(decisions).toMatchObject([{ type: 'approve', image: { imageId: 'i2' } }]);
  });

  test.skipIf(name === 'Enter' || name === 'the key A')(
    'that was pressed before a swap decides nothing, however late it is released',
    async () => {
      await room.show(states.deciding(first));
      const click = pressOn(approve());
      await click.begin();
      await swap();
      await wait(1_100);
      expect(approve().getAttribute('aria-disabled')).toBeNull();
      await click.end();
      await expect.element(page.getByText(/^That click did not count/)).toBeVisible();
      expect(decisions()).toEqual([]);
    },
  );

  test.skipIf(name === 'the key A').each([
    [900, []],
    [1_100, [{ type: 'approve', image: { imageId: 'i3' } }]],
  ])('%i ms after candidates have come', async (ms, expected) => {
    await room.show(states.deciding(first));
    await swap(several, candidates[0] as ReceivedImage);
    await expect.poll(() => isOnShow(candidates[1] as ReceivedImage)).toBe(true);
    await wait(ms);
    await click(approve());
    await expect.poll(decisions).toMatchObject(expected);
  });
});

describe('S10: nothing rests', () => {
  test('when the person opens another picture', async () => {
    await room.show(states.decidingOn([first, second]));
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await expect.poll(() => isOnShow(first)).toBe(true);
    expect(approve().getAttribute('aria-disabled')).toBeNull();
    await press('Approve');
    expect(decisions()).toMatchObject([{ image: { imageId: 'i1' } }]);
  });

  test('when another picture comes in while one is open', async () => {
    await room.show(states.decidingOn([first, second]));
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await room.show(states.decidingOn([first, second, candidates[0] as ReceivedImage], 9));
    expect(approve().getAttribute('aria-disabled')).toBeNull();
  });
});

describe('what a person has open', () => {
  const line = () => textOf(deep(room.review.shadowRoot, '.happened')[0]);
  const feedback = () => page.getByRole('textbox', { name: /^What should change/ });

  test('stays on show when somebody discards it, is not to be decided about, and Undo brings it back', async () => {
    await room.show(states.decidingOn([first, second]));
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await feedback().fill('Warmer light');
    const before = states.decidingOn([first, second]);
    await room.show(states.discardedByAna(before, 'i1'));
    await expect.poll(line).toBe('Ana discarded No. 1, which you have open. Undo Go on without it');
    expect(isOnShow(first)).toBe(true);
    expect(page.getByRole('button', { name: 'Approve' }).query()).toBeNull();
    await expect.element(feedback()).toHaveValue('Warmer light');
    expect(await violations()).toEqual([]);
    await userEvent.keyboard('a');
    expect(decisions()).toEqual([]);
    await press('Undo');
    expect(room.intents.at(-1)).toEqual({ type: 'restore', imageId: 'i1' });
    await room.show(before);
    await expect.element(page.getByRole('button', { name: 'Approve' })).toBeVisible();
    expect(line()).toBeFalsy();
  });

  test('stays on show though nothing was selected, and gives way when the person goes on', async () => {
    await room.show(states.decidingOn([first, second]));
    await room.show(states.discardedByAna(states.decidingOn([first, second]), 'i2'));
    await expect.poll(() => isOnShow(second)).toBe(true);
    await press('Go on without it');
    await expect.poll(() => isOnShow(first)).toBe(true);
    await expect.element(page.getByRole('button', { name: 'Approve' })).toBeVisible();
  });

  test('stays on show when somebody starts over, with what was typed about it', async () => {
    const before = states.decidingOn([first, second]);
    await room.show(before);
    await page.getByRole('button', { name: /^No\. 2,/ }).click();
    await feedback().fill('Less plum');
    await room.show(states.startedOverByAna(before));
    await expect
      .poll(line)
      .toBe('Ana started over. No. 2, which you have open, is no longer in the session. Go on without it');
    expect(isOnShow(second)).toBe(true);
    await expect.element(feedback()).toHaveValue('Less plum');
    expect(page.getByRole('button', { name: /^Refine/ }).query()).toBeNull();
    expect(await violations()).toEqual([]);
    await press('Go on without it');
    await expect.element(page.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();
    expect(isOnShow(second)).toBe(false);
  });

  test('words about one picture don’t follow to another', async () => {
    await room.show(states.decidingOn([first, second]));
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await feedback().fill('Warmer light');
    await page.getByRole('button', { name: /^No\. 2,/ }).click();
    await expect.element(feedback()).toHaveValue('');
    await feedback().fill('Less plum');
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await expect.element(feedback()).toHaveValue('Warmer light');
    await page.getByRole('button', { name: /^No\. 2,/ }).click();
    await expect.element(feedback()).toHaveValue('Less plum');
  });

  test('a notice of what others do moves no focus', async () => {
    await room.show(states.decidingOn([first, second]));
    await page.getByRole('button', { name: /^No\. 1,/ }).click();
    await feedback().fill('Warmer light');
    await room.show(states.generating(first));
    await room.review.updateComplete;
    expect(focused()?.tagName).toBe('TEXTAREA');
  });
});
