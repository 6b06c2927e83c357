import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/review.ts';
import type { Review } from '../../client/components/review.ts';
import { type Intent, IntentEvent } from '../../client/intent.ts';
import type { ReceivedImage, SessionState } from '../../client/session-state.ts';
import * as states from '../support/component-states.ts';

let review: Review;
let intents: Intent[];
let picture: ReceivedImage;

beforeEach(async () => {
  picture = await states.paint('i1');
  intents = [];
  review = document.createElement('proof-review') as Review;
  review.addEventListener(IntentEvent.type, (event) => {
    if (event instanceof IntentEvent) intents.push(event.intent);
  });
  document.body.append(review);
});

afterEach(() => review.remove());

async function show(session: SessionState): Promise<void> {
  review.session = session;
  await review.updateComplete;
}

const commands = (): Intent[] => intents.filter(({ type }) => type !== 'draft' && type !== 'draft_focus');
const field = () => page.getByRole('textbox', { name: 'Prompt' });
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

/** The focused element, through all shadow roots. */
function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

describe('the prompt', () => {
  test('a blank one is refused beside its field, and nothing is sent', async () => {
    await show(states.empty());
    await field().fill('   ');
    await press('Generate');
    await expect.element(page.getByText(/^Write a prompt first/)).toBeVisible();
    await expect.element(field()).toHaveAttribute('aria-invalid', 'true');
    expect(focused()?.id).toBe('prompt');
    expect(commands()).toEqual([]);
  });

  test.each(['Control', 'Meta'])('%s and Enter send it', async (modifier) => {
    await show(states.empty());
    await field().fill('A fox');
    await userEvent.keyboard(`{${modifier}>}{Enter}{/${modifier}}`);
    expect(commands()).toEqual([{ type: 'generate', prompt: 'A fox', options: {} }]);
  });

  test('what is typed is shared, and so is that somebody types (W8)', async () => {
    await show(states.empty());
    await field().fill('A fox');
    expect(intents).toEqual([
      { type: 'draft_focus', focused: true },
      { type: 'draft', text: 'A fox' },
    ]);
  });

  test('one that is too long says by how much, and is not sent', async () => {
    await show({ ...states.empty(), draft: 'x'.repeat(4_003) });
    await expect.element(page.getByText('The prompt is 3 characters too long.')).toBeVisible();
    await expect.element(page.getByText('4,003 of 4,000')).toBeVisible();
    await press('Generate');
    expect(commands()).toEqual([]);
  });

  test('far from its limit nobody counts', async () => {
    await show({ ...states.empty(), draft: 'x'.repeat(3_599) });
    expect(page.getByText(/of 4,000/).query()).toBeNull();
  });

  test('an example goes into the field, to be sent or changed', async () => {
    await show(states.empty());
    await page.getByRole('button', { name: /^A sailing boat off a winter coast/ }).click();
    await expect.element(field()).toHaveValue('A sailing boat off a winter coast, linocut in two inks');
    expect(commands()).toEqual([]);
  });

  test('its options go with it, and what is chosen among them is told', async () => {
    review.options = { size: '1536x1024' };
    await show(states.deciding(picture));
    await page.getByText(/^\s*Options/).click();
    await page.getByRole('combobox', { name: 'Background' }).selectOptions('Transparent');
    const options = { size: '1536x1024', background: 'transparent' } as const;
    expect(commands()).toEqual([{ type: 'options', options }]);
    review.options = options;
    await review.updateComplete;
    await press('Regenerate');
    expect(commands().at(-1)).toEqual({ type: 'regenerate', imageId: 'i1', prompt: states.prompt, options });
  });

  test('markup in it is text', async () => {
    const prompt = '<img src=x onerror=alert(1)><b>bold</b>';
    await show(states.generating(undefined, undefined, prompt));
    await expect.element(page.getByText(prompt)).toBeVisible();
  });
});

