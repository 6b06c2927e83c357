import { getEventListeners } from 'node:events';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type GenerateRequest,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from '../../server/generate/generator.ts';
import { createImagesApiGenerator, type ImagesApiOptions, imagesService } from '../../server/generate/images-api.ts';
import { checkKey } from '../../server/generate/key-check.ts';
import { withRetries } from '../../server/generate/retry.ts';
import { defaultLimits, type Limits } from '../../server/limits.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type FakeImagesApi, startFakeImagesApi } from '../support/fake-images-api.ts';
import { type ImagesScenarioName, imagesScenarios } from '../support/fake-images-api-scenarios.ts';
import { UPSTREAM_WORDS } from '../support/fake-openai-scenarios.ts';
import { startServer } from '../support/server.ts';
import { bytesOf } from '../support/ws-client.ts';

const API_KEY = 'key-of-the-image-server';
const PROMPT = 'a lighthouse in the rain';

interface Setup {
  readonly fake: FakeImagesApi;
  readonly clock: FakeClock;
  readonly generator: Generator;
}

async function setUp({
  limits,
  ...options
}: Partial<Omit<ImagesApiOptions, 'limits'>> & { limits?: Partial<Limits> } = {}): Promise<Setup> {
  const fake = await startFakeImagesApi();
  onTestFinished(() => fake.close());
  const clock = new FakeClock();
  const generator = createImagesApiGenerator({
    apiKey: API_KEY,
    baseURL: fake.baseURL,
    canEdit: true,
    clock,
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
  return { fake, clock, generator };
}

function ask(generator: Generator, request: Partial<GenerateRequest> = {}) {
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  const retrying = Promise.withResolvers<void>();
  const result = generator.generate(
    { prompt: PROMPT, options: {}, attempt: 0, ...request },
    {
      signal: abort.signal,
      onProgress: (news) => {
        progress.push(news);
        if (news.phase === 'retrying') retrying.resolve();
      },
    },
  );
  result.catch(() => undefined);
  return { result, abort, progress, retrying: retrying.promise };
}

const parent = { bytes: createCanvas(8, 8).encodeSync('webp'), mediaType: 'image/webp' } as const;

async function failureOf(result: Promise<unknown>): Promise<GenerationFailed> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GenerationFailed) return error;
  throw new Error('it did not fail as a generation does', { cause: error });
}

/** An error's whole text, all causes and all fields included: what a careless logger would write. */
function everythingSaid(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return [error.message, error.stack, JSON.stringify(error), everythingSaid(error.cause)].join('\n');
}

describe('a drawing that goes well', () => {
  test.each(['drawn', 'drawn_with_nulls', 'drawn_with_usage', 'drawn_with_odd_usage', 'drawn_twice'] as const)(
    'W4: %s: the image is the very bytes that were sent',
    async (scenario) => {
      const { fake, clock, generator } = await setUp();
      fake.next(scenario);
      const { result, abort } = ask(generator);
      const { image } = await result;
      expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64 });
      expect(Buffer.compare(image.bytes, fake.sent[0] ?? Buffer.alloc(0))).toBe(0);
      expect([clock.timers, getEventListeners(abort.signal, 'abort')]).toEqual([0, []]);
    },
  );

  test('nothing is reported on the way, since nothing is known', async () => {
    const { generator } = await setUp();
    const { result, progress } = ask(generator);
    await result;
    expect(progress).toEqual([]);
  });

  test('usage, cost and rewritten prompt come along where the service tells them', async () => {
    const { fake, generator } = await setUp({ imageModel: 'gpt-image-2-2026-04-21' });
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
    const { generator } = await setUp();
    expect((await ask(generator, { options: { format } }).result).image.mediaType).toBe(`image/${format}`);
  });
});

