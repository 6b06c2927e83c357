import { html } from 'lit';
import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/viewer/attempt-strip.ts';
import { CompareEvent } from '../../../../client/components/ui/events.ts';
import type { AttemptStrip } from '../../../../client/components/viewer/attempt-strip.ts';
import type { ReceivedImage } from '../../../../client/session/session-state.ts';
import type { Attempt, DiscardedAttempt } from '../../../../shared/model.ts';
import type { Command } from '../../../../shared/protocol.ts';
import * as states from '../../../support/component-states.ts';
import { animationsEnd, holdDecoding, violations } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();
const picture = await states.paint('i1', { width: 60, height: 40 });

let strip: AttemptStrip;

beforeEach(async () => {
  await page.viewport(1000, 700);
  stand.element.style.setProperty('background', 'var(--backdrop)');
  await stand.show(html`<proof-attempt-strip .participantId=${'me'}></proof-attempt-strip>`);
  strip = stand.element.querySelector('proof-attempt-strip') as AttemptStrip;
});

async function show(properties: Partial<AttemptStrip>): Promise<void> {
  Object.assign(strip, properties);
  await strip.updateComplete;
}

/** Of a generation of its own, with the image id `i<number>`. */
const attempt = (number: number, details: Partial<Attempt> = {}): Attempt => ({
  ...states.attemptOf({ ...picture.reference, imageId: `i${number}`, generationId: `g${number}` }),
  number,
  ...details,
});
const attempts = (count: number): Attempt[] => Array.from({ length: count }, (_, index) => attempt(index + 1));
const discarded = (number: number, by = 'Ana', participantId = 'ana'): DiscardedAttempt => ({
  ...attempt(number),
  discarded: { by, participantId, connectionId: 'hers', at: '2026-11-22T19:05:00.000Z' },
});
const bytesOf = (...some: Attempt[]): Map<string, ReceivedImage> =>
  new Map(some.map(({ image }) => [image.imageId, { ...picture, reference: image }]));
const command = (type: 'discard' | 'restore', imageId: string): Command => ({ type, commandId: 'c1', imageId });

const wants = () => stand.intents.filter((intent) => intent.type === 'want').map(({ imageIds }) => imageIds);
const decisions = () => stand.intents.filter(({ type }) => type !== 'want');
const row = () => page.getByRole('toolbar', { name: 'Attempts' });
const thumbnail = (number: number) => row().getByRole('button', { name: new RegExp(`^No\\. ${number},`) });
const pageButton = (end: string) => page.getByRole('button', { name: `${end} attempts` });
const undo = () => page.getByRole('button', { name: 'Undo' });
const status = () => page.getByRole('status').element().textContent?.trim();
const focused = () => strip.shadowRoot?.activeElement as HTMLElement | null | undefined;
const focusedImage = () => focused()?.dataset.imageId;
const focusOn = (number: number) => (thumbnail(number).element() as HTMLElement).focus();

describe('an attempt', () => {
  test('M9: is named by its number, prompt, parent and approval', async () => {
    const two = attempt(2, { parent: 'i1', feedback: 'Darker' });
    await show({ attempts: [attempt(1), two], selectedId: 'i2', approvedId: 'i2' });
    const name = 'No. 2, A heron at the edge of a misty lake, first light, refined from No. 1, approved';
    await expect.element(row().getByRole('button', { name })).toHaveAttribute('aria-current', 'true');
    await expect.element(thumbnail(1)).not.toHaveAttribute('aria-current');
  });

  test('is selected by a click', async () => {
    await show({ attempts: attempts(3) });
    await thumbnail(2).click();
    expect(stand.selected).toEqual(['i2']);
  });

  test('is grouped with the others of its generation', async () => {
    const several = [2, 3].map((number) =>
      attempt(number, { image: { ...picture.reference, imageId: `i${number}`, generationId: 'several' } }),
    );
    await show({ attempts: [attempt(1), ...several] });
    const group = page.getByRole('group', { name: '2 pictures of one prompt' });
    expect(group.getByRole('button').elements()).toHaveLength(2);
  });

  test('has the shape of its image before the bytes are here', async () => {
    await show({ attempts: attempts(1) });
    const { width, height } = strip.shadowRoot?.querySelector('proof-thumbnail')?.getBoundingClientRect() ?? {};
    expect((width ?? 0) / (height ?? 1)).toBeCloseTo(1.5, 1);
  });

  test('shows the grey check of a transparent picture only together with the picture', async () => {
    const hasCheck = () => {
      const thumbnail = strip.shadowRoot?.querySelector('proof-thumbnail');
      const elements = thumbnail ? [thumbnail, ...(thumbnail.shadowRoot?.querySelectorAll('*') ?? [])] : [];
      return elements.map((element) => getComputedStyle(element).backgroundImage !== 'none');
    };
    const decode = await holdDecoding(async () => {
      await show({ attempts: attempts(1), images: bytesOf(attempt(1)) });
      expect(hasCheck()).toEqual([false]);
    });
    decode();
    await expect.poll(hasCheck).toEqual([false, true]);
  });
});

