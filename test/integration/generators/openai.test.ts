import { getEventListeners } from 'node:events';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withRetries } from '../../../server/generators/retry.ts';
import { PROMPT, startGeneration } from '../../support/generation.ts';
import { OPENAI_KEY, setUpOpenAI } from '../../support/openai-adapter.ts';

describe('a successful generation', () => {
  test('W4: the image and its previews are exactly the bytes that were sent', async () => {
    const { fake, generator } = await setUpOpenAI();
    const { result, progress, phases } = startGeneration(generator);
    const { image } = await result;
    expect(Buffer.compare(image.bytes, fake.sent[0]?.final ?? Buffer.alloc(0))).toBe(0);
    expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64 });
    const previews = progress.flatMap((update) =>
      update.phase === 'partial' ? [Buffer.from(update.image.bytes)] : [],
    );
    expect(previews).toEqual(fake.sent[0]?.partials);
    expect(phases()).toEqual(['started', 'drawing', 'partial', 'partial', 'finished']);
  });

  test('it brings the rewritten prompt, the usage of the image tool and its cost', async () => {
    const { generator } = await setUpOpenAI();
    expect(await startGeneration(generator).result).toMatchObject({
      revisedPrompt: `${PROMPT}, in soft morning light`,
      usage: { inputTokens: 17, outputTokens: 1_056, totalTokens: 1_073 },
      // 17 of text at 5 dollars a million, 1,056 of an image at 30.
      estimatedCost: { amount: 0.031765, currency: 'USD' },
    });
  });

  test('R10: the image is shown before the last event, which brings the usage', async () => {
    const { fake, generator } = await setUpOpenAI();
    fake.next('held_after_image');
    const { result, progress, reached } = startGeneration(generator);
    await reached('finished');
    const revisedPrompt = `${PROMPT}, in soft morning light`;
    expect(progress.at(-1)).toMatchObject({ phase: 'finished', image: { width: 96 }, revisedPrompt });
    fake.release();
    expect(await result).toMatchObject({ usage: { totalTokens: 1_073 }, revisedPrompt });
  });

  test('configured prices estimate the cost of their model, and of no other', async () => {
    const prices = { textInput: 1_000, imageInput: 0, imageOutput: 0 };
    const { generator } = await setUpOpenAI({
      imageModel: 'an-image-model',
      prices: { model: 'an-image-model', prices },
    });
    expect(await startGeneration(generator).result).toMatchObject({
      estimatedCost: { amount: 0.017, currency: 'USD' },
    });
    const other = startGeneration(generator, { options: { model: 'another' } });
    expect(await other.result).not.toHaveProperty('estimatedCost');
  });

  test.each([
    'odd_status',
    'odd_media_type',
    'wrong_media_type',
    'odd_base64',
    'whole_response',
    'bad_partial',
    'late_item',
    'strange_events',
    'pings',
    'never_ends',
    'server_error_after_image',
    'cut_after_image',
  ] as const)('R10, W4: the unusual answer %s still gives its image', async (scenario) => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const { image, moreImages } = await startGeneration(generator).result;
    expect(Buffer.compare(image.bytes, fake.sent[0]?.final ?? Buffer.alloc(0))).toBe(0);
    expect([moreImages, fake.requests.length, clock.timers]).toEqual([undefined, 1, 0]);
  });

  test('R10: a second image in the same answer is not lost', async () => {
    const { fake, generator } = await setUpOpenAI();
    fake.next('two_images');
    const { image, moreImages } = await startGeneration(generator).result;
    expect([image, ...(moreImages ?? [])].map(({ width, height }) => `${width}x${height}`)).toEqual(['48x32', '96x64']);
    expect(moreImages?.[0]?.bytes).toEqual(fake.sent[0]?.final);
  });

  test('S6: a preview that is not an image, or not whole, is not shown', async () => {
    const { fake, generator } = await setUpOpenAI();
    fake.next('bad_partial');
    const { result, phases } = startGeneration(generator);
    await result;
    expect(phases()).toEqual(['started', 'drawing', 'finished']);
  });

  test('no timer and no listener is left behind', async () => {
    const { clock, generator } = await setUpOpenAI();
    const { result, abort } = startGeneration(withRetries(generator, { clock }));
    await result;
    expect([clock.timers, getEventListeners(abort.signal, 'abort')]).toEqual([0, []]);
  });
});

