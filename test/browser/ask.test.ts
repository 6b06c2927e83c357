import axe from 'axe-core';
import { html, LitElement, render, type TemplateResult } from 'lit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../client/components/cancel-form.ts';
import '../../client/components/candidates.ts';
import '../../client/components/prompt-options.ts';
import '../../client/components/refine-form.ts';
import '../../client/components/unfinished-note.ts';
import { type Intent, IntentEvent } from '../../client/intent.ts';
import { OpenEvent } from '../../client/open-event.ts';
import type { Candidate } from '../../client/showing.ts';
import { base } from '../../client/styles/base.ts';
import { review } from '../../client/styles/review.ts';
import { tokens } from '../../client/styles/tokens.ts';
import { supported } from '../../client/supported-options.ts';
import type { Unsent } from '../../client/unsent.ts';
import type { Generation, GenerationError, LastAction, Options, Supports } from '../../shared/session.ts';
import { generation, paint } from './component-states.ts';

/** The room around a component: its colours, type and measures. */
class Stand extends LitElement {
  static override styles = [tokens, base, review];

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}
customElements.define('test-stand', Stand);

const supports: Supports = {
  models: ['model-a', 'model-b'],
  sizes: ['1024x1024', '1536x1024', '2048x1152'],
  qualities: ['low', 'high', 'xhigh'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 3,
  candidates: 4,
  refine: true,
};

let stand: Stand;
let intents: Intent[];
/** What the tab was told to keep. */
let unsent: Unsent;
let opened: string[];
let options: Options;

beforeEach(() => {
  document.documentElement.lang = 'en';
  document.title = 'Asking';
  intents = [];
  unsent = {};
  opened = [];
  stand = new Stand();
  stand.addEventListener(IntentEvent.type, (event) => {
    if (!(event instanceof IntentEvent)) return;
    if (event.intent.type === 'unsent') unsent = { ...unsent, ...event.intent.unsent };
    else intents.push(event.intent);
  });
  stand.addEventListener(OpenEvent.type, (event) => {
    if (event instanceof OpenEvent) opened.push(event.imageId);
  });
  const main = document.createElement('main');
  main.innerHTML = '<h1>Proofroom</h1>';
  main.append(stand);
  document.body.append(main);
});

afterEach(() => {
  document.querySelector('main')?.remove();
  document.documentElement.removeAttribute('dir');
});

async function show(content: TemplateResult): Promise<void> {
  render(content, stand);
  for (const one of stand.querySelectorAll('*')) if (one instanceof LitElement) await one.updateComplete;
}

/** Shows the options as a form does that keeps what is chosen. */
async function showOptions(
  chosen: Options,
  offer: Supports | undefined = supports,
  { demo = false, keeps = true } = {},
): Promise<void> {
  options = chosen;
  await show(html`<proof-options
    .options=${chosen}
    .supports=${offer}
    .model=${'model-a'}
    ?demo=${demo}
    @proof-intent=${({ intent }: IntentEvent) => {
      if (intent.type === 'options') options = intent.options;
      if (keeps) void showOptions(options, offer, { demo, keeps });
    }}
  ></proof-options>`);
}

/** The focused element, through all shadow roots. */
function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

const list = (name: string) => page.getByRole('combobox', { name });
const listed = (name: string) => [...list(name).element().querySelectorAll('option')].map(({ label }) => label);
const openOptions = () => page.getByText(/^\s*Options/).click();
const summary = () =>
  page
    .getByText(/^\s*Options/)
    .element()
    .textContent?.replaceAll(/\s+/g, ' ')
    .trim();

describe('what a server does not know is dropped:', () => {
  const all: Options = { model: 'model-b', size: '2048x1152', quality: 'xhigh', background: 'opaque', format: 'webp' };
  const fine: Options = { ...all, compression: 40, partialImages: 2, candidates: 3 };

  test('what it knows stays', () => expect(supported(fine, supports)).toEqual(fine));
  test('each option that it does not name', () =>
    expect(supported(fine, { candidates: 1, refine: false })).toEqual({}));
  test('each value that it does not name', () =>
    expect(
      supported(fine, {
        models: ['a'],
        sizes: ['512x512'],
        qualities: ['low'],
        backgrounds: [],
        formats: ['png'],
        compression: true,
        partialImages: 1,
        candidates: 2,
        refine: true,
      }),
    ).toEqual({}));
  test('auto stays, since it asks for nothing', () =>
    expect(supported({ size: 'auto', quality: 'auto' }, { candidates: 1, refine: false })).toEqual({
      size: 'auto',
      quality: 'auto',
    }));
  test('a transparent ground under JPEG, and the compression of what is not compressed', () => {
    expect(supported({ format: 'jpeg', background: 'transparent', compression: 9 }, supports)).toEqual({
      format: 'jpeg',
      compression: 9,
    });
    expect(supported({ format: 'png', compression: 9 }, supports)).toEqual({ format: 'png' });
    expect(supported({ compression: 9 }, supports)).toEqual({});
  });
  test('a server that says nothing knows any size, and what pages have always offered', () =>
    expect(supported({ ...fine, size: '1111x2222', quality: 'high' }, undefined)).toEqual({
      size: '1111x2222',
      quality: 'high',
      background: 'opaque',
      format: 'webp',
    }));
});

describe('the options', () => {
  test('offer what the server supports and nothing else', async () => {
    await showOptions({}, { sizes: ['512x512', '1024x1024'], candidates: 1, refine: false });
    await openOptions();
    expect(listed('Size')).toEqual(['Automatic', '512x512', 'Square']);
    for (const name of ['Model', 'Quality', 'Background', 'Format', 'Previews']) expect(list(name).query()).toBeNull();
    expect(page.getByRole('radio').query()).toBeNull();
    expect(page.getByRole('spinbutton').query()).toBeNull();
  });

  test('of a server that does not say what it supports are those of old', async () => {
    await show(html`<proof-options .options=${{ size: '1111x2222' }}></proof-options>`);
    await openOptions();
    expect(listed('Size')).toEqual(['Automatic', 'Square', 'Landscape', 'Portrait', '1111x2222']);
    expect(listed('Quality')).toEqual(['Automatic', 'Low', 'Medium', 'High']);
    expect(listed('Background')).toEqual(['Automatic', 'Opaque', 'Transparent']);
    expect(listed('Format')).toEqual(['Automatic', 'PNG', 'JPEG', 'WebP']);
    expect(list('Previews').query()).toBeNull();
    expect(page.getByRole('radio').query()).toBeNull();
  });

  test('name the usual model first, and let another be chosen', async () => {
    await showOptions({});
    await openOptions();
    expect(listed('Model')).toEqual(['model-a (usual)', 'model-b']);
    await list('Model').selectOptions('model-b');
    expect(options).toEqual({ model: 'model-b' });
    await list('Model').selectOptions('model-a (usual)');
    expect(options).toEqual({});
  });

  test('leave out what this page could not ask for', async () => {
    await showOptions({}, { qualities: ['low', 'exquisite'], candidates: 9, partialImages: 9, refine: true });
    await openOptions();
    expect(listed('Quality')).toEqual(['Automatic', 'Low']);
    expect(listed('Previews')).toEqual(['Automatic', 'None', '1', '2', '3']);
    expect(page.getByRole('radio').elements()).toHaveLength(4);
  });

  test('say in one line what is chosen', async () => {
    await showOptions({ candidates: 2, size: '1536x1024', quality: 'high' });
    expect(summary()).toBe('Options 2 pictures, Landscape, High');
    await showOptions({ model: 'model-b', format: 'jpeg', compression: 80, partialImages: 0 });
    expect(summary()).toBe('Options model-b, JPEG, Compression 80, No previews');
    await showOptions({ model: 'model-a', size: 'auto', candidates: 1 });
    expect(summary()).toBe('Options');
  });

  test('keep JPEG and transparency apart', async () => {
    await showOptions({ background: 'transparent' });
    await openOptions();
    const jpeg = () => list('Format').getByRole('option', { name: 'JPEG' });
    await expect.element(jpeg()).toBeDisabled();
    await list('Background').selectOptions('Opaque');
    await expect.element(jpeg()).toBeEnabled();
  });

  test('ask for a compression only where there is one, and keep it within 0 to 100', async () => {
    await showOptions({ format: 'png' });
    await openOptions();
    expect(page.getByRole('spinbutton').query()).toBeNull();
    await list('Format').selectOptions('WebP');
    const compression = page.getByRole('spinbutton', { name: 'Compression, 0 to 100' });
    await compression.fill('400');
    await userEvent.keyboard('{Tab}');
    expect(options).toEqual({ format: 'webp', compression: 100 });
    await expect.element(compression).toHaveValue(100);
    await list('Format').selectOptions('PNG');
    expect(options).toEqual({ format: 'png' });
  });

  test('take how many pictures are drawn at once from the arrow keys', async () => {
    await showOptions({});
    await openOptions();
    const group = page.getByRole('group', { name: 'Pictures at once' });
    await expect.element(group.getByRole('radio', { name: '1', exact: true })).toBeChecked();
    group.getByRole('radio', { name: '1', exact: true }).element().focus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(options).toEqual({ candidates: 3 });
    await expect.element(group.getByRole('radio', { name: '3' })).toBeChecked();
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(options).toEqual({});
  });

  test('say that several pictures cost several times as much, unless they cost nothing', async () => {
    await showOptions({ candidates: 2 });
    await expect.element(page.getByText('Each picture is billed by itself.')).toBeVisible();
    await showOptions({ candidates: 1 });
    await expect.element(page.getByText('Each picture is billed by itself.')).not.toBeInTheDocument();
    await showOptions({ candidates: 2 }, supports, { demo: true });
    await expect.element(page.getByText('Each picture is billed by itself.')).not.toBeInTheDocument();
  });

  test('show what was given, not what was clicked, when the form does not keep it', async () => {
    await showOptions({ quality: 'low' }, supports, { keeps: false });
    await openOptions();
    await list('Quality').selectOptions('High');
    expect(options).toEqual({ quality: 'high' });
    await showOptions({ quality: 'low' }, { ...supports }, { keeps: false });
    await expect.element(list('Quality')).toHaveValue('low');
  });
});

describe('refining', () => {
  interface Given {
    imageId?: string;
    number?: number;
    limit?: number;
    suggestion?: string;
    accepted?: string;
    acceptedId?: string;
    unsent?: Unsent;
    busy?: boolean;
    unavailable?: boolean;
  }
  const refine = ({ imageId = 'i3', number = 3, limit = 2000, suggestion = '', ...given }: Given = {}) =>
    show(html`<proof-refine
      .imageId=${imageId}
      .number=${number}
      .limit=${limit}
      .suggestion=${suggestion}
      .accepted=${given.accepted}
      .acceptedId=${given.acceptedId}
      .options=${{ quality: 'high' }}
      .unsent=${given.unsent ?? {}}
      ?busy=${given.busy}
      ?unavailable=${given.unavailable}
    ></proof-refine>`);
  const field = () => page.getByRole('textbox', { name: /^What should change/ });
  const press = () => page.getByRole('button', { name: 'Refine No. 3' }).click();
  const sent = (feedback: string): Intent => ({
    type: 'refine',
    imageId: 'i3',
    feedback,
    options: { quality: 'high' },
  });

  test('names the picture it is about, and sends the words with it', async () => {
    await refine();
    await expect.element(page.getByRole('textbox', { name: 'What should change in No. 3?' })).toBeVisible();
    await field().fill('Warmer light');
    await press();
    expect(intents).toEqual([sent('Warmer light')]);
  });

  test.each(['Control', 'Meta'])('%s and Enter send it', async (modifier) => {
    await refine();
    await field().fill('Warmer light');
    await userEvent.keyboard(`{${modifier}>}{Enter}{/${modifier}}`);
    expect(intents).toEqual([sent('Warmer light')]);
  });

  test('tells what is typed, so that a reload finds it, until it has become a picture', async () => {
    await refine();
    expect(unsent).toEqual({});
    await field().fill('Warmer light');
    await expect.poll(() => unsent).toEqual({ feedback: 'Warmer light' });
    await press();
    await expect.poll(() => unsent).toEqual({ feedback: 'Warmer light', askedFeedback: 'Warmer light' });
    await refine({ accepted: 'Warmer light', acceptedId: 'i4' });
    await expect.poll(() => unsent).toEqual({});
  });

  test('what is only lent is not to be kept; made one’s own, it is', async () => {
    await refine({ suggestion: 'Too dark' });
    await expect.element(field()).toHaveValue('Too dark');
    expect(unsent).toEqual({});
    await field().fill('Too dark here');
    await expect.poll(() => unsent).toEqual({ feedback: 'Too dark here' });
  });

  test('begins with what a reload has found, before a suggestion', async () => {
    await refine({ unsent: { feedback: 'Warmer light' }, suggestion: 'Too dark' });
    await expect.element(field()).toHaveValue('Warmer light');
    await field().fill('');
    await expect.poll(() => unsent).toEqual({ feedback: undefined });
  });

  test('knows after a reload what it has asked for', async () => {
    const asked = { feedback: 'Warmer light', askedFeedback: 'Warmer light' };
    await refine({ unsent: asked, accepted: 'Less snow', acceptedId: 'i3' });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ unsent: asked, accepted: 'Warmer light', acceptedId: 'i4' });
    await expect.element(field()).toHaveValue('');
  });

  test('without words is refused beside its field', async () => {
    await refine();
    await field().fill('  ');
    await press();
    await expect.element(page.getByText('Say what should change first.')).toBeVisible();
    await expect.element(field()).toHaveAttribute('aria-invalid', 'true');
    expect(focused()?.id).toBe('feedback');
    expect(intents).toEqual([]);
  });

  test('with too many words says by how much, and is not sent', async () => {
    await refine({ limit: 20 });
    await field().fill('x'.repeat(21));
    await expect.element(page.getByText('This is 1 character too long.')).toBeVisible();
    await expect.element(page.getByText('21 of 20')).toBeVisible();
    await press();
    expect(intents).toEqual([]);
  });

  test.each([{ busy: true }, { unavailable: true }])('waits while %j', async (state) => {
    await refine(state);
    await field().fill('Warmer light');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    (page.getByRole('button').element() as HTMLElement).click();
    expect(intents).toEqual([]);
  });

  test('keeps what is typed through another picture, a refusal and a failure, until it has become a picture', async () => {
    await refine({ accepted: 'Older words', acceptedId: 'i2' });
    await field().fill('Warmer light');
    await press();
    await refine({ accepted: 'Older words', acceptedId: 'i2', busy: true });
    await refine({ accepted: 'Older words', acceptedId: 'i2', imageId: 'i1', number: 1 });
    await refine({ accepted: 'Somebody else’s words', acceptedId: 'i4' });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await expect.element(field()).toHaveValue('');
  });

  test('takes the same words for the next picture too', async () => {
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await field().fill('Warmer light');
    await press();
    await refine({ accepted: 'Warmer light', acceptedId: 'i5', busy: true });
    await expect.element(field()).toHaveValue('Warmer light');
    await refine({ accepted: 'Warmer light', acceptedId: 'i6' });
    await expect.element(field()).toHaveValue('');
  });

  test('leaves what was typed on after it was sent', async () => {
    await refine();
    await field().fill('Warmer light');
    await press();
    await field().fill('Warmer light, and no boat');
    await refine({ accepted: 'Warmer light', acceptedId: 'i5' });
    await expect.element(field()).toHaveValue('Warmer light, and no boat');
  });

  describe('the reason of a cancelled drawing', () => {
    const origin = () => page.getByText(/^From the cancelled drawing/);

    test('is put into the empty field once, and said to come from there', async () => {
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('too dark');
      await expect.element(origin()).toBeVisible();
      await field().fill('');
      await refine({ suggestion: 'too dark', busy: true });
      await expect.element(field()).toHaveValue('');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('never takes the place of what somebody typed', async () => {
      await refine();
      await field().fill('Warmer light');
      await refine({ suggestion: 'too dark' });
      await expect.element(field()).toHaveValue('Warmer light');
      await expect.element(origin()).not.toBeInTheDocument();
    });

    test('goes with the drawing, unless it was changed', async () => {
      await refine({ suggestion: 'too dark' });
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('');
      await refine({ suggestion: 'too dark' });
      await field().fill('too dark at the edges');
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('too dark at the edges');
    });

    test('stays when it was sent, until it has become a picture', async () => {
      await refine({ suggestion: 'too dark' });
      await press();
      await refine({ suggestion: '' });
      await expect.element(field()).toHaveValue('too dark');
      await refine({ suggestion: '', accepted: 'too dark', acceptedId: 'i4' });
      await expect.element(field()).toHaveValue('');
    });
  });
});

describe('cancelling', () => {
  const cancel = ({ free = false, busy = false, unavailable = false, limit = 2000 } = {}) =>
    show(html`<proof-cancel .limit=${limit} ?free=${free} ?busy=${busy} ?unavailable=${unavailable}></proof-cancel>`);
  const press = () => page.getByRole('button', { name: 'Cancel' }).click();
  const reason = () => page.getByRole('textbox', { name: 'What is wrong with it?' });

  test('takes one click and no reason', async () => {
    await cancel();
    await press();
    expect(intents).toEqual([{ type: 'cancel' }]);
  });

  test('takes the reason along, by the button or by Enter', async () => {
    await cancel();
    await reason().fill('  too dark ');
    await userEvent.keyboard('{Enter}');
    await press();
    expect(intents).toEqual([
      { type: 'cancel', reason: 'too dark' },
      { type: 'cancel', reason: 'too dark' },
    ]);
  });

  test('is never held up by a reason that is too long: the field takes no more', async () => {
    await cancel({ limit: 8 });
    await userEvent.type(reason(), 'too dark by far');
    await press();
    expect(intents).toEqual([{ type: 'cancel', reason: 'too dark' }]);
  });

  test.each([{ busy: true }, { unavailable: true }])('waits while %j', async (state) => {
    await cancel(state);
    (page.getByRole('button').element() as HTMLElement).click();
    reason().element().focus();
    await userEvent.keyboard('{Enter}');
    expect(intents).toEqual([]);
  });

  test('says that it may still cost, unless nothing does', async () => {
    await cancel();
    await expect.element(page.getByText('A cancelled drawing may still be billed.')).toBeVisible();
    await cancel({ free: true });
    await expect.element(page.getByText(/billed/)).not.toBeInTheDocument();
  });

  test('stands above its reason where it is narrow, beside it where there is room', async () => {
    await cancel();
    const tops = () => [page.getByRole('button'), reason()].map((one) => one.element().getBoundingClientRect().bottom);
    stand.style.setProperty('inline-size', '320px');
    const [button = 0, field = 0] = tops();
    expect(button).toBeLessThan(field - 40);
    stand.style.setProperty('inline-size', '600px');
    expect(tops()[0]).toBe(tops()[1]);
  });
});

const failure = (candidate: number, message: string): { candidate: number; error: GenerationError } => ({
  candidate,
  error: { code: 'provider_error', message, retryable: true },
});

describe('what was left unfinished', () => {
  const byAna: LastAction = { action: 'cancel', by: 'Ana', connectionId: 'hers', at: '2026-11-22T19:03:00.000Z' };
  interface Given {
    lastGeneration?: Generation;
    lastAction?: LastAction;
    attemptsOfIt?: number;
    error?: GenerationError;
    decides?: boolean;
    draft?: string;
  }
  const unfinished = ({ attemptsOfIt = 0, decides = true, draft = '', ...given }: Given) =>
    show(html`<proof-unfinished
      .lastGeneration=${given.lastGeneration}
      .lastAction=${given.lastAction}
      .connectionId=${'me'}
      .attemptsOfIt=${attemptsOfIt}
      .error=${given.error}
      .draft=${draft}
      ?decides=${decides}
    ></proof-unfinished>`);
  const cancelled: Generation = { ...generation, cancelReason: 'too dark' };
  const told = () => page.getByRole('status').element().textContent?.replaceAll(/\s+/g, ' ').trim();
  const add = () => page.getByRole('button', { name: 'Add to the prompt' });

  test.each([
    ['Ana', byAna],
    ['You', { ...byAna, connectionId: 'me' }],
    ['Somebody', { ...byAna, action: 'generate' }],
  ] as const)('%s is named with the reason', async (who, lastAction) => {
    await unfinished({ lastGeneration: cancelled, lastAction, decides: false });
    expect(told()).toBe(`${who} cancelled it: “too dark”`);
  });

  test('what others cancel is told without a reason, too', async () => {
    await unfinished({ lastGeneration: generation, lastAction: byAna });
    expect(told()).toBe('Ana cancelled it.');
  });

  test('a cancel of one’s own without a reason is known, and a failure as a whole is told elsewhere', async () => {
    await unfinished({ lastGeneration: generation, lastAction: { ...byAna, connectionId: 'me' } });
    expect(told()).toBe('');
    const failed = failure(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, failures: [failed] }, error: failed.error });
    expect(told()).toBe('');
    expect(stand.querySelector('proof-unfinished')?.hasAttribute('shown')).toBe(false);
  });

  test('failures among pictures are counted, each reason told once', async () => {
    const failures = [failure(0, 'It broke.'), failure(2, 'It was late.'), failure(3, 'It broke.')];
    const { error } = failure(0, 'It broke.');
    await unfinished({ lastGeneration: { ...generation, candidates: 4, failures }, attemptsOfIt: 1, error });
    await expect.element(page.getByText('3 of 4 pictures failed')).toBeVisible();
    const reasons = page.getByRole('listitem').elements();
    expect(reasons.map((item) => item.textContent)).toEqual(['2 pictures: It broke.', '1 picture: It was late.']);
    expect(stand.querySelector('proof-unfinished')?.hasAttribute('shown')).toBe(true);
  });

  test('a reason that they share needs no count', async () => {
    const failures = [failure(0, 'It broke.'), failure(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failure(0, 'It broke.');
    await unfinished({ lastGeneration, attemptsOfIt: 2, error, decides: false });
    expect(told()).toBe('2 of 4 pictures failed It broke.');
  });

  test('those that failed can be asked for again, as far as that may help, by who decides', async () => {
    const failures = [failure(0, 'It broke.'), failure(2, 'It broke.')];
    const lastGeneration = { ...generation, candidates: 4, failures };
    const { error } = failure(0, 'It broke.');
    await unfinished({ lastGeneration, attemptsOfIt: 2, error });
    await page.getByRole('button', { name: 'Try those 2 again' }).click();
    expect(intents).toEqual([{ type: 'retry' }]);
    const hopeless = failures.map((one) => ({ ...one, error: { ...one.error, retryable: false } }));
    await unfinished({ lastGeneration: { ...lastGeneration, failures: hopeless }, attemptsOfIt: 2, error });
    expect(page.getByRole('button').query()).toBeNull();
  });

  test('a cancel tells what was finished before it, and what had failed', async () => {
    const lastGeneration = { ...cancelled, candidates: 4, failures: [failure(1, 'It broke.')] };
    await unfinished({ lastGeneration, lastAction: byAna, attemptsOfIt: 1, decides: false });
    expect(told()).toBe(
      'Ana cancelled it: “too dark” 1 of 4 pictures was finished before that. 1 of 4 pictures failed It broke.',
    );
  });

  test('the reason can be added to the prompt, once, by who decides', async () => {
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, draft: 'A fox' });
    await add().click();
    expect(intents).toEqual([{ type: 'draft', text: 'A fox\ntoo dark' }]);
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, draft: 'A fox\ntoo dark' });
    expect(focused()?.textContent?.trim()).toBe('Added to the prompt');
    await userEvent.keyboard('{Enter}');
    expect(intents).toHaveLength(1);
    await unfinished({ lastGeneration: cancelled, lastAction: byAna, decides: false });
    expect(page.getByRole('button').query()).toBeNull();
  });

  test('markup in a reason is text', async () => {
    await unfinished({ lastGeneration: { ...generation, cancelReason: '<b>no</b>' } });
    await expect.element(page.getByText('<b>no</b>')).toBeVisible();
  });
});

