import { getEventListeners } from 'node:events';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type GenerateRequest,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from '../../server/generate/generator.ts';
import { checkKey } from '../../server/generate/key-check.ts';
import {
  createOpenAIGenerator,
  DEFAULT_IMAGE_MODEL,
  DEFAULT_MODEL,
  type OpenAIOptions,
} from '../../server/generate/openai.ts';
import { withRetries } from '../../server/generate/retry.ts';
import { openAI } from '../../server/generate/service.ts';
import { defaultLimits, type Limits } from '../../server/limits.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  type FakeOpenAI,
  type FakeOpenAIOptions,
  MISSING_MODEL,
  startFakeOpenAI,
  WRONG_KEY,
} from '../support/fake-openai.ts';
import { type ScenarioName, UPSTREAM_WORDS } from '../support/fake-openai-scenarios.ts';

const API_KEY = 'sk-test-Abc123_the-key-itself';
const PROMPT = 'a lighthouse in the rain';

interface Setup {
  readonly fake: FakeOpenAI;
  readonly clock: FakeClock;
  readonly generator: Generator;
}

async function setUp(
  { limits, ...options }: Partial<Omit<OpenAIOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
  fakeOptions: FakeOpenAIOptions = {},
): Promise<Setup> {
  const fake = await startFakeOpenAI(fakeOptions);
  onTestFinished(() => fake.close());
  const clock = new FakeClock();
  const generator = createOpenAIGenerator({
    apiKey: API_KEY,
    baseURL: fake.baseURL,
    model: DEFAULT_MODEL,
    imageModel: DEFAULT_IMAGE_MODEL,
    partialImages: 2,
    clock,
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
  return { fake, clock, generator };
}

function ask(generator: Generator, request: Partial<GenerateRequest> = {}) {
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  const waiting = new Map<GeneratorProgress['phase'], () => void>();
  const result = generator.generate(
    { prompt: PROMPT, options: {}, attempt: 0, ...request },
    {
      signal: abort.signal,
      onProgress: (news) => {
        progress.push(news);
        waiting.get(news.phase)?.();
      },
    },
  );
  result.catch(() => undefined);
  /** Resolves when that phase has been reported, or with the end of the generation. */
  const reached = async (phase: GeneratorProgress['phase']) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(phase, resolve);
    if (!progress.some((news) => news.phase === phase)) await Promise.race([promise, result]);
  };
  return { result, abort, progress, reached };
}

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
  test('W4: the image and its previews are the very bytes that were sent', async () => {
    const { fake, generator } = await setUp();
    const { result, progress } = ask(generator);
    const { image } = await result;
    expect(Buffer.compare(image.bytes, fake.sent[0]?.final ?? Buffer.alloc(0))).toBe(0);
    expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64 });
    const previews = progress.flatMap((news) => (news.phase === 'partial' ? [Buffer.from(news.image.bytes)] : []));
    expect(previews).toEqual(fake.sent[0]?.partials);
    expect(previews).toHaveLength(2);
  });

  test('the phases come once each and in order', async () => {
    const { generator } = await setUp();
    const { result, progress } = ask(generator);
    await result;
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing', 'partial', 'partial']);
  });

  test('the rewritten prompt, the usage of the image tool and what it costs come along', async () => {
    const { generator } = await setUp();
    expect(await ask(generator).result).toMatchObject({
      revisedPrompt: `${PROMPT}, in soft morning light`,
      usage: { inputTokens: 17, outputTokens: 1_056, totalTokens: 1_073 },
      // 17 of text at 5 dollars a million, 1,056 of an image at 30.
      estimatedCost: { amount: 0.031765, currency: 'USD' },
    });
  });

  test('a cost is told by the prices that are configured, and not at all where none are known', async () => {
    const prices = { textInput: 1_000, imageInput: 0, imageOutput: 0 };
    const { generator } = await setUp({ imageModel: 'an-image-model', prices: { model: 'an-image-model', prices } });
    expect(await ask(generator).result).toMatchObject({ estimatedCost: { amount: 0.017, currency: 'USD' } });
    expect(await ask(generator, { options: { model: 'another' } }).result).not.toHaveProperty('estimatedCost');
  });

  test('it offers what the models can do, and the models and sizes that are configured', async () => {
    const { generator } = await setUp({ imageModels: ['gpt-image-2.6-flare'] });
    expect(generator.supports).toEqual({
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
    const older = await setUp({ imageModels: ['gpt-image-2'], sizes: ['2048x2048'] });
    expect(older.generator.supports).toMatchObject({ qualities: ['low', 'medium', 'high'], sizes: ['2048x2048'] });
  });

  test('the generator says who draws, and that it makes one try', async () => {
    const { generator } = await setUp();
    expect(generator).toMatchObject({ name: 'OpenAI', model: 'gpt-image-2.6-sunburst', demo: false, maxTries: 1 });
  });

  test.each(['odd_status', 'odd_media_type', 'bad_partial', 'late_item', 'strange_events', 'cut_after_image'] as const)(
    '%s is no failure',
    async (scenario) => {
      const { fake, generator } = await setUp();
      fake.next(scenario);
      const { image } = await ask(generator).result;
      expect(Buffer.compare(image.bytes, fake.sent[0]?.final ?? Buffer.alloc(0))).toBe(0);
    },
  );

  test('S6: a preview that is no image is not shown', async () => {
    const { fake, generator } = await setUp();
    fake.next('bad_partial');
    const { result, progress } = ask(generator);
    await result;
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing']);
  });

  test.each(['jpeg', 'webp'] as const)('S6: the type of a %s is told from its bytes', async (format) => {
    const { generator } = await setUp();
    expect((await ask(generator, { options: { format } }).result).image.mediaType).toBe(`image/${format}`);
  });

  test('no timer and no listener is left behind', async () => {
    const { clock, generator } = await setUp();
    const { result, abort } = ask(withRetries(generator, { clock }));
    await result;
    expect([clock.timers, getEventListeners(abort.signal, 'abort')]).toEqual([0, []]);
  });
});

