import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/sidebar/attempt-changes.ts';
import '../../client/components/sidebar/attempt-facts.ts';
import type { AttemptChanges } from '../../client/components/sidebar/attempt-changes.ts';
import type { AttemptFacts } from '../../client/components/sidebar/attempt-facts.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import { SelectAttemptEvent } from '../../client/components/ui/events.ts';
import type { Attempt, DiscardedAttempt } from '../../shared/model.ts';
import * as states from '../support/component-states.ts';
import { violations, wordsOf } from '../support/this-page.ts';

const { reference } = await states.paint('i1');

let room: HTMLElement;
let changed: AttemptChanges;
let facts: AttemptFacts;
let opened: string[];

beforeEach(async () => {
  document.documentElement.lang = 'en';
  document.title = 'Facts';
  await page.viewport(400, 700);
  opened = [];
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${tokens.cssText.replaceAll(':host', 'main')} main { background: var(--paper); color: var(--ink);
    font: 400 var(--body) / 1.5 var(--font); padding: 1rem; }`);
  document.adoptedStyleSheets = [sheet];
  room = document.createElement('main');
  room.innerHTML = '<h1>Proofroom</h1>';
  facts = document.createElement('proof-facts') as AttemptFacts;
  changed = document.createElement('proof-changes') as AttemptChanges;
  room.append(changed, facts);
  document.body.append(room);
  room.addEventListener(SelectAttemptEvent.type, (event) => event instanceof SelectAttemptEvent && opened.push(event.imageId));
});

afterEach(() => {
  room.remove();
  document.adoptedStyleSheets = [];
});

const attempt = (number: number, details: Partial<Attempt> = {}): Attempt => ({
  ...states.attemptOf({ ...reference, imageId: `i${number}`, generationId: `g${number}` }),
  number,
  ...details,
});
const first = attempt(1);
const aside = (one: Attempt): DiscardedAttempt => ({
  ...one,
  discarded: { by: 'Ana', connectionId: 'hers', at: '2026-11-22T19:05:00.000Z' },
});

async function show(shown: Attempt, attempts: Attempt[] = [first, shown], discarded: DiscardedAttempt[] = []) {
  Object.assign(changed, { attempt: shown, attempts, discarded });
  Object.assign(facts, { attempt: shown, attempts, model: 'an-image-model' });
  await Promise.all([changed.updateComplete, facts.updateComplete]);
}

const changes = () => page.getByRole('region', { name: 'What changed' });
const shownText = () => wordsOf(changes().element());

/** Terms and values in order, once the details are open. */
async function table(): Promise<Record<string, string>> {
  await page.getByText('About this picture').click();
  const list = facts.shadowRoot?.querySelector('dl');
  const texts = [...(list?.children ?? [])].map((element) => wordsOf(element) ?? '');
  const pairs = texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? ''] as const] : []));
  return Object.fromEntries(pairs);
}

describe('what an attempt came from (M9)', () => {
  test('is named, and opens', async () => {
    await show(attempt(2, { parent: 'i1', feedback: 'Darker, please' }));
    await changes().getByRole('button', { name: 'Refined from No. 1' }).click();
    expect(opened).toEqual(['i1']);
    await expect.element(changes().getByText('Darker, please')).toBeVisible();
  });

  test('is not said of one that began with its prompt', async () => {
    await show(first);
    expect(changes().query()).toBeNull();
    expect(await table()).toMatchObject({ Picture: 'No. 1', Size: 'Landscape' });
  });

  test('is said to be discarded, and what differs is told all the same', async () => {
    await show(attempt(2, { parent: 'i1', options: {} }), [], [aside(first)]);
    expect(shownText()).toContain('Regenerated from No. 1, which is discarded');
    expect(shownText()).toContain('Size: Landscape → to Automatic');
    expect(changes().getByRole('button').query()).toBeNull();
  });

  test('is said to be gone', async () => {
    await show(attempt(2, { parent: 'gone', parentDropped: true }));
    expect(shownText()).toBe('No. 2 Regenerated from a picture that is no longer kept');
  });
});

describe('what was asked for', () => {
  test('is told by the words that differ, by more than colour', async () => {
    await show(attempt(2, { parent: 'i1', prompt: 'A white heron at the edge of a calm lake, first light' }));
    const marks = [...(changed.shadowRoot?.querySelectorAll('ins, del') ?? [])];
    expect(marks.map((mark) => [mark.localName, mark.textContent])).toEqual([
      ['ins', 'white'],
      ['del', 'misty'],
      ['ins', 'calm'],
    ]);
    const styles = marks.map((mark) => getComputedStyle(mark).textDecorationLine);
    expect(styles).toEqual(['underline', 'line-through', 'underline']);
    const heard = marks.map((mark) => getComputedStyle(mark, '::before').content.replaceAll('"', '').trim());
    expect(heard).toEqual(['added:', 'removed:', 'added:']);
  });

  test('the same prompt again is said in so many words', async () => {
    await show(attempt(2, { parent: 'i1' }));
    expect(shownText()).toBe('No. 2 Regenerated from No. 1 The same prompt again.');
  });

  test('only options that differ stand out', async () => {
    const options = { size: '1024x1024', quality: 'high', background: 'auto' } as const;
    await show(attempt(2, { parent: 'i1', options }));
    const items = changes().getByRole('listitem').elements();
    expect(items.map(wordsOf)).toEqual(['Size: Landscape → to Square', 'Quality: Automatic → to High']);
  });

  test('markup in it is text', async () => {
    const markup = '<img src=x onerror=alert(1)>';
    await show(attempt(2, { parent: 'i1', feedback: markup, prompt: markup, revisedPrompt: markup }));
    for (const { shadowRoot } of [changed, facts]) expect(shadowRoot?.querySelector('img')).toBeNull();
    expect(shownText()).toContain(markup);
  });
});

describe('what came back', () => {
  test('is told in figures', async () => {
    await show(attempt(2, { parent: 'i1', estimatedCost: { amount: 0.0412, currency: 'USD' } }));
    expect(Object.entries(await table())).toEqual([
      ['Picture', 'No. 2'],
      ['Took', '20 s'],
      ['Tokens', '84 in, 4,160 out'],
      ['Cost', 'about $0.04, estimated from token usage'],
      ['Drawn by', 'an-image-model'],
      ['Size', 'Landscape'],
      ['Image', '48 × 32, PNG, 1 kB'],
      ['SHA-256', '3fa9c01b … 7c8d9e1c'],
      ['Prompt', states.prompt],
      ['Model’s prompt', 'A lone grey heron in dense mist.'],
    ]);
  });

  test.each([
    [0, '$0.00'],
    [0.0042, '$0.004'],
    [0.00001, '$0.00001'],
    [1.234, '$1.23'],
  ])('a cost of %d is about %s', async (amount, words) => {
    await show(attempt(1, { estimatedCost: { amount, currency: 'USD' } }));
    expect(await table()).toMatchObject({ Cost: `about ${words}, estimated from token usage` });
  });

  test('what is not known is left out, and the attempt’s own model goes first', async () => {
    const { usage: _usage, revisedPrompt: _revised, ...rest } = attempt(1, { options: { model: 'another' } });
    await show(rest);
    const all = await table();
    expect(Object.keys(all)).toEqual(['Picture', 'Took', 'Drawn by', 'Image', 'SHA-256', 'Prompt']);
    expect(all['Drawn by']).toBe('another');
  });
});

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each(['ltr', 'rtl'])('%s, it has no accessibility violations and needs no scrolling sideways', async (dir) => {
    await page.viewport(360, 700);
    room.dir = dir;
    room.style.setProperty('color-scheme', scheme);
    const prompt = `A white heron, first light ${'x'.repeat(200)}`;
    await show(attempt(2, { parent: 'i1', feedback: 'Darker', prompt, options: { quality: 'low' } }));
    await page.getByText('About this picture').click();
    expect(document.documentElement.scrollWidth).toBe(360);
    const targets = [changed, facts].flatMap(({ shadowRoot }) => [
      ...(shadowRoot?.querySelectorAll('button, summary') ?? []),
    ]);
    expect(targets).toHaveLength(2);
    for (const target of targets) {
      expect(target.getBoundingClientRect().height).toBeGreaterThanOrEqual(44);
    }
    expect(await violations()).toEqual([]);
  });
});