describe('several pictures of one ask', () => {
  const teal = paint('i4', { width: 300, height: 200 });
  const grey = paint('p1', { kind: 'partial', width: 300, height: 200, colour: 'grey' });
  const cells = async (): Promise<Candidate[]> => [
    { candidate: 0, kind: 'finished', ratio: 1.5, picture: await teal, number: 4, words: 'No. 4', alt: 'A heron' },
    { candidate: 1, kind: 'failed', ratio: 1.5, words: 'It broke. Ask again.', alt: '' },
    { candidate: 2, kind: 'partial', ratio: 1.5, picture: await grey, words: 'Drawing', alt: 'Preview of a heron' },
    { candidate: 3, kind: 'blank', ratio: 1.5, words: 'Waiting in line', alt: '' },
  ];
  const lay = async (candidates: readonly Candidate[], working = true): Promise<void> => {
    stand.style.setProperty('--picture-height', '600px');
    await show(html`<proof-candidates .candidates=${candidates} ?working=${working}></proof-candidates>`);
  };
  const items = () => page.getByRole('listitem');
  const boxes = () =>
    items()
      .elements()
      .map((item) => item.getBoundingClientRect());
  const columns = () => new Set(boxes().map(({ left }) => Math.round(left))).size;

  test('each says what it is', async () => {
    await lay(await cells());
    await expect.element(page.getByRole('list', { name: '4 pictures of one prompt' })).toBeVisible();
    await expect.element(page.getByRole('img', { name: 'Preview of a heron' })).toBeVisible();
    const words = items()
      .elements()
      .map((item) => item.textContent?.replaceAll(/\s+/g, ' ').trim());
    expect(words).toEqual(['No. 4', 'It broke. Ask again. No picture', 'Preview', 'Waiting in line']);
  });

  test('a finished one is opened by a click or a key, and no other is', async () => {
    await lay(await cells());
    const open = page.getByRole('button', { name: 'No. 4. A heron' });
    await open.click();
    open.element().focus();
    await userEvent.keyboard('{Enter}');
    expect(opened).toEqual(['i4', 'i4']);
    expect(page.getByRole('button').elements()).toHaveLength(1);
  });

  test('a preview stays until the finished picture is decoded', async () => {
    const [, , preview] = await cells();
    if (!preview) throw new Error('There is no preview.');
    await lay([preview]);
    await expect.element(page.getByRole('img')).toHaveAttribute('src', (await grey).url);
    const decoded = Promise.withResolvers<void>();
    const decode = HTMLImageElement.prototype.decode;
    HTMLImageElement.prototype.decode = () => decoded.promise;
    try {
      await lay([{ ...preview, kind: 'finished', picture: await teal, words: 'No. 4', alt: 'A heron' }]);
      await expect.element(page.getByRole('button')).toBeVisible();
      expect(items().element().querySelector('img')?.src).toBe((await grey).url);
    } finally {
      HTMLImageElement.prototype.decode = decode;
    }
    decoded.resolve();
    await expect.poll(() => items().element().querySelector('img')?.src).toBe((await teal).url);
  });

  test('a preview is said to be one once it is to be seen', async () => {
    const [, , preview] = await cells();
    if (!preview) throw new Error('There is no preview.');
    const decoded = Promise.withResolvers<void>();
    const decode = HTMLImageElement.prototype.decode;
    HTMLImageElement.prototype.decode = () => decoded.promise;
    try {
      await lay([preview]);
      expect(items().element().textContent?.trim()).toBe('Drawing');
    } finally {
      HTMLImageElement.prototype.decode = decode;
    }
    decoded.resolve();
    await expect.element(page.getByText('Preview')).toBeVisible();
  });

  test('only what is being drawn moves, and only while something is', async () => {
    const moving = () =>
      items()
        .elements()
        .map((item) => item.querySelector('.sweep') !== null);
    await lay([...(await cells()), { candidate: 4, kind: 'blank', ratio: 1.5, number: 5, words: 'No. 5', alt: '' }]);
    expect(moving()).toEqual([false, false, true, true, false]);
    await lay(await cells(), false);
    expect(moving()).toEqual([false, false, false, false]);
  });

  test.each([
    [950, 2, 1, 2, 465],
    [950, 2, 1.5, 2, 465],
    [950, 3, 1, 3, 303],
    [950, 3, 1.5, 2, 387],
    [950, 3, 0.667, 3, 303],
    [950, 4, 1, 2, 258],
    [950, 4, 0.667, 4, 223],
    [2400, 4, 1, 4, 568],
    [296, 2, 1, 1, 262],
    [296, 2, 0.4, 2, 142],
    [296, 4, 1, 2, 142],
    [296, 3, 0.667, 2, 142],
  ])('on a mat %i wide, %i of ratio %f lie in %i columns, %i wide', async (width, count, ratio, most, size) => {
    stand.style.setProperty('inline-size', `${width}px`);
    await lay((await cells()).slice(0, count).map((cell) => ({ ...cell, ratio })));
    const rows = () => new Set(boxes().map(({ top }) => Math.round(top))).size;
    await expect.poll(rows).toBe(Math.ceil(count / most));
    // The last one of three lies in the middle, between the two above it.
    expect(columns()).toBe(count === 3 && most === 2 ? 3 : most);
    const top = Math.min(...boxes().map((box) => box.top));
    const bottom = Math.max(...boxes().map((box) => box.bottom));
    expect(bottom - top).toBeLessThanOrEqual(600.5);
    for (const box of boxes()) {
      expect(Math.abs(box.width - size)).toBeLessThan(1);
      expect(box.right).toBeLessThanOrEqual(width + stand.getBoundingClientRect().left + 0.5);
    }
  });

  test('one of another shape is shown whole', async () => {
    stand.style.setProperty('inline-size', '950px');
    const [first, second] = await cells();
    if (!first || !second) throw new Error('There are no pictures.');
    await lay([first, { ...second, ratio: 0.5 }]);
    const sheets = items()
      .elements()
      .map((item) => item.querySelector('.sheet')?.getBoundingClientRect());
    const [wide, tall] = sheets;
    expect((tall?.width ?? 0) / (tall?.height ?? 1)).toBeCloseTo(0.5, 2);
    expect(tall?.height).toBeCloseTo(wide?.height ?? 0, 0);
  });
});

const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen '.repeat(12).trim();
const failures = [failure(0, long), failure(1, 'It broke.')];

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
    stand.style.setProperty('color-scheme', scheme);
    await show(await everything());
    await openOptions();
    await expect.element(page.getByRole('img', { name: /^Donau/ }).first()).toBeVisible();
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.failureSummary}`))).toEqual([]);
  });
});

describe.each(['ltr', 'rtl'])('%s', (direction) => {
  test.each([320, 360, 700])(
    '%i pixels wide, long texts stay inside, and what a finger is to hit is 44 high',
    async (width) => {
      document.documentElement.dir = direction;
      stand.style.setProperty('inline-size', `${width}px`);
      await show(await everything());
      await openOptions();
      const room = stand.getBoundingClientRect();
      for (const element of deep(stand)) {
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
  await show(await everything());
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

/** Elements inside, through all shadow roots. */
function deep(root: Element): Element[] {
  return [...root.querySelectorAll('*')].flatMap((element) => [
    element,
    ...[...(element.shadowRoot?.children ?? [])].flatMap((child) => [child, ...deep(child)]),
  ]);
}
