import { html, type TemplateResult } from 'lit';
import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../../../client/components/notices/unfinished-notice.ts';
import '../../../../client/components/sidebar/attempt-changes.ts';
import '../../../../client/components/sidebar/attempt-facts.ts';
import '../../../../client/components/sidebar/cancel-form.ts';
import '../../../../client/components/sidebar/prompt-options.ts';
import '../../../../client/components/sidebar/refine-form.ts';
import { capabilities } from '../../../support/capabilities.ts';
import { attemptOf, failureOf, generation, paint } from '../../../support/component-states.ts';
import { deep, focused, violations } from '../../../support/dom.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen '.repeat(12).trim();
const failures = [failureOf(0, long), failureOf(1, 'It broke.')];
const { reference } = await paint('i1');
const first = attemptOf(reference);
const second = {
  ...attemptOf({ ...reference, imageId: 'i2' }),
  number: 12,
  parent: 'i1',
  prompt: `A heron by night ${'x'.repeat(200)}`,
  feedback: 'x'.repeat(100),
};

/** The components that show texts of others, or have the most controls, each with the longest content. */
const everything = (): TemplateResult => html`<h2>The sidebar</h2>
  <proof-options
    .options=${{ model: long.slice(0, 90), format: 'jpeg', compression: 70, candidates: 4, partialImages: 2 }}
    .capabilities=${{ ...capabilities, models: ['model-a', long.slice(0, 90)] }}
    .model=${'model-a'}
  ></proof-options>
  <proof-refine .imageId=${'i1'} .number=${12} .suggestion=${long} .limit=${100}></proof-refine>
  <proof-cancel></proof-cancel>
  <proof-unfinished-notice
    .lastGeneration=${{ ...generation, candidates: 4, cancelReason: long.repeat(2), failures }}
    .finished=${2}
    decides
  ></proof-unfinished-notice>
  <proof-changes .attempt=${second} .attempts=${[first, second]}></proof-changes>
  <proof-facts .attempt=${second} .model=${'model-a'}></proof-facts>`;

async function showEverything(): Promise<void> {
  await stand.show(everything());
  await page.getByText(/^\s*Options/).click();
  await page.getByText('About this picture').click();
}

test.each([
  ['light', 'ltr'],
  ['dark', 'rtl'],
])('axe finds nothing in %s, %s', async (scheme, direction) => {
  document.documentElement.dir = direction;
  stand.element.style.setProperty('color-scheme', scheme);
  await showEverything();
  expect(await violations()).toEqual([]);
});

test.each(['ltr', 'rtl'])(
  '%s: long texts stay within the column, and controls are 44 pixels high',
  async (direction) => {
    document.documentElement.dir = direction;
    await showEverything();
    for (const width of [320, 360, 700]) {
      stand.element.style.setProperty('inline-size', `${width}px`);
      const column = stand.element.getBoundingClientRect();
      for (const element of deep(stand.element)) {
        if (!element.checkVisibility() || element.matches('.unseen, svg, svg *, option')) continue;
        const { left, right, height } = element.getBoundingClientRect();
        const name = `${width} px: ${element.outerHTML.slice(0, 80)}`;
        expect(right, name).toBeLessThanOrEqual(column.right + 4.5);
        expect(left, name).toBeGreaterThanOrEqual(column.left - 4.5);
        if (element.matches('button, summary, select, input, textarea')) {
          expect(height, name).toBeGreaterThanOrEqual(44);
        }
      }
    }
  },
);

test('the Tab key reaches every control in the order of the page', async () => {
  await showEverything();
  const controls = deep(stand.element, 'button, summary, select, input, textarea').filter(
    (element) => element.checkVisibility() && !element.matches('input[type=radio]:not(:checked)'),
  );
  controls[0]?.focus();
  const reached: Element[] = [];
  for (let element = focused(); element && element !== document.body; element = focused()) {
    reached.push(element);
    await userEvent.keyboard('{Tab}');
  }
  // Texts that scroll get the focus, too.
  expect(reached.filter((element) => element.matches('button, summary, select, input, textarea'))).toEqual(controls);
});