describe('the picture', () => {
  test('is named by the prompt it was drawn from', async () => {
    await show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: `Generated image: ${states.prompt}` })).toBeVisible();
  });

  test('that was there before stays on show, said to be the previous one', async () => {
    await show(states.generating(picture));
    await expect.element(page.getByRole('img', { name: `Previous image: ${states.prompt}` })).toBeVisible();
    await expect.element(page.getByText('Previous picture')).toBeVisible();
  });

  test('gives way to a preview, which says that it is one', async () => {
    await show(states.generating(picture));
    await show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    const preview = page.getByRole('img', { name: `Preview, still being drawn: ${states.prompt}` });
    await expect.element(preview).toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Previous image/ })).not.toBeInTheDocument();
  });

  test('is decoded before it takes the place of another one', async () => {
    await show(states.generating(picture));
    await expect.element(page.getByRole('img', { name: /^Previous image/ })).toBeVisible();
    const decoded = Promise.withResolvers<void>();
    const decode = HTMLImageElement.prototype.decode;
    HTMLImageElement.prototype.decode = () => decoded.promise;
    try {
      await show(states.deciding(await states.paint('i2', { colour: 'plum' })));
      await expect.element(page.getByRole('img')).toHaveAttribute('src', picture.url);
    } finally {
      HTMLImageElement.prototype.decode = decode;
    }
    decoded.resolve();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).not.toHaveAttribute('src', picture.url);
  });

  test('keeps its shape while its bytes are on their way', async () => {
    await show({ ...states.deciding(picture), images: new Map() });
    const host = review.shadowRoot?.querySelector('proof-picture');
    const sheet = host?.shadowRoot?.querySelector('.sheet')?.getBoundingClientRect();
    expect(sheet && sheet.width / sheet.height).toBeCloseTo(1.5, 1);
  });

  test('downloads under a name that says whether it is approved', async () => {
    await show(states.deciding(picture));
    const link = page.getByRole('link', { name: 'Download' });
    await expect
      .element(link)
      .toHaveAttribute('download', 'a-heron-at-the-edge-of-a-misty-lake-first-light-unapproved.png');
    await show(states.approved(picture));
    await expect.element(link).toHaveAttribute('download', 'a-heron-at-the-edge-of-a-misty-lake-first-light.png');
  });
});

/** Elements of one part of the room. */
function inside(part: string, selector: string): HTMLElement[] {
  const host = review.shadowRoot?.querySelector(part);
  return [...(host?.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])];
}

/** Whatever is to be decoded meanwhile waits until the test lets it go on; returns how. */
async function whileNothingIsDecoded(work: () => Promise<void>): Promise<() => void> {
  const decoded = Promise.withResolvers<void>();
  const decode = HTMLImageElement.prototype.decode;
  HTMLImageElement.prototype.decode = () => decoded.promise;
  try {
    await work();
  } finally {
    HTMLImageElement.prototype.decode = decode;
  }
  return decoded.resolve;
}

describe('what lies over what', () => {
  const images = () => inside('proof-picture', 'img').map(({ className }) => className);
  const words = () => inside('proof-picture', '.slug').map(({ textContent }) => textContent?.trim());

  test('the one beneath keeps its look while another fades in, and the words are those of the one on top', async () => {
    await show(states.generating(picture));
    await expect.poll(words).toEqual(['Previous picture']);
    review.shadowRoot
      ?.querySelector('proof-picture')
      ?.shadowRoot?.addEventListener('animationend', (event) => event.stopPropagation(), { capture: true });
    const preview = await states.paint('p1', { kind: 'partial', colour: 'grey' });
    const decode = await whileNothingIsDecoded(() => show(states.generating(picture, preview)));
    expect([images(), words()]).toEqual([['previous'], ['Previous picture']]);
    decode();
    await expect.poll(() => [images(), words()]).toEqual([['previous', 'partial'], ['Preview']]);
  });

  test('a sheet that is still blank is called nothing, and has the shape of what comes', async () => {
    const tall = await states.paint('p1', { kind: 'partial', width: 32, height: 64 });
    const decode = await whileNothingIsDecoded(() => show(states.generating(undefined, tall)));
    expect([images(), words()]).toEqual([[], []]);
    const { width = 0, height = 1 } = inside('proof-picture', '.sheet')[0]?.getBoundingClientRect() ?? {};
    expect(width / height).toBeCloseTo(0.5, 1);
    decode();
    await expect.poll(words).toEqual(['Preview']);
  });
});