test('a running generation keeps the height of the strip free before the first attempt comes', async () => {
  await show({ attempts: [], generating: true });
  const { height } = strip.getBoundingClientRect();
  expect(row().query()).toBeNull();
  await show({ attempts: attempts(2), images: bytesOf(...attempts(2)) });
  await expect.element(row()).toBeVisible();
  expect(strip.getBoundingClientRect().height).toBe(height);
});

describe('the scroll position', () => {
  const isInView = (number: number) => () => {
    const { left, right } = thumbnail(number).element().getBoundingClientRect();
    const box = row().element().getBoundingClientRect();
    return left >= box.left && right <= box.right;
  };

  test('follows the selected attempt, without moving the page or the focus', async () => {
    await page.viewport(360, 300);
    stand.element.insertAdjacentHTML('beforebegin', '<button>Elsewhere</button><div style="height: 1000px"></div>');
    const elsewhere = stand.element.parentElement?.querySelector('button');
    elsewhere?.focus();
    await show({ attempts: attempts(12), selectedId: 'i12' });
    await expect.poll(isInView(12)).toBe(true);
    await show({ selectedId: 'i1' });
    await expect.poll(isInView(1)).toBe(true);
    expect(document.documentElement.scrollTop).toBe(0);
    expect(document.activeElement).toBe(elsewhere);
  });

  test('follows the newest attempt while none is selected, and else stays', async () => {
    await page.viewport(360, 700);
    await show({ attempts: attempts(8) });
    await expect.poll(isInView(8)).toBe(true);
    await show({ attempts: attempts(9) });
    await expect.poll(isInView(9)).toBe(true);
    await show({ selectedId: 'i1' });
    await expect.poll(isInView(1)).toBe(true);
    await show({ attempts: attempts(10) });
    await expect.poll(() => pageButton('Later').query()).not.toBeNull();
    expect(isInView(1)()).toBe(true);
  });
});

