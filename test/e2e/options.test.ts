/** Options of the next picture. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { toolOf } from '../support/openai-request.ts';
import { makePictures, twoReviewers } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const CHOICES = {
  Model: 'another-model',
  Size: 'Portrait',
  Quality: 'High',
  Background: 'Opaque',
  Format: 'WebP',
  Previews: '3',
} as const;
/** The same in the parameters of OpenAI's image tool. */
const TOOL = {
  type: 'image_generation',
  model: 'another-model',
  size: '1024x1536',
  quality: 'high',
  background: 'opaque',
  output_format: 'webp',
  output_compression: 40,
  partial_images: 3,
};

/** What an option's list offers. */
const choicesOf = async (room: Room, title: string): Promise<string[]> =>
  (await room.option(title).getByRole('option').allTextContents()).map((label) => label.trim());

test('the page offers the options that the server has, sends those that were chosen, and remembers them for the next session', async () => {
  const { address, openai } = await startProduct({
    config: { download: 'always' },
    choices: { imageModels: ['another-model'], sizes: ['1024x1024', '1024x1536'] },
    limits: { CANDIDATES_PER_GENERATION: 2 },
  });
  const ana = await enter(await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] }), address);
  await ana.openOptions();
  expect(await choicesOf(ana, 'Model')).toEqual(['an-image-model (usual)', 'another-model']);
  expect(await choicesOf(ana, 'Size')).toEqual(['Automatic', 'Square', 'Portrait']);
  await see(ana.root.getByRole('radio')).toHaveCount(2);
  for (const [title, label] of Object.entries(CHOICES)) await ana.option(title).selectOption({ label });
  const compression = ana.root.getByLabel('Compression, 0 to 100');
  await compression.fill('40');
  await compression.press('Tab');
  await ana.makePicture(PROMPT);
  expect(toolOf(openai.requests[0])).toEqual(TOOL);
  expect((await ana.download()).name).toBe('a-fox-in-the-snow-unapproved.webp');

  // Browsers take only PNG onto the clipboard.
  await ana.press('Copy image');
  await see(ana.status('The image is on the clipboard.')).toBeAttached();
  const copied = await ana.page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const { width, height } = await createImageBitmap((await item?.getType('image/png')) ?? new Blob());
    return { types: item?.types, width, height };
  });
  expect(copied).toEqual({ types: ['image/png'], width: 96, height: 64 });

  await ana.chooseCandidates(2);
  await see(
    ana.text(/^As chosen below: 2 pictures, another-model, .*\. Each picture is billed by itself\.$/),
  ).toBeVisible();
  await ana.refine(1, 'Warmer light');
  await see(ana.heading('Which of them?')).toBeVisible();
  for (const request of openai.requests.slice(1)) expect(toolOf(request)).toEqual(TOOL);
  expect(openai.requests).toHaveLength(3);

  const next = await enter(await ana.page.context().newPage(), address);
  const remembered = next.text(/another-model, Portrait, High, WebP, Opaque, Compression 40, 3 previews/);
  await see(remembered.filter({ visible: true })).toHaveCount(1);
  const stranger = await enter(await browser.newPage(), address);
  await stranger.makePicture(PROMPT);
  expect(toolOf(openai.requests[3])).toEqual({
    type: 'image_generation',
    model: 'an-image-model',
    partial_images: 2,
  });
});

test('R1: a choice survives a reload, until somebody generates with other options', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  await makePictures([ana, bo], [PROMPT]);
  await ana.openOptions();
  await ana.option('Quality').selectOption({ label: 'High' });
  await ana.reload();
  await see(ana.option('Quality')).toHaveValue('high');
  await see(bo.option('Quality')).toHaveValue('');
  const link = ana.reviewLink;
  await ana.page.goto('about:blank');
  await bo.openOptions();
  await bo.option('Quality').selectOption({ label: 'Low' });
  await bo.press('Regenerate');
  expect(toolOf(await openai.request(2))).toMatchObject({ quality: 'low' });
  await see(bo.attempt(2)).toBeVisible();
  await enter(ana.page, link);
  await see(ana.option('Quality')).toHaveValue('low');
});
