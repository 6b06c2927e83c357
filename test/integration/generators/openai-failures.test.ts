import { describe, expect, test } from 'vitest';
import { withRetries } from '../../../server/generators/retry.ts';
import { startFakeOpenAI } from '../../support/fake-openai.ts';
import { type ScenarioName, UPSTREAM_TEXT } from '../../support/fake-openai-scenarios.ts';
import {
  automatically,
  byAPerson,
  type ExpectedFailure,
  failureOf,
  fullText,
  never,
  PROMPT,
  startGeneration,
  withDoubt,
} from '../../support/generation.ts';
import { OPENAI_KEY, setUpOpenAI } from '../../support/openai-adapter.ts';

const moderation = { code: 'moderation_blocked', message: /safety system/, ...never } as const;
const fault = { code: 'provider_error', message: /fault of its own/, ...automatically } as const;
const cut = { code: 'network', message: /broke before the image was complete/, ...automatically } as const;
const noImage = { code: 'no_image', message: /without an image/, ...byAPerson } as const;
const notAnImage = { code: 'provider_error', message: /no PNG, JPEG or WebP/, ...byAPerson } as const;

/** One for each way in which a failure reaches us. What is made of its code and status is in test/unit/server/generators/openai/failures.test.ts. */
const expected: readonly (readonly [ScenarioName, ExpectedFailure])[] = [
  ['moderation_blocked', moderation],
  ['missing_scope', { code: 'invalid_api_key', message: /may not draw images.*permissions/, ...never }],
  ['insufficient_quota', { code: 'quota_exceeded', message: /no credit left/, ...never }],
  ['unavailable', fault],
  ['wrong_path', { code: 'provider_error', message: /no Responses API.*OPENAI_BASE_URL/, ...never }],
  ['too_big', { code: 'provider_error', message: /takes no request of so many bytes/, ...never }],
  ['gateway_timeout', fault],
  ['error_in_200', fault],
  ['html', { code: 'provider_error', message: /not OpenAI's API.*proxy/, ...byAPerson }],
  ['moderated_item', moderation],
  ['failed_server_error', fault],
  ['failed_after_image', moderation],
  ['incomplete', noImage],
  ['incomplete_filtered', moderation],
  ['refused', moderation],
  ['named_error', fault],
  ['unnamed_error', fault],
  ['nested_error', { code: 'rate_limited', message: /busy/, ...automatically }],
  ['no_image', noImage],
  ['html_image', notAnImage],
  ['svg_image', notAnImage],
  ['cut_image', { code: 'provider_error', message: /incomplete or damaged. It may have been billed/, ...byAPerson }],
  ['pixel_bomb', { code: 'provider_error', message: /image of more bytes or pixels/, ...byAPerson }],
  ['reset', { code: 'network', message: /could not be reached/, ...automatically }],
  ['cut', cut],
  ['cut_inside_event', cut],
  ['cut_gzip', cut],
  ['silent_end', cut],
];

describe('a failure has its code, its sentence and its kind of retry, and repeats nothing secret', () => {
  test.each(expected)('S3, S7: %s', async (scenario, { code, message, retryable, transient }) => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code, retryable, message: expect.stringMatching(message) });
    expect(failure.transient).toEqual(transient);
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
    expect(failure.cause).toBeInstanceOf(Error);
    for (const secret of [OPENAI_KEY, PROMPT, UPSTREAM_TEXT, 'Sign in', '<svg']) {
      expect(fullText(failure)).not.toContain(secret);
    }
  });

  test('a service that is not running', async () => {
    const stopped = await startFakeOpenAI();
    const { baseURL } = stopped;
    await stopped.close();
    const { generator } = await setUpOpenAI({ baseURL });
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code: 'network', transient: {}, cause: { message: 'ECONNREFUSED' } });
  });

  test('S3: a key that no header can hold is neither sent nor repeated', async () => {
    const { fake, generator } = await setUpOpenAI({ apiKey: 'sk-secret\n' });
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code: 'invalid_api_key', retryable: false });
    expect(fullText(failure)).not.toContain('sk-secret');
    expect(fake.requests).toEqual([]);
  });
});