describe.each([
  [1440, 900],
  [360, 740],
])('on %i by %i pixels', (width, height) => {
  const rail = () => review.shadowRoot?.querySelector('.rail')?.getBoundingClientRect();
  const boxOf = (element: Element | null | undefined) => {
    const { x, y, width, height } = element?.getBoundingClientRect() ?? new DOMRect();
    return [x, y, width, height].map(Math.round);
  };

  beforeEach(async () => {
    await page.viewport(width, height);
    review.style.setProperty('--proofroom-height', '100dvh');
  });

  test('each of several pictures keeps its place and its size until all have settled, and so does one that fails', async () => {
    const paint = async (candidate: number): Promise<ReceivedImage> => {
      const painted = await states.paint(`c${candidate}`, { width: 48, height: 48 });
      return { ...painted, reference: { ...painted.reference, candidate } };
    };
    const [third, first, last] = await Promise.all([2, 0, 3].map(paint));
    if (!third || !first || !last) throw new Error('There are no pictures.');
    const laid = () => [...inside('proof-candidates', '.place').map(boxOf), rail()?.top];
    const words = () => inside('proof-candidates', '.caption').map(({ textContent }) => textContent?.trim());
    await show(states.several([]));
    await expect.poll(() => inside('proof-candidates', '.cells')[0]?.style.getPropertyValue('--columns')).toBe('2');
    const before = laid();
    await show(states.several([third]));
    expect(laid()).toEqual(before);
    await show(states.several([third, first], [1]));
    expect(laid()).toEqual(before);
    await show(states.several([third, first, last], [1]));
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(laid()).toEqual(before);
    expect(words()).toEqual(['No. 2', 'No picture', 'No. 1', 'No. 3']);
  });

  test('the first picture has the mat for itself; it makes room when another is asked for, not when that comes', async () => {
    const sheet = () => [...inside('proof-picture', '.sheet').map(boxOf), rail()?.top];
    await show(states.deciding(picture));
    await expect.element(page.getByRole('img', { name: /^Generated/ })).toBeVisible();
    await expect.element(page.getByRole('toolbar')).not.toBeInTheDocument();
    await show(states.generating(picture));
    await expect.element(page.getByRole('toolbar')).toBeVisible();
    const before = sheet();
    const painted = await states.paint('i2', { colour: 'plum' });
    const next = { ...painted, reference: { ...painted.reference, generationId: 'g2' } };
    const now = states.deciding(next);
    const attempts = [picture, next].map(({ reference }) => states.attemptOf(reference));
    if (now.snapshot?.stage !== 'user_feedback') throw new Error('There is nothing to decide.');
    await show({ ...now, snapshot: { ...now.snapshot, attempts } });
    await expect.poll(() => inside('proof-picture', 'img.finished').length).toBe(1);
    await expect.element(page.getByRole('button', { name: 'Compare' })).toBeVisible();
    expect(sheet()).toEqual(before);
  });
});

test.each([
  [720, 450],
  [740, 360],
])(
  'on %i by %i pixels, one of several that is opened comes into view, and the focus to the way back',
  async (width, height) => {
    await page.viewport(width, height);
    review.style.setProperty('--proofroom-height', '100dvh');
    const pictures = [0, 1, 2, 3].map(async (candidate) => {
      const painted = await states.paint(`c${candidate}`, { width: 48, height: 48 });
      return { ...painted, reference: { ...painted.reference, candidate } };
    });
    await show(states.several(await Promise.all(pictures)));
    await page.getByRole('button', { name: /^No\. 4\. Generated/ }).click();
    await expect.poll(() => focused()?.textContent?.trim()).toBe('Show all 4 pictures');
    const sheet = () => inside('proof-picture', '.sheet')[0]?.getBoundingClientRect();
    await expect.poll(() => (sheet()?.top ?? -1) >= 0).toBe(true);
    expect(sheet()?.bottom).toBeLessThanOrEqual(height);
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => focused()?.getAttribute('aria-label')).toMatch(/^No\. 1\. Generated/);
    document.documentElement.scrollTop = 0;
  },
);