describe('the request', () => {
  test('of the model auto is drawn by the usual one', async () => {
    const { fake, generator } = await setUp({ imageModel: 'sdxl' });
    await ask(generator, { options: { model: 'auto' } }).result;
    expect(fake.requests[0]?.fields).toMatchObject({ model: 'sdxl' });
  });

  test('to a server of somebody’s own asks for the image itself, and for no model that nobody named', async () => {
    const { fake, generator } = await setUp();
    await ask(generator, { options: { size: 'auto', quality: 'auto', background: 'auto', candidates: 2 } }).result;
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({ path: '/v1/images/generations', files: [] });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${API_KEY}` });
    expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, response_format: 'b64_json' });
  });

  test('passes the options on by their names in the API', async () => {
    const { fake, generator } = await setUp({ imageModel: 'sdxl' });
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
      const { fake, generator } = await setUp({ imageModel });
      await ask(generator).result;
      expect(fake.requests[0]?.fields).toEqual({ prompt: PROMPT, n: 1, model: imageModel });
    },
  );

  test('of a refinement is a form with the image itself, the feedback and the first words', async () => {
    const { fake, generator } = await setUp({ imageModel: 'qwen-image-edit' });
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
    const { generator } = await setUp({ canEdit: false });
    expect(generator).toMatchObject({ name: 'The image server', model: 'the model it runs', demo: false });
    expect(generator.supports).toEqual({ sizes: ['1024x1024', '1536x1024', '1024x1536'], refine: false });
    expect(JSON.stringify(generator)).not.toContain('127.0.0.1');
  });

  test('the models and the sizes that are configured', async () => {
    const { generator } = await setUp({ imageModel: 'a', imageModels: ['b', 'a'], sizes: ['512x512'] });
    expect(generator.supports).toEqual({ models: ['a', 'b'], sizes: ['512x512'], refine: true });
  });

  test('OpenAI: all that its models know, but no previews', () => {
    const options = { apiKey: API_KEY, imageModel: 'gpt-image-2', canEdit: true, limits: defaultLimits };
    const { name, supports } = createImagesApiGenerator(options);
    expect(name).toBe('OpenAI');
    expect(supports).toMatchObject({ qualities: ['low', 'medium', 'high'], compression: true, refine: true });
    expect(supports).not.toHaveProperty('partialImages');
    expect(createImagesApiGenerator({ ...options, baseURL: 'https://api.openai.com/v1' }).name).toBe('OpenAI');
  });
});

interface Expected {
  readonly code: GenerationFailed['code'];
  readonly sentence: RegExp;
  readonly retryable: boolean;
  readonly transient: GenerationFailed['transient'];
}

const never = { retryable: false, transient: undefined } as const;
const later = { retryable: true, transient: undefined } as const;
const again = { retryable: true, transient: {} } as const;
const doubtful = { retryable: true, transient: { mayBeDrawn: true } } as const;

const fault = { code: 'provider_error', sentence: /^The image server had a fault of its own/, ...again } as const;
const option = { code: 'provider_error', sentence: /^The image server refused.*option.*Change the size/ } as const;
const noImage = { code: 'no_image', sentence: /^The image server answered without an image/, ...later } as const;
const notTheApi = { code: 'provider_error', sentence: /not the image server's API.*proxy/, ...later } as const;
const notAnImage = { code: 'provider_error', sentence: /^The image server.*no PNG, JPEG or WebP/, ...later } as const;

const expected: readonly (readonly [ImagesScenarioName, Expected])[] = [
  ['string_error', fault],
  ['word_error', fault],
  ['object_error', fault],
  ['plain_error', fault],
  ['proxy_error', { ...fault, transient: { mayBeDrawn: true } }],
  ['proxy_timeout', { ...fault, transient: { mayBeDrawn: true } }],
  [
    'redirected',
    { code: 'provider_error', sentence: /sends its callers to another address.*OPENAI_BASE_URL/, ...never },
  ],
  ['not_ready', fault],
  ['status_in_200', fault],
  ['string_refusal', { ...option, ...never }],
  ['detail', { ...option, ...never }],
  ['detail_list', { ...option, ...never }],
  ['rate_limited', { code: 'rate_limited', sentence: /^The image server is busy/, ...again }],
  ['moderated', { code: 'moderation_blocked', sentence: /by the image server's safety system/, ...never }],
  ['moderated_in_200', { code: 'moderation_blocked', sentence: /by the image server's safety system/, ...never }],
  ['wrong_key', { code: 'invalid_api_key', sentence: /^The image server refused the API key/, ...never }],
  ['no_credit', { code: 'quota_exceeded', sentence: /account at the image server has no credit/, ...never }],
  ['no_model', { code: 'provider_error', sentence: /no image model named sdxl.*PROOFROOM_IMAGE_MODEL/, ...never }],
  ['no_endpoint', { code: 'provider_error', sentence: /no Images API at its address.*OPENAI_BASE_URL/, ...never }],
  ['string_error_in_200', { code: 'provider_error', sentence: /without a reason that this server knows/, ...later }],
  ['detail_in_200', { code: 'provider_error', sentence: /without a reason that this server knows/, ...later }],
  ['page_in_200', notTheApi],
  ['null_in_200', notTheApi],
  ['nothing_in_200', notTheApi],
  ['damaged_json', { code: 'network', sentence: /connection to the image server broke/, ...doubtful }],
  ['list_in_200', noImage],
  ['no_images', noImage],
  ['no_data', noImage],
  ['empty_image', noImage],
  ['only_url', { code: 'provider_error', sentence: /address of an image.*fetches none.*b64_json/, ...later }],
  ['not_base64', notAnImage],
  ['page_image', notAnImage],
  ['svg_image', notAnImage],
  ['pixel_bomb', { ...notAnImage, sentence: /^The image server sent an image of more bytes or pixels/ }],
  ['reset', { code: 'network', sentence: /^The image server could not be reached/, ...doubtful }],
  ['cut', { code: 'network', sentence: /connection to the image server broke/, ...doubtful }],
];

describe('each failure has its code, its sentence, and its worth of another try', () => {
  test.each(expected)('%s', async (scenario, { code, sentence, retryable, transient }) => {
    const { fake, clock, generator } = await setUp({ imageModel: 'sdxl' });
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.transient).toEqual(transient);
    expect(failure.message).toMatch(sentence);
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test.each(expected)('S3, S7: %s repeats neither key, nor prompt, nor a word of the service', async (scenario) => {
    const { fake, generator } = await setUp({ imageModel: 'sdxl' });
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure.cause).toBeInstanceOf(Error);
    for (const secret of [API_KEY, PROMPT, UPSTREAM_WORDS, '<svg', 'page not found', '169.254', '127.0.0.1']) {
      expect(everythingSaid(failure)).not.toContain(secret);
    }
  });

  test('every bad day is expected here, or has a test of its own', () => {
    const good = ['drawn', 'drawn_with_nulls', 'drawn_with_usage', 'drawn_with_odd_usage', 'drawn_twice', 'held'];
    const others = ['silence', 'silence_within', 'endless', 'gzip_bomb', 'gzip_bomb_refusal'];
    expect([...expected.map(([name]) => name), ...good, ...others].toSorted()).toEqual(
      Object.keys(imagesScenarios).toSorted(),
    );
  });

  test('the address of an image is told of, and nobody goes there', async () => {
    const { fake, generator } = await setUp();
    fake.next('only_url');
    await failureOf(ask(withRetries(generator)).result);
    expect(fake.requests).toHaveLength(1);
  });

  test('a server without the endpoint for edits can’t refine, and says what to set', async () => {
    const { fake, generator } = await setUp();
    fake.next('no_endpoint');
    const failure = await failureOf(ask(generator, { parent, feedback: 'more rain' }).result);
    expect(failure).toMatchObject({ code: 'provider_error', retryable: false });
    expect(failure.message).toMatch(/^The image server can't change an image.*PROOFROOM_REFINE=0/);
  });

  test('a server that is not there: it certainly drew nothing', async () => {
    const gone = await startFakeImagesApi();
    const { baseURL } = gone;
    await gone.close();
    const { generator } = await setUp({ baseURL });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'network', cause: { message: 'ECONNREFUSED' } });
    expect(failure.transient).toEqual({});
  });
});

describe('R10: how long is waited', () => {
  test('however silent it is before its answer, until the total time is over; then it is not asked again', async () => {
    const { fake, clock, generator } = await setUp();
    fake.next('silence');
    const { result } = ask(withRetries(generator, { clock }));
    const request = await fake.request(1);
    clock.advance(599_999);
    await new Promise(setImmediate);
    clock.advance(1);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, transient: undefined });
    expect(failure.message).toContain('600 seconds');
    await request.closedEarly;
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test('180 seconds within its answer', async () => {
    const { fake, clock, generator } = await setUp();
    fake.next('silence_within');
    const { result } = ask(generator);
    const request = await fake.request(1);
    await expect.poll(() => clock.timers).toBe(2);
    clock.advance(180_000);
    expect(await failureOf(result)).toMatchObject({ code: 'timeout', transient: { mayBeDrawn: true } });
    await request.closedEarly;
  });
});

describe('S4: what is too big is cut off', () => {
  test('an answer, as soon as it has sent too much', async () => {
    const { fake, generator } = await setUp({ limits: { UPSTREAM_STREAM_BYTES: 1_000_000 } });
    fake.next('endless');
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toMatch(/^The image server sent more data/);
    await (await fake.request(1)).closedEarly;
  });

  test.each([
    ['bytes', { UPSTREAM_IMAGE_BYTES: 200 }],
    ['pixels', { UPSTREAM_IMAGE_PIXELS: 96 * 64 - 1 }],
  ])('an image of too many %s', async (_, limits) => {
    const { generator } = await setUp({ limits });
    expect(await failureOf(ask(generator).result)).toMatchObject({ code: 'provider_error' });
  });
});

describe('R2: an abort closes the request at once', () => {
  test.each([
    ['before the answer', {}],
    ['of an edit', { parent, feedback: 'more rain' }],
  ])('%s', async (_, request) => {
    const { fake, clock, generator } = await setUp();
    fake.next('silence');
    const { result, abort } = ask(generator, request);
    const { closedEarly } = await fake.request(1);
    abort.abort(new Error('the reason of the caller'));
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await closedEarly;
    expect(clock.timers).toBe(0);
  });
});

describe('with retries', () => {
  test('the wait that the service asks for is honoured', async () => {
    const { fake, clock, generator } = await setUp();
    fake.next('rate_limited', { retryAfter: 7 });
    const { result, progress, retrying } = ask(withRetries(generator, { clock, random: () => 0 }));
    await retrying;
    expect(progress).toEqual([{ phase: 'retrying', try: 2, retryInMs: 7_000, reason: 'The image server is busy.' }]);
    clock.advance(6_999);
    await new Promise(setImmediate);
    expect(fake.requests).toHaveLength(1);
    clock.advance(1);
    expect((await result).image.mediaType).toBe('image/png');
    expect(fake.requests).toHaveLength(2);
  });

  test('R10: of a line that was cut it says that nobody knows whether the first try is billed', async () => {
    const { fake, clock, generator } = await setUp();
    fake.next('cut');
    const { result, progress, retrying } = ask(withRetries(generator, { clock, random: () => 0 }));
    await retrying;
    expect(progress).toMatchObject([
      {
        reason:
          'The connection to the image server failed. Whether the image server drew and billed it all the same is not known.',
      },
    ]);
    clock.advance(1);
    await result;
  });
});

describe('the check of the key', () => {
  test.each([
    ['wrong_key', { verdict: 'refused' }],
    ['no_model', { verdict: 'refused' }],
    ['no_endpoint', { verdict: 'unknown' }],
    ['string_error', { verdict: 'unknown' }],
    ['page_in_200', { verdict: 'unknown' }],
  ] as const)('%s', async (scenario, verdict) => {
    const { fake, clock } = await setUp();
    fake.next(scenario);
    const access = { apiKey: API_KEY, baseURL: fake.baseURL, imageModel: 'sdxl' };
    expect(await checkKey(access, imagesService(access), clock)).toMatchObject(verdict);
    expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/models/sdxl']);
  });

  test('asks nothing where no model is named', async () => {
    const { fake, clock } = await setUp();
    const access = { apiKey: API_KEY, baseURL: fake.baseURL };
    expect(await checkKey(access, imagesService(access), clock)).toEqual({ verdict: 'unknown' });
    expect([fake.requests, clock.timers]).toEqual([[], 0]);
  });
});

describe('through the whole server', () => {
  async function room() {
    const { fake, generator } = await setUp({ imageModel: 'gpt-image-2', sizes: ['64x48'] });
    const server = await startServer({}, withRetries(generator, { random: () => 0 }));
    const ana = server.client();
    await ana.join({ name: 'Ana' });
    return { fake, ana, logs: server.logs };
  }

  test('the loop: a picture, a refinement of its very bytes, the approval', async () => {
    const { fake, ana } = await room();
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT, options: { size: '64x48' } });
    const first = await ana.stage('user_feedback');
    expect(first.image).toMatchObject({ mediaType: 'image/png', width: 64, height: 48 });
    expect(bytesOf(await ana.until('image', ({ kind }) => kind === 'final'))).toEqual(fake.sent[0]);

    ana.send({ type: 'refine', commandId: 'finer', imageId: first.image.imageId, feedback: 'more rain' });
    const second = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
    expect(fake.requests[1]).toMatchObject({ path: '/v1/images/edits', files: [{ field: 'image' }] });
    expect(fake.requests[1]?.files[0]?.bytes).toEqual(fake.sent[0]);

    const { imageId, sha256 } = second.image;
    ana.send({ type: 'approve', commandId: 'yes', imageId, sha256 });
    expect((await ana.stage('final')).approved).toMatchObject({ imageId, sha256 });
  });

  test('R2: a cancel closes the request', async () => {
    const { fake, ana } = await room();
    fake.next('held');
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT });
    const { closedEarly } = await fake.request(1);
    ana.send({ type: 'cancel', commandId: 'no' });
    await ana.stage('initial_input', ({ lastGeneration }) => lastGeneration !== undefined);
    await closedEarly;
  });

  test('S7: a bad day is told in a sentence, and the log has no word of it', async () => {
    const { fake, ana, logs } = await room();
    fake.next('detail');
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT });
    const { error } = await ana.stage('initial_input', (snapshot) => snapshot.error !== undefined);
    expect(error).toMatchObject({ code: 'provider_error', retryable: false });
    for (const text of [...logs, JSON.stringify(error)]) {
      for (const secret of [API_KEY, PROMPT, UPSTREAM_WORDS]) expect(text).not.toContain(secret);
    }
  });
});
