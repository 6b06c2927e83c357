import { describe, expect, test } from 'vitest';
import type { Options } from '../../shared/options.ts';
import { CHOSEN, chooseAll, openOptions } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { toolOf } from '../support/openai-request.ts';
import { type Product, startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';
import { WsClient } from '../support/ws-client.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

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
    const chosen = next.root.getByText('another-model, Portrait, High, WebP, Opaque, Compression 40, 3 previews');
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

async function withOptions({ address }: Product): Promise<Room> {
  const room = await enter(await browser.newPage(), address);
  await openOptions(room);
  return room;
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