test('what was discarded unfolds into view', async () => {
  await page.viewport(1440, 900);
  review.style.setProperty('--proofroom-height', '100dvh');
  const now = states.deciding(picture);
  if (!now.snapshot) throw new Error('There is no session.');
  const discarded = [2, 3].map((number) => ({
    ...states.attemptOf({ ...picture.reference, imageId: `i${number}` }),
    number,
    discarded: { by: 'Ana', connectionId: 'hers', at: '2026-11-22T19:05:00.000Z' },
  }));
  await show({ ...now, snapshot: { ...now.snapshot, discarded } });
  const restore = page.getByRole('button', { name: 'Restore No. 3' });
  await page.getByText('Discarded (2)').click();
  await expect.element(restore).toBeInViewport({ ratio: 1 });
  await page.getByText('Discarded (2)').click();
  document.documentElement.scrollTop = 0;
});

test('in a low room inside a high window the picture takes the width of its mat', async () => {
  await page.viewport(1280, 900);
  review.style.setProperty('inline-size', '900px');
  await show(states.deciding(await states.paint('i1', { width: 48, height: 48 })));
  await show(states.generating(await states.paint('i1', { width: 48, height: 48 })));
  await expect.poll(() => inside('proof-picture', '.sheet')[0]?.getBoundingClientRect().width).toBe(404);
});

describe('a close look', () => {
  const picked = () => page.getByRole('button', { name: 'Look closely at No. 1' });
  const near = () => page.getByRole('dialog', { name: 'Close look at No. 1' });

  test.each(['a click', 'Enter', 'Space'])('is had by %s, and Escape gives the focus back', async (how) => {
    await show(states.deciding(picture));
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
    await show(states.deciding(picture));
    await expect.element(picked()).toBeInTheDocument();
    picked().element().focus();
    await show(states.generating(picture, await states.paint('p1', { kind: 'partial', colour: 'grey' })));
    const look = page.getByRole('button', { name: 'Look closely' });
    await expect.element(look).toHaveAttribute('aria-disabled', 'true');
    expect(focused()).toBe(look.element());
    await page.getByRole('img', { name: /^Preview/ }).click();
    await userEvent.keyboard('{Enter}');
    expect(page.getByRole('dialog').query()).toBeNull();
  });

  test('that outlives its picture on the mat leaves the focus where the stage begins', async () => {
    await show(states.deciding(picture));
    await page.getByRole('img', { name: /^Generated/ }).click();
    await expect.element(near()).toBeVisible();
    await show(states.several([]));
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => focused()?.textContent).toBe('Starting');
  });
});

