import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { SessionState } from '../../../../client/session/session-state.ts';
import * as states from '../../../support/component-states.ts';
import { deep, focused } from '../../../support/dom.ts';
import { press, promptField, useReview } from '../../../support/review-room.ts';

const room = useReview();
const picture = await states.paint('i1');
const approving = [{ type: 'approve', commandId: '1', imageId: 'i1' }] as const;

/** The same state with other details in its snapshot. */
const withDetails = ({ snapshot, ...state }: SessionState, details: object): SessionState => ({
  ...state,
  ...(snapshot && { snapshot: { ...snapshot, ...details } }),
});

describe('the decision', () => {
  test('M3: Approve names the image in view', async () => {
    await room.show(states.deciding(picture));
    await press('Approve');
    expect(room.commands).toEqual([{ type: 'approve', image: picture.reference }]);
  });

  test('a button whose command is pending keeps its focus and does nothing', async () => {
    await room.show(states.deciding(picture));
    await press('Approve');
    await room.show({ ...states.deciding(picture), pending: approving });
    const button = page.getByRole('button', { name: 'Approve' });
    await expect.element(button).toHaveAttribute('aria-disabled', 'true');
    expect(focused()?.textContent?.trim()).toBe('Approve');
    await userEvent.keyboard('{Enter}');
    expect(room.commands).toHaveLength(1);
  });

  test('nothing can be decided while the connection is down', async () => {
    await room.show(states.reconnecting(states.deciding(picture)));
    (page.getByRole('button', { name: 'Approve' }).element() as HTMLElement).click();
    expect(room.commands).toEqual([]);
  });

  test.each(['watcher', 'unknown'] as const)('W5: nothing can be decided by a %s', async (role) => {
    const shown = [states.empty(), states.generating(picture), states.deciding(picture), states.approved(picture)];
    for (const state of shown) {
      const { welcome, ...rest } = states.watching(state);
      await room.show({ ...rest, ...(welcome && { welcome: { ...welcome, role } }) });
      for (const name of ['Approve', 'Regenerate', 'Generate', 'Cancel', 'Start over', 'Try again']) {
        expect(page.getByRole('button', { name, exact: true }).query(), name).toBeNull();
      }
      expect(page.getByRole('textbox').query()).toBeNull();
      const note = page.getByRole('heading', { name: 'You are watching' });
      if (state.snapshot?.stage !== 'final') await expect.element(note).toBeVisible();
    }
  });

  test('nothing can be decided in a stage that this version does not know', async () => {
    await room.show(states.unknownStage(picture));
    await expect.element(page.getByRole('heading', { name: 'Unknown stage' })).toBeVisible();
    await expect
      .element(page.getByText(/^This session is at a stage that this page does not know/).first())
      .toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
    await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible();
    for (const name of ['Approve', 'Regenerate', 'Refine', 'Cancel', 'Start over', 'Discard No. 1']) {
      expect(page.getByRole('button', { name, exact: true }).query(), name).toBeNull();
    }
    expect(page.getByRole('textbox').query()).toBeNull();
  });

  test('M2: the loser of a race is told who acted, and when', async () => {
    await room.show(states.lostRace(picture));
    await expect.element(page.getByText(/^Ana asked for another picture \d seconds ago\.$/).first()).toBeVisible();
  });
});

