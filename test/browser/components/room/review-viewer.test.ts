import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { useReview } from '../../../support/review-room.ts';
import { focused, whileNothingIsDecoded } from '../../../support/this-page.ts';

const room = useReview();
const picture = await states.paint('i1');

describe('the picture', () => {
  test('is named by the prompt it was drawn from', async () => {
    await room.show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: `Generated image: ${states.prompt}` })).toBeVisible();
  });

  test('that was there before stays on show, said to be the previous one', async () => {
    await room.show(states.generating(picture));
    await expect.element(page.getByRole('img', { name: `Previous image: ${states.prompt}` })).toBeVisible();
    await expect.element(page.getByText('Previous picture')).toBeVisible();
  });

  test('gives way to a preview, which says that it is one', async () => {
    await room.show(states.generating(picture));
    await room.show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    const preview = page.getByRole('img', { name: `Preview, still being drawn: ${states.prompt}` });
    await expect.element(preview).toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Previous image/ })).not.toBeInTheDocument();
  });

  test('is decoded before it takes the place of another one', async () => {
    await room.show(states.generating(picture));
    await expect.element(page.getByRole('img', { name: /^Previous image/ })).toBeVisible();
    const decode = await whileNothingIsDecoded(async () => {
      await room.show(states.deciding(await states.paint('i2', { colour: 'plum' })));
      await expect.element(page.getByRole('img')).toHaveAttribute('src', picture.url);
    });
    decode();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).not.toHaveAttribute('src', picture.url);
  });

  test('keeps its shape while its bytes are on their way', async () => {
    await room.show({ ...states.deciding(picture), images: new Map() });
    const sheet = room.inside('proof-picture', '.sheet')[0]?.getBoundingClientRect();
    expect(sheet && sheet.width / sheet.height).toBeCloseTo(1.5, 1);
  });

  test('downloads under a name that says whether it is approved', async () => {
    await room.show(states.deciding(picture));
    const link = page.getByRole('link', { name: 'Download' });
    await expect
      .element(link)
      .toHaveAttribute('download', 'a-heron-at-the-edge-of-a-misty-lake-first-light-unapproved.png');
    await room.show(states.approved(picture));
    await expect.element(link).toHaveAttribute('download', 'a-heron-at-the-edge-of-a-misty-lake-first-light.png');
  });
});

describe('what lies over what', () => {
  const images = () => room.inside('proof-picture', 'img').map(({ className }) => className);
  const words = () => room.inside('proof-picture', '.slug').map(({ textContent }) => textContent?.trim());

  test('the one beneath keeps its look while another fades in, and the words are those of the one on top', async () => {
    await room.show(states.generating(picture));
    await expect.poll(words).toEqual(['Previous picture']);
    room.review.shadowRoot
      ?.querySelector('proof-picture')
      ?.shadowRoot?.addEventListener('animationend', (event) => event.stopPropagation(), { capture: true });
    const preview = await states.paint('p1', { kind: 'partial', colour: 'grey' });
    const decode = await whileNothingIsDecoded(() => room.show(states.generating(picture, preview)));
    expect([images(), words()]).toEqual([['previous'], ['Previous picture']]);
    decode();
    await expect.poll(() => [images(), words()]).toEqual([['previous', 'partial'], ['Preview']]);
  });

  test('a sheet that is still blank is called nothing, and has the shape of what comes', async () => {
    const tall = await states.paint('p1', { kind: 'partial', width: 32, height: 64 });
    const decode = await whileNothingIsDecoded(() => room.show(states.generating(undefined, tall)));
    expect([images(), words()]).toEqual([[], []]);
    const { width = 0, height = 1 } = room.inside('proof-picture', '.sheet')[0]?.getBoundingClientRect() ?? {};
    expect(width / height).toBeCloseTo(0.5, 1);
    decode();
    await expect.poll(words).toEqual(['Preview']);
  });
});

describe('a close look', () => {
  const picked = () => page.getByRole('button', { name: 'Look closely at No. 1' });
  const near = () => page.getByRole('dialog', { name: 'Close look at No. 1' });

  test.each(['a click', 'Enter', 'Space'])('is had by %s, and Escape gives the focus back', async (how) => {
    await room.show(states.deciding(picture));
    await expect.element(picked()).toBeInTheDocument();
    if (how === 'a click') await page.getByRole('img', { name: /^Generated/ }).click();
    else {
      picked().element().focus();
      await userEvent.keyboard(how === 'Enter' ? '{Enter}' : ' ');
    }
    await expect.element(near()).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(near()).not.toBeInTheDocument();
    expect(focused()).toBe(picked().element());
  });

  test('is had of what is finished, not of a preview; which keeps the focus where it is', async () => {
    await room.show(states.deciding(picture));
    await expect.element(picked()).toBeInTheDocument();
    picked().element().focus();
    await room.show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    const look = page.getByRole('button', { name: 'Look closely' });
    await expect.element(look).toHaveAttribute('aria-disabled', 'true');
    expect(focused()).toBe(look.element());
    await page.getByRole('img', { name: /^Preview/ }).click();
    await userEvent.keyboard('{Enter}');
    expect(page.getByRole('dialog').query()).toBeNull();
  });

  test('that outlives its picture on the mat leaves the focus where the stage begins', async () => {
    await room.show(states.deciding(picture));
    await page.getByRole('img', { name: /^Generated/ }).click();
    await expect.element(near()).toBeVisible();
    await room.show(states.several([]));
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => focused()?.textContent).toBe('Starting');
  });
});
