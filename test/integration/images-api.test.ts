import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createImagesApiGenerator } from '../../server/generators/openai/images-generator.ts';
import { defaultLimits } from '../../server/platform/limits.ts';
import { ask, PROMPT } from '../support/generation.ts';
import { IMAGES_KEY, parent, setUpImagesApi } from '../support/images-api-adapter.ts';

describe('a drawing that goes well', () => {
  test.each(['drawn', 'drawn_with_nulls', 'drawn_with_usage', 'drawn_with_odd_usage', 'drawn_twice'] as const)(
    'W4: %s: the image is the very bytes that were sent',
    async (scenario) => {
      const { fake, clock, generator } = await setUpImagesApi();
      fake.next(scenario);
      const { result, abort } = ask(generator);
      const { image } = await result;
      expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64 });
      expect(Buffer.compare(image.bytes, fake.sent[0] ?? Buffer.alloc(0))).toBe(0);
      expect([clock.timers, getEventListeners(abort.signal, 'abort')]).toEqual([0, []]);
    },
  );

  test('nothing is reported on the way, since nothing is known', async () => {
    const { generator } = await setUpImagesApi();
    const { result, progress } = ask(generator);
    await result;
    expect(progress).toEqual([]);
  });

  test('usage, cost and rewritten prompt come along where the service tells them', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'gpt-image-2-2026-04-21' });
    fake.next('drawn_with_usage');
    expect(await ask(generator).result).toMatchObject({
      revisedPrompt: 'a lighthouse, at length',
      usage: { inputTokens: 60, outputTokens: 100, totalTokens: 160 },
      // 20 of text at 5 dollars a million, 40 of an image at 8, 100 of the new one at 30.
      estimatedCost: { amount: 0.00342, currency: 'USD' },
    });
    expect(Object.keys(await ask(generator).result)).toEqual(['image']);
  });

  test.each(['jpeg', 'webp'] as const)('S6: the type of a %s is told from its bytes', async (format) => {
    const { generator } = await setUpImagesApi();
    expect((await ask(generator, { options: { format } }).result).image.mediaType).toBe(`image/${format}`);
  });
});

describe('the request', () => {
  test('of the model auto is drawn by the usual one', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    await ask(generator, { options: { model: 'auto' } }).result;
    expect(fake.requests[0]?.fields).toMatchObject({ model: 'sdxl' });
  });

  test('to a server of somebody’s own asks for the image itself, and for no model that nobody named', async () => {
    const { fake, generator } = await setUpImagesApi();
    await ask(generator, { options: { size: 'auto', quality: 'auto', background: 'auto', candidates: 2 } }).result;
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({ path: '/v1/images/generations', files: [] });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${IMAGES_KEY}` });
    expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, response_format: 'b64_json' });
  });

  test('passes the options on by their names in the API', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    const options = {
      model: 'flux',
      size: '512x768',
      quality: 'low',
      background: 'opaque',
      format: 'webp',
      compression: 0,
    } as const;
    await ask(generator, { options }).result;
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
    '%s, which refuses the field, is asked without response_format',
    async (imageModel) => {
      const { fake, generator } = await setUpImagesApi({ imageModel });
      await ask(generator).result;
      expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, model: imageModel });
    },
  );

  test('of a refinement is a form with the image itself, the feedback and the first words', async () => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'qwen-image-edit' });
    await ask(generator, { parent, feedback: 'more rain', options: { size: '512x512' } }).result;
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
  test('a server of somebody’s own: only what can be known of it, and no word of where it stands', async () => {
    const { generator } = await setUpImagesApi({ canEdit: false });
    expect(generator).toMatchObject({ name: 'The image server', model: 'the model it runs', demo: false });
    expect(generator.supports).toEqual({ sizes: ['1024x1024', '1536x1024', '1024x1536'], refine: false });
    expect(JSON.stringify(generator)).not.toContain('127.0.0.1');
  });

  test('the models and the sizes that are configured', async () => {
    const { generator } = await setUpImagesApi({ imageModel: 'a', imageModels: ['b', 'a'], sizes: ['512x512'] });
    expect(generator.supports).toEqual({ models: ['a', 'b'], sizes: ['512x512'], refine: true });
  });

  test('OpenAI: all that its models know, but no previews', () => {
    const options = { apiKey: IMAGES_KEY, imageModel: 'gpt-image-2', canEdit: true, limits: defaultLimits };
    const { name, supports } = createImagesApiGenerator(options);
    expect(name).toBe('OpenAI');
    expect(supports).toMatchObject({ qualities: ['low', 'medium', 'high'], compression: true, refine: true });
    expect(supports).not.toHaveProperty('partialImages');
    expect(createImagesApiGenerator({ ...options, baseURL: 'https://api.openai.com/v1' }).name).toBe('OpenAI');
  });
});
