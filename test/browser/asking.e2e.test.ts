import type { Locator } from 'playwright';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { Options } from '../../shared/session.ts';
import { useBrowser } from '../support/browser.ts';
import type { RecordedRequest } from '../support/fake-openai-exchange.ts';
import { isSound, looks, tabWith } from '../support/looks.ts';
import { drawRow, gather, shows } from '../support/people.ts';
import { type Product, startProduct } from '../support/product.ts';
import { digest, enter, type Room, see } from '../support/room.ts';
import { tabTo } from '../support/tab-key.ts';
import { WsClient } from '../support/ws-client.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const WORDS = 'Warmer light, and no tree';

const Body = v.object({
  input: v.array(v.object({ content: v.array(v.record(v.string(), v.string())) })),
  tools: v.array(v.record(v.string(), v.union([v.string(), v.number()]))),
});

describe('a refinement', () => {
  test('sends the very bytes that it is about, and the words; all see what came of it', async () => {
    const product = await startProduct();
    const { openai } = product;
    const { ana, bo, cy } = await gather(browser, product.address);
    await drawRow([ana, bo, cy], [PROMPT, 'A heron in the mist']);
    await bo.open(1);
    await refine(bo, WORDS, 1);
    const request = await openai.request(3);
    expect(contentOf(request)).toEqual([imagePart(openai.sent[0]?.final), { type: 'input_text', text: WORDS }]);
    for (const room of [ana, bo, cy]) {
      await shows(room, openai, 3);
      await see(room.attempt(3)).toHaveAccessibleName(`No. 3, ${PROMPT}, refined from No. 1`);
      await see(room.root.getByRole('region', { name: 'What changed' })).toContainText(WORDS);
    }
    const { attempts } = await ana.snapshot();
    expect(attempts[2]).toMatchObject({ parent: attempts[0]?.image.imageId, feedback: WORDS });
    await see(bo.feedback).toHaveValue('');
    await see(cy.feedback).toHaveCount(0);
  });

  test('that fails keeps the words and the picture, and Try again sends the same again', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT, 'A heron in the mist']);
    await bo.open(1);
    openai.next('no_image');
    await refine(bo, WORDS, 1);
    for (const room of [ana, bo]) await see(room.alert('answered without an image')).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    await see(bo.picture('Generated image')).toBeVisible();
    await bo.press('Try again');
    const again = await openai.request(4);
    expect(again.body).toEqual(openai.requests[2]?.body);
    expect(contentOf(again)).toEqual([imagePart(openai.sent[0]?.final), { type: 'input_text', text: WORDS }]);
    for (const room of [ana, bo]) {
      await shows(room, openai, 4);
      await see(room.alert(/\S/)).toHaveCount(0);
    }
    await see(bo.feedback).toHaveValue('');
  });

  test('being written outlives what others ask for, and what becomes of it', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await bo.feedback.pressSequentially(WORDS);
    openai.next('held');
    await ana.press('Regenerate');
    await see(bo.heading('Drawing')).toBeVisible();
    openai.release();
    await see(bo.attempt(2)).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    openai.next('no_image');
    await ana.press('Regenerate');
    await see(bo.alert('answered without an image')).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    await see(ana.feedback).toHaveValue('');
  });
});

const REASON = 'The fox has five legs';

describe('rejected early', () => {
  test('on seeing a preview: the request is closed at once, and the reason is everybody’s for the next try (R2)', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    await drawRow([ana, bo, cy], [PROMPT]);
    openai.next('held');
    await ana.press('Regenerate');
    for (const room of [ana, bo, cy]) await see(room.picture('Preview, still being drawn')).toBeVisible();
    await reject(ana, REASON);
    await openai.requests[1]?.closedEarly;
    await see(ana.status(`You cancelled it: “${REASON}”`)).toBeVisible();
    for (const room of [bo, cy]) await see(room.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
    for (const room of [ana, bo]) {
      await shows(room, openai, 1);
      await see(room.feedback).toHaveValue(REASON);
      await see(room.feedback).toHaveAccessibleDescription('From the cancelled drawing. Change it as you like.');
      await see(room.button('Add to the prompt')).toBeVisible();
    }
    await see(cy.button('Add to the prompt')).toHaveCount(0);
    await bo.press('Refine No. 1');
    expect(contentOf(await openai.request(3))).toEqual([
      imagePart(openai.sent[0]?.final),
      { type: 'input_text', text: REASON },
    ]);
    for (const room of [ana, bo]) {
      await shows(room, openai, 3);
      await see(room.feedback).toHaveValue('');
      await see(room.status(/cancelled it/)).toHaveCount(0);
    }
  });

  test('with no picture yet, the reason can be added to the prompt', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    openai.next('held');
    await ana.ask(PROMPT);
    await see(bo.picture('Preview, still being drawn')).toBeVisible();
    await reject(bo, REASON);
    await openai.requests[0]?.closedEarly;
    for (const room of [ana, cy]) await see(room.status(`Bo cancelled it: “${REASON}”`)).toBeVisible();
    await see(cy.button('Add to the prompt')).toHaveCount(0);
    await see(bo.button('Add to the prompt')).toBeVisible();
    await ana.press('Add to the prompt');
    for (const room of [ana, bo]) {
      await see(room.prompt).toHaveValue(`${PROMPT}\n${REASON}`);
      await see(room.button('Added to the prompt')).toBeVisible();
    }
    await ana.press('Generate');
    expect(contentOf(await openai.request(2))).toEqual([{ type: 'input_text', text: `${PROMPT}\n${REASON}` }]);
  });

  test('takes no words that somebody is writing', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await bo.feedback.fill(WORDS);
    openai.next('held');
    await ana.press('Regenerate');
    await see(ana.picture('Preview, still being drawn')).toBeVisible();
    await reject(ana, REASON);
    await see(bo.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
    await see(ana.feedback).toHaveValue(REASON);
    await see(bo.feedback).toHaveValue(WORDS);
  });
});