describe.each([
  ['ltr', 1],
  ['rtl', -1],
] as const)('scrolling with a mouse, %s,', (direction, forward) => {
  const scrollLeft = () => row().element().scrollLeft * forward;
  /** By how much a turn of the wheel scrolls the row, and whether it is kept from scrolling the page. */
  function turn(wheel: WheelEventInit): [number, boolean] {
    const before = scrollLeft();
    const event = new WheelEvent('wheel', { bubbles: true, composed: true, cancelable: true, ...wheel });
    thumbnail(1).element().dispatchEvent(event);
    return [scrollLeft() - before, event.defaultPrevented];
  }
  /** The ends that have a page button, because there is more beyond them. */
  const ends = () => ['Earlier', 'Later'].filter((end) => pageButton(end).query());
  const fadedSides = () => [...row().element().classList].filter((name) => name.startsWith('more'));

  beforeEach(async () => {
    await page.viewport(360, 700);
    stand.element.dir = direction;
    await show({ attempts: attempts(12), selectedId: 'i1' });
    await expect.poll(ends).toEqual(['Later']);
  });

  test('the row scrolls within itself and fades where there is more', async () => {
    const [start, end] = direction === 'ltr' ? ['more-left', 'more-right'] : ['more-right', 'more-left'];
    expect(fadedSides()).toEqual([end]);
    expect(document.documentElement.scrollWidth).toBe(360);
    await show({ selectedId: 'i12' });
    await expect.poll(fadedSides).toEqual([start]);
  });

  test('the wheel scrolls the row, and the page once the row is at its end', async () => {
    expect(turn({ deltaY: -100 })).toEqual([0, false]);
    expect(turn({ deltaY: 100 })).toEqual([100, true]);
    await expect.poll(ends).toEqual(['Earlier', 'Later']);
    expect(turn({ deltaY: -60 })).toEqual([-60, true]);
    expect(turn({ deltaY: 3, deltaMode: WheelEvent.DOM_DELTA_LINE })).toEqual([99, true]);
    row()
      .element()
      .scrollTo({ left: 5000 * forward, behavior: 'instant' });
    await expect.poll(ends).toEqual(['Earlier']);
    expect(turn({ deltaY: 100 })).toEqual([0, false]);
  });

  test('the wheel is left to the browser when it goes sideways or zooms, and when the row has no more to show', async () => {
    expect(turn({ deltaX: 100, deltaY: 20 })).toEqual([0, false]);
    expect(turn({ deltaY: 100, shiftKey: true })).toEqual([0, false]);
    expect(turn({ deltaY: 100, ctrlKey: true })).toEqual([0, false]);
    await show({ attempts: attempts(2) });
    await expect.poll(ends).toEqual([]);
    expect(turn({ deltaY: 100 })).toEqual([0, false]);
  });

  test('the page buttons scroll the row; they are no Tab stops and leave the focus where it is', async () => {
    await userEvent.tab();
    await pageButton('Later').click();
    await expect.poll(ends).toEqual(['Earlier', 'Later']);
    expect(focusedImage()).toBe('i1');
    for (const button of strip.shadowRoot?.querySelectorAll<HTMLElement>('.page') ?? []) {
      expect(button.tabIndex).toBe(-1);
      expect(button.offsetWidth).toBeGreaterThanOrEqual(44);
    }
    await pageButton('Earlier').click();
    await expect.poll(ends).toEqual(['Later']);
    await expect.poll(() => row().element().scrollLeft).toBe(0);
  });
});

describe('the bytes of images (W1)', () => {
  test('are requested once, as their thumbnails scroll into view', async () => {
    await page.viewport(360, 700);
    await show({ attempts: attempts(12), selectedId: 'i1', images: bytesOf(attempt(1)) });
    await expect.poll(wants).toEqual([['i2', 'i3']]);
    await show({ attempts: attempts(12) });
    const scroller = row().element();
    scroller.scrollTo({ left: scroller.scrollWidth, behavior: 'instant' });
    await expect.poll(() => wants().flat()).toContain('i12');
    const requested = wants().flat();
    expect(requested).not.toContain('i1');
    expect(requested).not.toContain('i6');
    expect(new Set(requested).size).toBe(requested.length);
  });

  test('are not requested while the strip is below the fold', async () => {
    strip.style.setProperty('margin-block-start', '3000px');
    await show({ attempts: attempts(2) });
    const observed = Promise.withResolvers<void>();
    const observer = new IntersectionObserver(() => observed.resolve());
    observer.observe(strip);
    await observed.promise;
    observer.disconnect();
    expect(wants()).toEqual([]);
    strip.scrollIntoView();
    await expect.poll(wants).toEqual([['i1', 'i2']]);
  });

  test('are requested again if they were here and went', async () => {
    await show({ attempts: attempts(1) });
    await expect.poll(wants).toEqual([['i1']]);
    await show({ images: bytesOf(attempt(1)) });
    await show({ images: new Map() });
    expect(wants()).toEqual([['i1'], ['i1']]);
  });

  test('of discarded attempts are requested when their list is opened', async () => {
    await show({ attempts: attempts(1), discarded: [discarded(2)] });
    await expect.poll(wants).toEqual([['i1']]);
    await page.getByText('Discarded (1)').click();
    await expect.poll(wants).toEqual([['i1'], ['i2']]);
  });
});

