import { html } from 'lit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/ui/copy-button.ts';
import type { CopyButton } from '../../../../client/components/ui/copy-button.ts';
import { deep, textOf } from '../../../support/dom.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();
const control = page.getByRole('button', { name: 'Copy review link' });
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await stand.show(html`<proof-copy .content=${'link'} .name=${'Copy review link'} .clock=${clock}></proof-copy>`);
});
afterEach(() => void vi.restoreAllMocks());

const status = () => textOf(deep(stand.element, '[role=status]')[0]) ?? '';

/** Lets time pass, and the button show it. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  for (const one of deep(stand.element, 'proof-copy')) await (one as CopyButton).updateComplete;
}

test('the button says for three seconds that it has copied, and keeps its name', async () => {
  await control.click();
  await expect.element(control).toHaveTextContent('Copied');
  await pass(2_999);
  expect([textOf(control.element()), status()]).toEqual(['Copied', 'Copied to the clipboard.']);
  await pass(1);
  expect([textOf(control.element()), status(), clock.ticking.size]).toEqual(['Copy', '', 0]);
});

test('a second copy is announced, too', async () => {
  const announced: string[] = [];
  const [region] = deep(stand.element, '[role=status]');
  if (!region) throw new Error('There is no live region.');
  new MutationObserver(() => announced.push(status())).observe(region, {
    subtree: true,
    characterData: true,
    childList: true,
  });
  await control.click();
  await expect.poll(() => announced).toEqual(['Copied to the clipboard.']);
  await control.click();
  await expect.poll(() => announced).toEqual(['Copied to the clipboard.', '', 'Copied to the clipboard.']);
});