describe('options', () => {
  test('are those that the server supports, and no others', async () => {
    const few = await startProduct({ offer: { sizes: ['1024x1024'] }, limits: { CANDIDATES_PER_GENERATION: 1 } });
    const narrow = await withOptions(few);
    expect(await choicesOf(narrow)).toEqual({
      Size: ['Automatic', 'Square'],
      Quality: ['Automatic', 'Low', 'Medium', 'High'],
      Background: ['Automatic', 'Opaque', 'Transparent'],
      Format: ['Automatic', 'PNG', 'JPEG', 'WebP'],
      Previews: ['Automatic', 'None', '1', '2', '3'],
    });
    await see(narrow.root.getByRole('radio')).toHaveCount(0);
    const wide = await withOptions(await startProduct({ offer: { imageModels: ['another-model'] } }));
    expect(await choicesOf(wide)).toMatchObject({
      Model: ['an-image-model (usual)', 'another-model'],
      Size: ['Automatic', 'Square', 'Landscape', 'Portrait'],
    });
    await see(wide.root.getByRole('radio')).toHaveCount(4);
  });

  test('go up as they were chosen; this browser remembers them for the next session, and no other does', async () => {
    const product = await startProduct({ offer: { imageModels: ['another-model'] } });
    const { openai } = product;
    const ana = await withOptions(product);
    await chooseAll(ana);
    await ana.makePicture(PROMPT);
    expect(toolOf(openai.requests[0])).toEqual(CHOSEN);

    const next = await enter(await ana.page.context().newPage(), product.address);
    const chosen = next.root.getByText('another-model, Portrait, High, Opaque, WebP, Compression 40, 3 previews');
    await see(chosen.filter({ visible: true })).toHaveCount(1);
    await next.makePicture(PROMPT);
    expect(toolOf(openai.requests[1])).toEqual(CHOSEN);

    const stranger = await withOptions(product);
    await see(stranger.root.getByLabel('Size')).toHaveValue('');
    await stranger.makePicture(PROMPT);
    expect(toolOf(openai.requests[2])).toEqual({
      type: 'image_generation',
      model: 'an-image-model',
      partial_images: 2,
    });
  });

  test.each<[string, Options]>([
    ['model', { model: 'a-model-of-elsewhere' }],
    ['size', { size: '640x480' }],
    ['quality', { quality: 'max' }],
    ['background', { background: 'transparent', format: 'jpeg' }],
    ['compression', { compression: 40 }],
    ['candidates', { candidates: 4 }],
  ])('%s that the server does not offer is refused, and nothing is asked upstream', async (option, options) => {
    const { address, openai } = await startProduct({
      offer: { sizes: ['1024x1024'] },
      limits: { CANDIDATES_PER_GENERATION: 2 },
    });
    const ana = await enter(await browser.newPage(), address);
    const { pathname, hash } = new URL(ana.reviewLink);
    const client = new WsClient(address);
    await client.join({ sessionId: pathname.slice('/s/'.length), key: hash.slice(1) });
    client.send({ type: 'generate', commandId: 'one', prompt: PROMPT, options });
    expect(await client.answer('one')).toMatchObject({
      type: 'reject',
      code: 'invalid_message',
      message: expect.stringContaining(option),
    });
    await client.leave();
    await see(ana.heading('What should the picture show?')).toBeVisible();
    expect(openai.requests).toEqual([]);
    await ana.makePicture(PROMPT);
  });
});