describe('decisions', () => {
  test('Approve names the image on show', async () => {
    await show(states.deciding(picture));
    await press('Approve');
    expect(commands()).toEqual([{ type: 'approve', image: picture.reference }]);
  });

  test('a button whose command is on its way keeps its focus and does nothing', async () => {
    await show(states.deciding(picture));
    await press('Approve');
    await show({ ...states.deciding(picture), pending: new Set(['approve'] as const) });
    const button = page.getByRole('button', { name: 'Approve' });
    await expect.element(button).toHaveAttribute('aria-disabled', 'true');
    expect(focused()?.textContent?.trim()).toBe('Approve');
    await userEvent.keyboard('{Enter}');
    expect(commands()).toHaveLength(1);
  });

  test('a watcher has none, and is told so', async () => {
    for (const state of [
      states.empty(),
      states.generating(picture),
      states.deciding(picture),
      states.approved(picture),
    ]) {
      await show(states.watching(state));
      for (const name of ['Approve', 'Regenerate', 'Generate', 'Cancel', 'Start over', 'Try again']) {
        expect(page.getByRole('button', { name, exact: true }).query(), name).toBeNull();
      }
      expect(page.getByRole('textbox').query()).toBeNull();
    }
    await show(states.watching(states.deciding(picture)));
    await expect.element(page.getByRole('heading', { name: 'You are watching' })).toBeVisible();
  });

  test('Start over asks first while the picture is not approved', async () => {
    await show(states.deciding(picture));
    await press('Start over');
    const question = page.getByRole('alertdialog', { name: 'Start over?' });
    await expect.element(question).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(question).not.toBeInTheDocument();
    expect(commands()).toEqual([]);
    await press('Start over');
    await question.getByRole('button', { name: 'Start over' }).click();
    expect(commands()).toEqual([{ type: 'start_over' }]);
  });

  test('Start over asks once it is approved only where somebody else is here to lose it', async () => {
    const approved = states.approved(picture);
    await show(approved);
    await press('Start over');
    await expect.element(page.getByText(/is approved.*save it first/)).toBeVisible();
    expect(commands()).toEqual([]);
    await press('Keep the picture');
    await show({ ...approved, viewers: { type: 'viewers', reviewers: 1, watchers: 0 } });
    await press('Start over');
    expect(commands()).toEqual([{ type: 'start_over' }]);
  });

  test('Start over says how many pictures would go', async () => {
    const { snapshot, ...state } = states.deciding(picture);
    const attempts = [1, 2].map((number) => states.attemptOf({ ...picture.reference, imageId: `i${number}` }));
    await show({ ...state, ...(snapshot && { snapshot: { ...snapshot, attempts } }) });
    await press('Start over');
    await expect.element(page.getByText(/None of these 2 pictures is approved/)).toBeVisible();
  });

  test('the question goes when somebody else has decided', async () => {
    await show(states.deciding(picture));
    await press('Start over');
    await show(states.approved(picture));
    await expect.element(page.getByRole('alertdialog')).not.toBeInTheDocument();
  });

  test('who lost a race is told who acted, and when', async () => {
    await show(states.lostRace(picture));
    await expect.element(page.getByText(/^Ana asked for another picture \d s ago\.$/).first()).toBeVisible();
  });

  test('an approval says who, when, and which bytes', async () => {
    await show(states.approved(picture));
    await expect.element(page.getByRole('heading', { name: 'Approved' })).toBeVisible();
    await expect.element(page.getByText(/by Ana,/)).toBeVisible();
    await expect.element(page.getByRole('code')).toHaveTextContent('3fa9c01b … 7c8d9e1c');
  });

  test('while the line is down none can be taken', async () => {
    await show(states.reconnecting(states.deciding(picture)));
    (page.getByRole('button', { name: 'Approve' }).element() as HTMLElement).click();
    expect(commands()).toEqual([]);
    await expect.element(page.getByText(/^Reconnecting, next try in \d s$/)).toBeVisible();
  });
});

describe('failures', () => {
  test('are told at once, with Try again where that may help', async () => {
    await show(states.failedFirst(true));
    await expect.element(page.getByText(/^The model took too long/)).toBeVisible();
    await expect.element(field()).toHaveValue(states.prompt);
    await press('Try again');
    expect(commands()).toEqual([{ type: 'retry' }]);
  });

  test('offer no second try where it would end the same', async () => {
    await show(states.failedFirst(false));
    await expect.element(page.getByText(/^The model took too long/)).toBeVisible();
    expect(page.getByRole('button', { name: 'Try again' }).query()).toBeNull();
  });

  test('leave the old picture on show', async () => {
    await show(states.failedAgain(picture));
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
  });

  test('a session that is gone leaves its picture to be taken along, and its prompt to begin anew (R9)', async () => {
    await show(states.gone(states.deciding(picture)));
    await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible();
    await expect.element(page.getByRole('img', { name: /^Generated image/ })).toBeVisible();
    expect(page.getByRole('button', { name: 'Approve' }).query()).toBeNull();
    await press('New session, same prompt');
    expect(commands()).toEqual([{ type: 'new_session', prompt: states.prompt }]);
  });

  test('a refused access token is said, and can be given again (S2)', async () => {
    await show(states.tokenNeeded(true));
    await expect.element(page.getByText(/The server did not accept that token/)).toBeVisible();
    await page.getByLabelText('Access token').fill('a better one');
    await press('Continue');
    expect(commands()).toEqual([{ type: 'token', token: 'a better one' }]);
  });
});