describe('the request', () => {
  test('sets both models, forces the tool, streams, and has nothing stored', async () => {
    const { fake, generator } = await setUpOpenAI();
    await startGeneration(generator).result;
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({ method: 'POST', path: '/v1/responses' });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${OPENAI_KEY}` });
    expect(fake.requests[0]?.body).toEqual({
      model: 'gpt-6-luna',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: PROMPT }] }],
      tools: [{ type: 'image_generation', model: 'gpt-image-2.6-sunburst', partial_images: 2 }],
      tool_choice: { type: 'image_generation' },
      stream: true,
      store: false,
    });
  });

  test('passes on the options and the configured models', async () => {
    const { fake, generator } = await setUpOpenAI({ model: 'gpt-x', imageModel: 'gpt-image-x', partialImages: 3 });
    const options = { size: '1536x864', quality: 'low', background: 'opaque', format: 'webp', candidates: 2 } as const;
    const { image } = await startGeneration(generator, { options }).result;
    expect(image.mediaType).toBe('image/webp');
    expect(fake.requests[0]?.body).toMatchObject({
      model: 'gpt-x',
      tools: [
        {
          type: 'image_generation',
          model: 'gpt-image-x',
          size: '1536x864',
          quality: 'low',
          background: 'opaque',
          output_format: 'webp',
          partial_images: 3,
        },
      ],
    });
  });

  test('prefers its own model, compression and number of previews to the configured ones', async () => {
    const { fake, generator } = await setUpOpenAI();
    const options = { model: 'gpt-image-2', format: 'jpeg', compression: 0, partialImages: 0 } as const;
    const { result, phases } = startGeneration(generator, { options });
    expect((await result).image.mediaType).toBe('image/jpeg');
    expect(fake.requests[0]?.body).toHaveProperty('tools', [
      {
        type: 'image_generation',
        model: 'gpt-image-2',
        output_format: 'jpeg',
        output_compression: 0,
        partial_images: 0,
      },
    ]);
    expect(phases()).toEqual(['started', 'drawing', 'finished']);
  });

  test('of a refinement sends the image itself and the feedback', async () => {
    const { fake, generator } = await setUpOpenAI();
    const bytes = createCanvas(8, 8).encodeSync('webp');
    await startGeneration(generator, { parent: { bytes, mediaType: 'image/webp' }, feedback: 'more rain' }).result;
    expect(fake.requests[0]?.body).toHaveProperty('input', [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_image', detail: 'auto', image_url: `data:image/webp;base64,${bytes.toString('base64')}` },
          { type: 'input_text', text: 'more rain' },
        ],
      },
    ]);
  });

  test('S7: OPENAI_LOG cannot make the SDK log anything', async () => {
    vi.stubEnv('OPENAI_LOG', 'debug');
    const methods = (['debug', 'info', 'warn', 'error', 'log'] as const).map((name) => vi.spyOn(console, name));
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    const { generator } = await setUpOpenAI();
    await startGeneration(generator).result;
    for (const method of methods) expect(method).not.toHaveBeenCalled();
  });
});

test('the generator says what it is and what its models can do', async () => {
  const { generator } = await setUpOpenAI({ imageModels: ['gpt-image-2.6-flare'] });
  expect(generator).toMatchObject({ name: 'OpenAI', model: 'gpt-image-2.6-sunburst', demo: false, maxTries: 1 });
  expect(generator.capabilities).toEqual({
    models: ['gpt-image-2.6-sunburst', 'gpt-image-2.6-flare'],
    sizes: ['1024x1024', '1536x1024', '1024x1536'],
    anySize: true,
    qualities: ['low', 'medium', 'high', 'xhigh', 'max'],
    backgrounds: ['opaque', 'transparent'],
    formats: ['png', 'jpeg', 'webp'],
    compression: true,
    partialImages: 3,
    refine: true,
  });
  const { capabilities } = (await setUpOpenAI({ imageModels: ['gpt-image-2'], sizes: ['2048x2048'] })).generator;
  expect(capabilities).toMatchObject({ qualities: ['low', 'medium', 'high'], sizes: ['2048x2048'] });
  expect(capabilities).not.toHaveProperty('anySize');
});