describe('several pictures at once', () => {
  test('are as many requests, shown as they come in each tab; one of them is approved when all are there', async () => {
    const product = await startProduct();
    const { openai } = product;
    const { ana, bo, cy } = await gather(browser, product.address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('drawn');
    openai.next('held');
    openai.next('held');
    await ana.ask(PROMPT);
    for (const room of [ana, bo, cy]) {
      await see(finished(room)).toHaveText([/No\. 1/]);
      await see(cells(room).filter({ hasText: 'Preview' })).toHaveCount(2);
      await see(room.button('Approve')).toHaveCount(0);
    }
    expect(openai.requests).toHaveLength(3);
    openai.release();
    for (const room of [ana, bo]) {
      await see(room.heading('Which of them?')).toBeVisible();
      await see(finished(room)).toHaveCount(3);
      await see(room.button('Approve')).toHaveCount(0);
    }
    expect(await digestsOf(finished(bo))).toEqual(openai.sent.map(({ final }) => digest(final)).toSorted());
    await finished(bo).nth(1).click();
    await see(bo.heading('Is this the picture?')).toBeVisible();
    await see(ana.heading('Which of them?')).toBeVisible();
    const { attempts } = await bo.snapshot();
    await bo.press('Show all 3 pictures');
    await see(finished(bo)).toHaveCount(3);
    await finished(bo).nth(1).click();
    await bo.press('Approve');
    // They lie in the order of the ask, which is neither that in which they were finished nor that of the requests.
    const second = attempts.find(({ image }) => image.candidate === 1);
    const request = openai.sent.findIndex(({ final }) => digest(final) === second?.image.sha256) + 1;
    for (const room of [ana, bo, cy]) {
      await see(room.heading('Approved')).toBeVisible();
      await shows(room, openai, request);
    }
    expect(openai.requests).toHaveLength(3);
  });

  test('of which one fails: it is listed with its reason, and the others are to be decided on', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('held');
    openai.next('moderation_blocked');
    openai.next('drawn');
    await ana.ask(PROMPT);
    for (const room of [ana, bo]) {
      await see(finished(room)).toHaveCount(1);
      await see(cells(room).filter({ hasText: 'safety system' })).toHaveCount(1);
      await see(room.button('Approve')).toHaveCount(0);
    }
    openai.release();
    for (const room of [ana, bo]) {
      await see(room.heading('Which of them?')).toBeVisible();
      await see(finished(room)).toHaveCount(2);
      await see(cells(room).filter({ hasText: 'No picture' })).toHaveCount(1);
      await see(room.status('1 of 3 pictures failed')).toContainText('safety system');
      await see(room.root.getByText('No picture this time')).toHaveCount(0);
    }
    await finished(ana).first().click();
    await ana.press('Approve');
    for (const room of [ana, bo]) await see(room.heading('Approved')).toBeVisible();
  });

  test('cancelled, those that are finished stay, and the other requests are closed at once (R2)', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await openOptions(ana);
    await choose(ana, 3);
    openai.next('held');
    openai.next('held');
    openai.next('drawn');
    await ana.ask(PROMPT);
    await see(finished(bo)).toHaveText([/No\. 1/]);
    await see(cells(bo).filter({ hasText: 'Preview' })).toHaveCount(2);
    await reject(bo, REASON);
    await Promise.all(openai.requests.slice(0, 2).map(({ closedEarly }) => closedEarly));
    for (const [room, who] of [
      [ana, 'Bo'],
      [bo, 'You'],
    ] as const) {
      await see(room.status(`${who} cancelled it: “${REASON}”`)).toContainText(
        '1 of 3 pictures was finished before that.',
      );
      await see(room.heading('Is this the picture?')).toBeVisible();
      await shows(room, openai, 3);
      await see(room.feedback).toHaveValue(REASON);
    }
    await ana.press('Approve');
    await see(bo.heading('Approved')).toBeVisible();
  });

  test('by keyboard alone: chosen, asked for, opened and approved', async () => {
    const { address } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    const { keyboard } = ana.page;
    await tabTo(ana.page, ana.prompt);
    await keyboard.type(PROMPT);
    await tabTo(ana.page, ana.root.locator('summary').filter({ hasText: 'Options' }));
    await keyboard.press('Enter');
    await tabTo(ana.page, ana.root.getByRole('radio', { name: '1', exact: true }));
    await keyboard.press('ArrowRight');
    await see(ana.root.getByRole('radio', { name: '2', exact: true })).toBeChecked();
    await tabTo(ana.page, ana.button('Generate'));
    await keyboard.press('Enter');
    await see(ana.heading('Which of them?')).toBeFocused();
    await tabTo(ana.page, finished(ana).last());
    await keyboard.press('Enter');
    await see(ana.heading('Is this the picture?')).toBeVisible();
    await tabTo(ana.page, ana.button('Approve'));
    await keyboard.press('Enter');
    await see(bo.heading('Approved')).toBeVisible();
  });
});

