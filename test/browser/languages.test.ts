import { beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { SessionState } from '../../client/session/session-state.ts';
import * as states from '../support/component-states.ts';
import { animationsEnd, deep, overflowing } from '../support/dom.ts';
import { useReview } from '../support/review-room.ts';
import { bracketed, german, mirrored } from '../support/texts.ts';

const room = useReview();
const picture = await states.paint('i1', { width: 300, height: 200 });
const partial = await states.paint('p1', { kind: 'partial', width: 300, height: 200 });
const several = states.several([picture, await states.paint('i2')], [2]);
const shown: readonly [string, SessionState][] = [
  ...states.mainStates(picture, partial),
  ['several pictures under way', several],
];

beforeEach(() => page.viewport(1280, 900));

describe('every text comes from the catalogue', () => {
  /** What people have written, names, and what is called the same in every language. */
  const own = [
    states.prompt,
    'A lone grey heron in dense mist.',
    'The heron stands too far to the left, and the mist hides its legs.',
    'None of them fits the campaign.',
    'Ana',
    'Mira',
    'Reviewer 1',
    'an-image-model',
    'OPENAI_API_KEY',
    'Proofroom',
    'Deutsch',
    'English',
    'SHA-256',
    'http',
    'It broke.',
    'Too late.',
    'The model took too long. Ask again in a moment.',
    'The service could not draw this. Ask again.',
    'PNG',
    'JPEG',
    'WebP',
    'model-a',
    'model-b',
  ];
  const figures = /\b(\d+x\d+|[0-9a-f]{8})\b/g;
  const attributes = ['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt'];

  /** What is left when the texts in brackets and those that nobody translates are taken away: nothing but figures and marks. */
  function outside(text: string): string {
    let rest = text;
    for (let before = ''; before !== rest; ) {
      before = rest;
      rest = rest.replace(/«[^«»]*»/g, ' ');
    }
    for (const one of own) rest = rest.replaceAll(one, ' ');
    return rest
      .replaceAll(figures, ' ')
      .replaceAll(/[^\p{L}]+/gu, ' ')
      .trim();
  }

  function textsOutside(root: ShadowRoot): string[] {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts: string[] = [];
    while (walker.nextNode()) {
      // The browser words times.
      if (!walker.currentNode.parentElement?.closest('style, time')) texts.push(walker.currentNode.textContent ?? '');
    }
    const labels = [...root.querySelectorAll(':not(time)')].flatMap((element) =>
      attributes.map((name) => element.getAttribute(name) ?? ''),
    );
    return [texts.join(''), ...labels].map(outside).filter(Boolean);
  }

  test.each(shown)('%s', async (_, state) => {
    await room.read(bracketed);
    await room.show(state);
    for (const details of deep(room.review.shadowRoot, 'details')) details.toggleAttribute('open', true);
    await animationsEnd();
    const hosts = [room.review, ...deep(room.review.shadowRoot)].filter(
      (element) => element.shadowRoot && element.localName !== 'proof-inspector',
    );
    const found = hosts.flatMap((host) =>
      host.shadowRoot ? textsOutside(host.shadowRoot).map((text) => `<${host.localName}>: ${text}`) : [],
    );
    expect(found).toEqual([]);
  });
});

describe.each([
  ['German', german],
  ['a language from right to left', mirrored],
])('in %s nothing overflows, and no label of a button is cut off', (_, texts) => {
  test.each(shown)('%s', async (_state, state) => {
    await room.read(texts);
    await room.show(state);
    await animationsEnd();
    for (const width of [320, 360, 700, 1440]) {
      room.review.style.setProperty('inline-size', `${width}px`);
      expect(overflowing(room.review, width), `${width} px`).toEqual([]);
      const cut = deep(room.review.shadowRoot, 'button, a.button, summary, h2').filter(
        (label) => label.checkVisibility() && label.scrollWidth > label.clientWidth + 1 && label.clientWidth > 1,
      );
      expect(
        cut.map(({ outerHTML }) => outerHTML.slice(0, 120)),
        `${width} px`,
      ).toEqual([]);
    }
  });
});

test.each([
  ['German', german],
  ['a language from right to left', mirrored],
])('in %s the dialogs fit on a phone', async (_, texts) => {
  await page.viewport(360, 740);
  await room.read(texts);
  await room.show(states.withLinks({ ...states.deciding(picture), welcome: states.welcome('reviewer') }));
  const openers = deep(room.review.shadowRoot, "button[aria-haspopup='dialog']").filter((opener) =>
    opener.checkVisibility(),
  );
  expect(openers).toHaveLength(2);
  for (const opener of [...openers, ...deep(room.review.shadowRoot, '.look')]) {
    opener.click();
    const [dialog] = deep(room.review.shadowRoot, 'dialog[open]');
    if (!(dialog instanceof HTMLDialogElement)) throw new Error('No dialog has opened.');
    await animationsEnd();
    await expect.poll(() => dialog.scrollWidth - dialog.clientWidth).toBeLessThanOrEqual(0);
    expect(overflowing(room.review, 360)).toEqual([]);
    dialog.close();
  }
});

test('from right to left the picture is on the right, and icons that point along the line point the other way', async () => {
  await room.read(mirrored);
  await room.show(states.deciding(picture));
  const [viewer] = deep(room.review.shadowRoot, '.viewer');
  const [sidebar] = deep(room.review.shadowRoot, '.sidebar');
  expect(viewer?.getBoundingClientRect().left).toBeGreaterThan(sidebar?.getBoundingClientRect().left ?? 0);
  const icons = deep(room.review.shadowRoot, 'summary .icon, .mirrors');
  expect(icons.length).toBeGreaterThan(2);
  for (const icon of icons) expect(getComputedStyle(icon).scale).toBe('-1 1');
});

test('another language takes the place of the one before without a reload, and keeps what was typed', async () => {
  await room.show(states.deciding(picture));
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Half a sentence');
  await expect.element(page.getByRole('button', { name: 'Approve' })).toBeVisible();
  await room.read(german);
  await expect.element(page.getByRole('button', { name: 'Freigeben' })).toBeVisible();
  await expect.element(page.getByRole('textbox', { name: 'Prompt' })).toHaveValue('Half a sentence');
});