describe('the keyboard', () => {
  test.each([
    ['ltr', 'ArrowLeft', 'ArrowRight'],
    ['rtl', 'ArrowRight', 'ArrowLeft'],
  ])('stops at one attempt with Tab and moves along the strip with arrow keys, %s', async (dir, back, forward) => {
    stand.element.dir = dir;
    await show({ attempts: attempts(4), selectedId: 'i2' });
    expect(strip.shadowRoot?.querySelectorAll(".attempt[tabindex='0']")).toHaveLength(1);
    await userEvent.tab();
    const visited: (string | undefined)[] = [];
    for (const key of [back, back, forward, 'End', forward, 'Home']) {
      await userEvent.keyboard(`{${key}}`);
      visited.push(focusedImage());
    }
    expect(visited).toEqual(['i1', 'i1', 'i2', 'i4', 'i4', 'i1']);
    expect(stand.selected).toEqual([]);
    await userEvent.keyboard('{Enter}');
    expect(stand.selected).toEqual(['i1']);
  });

  test.each(['Delete', 'Backspace'])('discards with %s, and not again before the answer', async (key) => {
    await show({ attempts: attempts(2), decides: true });
    focusOn(1);
    await userEvent.keyboard(`{${key}}`);
    await show({ pending: [command('discard', 'i1')] });
    await expect.element(thumbnail(1)).toHaveAttribute('aria-busy', 'true');
    await expect.element(thumbnail(2)).not.toHaveAttribute('aria-busy');
    await userEvent.keyboard(`{${key}}`);
    expect(decisions()).toEqual([{ type: 'discard', imageId: 'i1' }]);
  });

  test('W5: discards nothing without a connection, nor for a watcher', async () => {
    await show({ attempts: attempts(2), decides: true, unavailable: true });
    focusOn(1);
    await userEvent.keyboard('{Delete}');
    await show({ decides: false, unavailable: false });
    await userEvent.keyboard('{Delete}');
    expect(decisions()).toEqual([]);
  });
});

describe('Compare', () => {
  test.each([
    ['the selected attempt with its parent, the older one first', 'i3', ['i1', 'i3']],
    ['an attempt without a parent with the one before it', 'i2', ['i1', 'i2']],
    ['the first attempt with the next one', 'i1', ['i1', 'i2']],
    ['the newest attempt where none is selected', undefined, ['i3', 'i4']],
  ])('compares %s (M9)', async (_, selectedId, pair) => {
    const compared: unknown[] = [];
    strip.addEventListener(CompareEvent.type, (event) => {
      if (event instanceof CompareEvent) compared.push([event.leftId, event.rightId]);
    });
    const three = attempt(3, { parent: 'i1' });
    await show({ attempts: [attempt(1), attempt(2), three, attempt(4, { parent: 'gone' })], selectedId });
    await page.getByRole('button', { name: 'Compare' }).click();
    expect(compared).toEqual([pair]);
  });

  test('is not offered for a single attempt', async () => {
    await show({ attempts: attempts(1) });
    expect(page.getByRole('button', { name: 'Compare' }).query()).toBeNull();
  });
});

