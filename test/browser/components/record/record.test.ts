import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { deep, focused, overflowing, textOf, violations } from '../../../support/dom.ts';
import { press, useReview } from '../../../support/review-room.ts';
import { english, german, mirrored } from '../../../support/texts.ts';

const room = useReview();
const picture = await states.paint('i1', { width: 300, height: 200 });
const session = states.recorded(picture);
const dialog = page.getByRole('dialog', { name: 'Record' });
const inside = (selector: string) => deep(room.review.shadowRoot?.querySelector('proof-record')?.shadowRoot, selector);

beforeEach(() => page.viewport(1280, 900));
afterEach(() => vi.restoreAllMocks());

async function open(state = session): Promise<void> {
  await room.show(state);
  await press('Record (10)');
  await expect.element(dialog).toBeVisible();
}

describe('the record', () => {
  test('M12: tells everybody who did what, when and why, with the pictures that are still here', async () => {
    await open(states.watching(session));
    const sentences = inside('.sentence').map(textOf);
    expect(sentences).toEqual([
      'Ana changed how many people have to approve the same picture: 2 from now on.',
      'Ana invited Bo to review.',
      'Ana requested changes to No. 1.',
      'Bo ended the review without a picture, with No. 1 in view. Withdrawn',
      'Bo withdrew the decision to end the review at No. 1.',
      'The server needed memory while nobody used the session, and gave up a picture: No. 1.',
      'Ana withdrew the invitation of Cy, who was to watch.',
      'Dee approved No. 2.',
      'Ana approved No. 2.',
      'Something that this page does not know. Reload the page to get its newest version.',
    ]);
    await expect
      .element(dialog.getByText('No. 2 is approved. 2 people have to approve the same picture.'))
      .toBeVisible();
    await expect.element(dialog.getByText('The heron has three legs.')).toBeVisible();
    expect(
      inside('.entry')
        .map((entry) => /Does not count/.test(entry.textContent ?? ''))
        .indexOf(true),
    ).toBe(7);
    expect(inside('.picture').map((one) => textOf(one.querySelector('h4')))).toEqual(['No. 1', 'No. 2']);
    await expect.element(dialog.getByText('No longer in the session')).toBeVisible();
    await expect.element(dialog.getByText('Refined from No. 1')).toBeInTheDocument();
    await expect.poll(() => inside('.picture proof-thumbnail[filled]')).toHaveLength(1);
    expect(await violations()).toEqual([]);
  });

  test('M3: shows the whole digest on demand', async () => {
    await open();
    const { sha256 } = picture.reference;
    const whole = dialog.getByText(sha256, { exact: true });
    expect(whole.element().checkVisibility()).toBe(false);
    await dialog
      .getByText(`${sha256.slice(0, 8)} … ${sha256.slice(-8)}`)
      .last()
      .click();
    await expect.element(whole).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  test('a number in a sentence leads to its picture; Escape closes it, and the focus goes back', async () => {
    await open();
    await dialog.getByRole('button', { name: 'No. 2' }).last().click();
    expect(textOf(focused())).toBe('No. 2');
    await userEvent.keyboard('{Escape}');
    await expect.element(dialog).not.toBeInTheDocument();
    expect(textOf(focused())).toBe('Record (10)');
  });

  test('W2: asks only for the bytes of pictures that the session still has', async () => {
    await open({ ...session, images: new Map() });
    await expect.poll(() => room.commands).toEqual([{ type: 'want', imageIds: ['i1'] }]);
  });

  test('there is none before the first decision', async () => {
    await room.show(states.deciding(picture));
    expect(page.getByRole('button', { name: /^Record/ }).query()).toBeNull();
  });

  test('R9: can be read after the session has ended', async () => {
    await open(states.gone(session));
    expect(inside('.entry')).toHaveLength(10);
  });

  test.each([
    ['German', german],
    ['from right to left', mirrored],
  ])('%s, and on a phone, nothing is wider than the window', async (_, texts) => {
    await page.viewport(320, 700);
    await room.read(texts);
    await room.show(session);
    deep(room.review.shadowRoot, '.record button')[0]?.click();
    await expect.poll(() => inside('.entry')).toHaveLength(10);
    const element = room.review.shadowRoot?.querySelector('proof-record');
    expect(element && overflowing(element, 320)).toEqual([]);
    expect(await violations()).toEqual([]);
  });
});

test('a long prompt shows its first lines, and all of it on demand', async () => {
  const long = 'A heron at the edge of a misty lake. '.repeat(900);
  const record = session.record.map((entry) =>
    entry.kind === 'changes_requested'
      ? { ...entry, attempts: entry.attempts?.map((one) => ({ ...one, prompt: long })) }
      : entry,
  );
  await open({ ...session, record });
  const [prompt] = inside('proof-text').filter((one) => textOf(one.shadowRoot?.querySelector('p')) === long.trim());
  await expect.poll(() => prompt?.clientHeight).toBeLessThan(250);
  await dialog.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => prompt?.clientHeight).toBeGreaterThan(2_000);
  await dialog.getByRole('button', { name: 'Show less' }).click();
  await expect.poll(() => prompt?.clientHeight).toBeLessThan(250);
});

test('the browser that opens no window is named as the reason why nothing is printed', async () => {
  vi.spyOn(window, 'open').mockReturnValue(null);
  await open();
  await press('Print …');
  await expect.element(dialog.getByRole('alert')).toHaveTextContent(english('record.blocked'));
});