describe('sharing', () => {
  test('the review link carries the key in its fragment alone, the watch link not at all (W5)', async () => {
    review.server = 'https://proofs.example';
    await show(states.deciding(picture));
    await press('Share');
    await expect
      .element(page.getByLabelText('Review link'))
      .toHaveValue(`https://proofs.example/s/s1#${states.sessionKey}`);
    await expect.element(page.getByLabelText('Watch link')).toHaveValue('https://proofs.example/s/s1');
  });

  test('a watcher can pass on the watch link alone', async () => {
    await show(states.watching(states.deciding(picture)));
    await press('Share');
    await expect.element(page.getByLabelText('Watch link')).toBeVisible();
    expect(page.getByLabelText('Review link').query()).toBeNull();
  });

  test('the state inspector shows the snapshot, and never the key', async () => {
    await show(states.deciding(picture));
    await page.getByText('Session state').click();
    const json = page.getByRole('region', { name: 'Session state as JSON' });
    await expect.element(json).toBeVisible();
    expect(json.element().textContent).toContain('"stage": "user_feedback"');
    expect(json.element().textContent).not.toContain(states.sessionKey);
  });

  test('a new name is asked for', async () => {
    await show(states.deciding(picture));
    await page.getByRole('button', { name: /2 reviewers, 1 watching.*Change your name/ }).click();
    await page.getByLabelText('Your name').fill('Ana');
    await press('Save name');
    expect(commands()).toEqual([{ type: 'name', name: 'Ana' }]);
  });
});

describe('the focus', () => {
  test('goes along with who acted', async () => {
    await show(states.empty());
    await field().fill('A fox');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    await show(states.generating());
    await expect.poll(() => focused()?.textContent).toBe('Drawing');
    await show(states.deciding(picture));
    await press('Approve');
    await show(states.approved(picture));
    await expect.poll(() => focused()?.textContent?.trim()).toBe('Approved');
  });

  test('goes to the new stage when the part it was in is gone', async () => {
    await show(states.generating());
    page.getByRole('button', { name: 'Cancel' }).element().focus();
    await show(states.deciding(picture));
    await expect.poll(() => focused()?.textContent).toBe('Is this the picture?');
  });

  test('goes to the farewell when the session ends under it (R9)', async () => {
    await show(states.deciding(picture));
    page.getByRole('button', { name: 'Approve' }).element().focus();
    await show(states.gone(states.deciding(picture)));
    await expect.poll(() => focused()?.textContent).toBe('This session is gone');
  });

  test('stays where it is when somebody else acts, and so does the text being typed (W8)', async () => {
    await show(states.deciding(picture));
    await field().fill('My own idea');
    await show({ ...states.generating(picture), draft: 'My own idea' });
    expect(focused()?.id).toBe('prompt');
    await expect.element(page.getByRole('textbox', { name: 'Your next prompt' })).toHaveValue('My own idea');
  });

  test('stays out of the room while it is elsewhere on the page', async () => {
    const elsewhere = document.createElement('button');
    document.body.append(elsewhere);
    elsewhere.focus();
    await show(states.generating());
    await show(states.deciding(picture));
    expect(focused()).toBe(elsewhere);
    elsewhere.remove();
  });
});