test.each(looks)('every way of asking is sound, $colorScheme and $width px wide', async (look) => {
  const product = await startProduct({ offer: { imageModels: ['another-model'] } });
  const { openai } = product;
  const tab = await tabWith(look, browser);
  const ana = await enter(tab, product.address);
  await openOptions(ana);
  await chooseAll(ana);
  await choose(ana, 3);
  await isSound(tab, 'every option chosen');
  openai.next('held');
  openai.next('moderation_blocked');
  openai.next('drawn');
  await ana.ask(PROMPT);
  await see(finished(ana)).toHaveCount(1);
  await see(cells(ana).filter({ hasText: 'Preview' })).toHaveCount(1);
  await isSound(tab, 'candidates being drawn, one finished, one failed');
  await reject(ana, REASON);
  await see(ana.status('You cancelled it')).toContainText('failed');
  await see(ana.feedback).toHaveValue(REASON);
  await isSound(tab, 'cancelled with a reason, and one of them failed');
  await ana.feedback.fill('x'.repeat(2001));
  await see(ana.alert('1 character too long')).toBeVisible();
  await isSound(tab, 'too many words for a refinement');
  openai.next('drawn');
  openai.next('drawn');
  openai.next('no_image');
  await ana.press('Regenerate');
  await see(ana.heading('Which of them?')).toBeVisible();
  await isSound(tab, 'candidates to choose from, one failed');
});

/** Says what should change in the picture that is looked at. */
async function refine(room: Room, words: string, number: number): Promise<void> {
  await room.feedback.fill(words);
  await room.press(`Refine No. ${number}`);
}

/** Cancels what is being drawn and says why, having been told what that may cost. */
async function reject(room: Room, reason: string): Promise<void> {
  await see(room.root.getByText('A cancelled drawing may still be billed.')).toBeVisible();
  await room.root.getByRole('textbox', { name: 'What is wrong with it?' }).fill(reason);
  await room.press('Cancel');
}

async function withOptions({ address }: Product): Promise<Room> {
  const room = await enter(await browser.newPage(), address);
  await openOptions(room);
  return room;
}

async function openOptions(room: Room): Promise<void> {
  await room.root.locator('summary').filter({ hasText: 'Options' }).click();
  await see(room.root.getByLabel('Size')).toBeVisible();
}

/** How many pictures are drawn at once. */
async function choose(room: Room, count: number): Promise<void> {
  await room.root.getByRole('radio', { name: String(count), exact: true }).check({ force: true });
}

const CHOSEN = {
  type: 'image_generation',
  model: 'another-model',
  size: '1024x1536',
  quality: 'high',
  background: 'opaque',
  output_format: 'webp',
  output_compression: 40,
  partial_images: 3,
};

async function chooseAll({ root }: Room): Promise<void> {
  for (const [list, label] of [
    ['Model', 'another-model'],
    ['Size', 'Portrait'],
    ['Quality', 'High'],
    ['Background', 'Opaque'],
    ['Format', 'WebP'],
    ['Previews', '3'],
  ] as const) {
    await root.getByRole('combobox', { name: list, exact: true }).selectOption({ label });
  }
  const compression = root.getByLabel('Compression, 0 to 100');
  await compression.fill('40');
  await compression.press('Tab');
}

/** What each list offers, by the list's name. */
async function choicesOf({ root }: Room): Promise<Record<string, string[]>> {
  const lists = await root.getByRole('combobox').all();
  const entries = lists.map(async (list): Promise<[string, string[]]> => {
    const title = await list.evaluate((select) => {
      const words = (select as HTMLSelectElement).labels[0]?.childNodes ?? [];
      return [...words].map((node) => (node instanceof Text ? node.data : '')).join('');
    });
    const labels = await list.getByRole('option').allTextContents();
    return [title.trim(), labels.map((label) => label.trim())];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The pictures of one ask, side by side. */
const cells = ({ root }: Room): Locator =>
  root.getByRole('list', { name: /^\d pictures of one prompt$/ }).getByRole('listitem');
const finished = (room: Room): Locator => cells(room).getByRole('button');

async function digestsOf(buttons: Locator): Promise<string[]> {
  const digests = (await buttons.getByRole('img').all()).map((image) =>
    image.evaluate(async (element) => {
      const bytes = await (await fetch((element as HTMLImageElement).src)).arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
    }),
  );
  return (await Promise.all(digests)).toSorted();
}

const toolOf = (request: RecordedRequest | undefined) => v.parse(Body, request?.body).tools[0];
const contentOf = (request: RecordedRequest) => v.parse(Body, request.body).input[0]?.content;
const imagePart = (bytes: Buffer | undefined) => ({
  type: 'input_image',
  detail: 'auto',
  image_url: `data:image/png;base64,${bytes?.toString('base64')}`,
});
