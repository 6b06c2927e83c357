import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import * as states from '../../../support/component-states.ts';
import { endlesslyAnimated, focused, holdDecoding } from '../../../support/dom.ts';
import { useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');
const image = (name: RegExp) => page.getByRole('img', { name });

describe('the picture', () => {
  const kinds = () => room.inside('proof-picture', 'img').map(({ className }) => className);
  const captions = () => room.inside('proof-picture', '.caption').map(({ textContent }) => textContent?.trim());
  const ratio = () => {
    const { width = 0, height = 1 } = room.inside('proof-picture', '.canvas')[0]?.getBoundingClientRect() ?? {};
    return width / height;
  };

  test('is named after its prompt', async () => {
    await room.show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: `Generated image: ${states.prompt}` })).toBeVisible();
  });

  test('of the previous generation stays until a preview takes its place', async () => {
    await room.show(states.generating(picture));
    await expect.element(page.getByRole('img', { name: `Previous image: ${states.prompt}` })).toBeVisible();
    await expect.element(page.getByText('Previous picture')).toBeVisible();
    await room.show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    await expect.element(image(/^Preview, still being drawn: /)).toBeVisible();
    await expect.element(image(/^Previous image/)).not.toBeInTheDocument();
  });

  test('is replaced only once the next one is decoded', async () => {
    await room.show(states.generating(picture));
    await expect.element(image(/^Previous image/)).toBeVisible();
    const decode = await holdDecoding(async () => {
      await room.show(states.deciding(await states.paint('i2', { colour: 'plum' })));
      await expect.element(page.getByRole('img')).toHaveAttribute('src', picture.url);
    });
    decode();
    await expect.element(image(/^Generated image/)).not.toHaveAttribute('src', picture.url);
  });

  test('keeps its look while the next one is decoded, which then takes its place at once, with a caption of its own', async () => {
    await room.show(states.generating(picture));
    await expect.poll(captions).toEqual(['Previous picture']);
    const preview = await states.paint('p1', { kind: 'partial', colour: 'grey' });
    const decode = await holdDecoding(() => room.show(states.generating(picture, preview)));
    expect([kinds(), captions()]).toEqual([['previous'], ['Previous picture']]);
    decode();
    await expect.poll(() => [kinds(), captions()]).toEqual([['partial'], ['Preview']]);
    expect(getComputedStyle(room.inside('proof-picture', 'img')[0] as Element).opacity).toBe('1');
  });

  test('is waited for with what the compositor animates, so that the page has nothing to do', async () => {
    await room.show(states.generating(picture));
    expect(new Set(endlesslyAnimated())).toEqual(new Set(['translate']));
  });

  test('has its shape before its bytes are here', async () => {
    await room.show({ ...states.deciding(picture), images: new Map() });
    expect(ratio()).toBeCloseTo(1.5, 1);
  });

  test('has its shape, and no caption, before the first preview is decoded', async () => {
    const tall = await states.paint('p1', { kind: 'partial', width: 32, height: 64 });
    const decode = await holdDecoding(() => room.show(states.generating(undefined, tall)));
    expect([kinds(), captions()]).toEqual([[], []]);
    expect(ratio()).toBeCloseTo(0.5, 1);
    decode();
    await expect.poll(captions).toEqual(['Preview']);
  });
});

describe('the close look', () => {
  const opener = () => page.getByRole('button', { name: 'Look closely at No. 1' });
  const dialog = () => page.getByRole('dialog', { name: 'Close look at No. 1' });

  test.each(['a click', 'Enter', 'Space'])('opens with %s, and gives the focus back on Escape', async (how) => {
    await room.show(states.deciding(picture));
    await expect.element(opener()).toBeInTheDocument();
    if (how === 'a click') await image(/^Generated/).click();
    else {
      opener().element().focus();
      await userEvent.keyboard(how === 'Enter' ? '{Enter}' : ' ');
    }
    await expect.element(dialog()).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(dialog()).not.toBeInTheDocument();
    expect(focused()).toBe(opener().element());
  });

  test('does not open for a preview, whose button keeps the focus', async () => {
    await room.show(states.deciding(picture));
    await expect.element(opener()).toBeInTheDocument();
    opener().element().focus();
    await room.show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    const look = page.getByRole('button', { name: 'Look closely' });
    await expect.element(look).toHaveAttribute('aria-disabled', 'true');
    expect(focused()).toBe(look.element());
    await image(/^Preview/).click();
    await userEvent.keyboard('{Enter}');
    expect(page.getByRole('dialog').query()).toBeNull();
  });

  test('leaves the focus to the stage if the picture has left the viewer', async () => {
    await room.show(states.deciding(picture));
    await image(/^Generated/).click();
    await expect.element(dialog()).toBeVisible();
    await room.show(states.several([]));
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => focused()?.textContent).toBe('Starting');
  });
});
