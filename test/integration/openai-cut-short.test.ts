import { describe, expect, test } from 'vitest';
import { ask, failureOf, PROMPT } from '../support/generation.ts';
import { setUpOpenAI } from '../support/openai-adapter.ts';

describe('R10: an upstream that goes on without an image is given up', () => {
  test.each([
    ['before its headers', 'silence_before_headers'],
    ['after its headers', 'silence'],
  ] as const)('180 seconds of silence %s', async (_, scenario) => {
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const { result } = ask(generator);
    const request = await fake.request(1);
    await new Promise(setImmediate);
    clock.advance(179_999);
    expect(clock.timers, 'neither the silence nor the whole time is over').toBe(2);
    clock.advance(180_000);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, transient: {} });
    expect(failure.message).toContain('180 seconds');
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });

  test('each byte begins the silence anew', async () => {
    const { fake, clock, generator } = await setUpOpenAI();
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
    const { fake, clock, generator } = await setUpOpenAI({ limits: { UPSTREAM_SILENCE_MS: 3_600_000 } });
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
    const { fake, generator } = await setUpOpenAI({ limits: { UPSTREAM_STREAM_BYTES: 2_000 } });
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
    const { generator } = await setUpOpenAI({ limits });
    const { result, progress } = ask(generator);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toContain('more bytes or pixels');
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing']);
  });
});

describe('R2: an abort closes the request at once', () => {
  test.each([
    ['before the headers', 'silence_before_headers', undefined],
    ['in the silence after them', 'silence', undefined],
    ['while it draws', 'held', 'partial'],
  ] as const)('%s', async (_, scenario, phase) => {
    const { fake, clock, generator } = await setUpOpenAI();
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
    const { fake, clock, generator } = await setUpOpenAI();
    const context = { signal: AbortSignal.abort(), onProgress: () => undefined };
    const result = generator.generate({ prompt: PROMPT, options: {}, attempt: 0 }, context);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    expect([fake.requests.length, clock.timers]).toEqual([0, 0]);
  });

  test('R11: and leaves another drawing alone', async () => {
    const { fake, generator } = await setUpOpenAI();
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