describe('the request', () => {
  test('sets both models, forces the tool, streams, and has nothing kept', async () => {
    const { fake, generator } = await setUp();
    await ask(generator).result;
    expect(fake.requests).toHaveLength(1);
    expect(fake.requests[0]).toMatchObject({ method: 'POST', path: '/v1/responses' });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${API_KEY}` });
    expect(fake.requests[0]?.body).toEqual({
      model: 'gpt-6-luna',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: PROMPT }] }],
      tools: [{ type: 'image_generation', model: 'gpt-image-2.6-sunburst', partial_images: 2 }],
      tool_choice: { type: 'image_generation' },
      stream: true,
      store: false,
    });
  });

  test('passes the options on by their names in the tool, and the models that are configured', async () => {
    const { fake, generator } = await setUp({ model: 'gpt-x', imageModel: 'gpt-image-x', partialImages: 3 });
    const options = { size: '1536x864', quality: 'low', background: 'opaque', format: 'webp', candidates: 2 } as const;
    await ask(generator, { options }).result;
    expect(fake.requests[0]?.body).toMatchObject({ model: 'gpt-x' });
    expect(fake.requests[0]?.body).toHaveProperty('tools', [
      {
        type: 'image_generation',
        model: 'gpt-image-x',
        size: '1536x864',
        quality: 'low',
        background: 'opaque',
        output_format: 'webp',
        partial_images: 3,
      },
    ]);
  });

  test('puts the model, the compression and the previews of a request above the configured ones', async () => {
    const { fake, generator } = await setUp();
    const options = { model: 'gpt-image-2', format: 'jpeg', compression: 0, partialImages: 0 } as const;
    const { result, progress } = ask(generator, { options });
    await result;
    expect(fake.requests[0]?.body).toHaveProperty('tools', [
      {
        type: 'image_generation',
        model: 'gpt-image-2',
        output_format: 'jpeg',
        output_compression: 0,
        partial_images: 0,
      },
    ]);
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing']);
  });

  test('of a refinement sends the image itself and the words', async () => {
    const { fake, generator } = await setUp();
    const bytes = createCanvas(8, 8).encodeSync('webp');
    await ask(generator, { parent: { bytes, mediaType: 'image/webp' }, feedback: 'more rain' }).result;
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

  test('OPENAI_LOG cannot make the SDK log anything', async () => {
    vi.stubEnv('OPENAI_LOG', 'debug');
    const methods = (['debug', 'info', 'warn', 'error', 'log'] as const).map((name) => vi.spyOn(console, name));
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    const { generator } = await setUp();
    await ask(generator).result;
    for (const method of methods) expect(method).not.toHaveBeenCalled();
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

const expected: readonly (readonly [ScenarioName, Expected])[] = [
  ['moderation_blocked', { code: 'moderation_blocked', sentence: /safety system.*Change the wording/, ...never }],
  ['moderated_item', { code: 'moderation_blocked', sentence: /safety system/, ...never }],
  ['failed_invalid_prompt', { code: 'moderation_blocked', sentence: /safety system/, ...never }],
  ['failed_after_image', { code: 'moderation_blocked', sentence: /safety system/, ...never }],
  ['incomplete_filtered', { code: 'moderation_blocked', sentence: /safety system/, ...never }],
  ['invalid_api_key', { code: 'invalid_api_key', sentence: /refused the API key\. Set OPENAI_API_KEY/, ...never }],
  ['missing_scope', { code: 'invalid_api_key', sentence: /may not draw images.*permissions/, ...never }],
  ['not_verified', { code: 'not_verified', sentence: /verified organizations.*gpt-image-2\.6-sunburst/, ...never }],
  ['insufficient_quota', { code: 'quota_exceeded', sentence: /no credit left/, ...never }],
  ['billing_limit', { code: 'quota_exceeded', sentence: /spending limit/, ...never }],
  [
    'model_not_found',
    { code: 'provider_error', sentence: /gpt-6-luna.*PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL/, ...never },
  ],
  ['wrong_path', { code: 'provider_error', sentence: /no Responses API.*OPENAI_BASE_URL/, ...never }],
  ['forbidden', { code: 'provider_error', sentence: /does not allow/, ...never }],
  ['unsupported_country', { code: 'provider_error', sentence: /country or region/, ...never }],
  ['bad_option', { code: 'provider_error', sentence: /option.*Change the size/, ...never }],
  ['rate_limited', { code: 'rate_limited', sentence: /busy/, ...again }],
  ['failed_rate_limit', { code: 'rate_limited', sentence: /busy/, ...again }],
  ['nested_error', { code: 'rate_limited', sentence: /busy/, ...again }],
  ['server_error', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['unavailable', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['conflict', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['failed_server_error', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['named_error', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['unnamed_error', { code: 'provider_error', sentence: /fault of its own/, ...again }],
  ['request_timeout', { code: 'timeout', sentence: /too long/, ...again }],
  ['reset', { code: 'network', sentence: /could not be reached/, ...again }],
  ['cut', { code: 'network', sentence: /broke before the image was complete/, ...again }],
  ['cut_inside_event', { code: 'network', sentence: /broke/, ...again }],
  ['silent_end', { code: 'network', sentence: /broke/, ...again }],
  ['html', { code: 'provider_error', sentence: /not OpenAI's API.*proxy/, ...later }],
  ['html_image', { code: 'provider_error', sentence: /no PNG, JPEG or WebP/, ...later }],
  ['svg_image', { code: 'provider_error', sentence: /no PNG, JPEG or WebP/, ...later }],
  ['pixel_bomb', { code: 'provider_error', sentence: /^OpenAI sent an image of more bytes or pixels/, ...later }],
  ['no_image', { code: 'no_image', sentence: /without an image/, ...later }],
  ['incomplete', { code: 'no_image', sentence: /without an image/, ...later }],
];

describe('each failure has its code, its sentence, and its worth of another try', () => {
  test.each(expected)('%s', async (scenario, { code, sentence, retryable, transient }) => {
    const { fake, clock, generator } = await setUp();
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code, retryable, transient });
    expect(failure.message).toMatch(sentence);
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test.each(expected)(
    'S3, S7: %s repeats neither the key, nor the prompt, nor a word of the service',
    async (scenario) => {
      const { fake, generator } = await setUp();
      fake.next(scenario);
      const failure = await failureOf(ask(generator).result);
      expect(failure.cause).toBeInstanceOf(Error);
      for (const secret of [API_KEY, PROMPT, UPSTREAM_WORDS, 'Sign in', '<svg']) {
        expect(everythingSaid(failure)).not.toContain(secret);
      }
    },
  );

  test('a service that is not there', async () => {
    const gone = await startFakeOpenAI();
    const { baseURL } = gone;
    await gone.close();
    const { generator } = await setUp({ baseURL });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'network', transient: {} });
    expect(failure.cause).toMatchObject({ message: 'ECONNREFUSED' });
  });

  test('S3: a key that no header can hold is refused without being sent or repeated', async () => {
    const { fake, generator } = await setUp({ apiKey: 'sk-secret\n' });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'invalid_api_key', retryable: false });
    expect(everythingSaid(failure)).not.toContain('sk-secret');
    expect(fake.requests).toEqual([]);
  });
});

describe('R10: an upstream that goes on without an image is given up', () => {
  test.each([
    ['before its headers', 'silence_before_headers'],
    ['after its headers', 'silence'],
  ] as const)('180 seconds of silence %s', async (_, scenario) => {
    const { fake, clock, generator } = await setUp();
    fake.next(scenario);
    const { result } = ask(generator);
    const request = await fake.request(1);
    await new Promise(setImmediate);
    clock.advance(179_000);
    expect(request.isClosedEarly).toBe(false);
    clock.advance(180_000);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, transient: {} });
    expect(failure.message).toContain('180 seconds');
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });

  test('each byte begins the silence anew', async () => {
    const { fake, clock, generator } = await setUp();
    fake.next('held');
    const { result, reached } = ask(generator);
    await fake.request(1);
    clock.advance(170_000);
    await reached('partial');
    clock.advance(170_000);
    fake.release();
    expect((await result).image.mediaType).toBe('image/png');
  });

  test('600 seconds in all, however busy it was', async () => {
    const { fake, clock, generator } = await setUp({ limits: { UPSTREAM_SILENCE_MS: 3_600_000 } });
    fake.next('silence_after_partial');
    const { result, reached } = ask(generator);
    await reached('partial');
    clock.advance(600_000);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', transient: {} });
    expect(failure.message).toContain('600 seconds');
    await (await fake.request(1)).closedEarly;
  });
});

describe('S4: what is too big is cut off', () => {
  test('a stream, as soon as it has sent too much', async () => {
    const { fake, generator } = await setUp({ limits: { UPSTREAM_STREAM_BYTES: 2_000 } });
    fake.next('silence_after_partial');
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toContain('more data');
    await (await fake.request(1)).closedEarly;
  });

  test.each([
    ['bytes', { UPSTREAM_IMAGE_BYTES: 200 }],
    ['pixels', { UPSTREAM_IMAGE_PIXELS: 96 * 64 - 1 }],
  ])('an image of too many %s', async (_, limits) => {
    const { generator } = await setUp({ limits });
    const { result, progress } = ask(generator);
    expect(await failureOf(result)).toMatchObject({ code: 'provider_error' });
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing']);
  });
});

describe('R2: an abort closes the request at once', () => {
  test.each([
    ['before the headers', 'silence_before_headers', undefined],
    ['in the silence after them', 'silence', undefined],
    ['while it draws', 'held', 'partial'],
  ] as const)('%s', async (_, scenario, phase) => {
    const { fake, clock, generator } = await setUp();
    fake.next(scenario);
    const { result, abort, reached } = ask(generator);
    const request = await fake.request(1);
    if (phase) await reached(phase);
    abort.abort(new Error('the reason of the caller'));
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });

  test('and one that came before asks nothing', async () => {
    const { fake, clock, generator } = await setUp();
    const context = { signal: AbortSignal.abort(), onProgress: () => undefined };
    const result = generator.generate({ prompt: PROMPT, options: {}, attempt: 0 }, context);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    expect([fake.requests.length, clock.timers]).toEqual([0, 0]);
  });

  test('R11: and leaves another drawing alone', async () => {
    const { fake, generator } = await setUp();
    fake.next('held');
    fake.next('held');
    const first = ask(generator);
    await fake.request(1);
    const second = ask(generator, { prompt: 'another picture' });
    await second.reached('partial');
    first.abort.abort();
    await expect(first.result).rejects.toMatchObject({ name: 'AbortError' });
    fake.release();
    expect((await second.result).revisedPrompt).toContain('another picture');
  });
});

describe('with retries', () => {
  const retried = async (options: Parameters<typeof setUp>[0] = {}) => {
    const { fake, clock, generator } = await setUp(options);
    return { fake, clock, generator: withRetries(generator, { clock, random: () => 0 }) };
  };

  test('three requests in all, by nobody but us', async () => {
    const { fake, clock, generator } = await retried();
    for (const scenario of ['server_error', 'reset', 'unavailable'] as const) fake.next(scenario);
    const { result, progress } = ask(generator);
    for (const tries of [1, 2]) {
      await expect.poll(() => progress.filter(({ phase }) => phase === 'retrying').length).toBe(tries);
      clock.advance(1);
    }
    expect(await failureOf(result)).toMatchObject({ code: 'provider_error' });
    expect([fake.requests.length, clock.timers]).toEqual([3, 0]);
  });

  test.each([
    [{ retryAfter: 7 }, 7_000],
    [{ retryAfter: 7, retryAfterMs: 1_500 }, 1_500],
  ])('the wait that the service asks for is honoured: %j', async (header, retryInMs) => {
    const { fake, clock, generator } = await retried();
    fake.next('rate_limited', header);
    const { result, progress, reached } = ask(generator);
    await reached('retrying');
    expect(progress).toEqual([{ phase: 'retrying', try: 2, retryInMs, reason: 'OpenAI is busy.' }]);
    clock.advance(retryInMs - 1);
    await new Promise(setImmediate);
    expect(fake.requests).toHaveLength(1);
    clock.advance(1);
    expect((await result).image.mediaType).toBe('image/png');
    expect(fake.requests).toHaveLength(2);
  });

  test('a service that asks for an hour is taken at its word', async () => {
    const { fake, generator } = await retried();
    fake.next('rate_limited', { retryAfter: 3_600 });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(failure.message).toContain('OpenAI asks everyone with this key to wait an hour');
    expect(fake.requests).toHaveLength(1);
  });

  test('R10: after a cut in the middle of a drawing it says that the first try may have been billed', async () => {
    const { fake, clock, generator } = await retried();
    fake.next('cut');
    const { result, progress, reached } = ask(generator);
    await reached('retrying');
    expect(progress.at(-1)).toMatchObject({ reason: expect.stringContaining('The first try had begun to draw') });
    clock.advance(1);
    await result;
    expect(fake.requests).toHaveLength(2);
  });

  test('an image that is whole is kept, not paid for twice, when the line breaks after it', async () => {
    const { fake, generator } = await retried();
    fake.next('cut_after_image');
    await ask(generator).result;
    expect(fake.requests).toHaveLength(1);
  });

  test.each(['invalid_api_key', 'not_verified', 'insufficient_quota', 'moderation_blocked', 'bad_option'] as const)(
    '%s is told at once',
    async (scenario) => {
      const { fake, generator } = await retried();
      fake.next(scenario);
      await failureOf(ask(generator).result);
      expect(fake.requests).toHaveLength(1);
    },
  );
});

describe('the check of the key', () => {
  const check = async (prepare: (fake: FakeOpenAI) => void = () => undefined, given: Partial<OpenAIOptions> = {}) => {
    const { fake, clock } = await setUp();
    prepare(fake);
    const access = { apiKey: given.apiKey ?? API_KEY, baseURL: fake.baseURL };
    const names = { model: given.model ?? DEFAULT_MODEL, imageModel: DEFAULT_IMAGE_MODEL };
    const verdict = checkKey(access, { ...openAI, ...names }, clock);
    return { fake, clock, verdict };
  };

  test('a key that is accepted, with both models there', async () => {
    const { fake, clock, verdict } = await check();
    expect(await verdict).toEqual({ verdict: 'ok' });
    expect(fake.requests.map(({ path }) => path)).toEqual([
      '/v1/models/gpt-image-2.6-sunburst',
      '/v1/models/gpt-6-luna',
    ]);
    expect(clock.timers).toBe(0);
  });

  test.each([
    ['invalid_api_key', 'invalid_api_key'],
    ['not_verified', 'not_verified'],
    ['insufficient_quota', 'quota_exceeded'],
    ['model_not_found', 'provider_error'],
  ] as const)('%s is certain', async (scenario, code) => {
    const { verdict } = await check((fake) => fake.nextModel(scenario));
    expect(await verdict).toMatchObject({ verdict: 'refused', failure: { code } });
  });

  test('so are a wrong key, an impossible key and a model that is missing', async () => {
    for (const given of [{ apiKey: WRONG_KEY }, { apiKey: 'two words' }, { model: MISSING_MODEL }]) {
      const { verdict } = await check(undefined, given);
      expect(await verdict).toMatchObject({ verdict: 'refused' });
    }
  });

  test.each(['missing_scope', 'wrong_path', 'rate_limited', 'server_error', 'reset', 'html', 'forbidden'] as const)(
    '%s raises no alarm',
    async (scenario) => {
      const { verdict } = await check((fake) => fake.nextModel(scenario));
      expect(await verdict).toEqual({ verdict: 'unknown' });
    },
  );

  test('nor does a service that says nothing for 10 seconds', async () => {
    const { fake, clock, verdict } = await check((one) => one.nextModel('silence_before_headers'));
    const request = await fake.request(1);
    clock.advance(10_000);
    expect(await verdict).toEqual({ verdict: 'unknown' });
    await request.closedEarly;
  });
});
