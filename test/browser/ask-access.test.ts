import { html, type TemplateResult } from 'lit';
import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/sidebar/cancel-form.ts';
import '../../client/components/viewer/candidates.ts';
import '../../client/components/sidebar/prompt-options.ts';
import '../../client/components/sidebar/refine-form.ts';
import '../../client/components/notices/unfinished-notice.ts';
import type { Candidate } from '../../client/model/viewer-content.ts';
import { failureOf, generation, paint } from '../support/component-states.ts';
import { useStand } from '../support/stand.ts';
import { supports } from '../support/supports.ts';
import { deep, focused, violations } from '../support/this-page.ts';

const stand = useStand();

const openOptions = () => page.getByText(/^\s*Options/).click();

const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen '.repeat(12).trim();
const failures = [failureOf(0, long), failureOf(1, 'It broke.')];

/** Every component at once, each with the most that it may have to show. */
const everything = async (): Promise<TemplateResult> => html`<h2>Asking</h2>
  <proof-options
    .options=${{ model: long.slice(0, 90), format: 'jpeg', compression: 70, candidates: 4, partialImages: 2 }}
    .supports=${{ ...supports, models: ['model-a', long.slice(0, 90)] }}
    .model=${'model-a'}
  ></proof-options>
  <proof-refine .imageId=${'i1'} .number=${12} .suggestion=${long} .limit=${100}></proof-refine>
  <proof-cancel></proof-cancel>
  <proof-unfinished
    .lastGeneration=${{ ...generation, candidates: 4, cancelReason: long.repeat(2), failures }}
    .attemptsOfIt=${2}
    decides
  ></proof-unfinished>
  <proof-candidates
    working
    .candidates=${
      [
        { candidate: 0, kind: 'finished', ratio: 1, picture: await paint('i4'), words: 'No. 4', alt: long },
        { candidate: 1, kind: 'failed', ratio: 1, words: long, alt: '' },
        { candidate: 2, kind: 'partial', ratio: 1, picture: await paint('p1'), words: 'Second try in 4 s', alt: long },
        { candidate: 3, kind: 'blank', ratio: 1, words: 'Waiting, place 99 in line', alt: '' },
      ] satisfies Candidate[]
    }
  ></proof-candidates>`;

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each(['ltr', 'rtl'])('%s, none of it has accessibility violations', async (direction) => {
    document.documentElement.dir = direction;
    stand.element.style.setProperty('color-scheme', scheme);
    await stand.show(await everything());
    await openOptions();
    await expect.element(page.getByRole('img', { name: /^Donau/ }).first()).toBeVisible();
    expect(await violations()).toEqual([]);
  });
});

describe.each(['ltr', 'rtl'])('%s', (direction) => {
  test.each([320, 360, 700])(
    '%i pixels wide, long texts stay inside, and what a finger is to hit is 44 high',
    async (width) => {
      document.documentElement.dir = direction;
      stand.element.style.setProperty('inline-size', `${width}px`);
      await stand.show(await everything());
      await openOptions();
      const room = stand.element.getBoundingClientRect();
      for (const element of deep(stand.element)) {
        if (!element.checkVisibility() || element.matches('.unseen, svg, svg *, option, .sweep')) continue;
        const { left, right, height } = element.getBoundingClientRect();
        expect(right, element.outerHTML.slice(0, 80)).toBeLessThanOrEqual(room.right + 4.5);
        expect(left, element.outerHTML.slice(0, 80)).toBeGreaterThanOrEqual(room.left - 4.5);
        if (element.matches('button, summary, select, input, textarea')) expect(height).toBeGreaterThanOrEqual(44);
      }
    },
  );
});

test('all of it is reached by keyboard, in the order in which it stands', async () => {
  await stand.show(await everything());
  await openOptions();
  const reached: string[] = [];
  page
    .getByText(/^\s*Options/)
    .element()
    .closest('summary')
    ?.focus();
  for (let step = 0; step < 16; step += 1) {
    const element = focused();
    if (!element || element === document.body) break;
    reached.push(element.getAttribute('name') ?? element.textContent?.trim().split(/\s/)[0] ?? '');
    await userEvent.keyboard('{Tab}');
  }
  expect(reached).toEqual(expect.arrayContaining(['Options', 'candidates', 'model', 'size', 'quality', 'background']));
  const inOrder = [
    'candidates',
    'model',
    'previews',
    'compression',
    'feedback',
    'Refine',
    'Cancel',
    'reason',
    'Add',
    'No.',
  ];
  const at = inOrder.map((name) => reached.indexOf(name === 'previews' ? 'partialImages' : name));
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  expect(at).not.toContain(-1);
});