describe('with retries', () => {
  const setUpRetries = async () => {
    const { fake, clock, generator } = await setUpOpenAI();
    return { fake, clock, generator: withRetries(generator, { clock, random: () => 0 }) };
  };

  test('three requests are made in all: neither the SDK nor undici retries by itself', async () => {
    const { fake, clock, generator } = await setUpRetries();
    for (const scenario of ['server_error', 'reset', 'unavailable'] as const) fake.next(scenario);
    const { result, progress } = startGeneration(generator);
    for (const retries of [1, 2]) {
      await expect.poll(() => progress.filter(({ phase }) => phase === 'retrying').length).toBe(retries);
      clock.advance(1);
    }
    expect(await failureOf(result)).toMatchObject({ code: 'provider_error' });
    expect([fake.requests.length, clock.timers]).toEqual([3, 0]);
  });

  test.each([
    [{ retryAfter: 7 }, 7_000],
    [{ retryAfter: 7, retryAfterMs: 1_500 }, 1_500],
  ])('the wait that the service asks for is kept: %j', async (header, retryInMs) => {
    const { fake, clock, generator } = await setUpRetries();
    fake.next('rate_limited', header);
    const { result, progress, reached } = startGeneration(generator);
    await reached('retrying');
    expect(progress).toEqual([{ phase: 'retrying', try: 2, retryInMs, reason: 'OpenAI is busy.', mayBeBilled: false }]);
    clock.advance(retryInMs - 1);
    await new Promise(setImmediate);
    expect(fake.requests).toHaveLength(1);
    clock.advance(1);
    expect((await result).image.mediaType).toBe('image/png');
    expect(fake.requests).toHaveLength(2);
  });

  test('R10: the retry after a cut within the drawing says that the first try may have been billed', async () => {
    const { fake, clock, generator } = await setUpRetries();
    fake.next('cut');
    const { result, progress, reached } = startGeneration(generator);
    await reached('retrying');
    expect(progress.at(-1)).toMatchObject({ reason: expect.stringContaining('The first try had begun to draw') });
    clock.advance(1);
    await result;
    expect(fake.requests).toHaveLength(2);
  });

  test('R10: so does the retry after a gateway that held everything back, of which nobody knows', async () => {
    const { fake, clock, generator } = await setUpRetries();
    fake.next('silence_before_headers');
    fake.next('silence_before_headers');
    const { result, progress, reached } = startGeneration(generator);
    await fake.request(1);
    clock.advance(180_000);
    await reached('retrying');
    expect(progress.at(-1)).toMatchObject({
      reason: 'OpenAI took too long to answer. Whether OpenAI drew and billed it all the same is not known.',
    });
    clock.advance(1);
    await fake.request(2);
    clock.advance(180_000);
    expect(await failureOf(result), 'a third try may be billed too').toMatchObject({ code: 'timeout' });
    expect([fake.requests.length, clock.timers]).toEqual([2, 0]);
  });

  test('R10: a gateway that gives up late means the same doubt', async () => {
    const { fake, clock, generator } = await setUpRetries();
    fake.next('held_timeout');
    const { progress, reached } = startGeneration(generator);
    await fake.request(1);
    clock.advance(60_000);
    fake.release();
    await reached('retrying');
    expect(progress.at(-1)).toMatchObject({
      reason: 'OpenAI had a fault of its own. Whether OpenAI drew and billed it all the same is not known.',
    });
  });

  test.each(['cut_after_image', 'moderation_blocked', 'cut_image'] as const)(
    '%s makes no second request',
    async (scenario) => {
      const { fake, generator } = await setUpRetries();
      fake.next(scenario);
      await startGeneration(generator).result.catch(() => undefined);
      expect(fake.requests).toHaveLength(1);
    },
  );
});