describe('an approval', () => {
  /** The first of two attempts is approved. */
  async function firstOfTwo(): Promise<SessionState> {
    const pictures = [picture, await states.paint('i2')];
    const attempts = pictures.map(({ reference }, at) => ({
      ...states.attemptOf(reference),
      number: at + 1,
      prompt: `Prompt ${at + 1}`,
    }));
    const images = new Map(pictures.map((one) => [one.reference.imageId, one]));
    return { ...withDetails(states.approved(picture), { attempts }), images };
  }
  const select = (number: number) => page.getByRole('button', { name: new RegExp(`^No\\. ${number},`) }).click();
  const heading = (name: string) => page.getByRole('heading', { name, exact: true });

  test('M3: says who approved, when, and which bytes', async () => {
    await room.show(states.approved(picture));
    await expect.element(heading('Approved')).toBeVisible();
    await expect.element(page.getByText(/by Ana,/)).toBeVisible();
    await expect.element(page.getByRole('code')).toHaveTextContent('3fa9c01b … 7c8d9e1c');
  });

  test('says which attempt it is about while another one is in view', async () => {
    await room.show(await firstOfTwo());
    await expect.element(heading('Approved')).toBeVisible();
    await select(2);
    await expect.element(heading('No. 1 is approved')).toBeVisible();
    await press('Show the approved picture');
    await expect.element(heading('Approved')).toBeVisible();
  });

  test('puts Download above the prompt', async () => {
    await room.show(await firstOfTwo());
    const download = page.getByRole('link', { name: 'Download' });
    const prompt = page.getByRole('blockquote');
    await expect.element(prompt.getByText('Prompt 1')).toBeVisible();
    const bottom = download.element().getBoundingClientRect().bottom;
    expect(bottom).toBeLessThan(prompt.element().getBoundingClientRect().top);
    await select(2);
    await expect.element(prompt.getByText('Prompt 2')).toBeVisible();
  });

  test('brings Download and Copy, where the server offers to save nothing else', async () => {
    const link = page.getByRole('link', { name: 'Download' });
    const offered = (state: SessionState): SessionState =>
      state.welcome ? { ...state, welcome: { ...state.welcome, download: 'approved' } } : state;
    const { deciding, watching, gone, approved } = states;
    for (const before of [deciding(picture), watching(deciding(picture)), gone(deciding(picture))]) {
      await room.show(offered(before));
      for (const name of ['Download', 'Copy image']) {
        await expect.element(page.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
      }
      await expect.element(page.getByText('They come with the approval.')).toBeVisible();
      expect(link.query()).toBeNull();
    }
    await room.show(offered(gone(approved(picture))));
    await expect.element(link).toBeVisible();
  });

  test('is part of the name of the downloaded file', async () => {
    const name = 'a-heron-at-the-edge-of-a-misty-lake-first-light';
    const link = page.getByRole('link', { name: 'Download' });
    await room.show(states.deciding(picture));
    await expect.element(link).toHaveAttribute('download', `${name}-unapproved.png`);
    await room.show(states.approved(picture));
    await expect.element(link).toHaveAttribute('download', `${name}.png`);
  });
});

describe('a failure', () => {
  test('M8: keeps the prompt, and can be tried again', async () => {
    await room.show(states.failedFirst(true));
    await expect.element(page.getByText(/^The model took too long/)).toBeVisible();
    await expect.element(promptField()).toHaveValue(states.prompt);
    await press('Try again');
    expect(room.commands).toEqual([{ type: 'retry' }]);
  });

  test('M8: keeps the picture in view', async () => {
    await room.show(states.failedAgain(picture));
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  });

  test('R9: a session that is gone leaves its picture to be downloaded', async () => {
    await room.show(states.gone(states.deciding(picture)));
    await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
    expect(page.getByRole('button', { name: 'Approve' }).query()).toBeNull();
  });
});

describe('the focus', () => {
  const focusedText = () => focused()?.textContent?.trim();

  test('moves to the new stage after this person’s own command', async () => {
    await room.show(states.empty());
    await promptField().fill('A fox');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    await room.show(states.generating());
    await expect.poll(focusedText).toBe('Drawing');
    await room.show(states.deciding(picture));
    await press('Approve');
    await room.show(states.approved(picture));
    await expect.poll(focusedText).toBe('Approved');
  });

  test('moves to the new stage when the element that had it is gone', async () => {
    await room.show(states.generating());
    page.getByRole('button', { name: 'Cancel' }).element().focus();
    await room.show(states.deciding(picture));
    await expect.poll(focusedText).toBe('Is this the picture?');
  });

  test('stays with what the person focuses while the stage changes', async () => {
    await room.show(states.generating());
    page.getByRole('button', { name: 'Cancel' }).element().focus();
    await room.show(states.deciding(picture));
    page.getByRole('button', { name: 'Approve' }).element().focus();
    await scheduler.postTask(() => {}, { priority: 'background' });
    expect(focusedText()).toBe('Approve');
  });

  test('R9: moves to the ended notice when the session ends', async () => {
    await room.show(states.deciding(picture));
    page.getByRole('button', { name: 'Approve' }).element().focus();
    await room.show(states.gone(states.deciding(picture)));
    await expect.poll(focusedText).toBe('This session is gone');
  });

  test('W8: stays in the prompt field with the typed text when somebody else acts', async () => {
    await room.show(states.deciding(picture));
    await promptField().fill('My own idea');
    await room.show({ ...states.generating(picture), draft: 'My own idea' });
    expect(focused()?.id).toBe('prompt');
    await expect.element(page.getByRole('textbox', { name: 'Your next prompt' })).toHaveValue('My own idea');
  });

  test('is never taken from the rest of the page', async () => {
    const elsewhere = document.createElement('button');
    document.body.append(elsewhere);
    elsewhere.focus();
    await room.show(states.generating());
    await room.show(states.deciding(picture));
    expect(focused()).toBe(elsewhere);
    elsewhere.remove();
  });
});

describe('texts of the greatest length', () => {
  const PROMPT = 'A harbour town in the snow. '.repeat(1_142);
  const FEEDBACK = 'Warmer light, no boat. '.repeat(86);
  /** The height of a text that scrolls, in CSS pixels. */
  const HIGHEST = 240;
  const parts = (selector: string) => deep(room.review.shadowRoot, selector);
  const heights = (selector: string) => parts(selector).map(({ offsetHeight }) => offsetHeight);

  test('scroll to the first change, and no further when others act', async () => {
    await page.viewport(1366, 600);
    const parent = { ...states.attemptOf({ ...picture.reference, imageId: 'i0', generationId: 'g0' }), prompt: PROMPT };
    const prompt = `${PROMPT}By night.`;
    const attempt = { ...states.attemptOf(picture.reference), number: 2, parent: 'i0', prompt, feedback: FEEDBACK };
    const state = withDetails(states.deciding(picture), { attempts: [parent, attempt] });
    await room.show(state);
    await expect.element(page.getByRole('region', { name: 'What changed' })).toBeVisible();
    expect(heights('.changes > :is(blockquote, .text)')).toEqual([HIGHEST, HIGHEST]);
    // The hidden texts for screen readers must not make the page longer.
    expect(document.documentElement.scrollHeight).toBeLessThan(2_000);
    const [text] = parts('.changes > .text');
    const [added] = parts('.changes ins');
    const bottom = added?.getBoundingClientRect().bottom;
    expect(bottom).toBeLessThanOrEqual(text?.getBoundingClientRect().bottom ?? 0);
    if (text) text.scrollTop = 0;
    await room.show(withDetails(state, { revision: 5, attempts: [parent, { ...attempt }] }));
    expect(text?.scrollTop).toBe(0);
  });

  test('leave Cancel near while a generation runs', async () => {
    await page.viewport(1366, 600);
    const generation = { ...states.generation, prompt: PROMPT, feedback: FEEDBACK };
    await room.show(withDetails(states.generating(picture), { generation }));
    await expect.element(page.getByText(/^To change: /)).toBeVisible();
    expect(heights('.stage > p')).toEqual([HIGHEST]);
    await expect.poll(() => heights('.stage > blockquote').every((height) => height <= HIGHEST)).toBe(true);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => heights('.stage > blockquote').every((height) => height > 2_000)).toBe(true);
  });
});

test('S5: markup in a prompt is shown as text', async () => {
  const prompt = '<img src=x onerror=alert(1)><b>bold</b>';
  await room.show(states.generating(undefined, undefined, prompt));
  await expect.element(page.getByText(prompt)).toBeVisible();
});

test('W5: the session state shows the snapshot, and never the key', async () => {
  await room.show(states.deciding(picture));
  await page.getByText('Session details').click();
  await page.getByText('Session state').click();
  const json = page.getByRole('region', { name: 'Session state as JSON' });
  await expect.element(json).toBeVisible();
  expect(json.element().textContent).toContain('"stage": "user_feedback"');
  expect(json.element().textContent).not.toContain(states.sessionKey);
});