describe('a discarded attempt', () => {
  test('of this person can be restored at once; the focus moves to Undo, and with it back to the attempt', async () => {
    await show({ attempts: attempts(2), decides: true });
    focusOn(1);
    await show({ attempts: [attempt(2)], discarded: [discarded(1, 'Reviewer 1', 'me')] });
    expect(status()).toBe('No. 1 was discarded.');
    expect(focused()?.textContent?.trim()).toBe('Undo');
    await userEvent.keyboard('{Enter}');
    expect(decisions()).toEqual([{ type: 'restore', imageId: 'i1' }]);
    expect(stand.selected).toEqual(['i1']);
    await show({ attempts: attempts(2), discarded: [] });
    expect(focusedImage()).toBe('i1');
    expect(status()).toBe('');
    expect(undo().query()).toBeNull();
  });

  test('of this person, discarded by a button elsewhere, takes the focus to Undo', async () => {
    await show({ attempts: attempts(2), decides: true });
    await show({ attempts: [attempt(2)], discarded: [discarded(1, 'Reviewer 1', 'me')] });
    expect(focused()?.textContent?.trim()).toBe('Undo');
  });

  test('of somebody else is reported with their name, and leaves the focus where it is', async () => {
    await show({ attempts: attempts(3), decides: true });
    await show({ attempts: [attempt(2), attempt(3)], discarded: [discarded(1)] });
    expect(status()).toBe('No. 1 was discarded by Ana.');
    expect(focused()).toBeNull();
    focusOn(3);
    await show({ attempts: [attempt(3)], discarded: [discarded(1), discarded(2)] });
    expect(focusedImage()).toBe('i3');
  });

  test('can be undone until the next change', async () => {
    await show({ attempts: attempts(2), decides: true });
    await show({ attempts: [attempt(2)], discarded: [discarded(1)] });
    await show({ images: bytesOf(attempt(2)) });
    await expect.element(undo()).toBeVisible();
    await show({ attempts: [attempt(2), attempt(3)] });
    expect(undo().query()).toBeNull();
  });

  test('from before this page was opened is not reported', async () => {
    await show({ attempts: attempts(1), discarded: [discarded(2)], decides: true });
    expect(status()).toBe('');
    expect(undo().query()).toBeNull();
  });

  test('is listed with the name of whoever discarded it, and can be restored from there', async () => {
    const mine = discarded(3, 'Me', 'me');
    await show({ attempts: attempts(1), discarded: [discarded(2), mine], decides: true });
    await page.getByText('Discarded (2)').click();
    const items = page.getByRole('listitem').elements();
    const texts = items.map(({ textContent }) => textContent?.match(/No\. \d, by \w+/)?.[0]);
    expect(texts).toEqual(['No. 2, by Ana', 'No. 3, by you']);
    const restore = page.getByRole('button', { name: 'Restore No. 3' });
    await restore.click();
    expect(decisions()).toEqual([{ type: 'restore', imageId: 'i3' }]);
    await show({ pending: [command('restore', 'i3')] });
    await expect.element(restore).toHaveAttribute('aria-busy', 'true');
    await expect.element(page.getByRole('button', { name: 'Restore No. 2' })).not.toHaveAttribute('aria-busy');
    await show({ attempts: [attempt(1), attempt(3)], discarded: [discarded(2)], pending: [] });
    expect(focusedImage()).toBe('i3');
  });

  test('can be restored when no attempt is left', async () => {
    await show({ attempts: attempts(1), decides: true });
    await show({ attempts: [], discarded: [discarded(1)] });
    await expect.element(undo()).toBeVisible();
    expect(row().query()).toBeNull();
  });

  test('W5: is reported to a watcher, who can not restore it', async () => {
    await show({ attempts: attempts(2) });
    await show({ attempts: [attempt(2)], discarded: [discarded(1)] });
    expect(status()).toBe('No. 1 was discarded by Ana.');
    await page.getByText('Discarded (1)').click();
    await expect.element(page.getByText('No. 1, by Ana')).toBeVisible();
    expect(page.getByRole('button', { name: /Undo|Restore/ }).query()).toBeNull();
  });
});

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each([360, 1000])(
    'at %i pixels it is accessible, fits the width, and has targets for fingers',
    async (width) => {
      await page.viewport(width, 700);
      stand.element.style.setProperty('color-scheme', scheme);
      const some = [attempt(1), attempt(2, { parent: 'i1', feedback: 'Darker' }), attempt(3), attempt(4)];
      await show({ attempts: some, images: bytesOf(attempt(1)), selectedId: 'i2', approvedId: 'i1', decides: true });
      await show({ attempts: some.slice(0, 3), discarded: [discarded(4, 'A name without any end at all')] });
      await page.getByText('Discarded (1)').click();
      await animationsEnd();
      expect(document.documentElement.scrollWidth).toBe(width);
      for (const target of strip.shadowRoot?.querySelectorAll('button, summary') ?? []) {
        expect(target.getBoundingClientRect().height, target.outerHTML).toBeGreaterThanOrEqual(44);
      }
      expect(await violations()).toEqual([]);
    },
  );
});
