import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createImagesApiGenerator } from '../../../server/generators/openai/images-generator.ts';
import { defaultLimits } from '../../../server/platform/limits.ts';
import { PROMPT, startGeneration } from '../../support/generation.ts';
import { IMAGES_KEY, parent, setUpImagesApi } from '../../support/images-api-adapter.ts';

describe('a successful generation', () => {
  test.each(['drawn', 'drawn_with_usage', 'odd_entries', 'no_media_type', 'wrong_media_type', 'streamed'] as const)(
    'W4: %s gives exactly the bytes that were sent',
    async (scenario) => {
      const { fake, clock, generator } = await setUpImagesApi();
      fake.next(scenario);
      const { result, abort, progress } = startGeneration(generator);
      const { image } = await result;
      expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64 });
      expect(Buffer.compare(image.bytes, fake.sent[0] ?? Buffer.alloc(0))).toBe(0);
      expect(progress, 'nothing is known before the answer').toEqual([]);
      expect([clock.timers, getEventListeners(abort.signal, 'abort')]).toEqual([0, []]);
    },
  );

  test('it brings the rewritten prompt, the usage and its cost, if the service sends them', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'gpt-image-2-2026-04-21' });
    fake.next('drawn_with_usage');
    expect(await startGeneration(generator).result).toMatchObject({
      revisedPrompt: 'a lighthouse, at length',
      usage: { inputTokens: 60, outputTokens: 100, totalTokens: 160 },
      // 20 of text at 5 dollars a million, 40 of an image at 8, 100 of the new one at 30.
      estimatedCost: { amount: 0.00342, currency: 'USD' },
    });
    expect(Object.keys(await startGeneration(generator).result)).toEqual(['image']);
  });
});

describe('the request', () => {
  test('to a compatible server requires the image itself, and names no model if none is configured', async () => {
    const { fake, generator } = await setUpImagesApi();
    const options = { model: 'auto', size: 'auto', quality: 'auto', background: 'auto', candidates: 2 } as const;
    await startGeneration(generator, { options: { ...options, partialImages: 0 } }).result;
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({ path: '/v1/images/generations', files: [] });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${IMAGES_KEY}` });
    expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, response_format: 'b64_json' });
  });

  test('passes on the options', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    const options = {
      model: 'flux',
      size: '512x768',
      quality: 'low',
      background: 'opaque',
      format: 'webp',
      compression: 0,
    } as const;
    expect((await startGeneration(generator, { options }).result).image.mediaType).toBe('image/webp');
    expect(fake.requests[0]?.fields).toEqual({
      prompt: PROMPT,
      n: 1,
      model: 'flux',
      response_format: 'b64_json',
      size: '512x768',
      quality: 'low',
      background: 'opaque',
      output_format: 'webp',
      output_compression: 0,
    });
  });

  test.each(['gpt-image-2.6-sunburst', 'chatgpt-image-latest'])(
    'to %s has no response_format, which that model rejects',
    async (imageModel) => {
      const { fake, generator } = await setUpImagesApi({ imageModel });
      await startGeneration(generator).result;
      expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, model: imageModel });
    },
  );

  test('of a refinement is no longer than what the service takes', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'gpt-image-2' });
    expect(generator.promptCharacters).toBe(32_000);
    const prompt = 'x'.repeat(32_000);
    await startGeneration(generator, { parent, prompt, feedback: 'more rain' }).result;
    const sent = fake.requests[0]?.fields.prompt;
    expect(sent).toMatch(/^more rain\s/);
    expect(sent).toHaveLength(32_000);
  });

  test('of a refinement is a form with the image itself, the feedback and the first prompt', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'qwen-image-edit' });
    await startGeneration(generator, { parent, feedback: 'more rain', options: { size: '512x512' } }).result;
    const [request] = fake.requests;
    expect(request?.path).toBe('/v1/images/edits');
    expect(Number(request?.headers['content-length'])).toBeGreaterThan(parent.bytes.byteLength);
    expect(request?.files).toEqual([
      { field: 'image', name: 'image.webp', mediaType: 'image/webp', bytes: parent.bytes },
    ]);
    const { prompt, ...fields } = request?.fields ?? {};
    expect(prompt).toMatch(/^more rain\s+.*stays as it is.*: a lighthouse in the rain$/);
    expect(fields).toEqual({ n: '1', model: 'qwen-image-edit', size: '512x512', response_format: 'b64_json' });
  });
});

describe('what the generator says of itself', () => {
  test('of a compatible server: only what can be known, and not its address', async () => {
    const { generator } = await setUpImagesApi({ canEdit: false });
    expect(generator).toMatchObject({ name: 'The image server', model: 'the model it runs', demo: false });
    expect(generator.capabilities).toEqual({ sizes: ['1024x1024', '1536x1024', '1024x1536'], refine: false });
    expect(JSON.stringify(generator)).not.toContain('127.0.0.1');
  });

  test('of a compatible server: the configured models and sizes', async () => {
    const { generator } = await setUpImagesApi({ imageModel: 'a', imageModels: ['b', 'a'], sizes: ['512x512'] });
    expect(generator.capabilities).toEqual({ models: ['a', 'b'], sizes: ['512x512'], refine: true });
  });

  test('of OpenAI: what its models can do, without previews', () => {
    const options = { apiKey: IMAGES_KEY, imageModel: 'gpt-image-2', canEdit: true, limits: defaultLimits };
    const { name, capabilities } = createImagesApiGenerator(options);
    expect(name).toBe('OpenAI');
    expect(capabilities).toMatchObject({ qualities: ['low', 'medium', 'high'], compression: true, refine: true });
    expect(capabilities).not.toHaveProperty('partialImages');
    expect(createImagesApiGenerator({ ...options, baseURL: 'https://api.openai.com/v1' }).name).toBe('OpenAI');
  });
});
