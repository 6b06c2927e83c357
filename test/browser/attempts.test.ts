import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/viewer/attempt-strip.ts';
import { CompareEvent } from '../../client/components/compare/compare-event.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import type { Attempts } from '../../client/components/viewer/attempt-strip.ts';
import { OpenEvent } from '../../client/components/viewer/open-event.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import type { ReceivedImage } from '../../client/session/session-state.ts';
import type { Attempt, DiscardedAttempt } from '../../shared/model.ts';
import * as states from '../support/component-states.ts';
import { comeToRest, violations, whileNothingIsDecoded } from '../support/this-page.ts';

const picture = await states.paint('i1', { width: 60, height: 40 });

let room: HTMLElement;
let strip: Attempts;
let intents: Intent[];
let opened: string[];
let compared: [string, string | undefined][];

beforeEach(async () => {
  document.documentElement.lang = 'en';
  document.title = 'Attempts';
  await page.viewport(1000, 700);
  [intents, opened, compared] = [[], [], []];
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${tokens.cssText.replaceAll(':host', 'main')} main { background: var(--mat); color: var(--ink);
    font: 400 var(--body) / 1.5 var(--font); }`);
  document.adoptedStyleSheets = [sheet];
  room = document.createElement('main');
  room.innerHTML = '<h1>Proofroom</h1>';
  strip = document.createElement('proof-attempts') as Attempts;
  room.append(strip);
  document.body.append(room);
  room.addEventListener(IntentEvent.type, (event) => event instanceof IntentEvent && intents.push(event.intent));
  room.addEventListener(OpenEvent.type, (event) => event instanceof OpenEvent && opened.push(event.imageId));
  room.addEventListener(CompareEvent.type, (event) => {
    if (event instanceof CompareEvent) compared.push([event.leftId, event.rightId]);
  });
});

afterEach(() => {
  room.remove();
  document.adoptedStyleSheets = [];
});

const attempt = (number: number, details: Partial<Attempt> = {}): Attempt => ({
  ...states.attemptOf({ ...picture.reference, imageId: `i${number}`, generationId: `g${number}` }),
  number,
  ...details,
});
const row = (length: number): Attempt[] => Array.from({ length }, (_, at) => attempt(at + 1));
const aside = (one: Attempt, by = 'Ana', connectionId = 'hers'): DiscardedAttempt => ({
  ...one,
  discarded: { by, connectionId, at: '2026-11-22T19:05:00.000Z' },
});
const bytesOf = (...attempts: Attempt[]): Map<string, ReceivedImage> =>
  new Map(attempts.map(({ image }) => [image.imageId, { ...picture, reference: image }]));

type Shown = Partial<
  Pick<Attempts, 'attempts' | 'discarded' | 'images' | 'openedId' | 'approvedId' | 'awaiting' | 'pending'>
>;
async function show(shown: Shown & { decides?: boolean; unavailable?: boolean }): Promise<void> {
  Object.assign(strip, { connectionId: 'me', ...shown });
  await strip.updateComplete;
}

const wants = () => intents.filter((intent) => intent.type === 'want').map(({ imageIds }) => imageIds);
const decisions = () => intents.filter(({ type }) => type !== 'want');
const thumb = (name: string | RegExp) => page.getByRole('toolbar').getByRole('button', { name });
const news = () => page.getByRole('status').element().textContent;
const focused = () => strip.shadowRoot?.activeElement;
const focusOn = (name: string | RegExp) => (thumb(name).element() as HTMLElement).focus();

describe('the strip', () => {
  test('names each attempt by its number, its prompt, its origin and its approval', async () => {
    const two = attempt(2, { parent: 'i1', feedback: 'Darker' });
    await show({ attempts: [attempt(1), two], openedId: 'i2', approvedId: 'i2' });
    await expect.element(thumb('No. 1, A heron at the edge of a misty lake, first light')).toBeVisible();
    const last = thumb('No. 2, A heron at the edge of a misty lake, first light, refined from No. 1, approved');
    await expect.element(last).toHaveAttribute('aria-current', 'true');
  });

  test('opens the one that is clicked', async () => {
    await show({ attempts: row(3) });
    await thumb(/^No\. 2/).click();
    expect(opened).toEqual(['i2']);
  });

  test('shows together what was asked for together', async () => {
    await show({ attempts: [attempt(1), ...[2, 3].map((number) => attempt(number, { image: sibling(number) }))] });
    const group = page.getByRole('group', { name: '2 pictures of one ask' });
    expect(group.getByRole('button').elements()).toHaveLength(2);
  });

  test('keeps the shape of an image whose bytes are not here', async () => {
    await show({ attempts: [attempt(1)] });
    const { width, height } = strip.shadowRoot?.querySelector('proof-thumbnail')?.getBoundingClientRect() ?? {};
    expect((width ?? 0) / (height ?? 1)).toBeCloseTo(1.5, 1);
  });

  test('brings the opened one into view without moving the page or the focus', async () => {
    await page.viewport(360, 300);
    room.insertAdjacentHTML('afterbegin', '<button>Elsewhere</button><div></div>');
    const spacer = room.querySelector('div');
    spacer?.style.setProperty('height', '1000px');
    room.querySelector('button')?.focus();
    await show({ attempts: row(12), openedId: 'i12' });
    const scroller = page.getByRole('toolbar').element();
    await expect.poll(() => scroller.scrollLeft).toBeGreaterThan(500);
    await show({ openedId: 'i1' });
    await expect.poll(() => scroller.scrollLeft).toBeLessThan(20);
    expect(document.documentElement.scrollTop).toBe(0);
    expect(document.activeElement?.textContent).toBe('Elsewhere');
  });

  test('shows the newest as it comes, as long as none is opened', async () => {
    await page.viewport(360, 700);
    await show({ attempts: row(8) });
    const isInView = (name: RegExp) => () => {
      const [{ left, right }, box] = [thumb(name), page.getByRole('toolbar')].map((one) =>
        one.element().getBoundingClientRect(),
      ) as [DOMRect, DOMRect];
      return left >= box.left && right <= box.right;
    };
    await expect.poll(isInView(/^No\. 8/)).toBe(true);
    await show({ attempts: row(9) });
    await expect.poll(isInView(/^No\. 9/)).toBe(true);
    await show({ openedId: 'i1' });
    await expect.poll(isInView(/^No\. 1,/)).toBe(true);
    await show({ attempts: row(10) });
    await expect.poll(() => page.getByRole('button', { name: 'Later attempts' }).query()).not.toBeNull();
    expect(isInView(/^No\. 1,/)()).toBe(true);
  });

  test('keeps its room before the first of several is there', async () => {
    await show({ attempts: [], awaiting: true });
    const { height } = strip.getBoundingClientRect();
    expect(page.getByRole('toolbar').query()).toBeNull();
    await show({ attempts: row(2), images: bytesOf(...row(2)) });
    await expect.element(page.getByRole('toolbar')).toBeVisible();
    expect(strip.getBoundingClientRect().height).toBe(height);
  });

  test('has the grey check of a transparent picture no sooner than the picture', async () => {
    const grounds = () => {
      const place = strip.shadowRoot?.querySelector('proof-thumbnail');
      const elements = place ? [place, ...(place.shadowRoot?.querySelectorAll('*') ?? [])] : [];
      return elements.map((element) => getComputedStyle(element).backgroundImage !== 'none');
    };
    const decode = await whileNothingIsDecoded(async () => {
      await show({ attempts: row(1), images: bytesOf(...row(1)) });
      expect(grounds()).toEqual([false]);
    });
    decode();
    await expect.poll(grounds).toEqual([false, true]);
  });

  test.each(['ltr', 'rtl'])('scrolls within itself, %s, and pales where there is more', async (direction) => {
    await page.viewport(360, 700);
    room.dir = direction;
    await show({ attempts: row(12), openedId: 'i1' });
    const [start, end] = direction === 'ltr' ? ['more-left', 'more-right'] : ['more-right', 'more-left'];
    const scroller = page.getByRole('toolbar').element();
    await expect.poll(() => scroller.classList.contains(end ?? '')).toBe(true);
    expect(scroller.classList.contains(start ?? '')).toBe(false);
    expect(document.documentElement.scrollWidth).toBe(360);
    await show({ openedId: 'i12' });
    await expect.poll(() => [...scroller.classList].filter((name) => name.startsWith('more'))).toEqual([start]);
  });
});

describe.each([
  ['ltr', 1],
  ['rtl', -1],
] as const)('a mouse, %s,', (direction, forth) => {
  const scroller = () => page.getByRole('toolbar').element();
  /** What a turn of the wheel did to the row, and whether the page is kept from moving too. */
  function turn(wheel: WheelEventInit): [number, boolean] {
    const before = scroller().scrollLeft * forth;
    const event = new WheelEvent('wheel', { bubbles: true, composed: true, cancelable: true, ...wheel });
    thumb(/^No\. 1,/)
      .element()
      .dispatchEvent(event);
    return [scroller().scrollLeft * forth - before, event.defaultPrevented];
  }
  const ends = () =>
    ['Earlier', 'Later'].filter((end) => page.getByRole('button', { name: `${end} attempts` }).query());

  beforeEach(async () => {
    await page.viewport(360, 700);
    room.dir = direction;
    await show({ attempts: row(12), openedId: 'i1' });
    await expect.poll(ends).toEqual(['Later']);
  });

  test('moves the row by its wheel, and at an end the page', async () => {
    expect(turn({ deltaY: -100 })).toEqual([0, false]);
    expect(turn({ deltaY: 100 })).toEqual([100, true]);
    await expect.poll(ends).toEqual(['Earlier', 'Later']);
    expect(turn({ deltaY: -60 })).toEqual([-60, true]);
    expect(turn({ deltaY: 3, deltaMode: WheelEvent.DOM_DELTA_LINE })).toEqual([99, true]);
    scroller().scrollTo({ left: 5000 * forth, behavior: 'instant' });
    await expect.poll(ends).toEqual(['Earlier']);
    expect(turn({ deltaY: 100 })).toEqual([0, false]);
  });

  test('leaves to the browser what goes sideways or zooms, and a row that has nothing to show', async () => {
    expect(turn({ deltaX: 100, deltaY: 20 })).toEqual([0, false]);
    expect(turn({ deltaY: 100, shiftKey: true })).toEqual([0, false]);
    expect(turn({ deltaY: 100, ctrlKey: true })).toEqual([0, false]);
    await show({ attempts: row(2) });
    await expect.poll(ends).toEqual([]);
    expect(turn({ deltaY: 100 })).toEqual([0, false]);
  });

  test('moves it by a button at each end beyond which there is more, where Tab does not stop', async () => {
    const press = (end: string) => page.getByRole('button', { name: `${end} attempts` }).click();
    await userEvent.tab();
    await press('Later');
    await expect.poll(ends).toEqual(['Earlier', 'Later']);
    expect((focused() as HTMLElement).dataset.imageId, 'the focus stays').toBe('i1');
    for (const pager of strip.shadowRoot?.querySelectorAll<HTMLElement>('.pager') ?? []) {
      expect(pager.tabIndex).toBe(-1);
      expect(pager.offsetWidth).toBeGreaterThanOrEqual(44);
    }
    await press('Earlier');
    await expect.poll(ends).toEqual(['Later']);
    await expect.poll(() => scroller().scrollLeft).toBe(0);
  });
});

describe('the bytes', () => {
  test('are asked for as the thumbnails come into view, and once', async () => {
    await page.viewport(360, 700);
    const attempts = row(12);
    await show({ attempts, openedId: 'i1', images: bytesOf(attempt(1)) });
    await expect.poll(wants).toEqual([['i2', 'i3']]);
    await show({ attempts: [...attempts] });
    const scroller = page.getByRole('toolbar').element();
    scroller.scrollTo({ left: scroller.scrollWidth, behavior: 'instant' });
    await expect.poll(() => wants().flat()).toContain('i12');
    const asked = wants().flat();
    expect(asked).not.toContain('i1');
    expect(asked).not.toContain('i6');
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('of a strip below the fold wait until it is scrolled to', async () => {
    strip.style.setProperty('margin-block-start', '3000px');
    await show({ attempts: row(2) });
    const seen = Promise.withResolvers<void>();
    const witness = new IntersectionObserver(() => seen.resolve());
    witness.observe(strip);
    await seen.promise;
    expect(wants()).toEqual([]);
    strip.scrollIntoView();
    await expect.poll(wants).toEqual([['i1', 'i2']]);
    witness.disconnect();
  });

  test('that were here and went are asked for again', async () => {
    await show({ attempts: row(1) });
    await expect.poll(wants).toEqual([['i1']]);
    await show({ images: bytesOf(attempt(1)) });
    await show({ images: new Map() });
    expect(wants()).toEqual([['i1'], ['i1']]);
  });

  test('of what was discarded wait until somebody looks there', async () => {
    await show({ attempts: row(1), discarded: [aside(attempt(2))] });
    await expect.poll(wants).toEqual([['i1']]);
    await page.getByText('Discarded (1)').click();
    await expect.poll(wants).toEqual([['i1'], ['i2']]);
  });
});

describe('by keyboard', () => {
  test.each([
    ['ltr', 'ArrowLeft', 'ArrowRight'],
    ['rtl', 'ArrowRight', 'ArrowLeft'],
  ])('one thumbnail takes part in Tab, arrows lead to the others, %s', async (direction, back, forth) => {
    room.dir = direction;
    await show({ attempts: row(4), openedId: 'i2' });
    expect(strip.shadowRoot?.querySelectorAll(".thumb[tabindex='0']")).toHaveLength(1);
    await userEvent.tab();
    const names: (string | undefined)[] = [];
    for (const key of [back, back, forth, 'End', forth, 'Home']) {
      await userEvent.keyboard(`{${key}}`);
      names.push((focused() as HTMLElement | null)?.dataset.imageId);
    }
    expect(names).toEqual(['i1', 'i1', 'i2', 'i4', 'i4', 'i1']);
    expect(opened).toEqual([]);
    await userEvent.keyboard('{Enter}');
    expect(opened).toEqual(['i1']);
  });

  test.each(['Delete', 'Backspace'])('%s discards, once', async (key) => {
    await show({ attempts: row(2), decides: true });
    focusOn(/^No\. 1/);
    await userEvent.keyboard(`{${key}}`);
    await show({ pending: new Set(['discard'] as const) });
    await expect.element(thumb(/^No\. 1/)).toHaveAttribute('aria-busy', 'true');
    await userEvent.keyboard(`{${key}}`);
    expect(decisions()).toEqual([{ type: 'discard', imageId: 'i1' }]);
  });

  test('nothing is discarded while the line is down, or by a watcher', async () => {
    await show({ attempts: row(2), decides: true, unavailable: true });
    focusOn(/^No\. 1/);
    await userEvent.keyboard('{Delete}');
    await show({ decides: false, unavailable: false });
    await userEvent.keyboard('{Delete}');
    expect(decisions()).toEqual([]);
  });
});

describe('comparing', () => {
  test.each([
    ['the opened one with its parent, the older one first', { openedId: 'i3' }, ['i1', 'i3']],
    ['one without a parent with its neighbour', { openedId: 'i2' }, ['i1', 'i2']],
    ['the first one with the next', { openedId: 'i1' }, ['i1', 'i2']],
    ['the newest where none is opened', { openedId: undefined }, ['i3', 'i4']],
  ])('takes %s', async (_, shown, pair) => {
    const attempts = [attempt(1), attempt(2), attempt(3, { parent: 'i1' }), attempt(4, { parent: 'gone' })];
    await show({ attempts, ...(shown as Shown) });
    await page.getByRole('button', { name: 'Compare' }).click();
    expect(compared).toEqual([pair]);
  });

  test('takes two', async () => {
    await show({ attempts: row(1) });
    expect(page.getByRole('button', { name: 'Compare' }).query()).toBeNull();
  });
});

describe('what was discarded', () => {
  async function discardFirst(by?: string, connectionId?: string): Promise<void> {
    const [one, two] = row(2) as [Attempt, Attempt];
    await show({ attempts: [one, two], decides: true });
    focusOn(/^No\. 1/);
    await show({ attempts: [two], discarded: [aside(one, by, connectionId)] });
  }

  test('can be had back at once, and the focus goes along', async () => {
    await discardFirst('Reviewer 1', 'me');
    expect(news()).toBe('No. 1 was discarded.');
    expect(focused()?.textContent?.trim()).toBe('Undo');
    await userEvent.keyboard('{Enter}');
    expect(decisions()).toEqual([{ type: 'restore', imageId: 'i1' }]);
    await show({ attempts: row(2), discarded: [] });
    expect((focused() as HTMLElement).dataset.imageId).toBe('i1');
    expect(news()).toBe('');
    expect(page.getByRole('button', { name: 'Undo' }).query()).toBeNull();
  });

  test('by somebody else says by whom, and leaves the focus of others alone', async () => {
    await show({ attempts: row(2), decides: true });
    focusOn(/^No\. 2/);
    await show({ attempts: [attempt(2)], discarded: [aside(attempt(1))] });
    expect(news()).toBe('No. 1 was discarded by Ana.');
    expect((focused() as HTMLElement).dataset.imageId).toBe('i2');
  });

  test('is news until the next change, and no longer', async () => {
    await discardFirst();
    await show({ attempts: [attempt(2)], images: bytesOf(attempt(2)) });
    await expect.element(page.getByRole('button', { name: 'Undo' })).toBeVisible();
    await show({ attempts: [attempt(2), attempt(3)] });
    expect(page.getByRole('button', { name: 'Undo' }).query()).toBeNull();
  });

  test('before this tab came is no news', async () => {
    await show({ attempts: row(1), discarded: [aside(attempt(2))], decides: true });
    expect(page.getByRole('button', { name: 'Undo' }).query()).toBeNull();
  });

  test('is listed with who did it, each to be restored', async () => {
    await show({ attempts: row(1), discarded: [aside(attempt(2)), aside(attempt(3), 'Me', 'me')], decides: true });
    await page.getByText('Discarded (2)').click();
    const items = page.getByRole('listitem').elements();
    expect(items.map(({ textContent }) => textContent?.match(/No\. \d, by \w+/)?.[0])).toEqual([
      'No. 2, by Ana',
      'No. 3, by you',
    ]);
    await page.getByRole('button', { name: 'Restore No. 3' }).click();
    expect(decisions()).toEqual([{ type: 'restore', imageId: 'i3' }]);
    await show({ attempts: [attempt(1), attempt(3)], discarded: [aside(attempt(2))] });
    expect((focused() as HTMLElement).dataset.imageId).toBe('i3');
  });

  test('stays in reach when nothing else is left', async () => {
    await show({ attempts: row(1), decides: true });
    await show({ attempts: [], discarded: [aside(attempt(1))] });
    await expect.element(page.getByRole('button', { name: 'Undo' })).toBeVisible();
    expect(page.getByRole('toolbar').query()).toBeNull();
  });

  test('a watcher sees, and can change nothing of it', async () => {
    await show({ attempts: row(2) });
    focusOn(/^No\. 1/);
    await show({ attempts: [attempt(2)], discarded: [aside(attempt(1))] });
    expect(news()).toBe('No. 1 was discarded by Ana.');
    expect((focused() as HTMLElement).dataset.imageId).toBe('i2');
    await page.getByText('Discarded (1)').click();
    await expect.element(page.getByText('No. 1, by Ana')).toBeVisible();
    expect(page.getByRole('button', { name: /Undo|Restore/ }).query()).toBeNull();
  });
});

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each([360, 1000])('at %i pixels it has no accessibility violations, and targets for fingers', async (width) => {
    await page.viewport(width, 700);
    room.style.setProperty('color-scheme', scheme);
    const attempts = [attempt(1), attempt(2, { parent: 'i1', feedback: 'Darker' }), attempt(3), attempt(4)];
    await show({ attempts, images: bytesOf(attempt(1)), openedId: 'i2', approvedId: 'i1', decides: true });
    await show({ attempts: attempts.slice(0, 3), discarded: [aside(attempt(4), 'A name without any end at all')] });
    await page.getByText('Discarded (1)').click();
    await comeToRest();
    expect(document.documentElement.scrollWidth).toBe(width);
    for (const target of strip.shadowRoot?.querySelectorAll('button, summary') ?? []) {
      expect(target.getBoundingClientRect().height, target.outerHTML).toBeGreaterThanOrEqual(44);
    }
    expect(await violations()).toEqual([]);
  });
});

const sibling = (number: number) => ({
  ...picture.reference,
  imageId: `i${number}`,
  generationId: 'several',
  candidate: number,
});