describe('R10: a request without progress is given up', () => {
  test.each(['silence_before_headers', 'silence'] as const)('R10: after 180 seconds of %s', async (scenario) => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const { result } = startGeneration(generator);
    const request = await fake.request(1);
    await new Promise(setImmediate);
    clock.advance(179_999);
    expect(clock.timers, 'the timer of the silence').toBe(1);
    clock.advance(180_000);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', ...withDoubt });
    expect(failure.message).toContain('180 seconds');
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });

  test('R10: each byte restarts the silence', async () => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next('held');
    const { result, reached } = startGeneration(generator);
    await fake.request(1);
    clock.advance(170_000);
    await reached('partial');
    clock.advance(170_000);
    fake.release();
    expect((await result).image.mediaType).toBe('image/png');
  });

  test('R10: after 600 seconds in all', async () => {
    const { fake, clock, generator } = await setUpOpenAI({ limits: { UPSTREAM_SILENCE_MS: 3_600_000 } });
    fake.next('silence_after_partial');
    const { result, reached } = startGeneration(withRetries(generator, { clock }));
    await reached('partial');
    clock.advance(600_000);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', ...byAPerson });
    expect(failure.message).toContain('had not finished after 600 seconds');
    await (await fake.request(1)).closedEarly;
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });
});

test.each([
  ['180 seconds of silence', 180_000, {}],
  ['600 seconds in all', 600_000, { UPSTREAM_SILENCE_MS: 3_600_000 }],
])('R10: an image that has come is kept after %s', async (_, ms, limits) => {
  const { fake, clock, generator } = await setUpOpenAI({ limits });
  fake.next('silence_after_image');
  const { result, phases } = startGeneration(withRetries(generator, { clock }));
  await expect.poll(phases).toEqual(['started', 'drawing', 'partial', 'partial']);
  clock.advance(ms);
  expect((await result).image.bytes).toEqual(fake.sent[0]?.final);
});

describe('S4: too much data is not read', () => {
  test('S4: a stream is closed once it has sent too many bytes', async () => {
    const { fake, generator } = await setUpOpenAI({ limits: { UPSTREAM_STREAM_BYTES: 2_000 } });
    fake.next('silence_after_partial');
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toContain('more data');
    await (await fake.request(1)).closedEarly;
  });

  test.each([
    ['bytes', { UPSTREAM_IMAGE_BYTES: 200 }],
    ['pixels', { UPSTREAM_IMAGE_PIXELS: 96 * 64 - 1 }],
  ])('S4: images and previews of too many %s are not taken', async (_, limits) => {
    const { generator } = await setUpOpenAI({ limits });
    const { result, phases } = startGeneration(generator);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toContain('more bytes or pixels');
    expect(phases()).toEqual(['started', 'drawing']);
  });
});

describe('R2: an abort closes the request at once', () => {
  test.each([
    ['silence_before_headers', undefined],
    ['silence', undefined],
    ['held', 'partial'],
  ] as const)('R2: during %s', async (scenario, phase) => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const { result, abort, reached } = startGeneration(generator);
    const request = await fake.request(1);
    if (phase) await reached(phase);
    abort.abort(new Error('the reason of the caller'));
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });

  test('R2: an abort before the request prevents it', async () => {
    const { fake, clock, generator } = await setUpOpenAI();
    const context = { signal: AbortSignal.abort(), onProgress: () => undefined };
    const result = generator.generate({ prompt: PROMPT, options: {}, attempt: 0 }, context);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    expect([fake.requests.length, clock.timers]).toEqual([0, 0]);
  });

  test('R11: an abort leaves other generations alone', async () => {
    const { fake, generator } = await setUpOpenAI();
    fake.next('held');
    fake.next('held');
    const first = startGeneration(generator);
    await fake.request(1);
    const second = startGeneration(generator, { prompt: 'another picture' });
    await second.reached('partial');
    first.abort.abort();
    await expect(first.result).rejects.toMatchObject({ name: 'AbortError' });
    fake.release();
    expect((await second.result).revisedPrompt).toContain('another picture');
  });
});
