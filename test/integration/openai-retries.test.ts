import { describe, expect, test } from 'vitest';
import { withRetries } from '../../server/generators/retry.ts';
import { ask, failureOf } from '../support/generation.ts';
import { setUpOpenAI } from '../support/openai-adapter.ts';

describe('with retries', () => {
  const retried = async (options: Parameters<typeof setUpOpenAI>[0] = {}) => {
    const { fake, clock, generator } = await setUpOpenAI(options);
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
