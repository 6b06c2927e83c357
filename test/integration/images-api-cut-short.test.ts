import { describe, expect, test } from 'vitest';
import { withRetries } from '../../server/generators/retry.ts';
import { ask, failureOf } from '../support/generation.ts';
import { parent, setUpImagesApi } from '../support/images-api-adapter.ts';

describe('R10: how long is waited', () => {
  test('however silent it is before its answer, until the total time is over; then it is not asked again', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('silence');
    const { result } = ask(withRetries(generator, { clock }));
    const request = await fake.request(1);
    clock.advance(599_999);
    expect(clock.timers, 'it still waits').toBe(1);
    clock.advance(1);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, transient: undefined });
    expect(failure.message).toContain('600 seconds');
    await request.closedEarly;
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test('180 seconds within its answer', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
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
    const { fake, generator } = await setUpImagesApi({ limits: { UPSTREAM_STREAM_BYTES: 1_000_000 } });
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
    const { generator } = await setUpImagesApi({ limits });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
    expect(failure.message).toContain('more bytes or pixels');
  });
});

describe('R2: an abort closes the request at once', () => {
  test.each([
    ['before the answer', {}],
    ['of an edit', { parent, feedback: 'more rain' }],
  ])('%s', async (_, request) => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('silence');
    const { result, abort } = ask(generator, request);
    const { closedEarly } = await fake.request(1);
    abort.abort(new Error('the reason of the caller'));
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await closedEarly;
    expect(clock.timers).toBe(0);
  });
});
