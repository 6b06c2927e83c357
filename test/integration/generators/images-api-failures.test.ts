import { describe, expect, test } from 'vitest';
import { withRetries } from '../../../server/generators/retry.ts';
import { startFakeImagesApi } from '../../support/fake-images-api.ts';
import type { ImagesScenarioName } from '../../support/fake-images-api-scenarios.ts';
import { UPSTREAM_TEXT } from '../../support/fake-openai-scenarios.ts';
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
import { IMAGES_KEY, parent, setUpImagesApi } from '../../support/images-api-adapter.ts';

const fault = {
  code: 'provider_error',
  message: /^The image server had a fault of its own/,
  ...automatically,
} as const;
const refusal = { code: 'provider_error', message: /^The image server refused.*Change the size/, ...never } as const;
const notTheApi = { code: 'provider_error', message: /not the image server's API.*proxy/, ...byAPerson } as const;
const cut = { code: 'network', message: /connection to the image server broke/, ...withDoubt } as const;

/**
 * One for each format in which compatible servers send failures. What is made of codes and statuses is in
 * test/unit/server/generators/openai/failures.test.ts, and what is made of an answer's JSON in images-answer.test.ts beside it.
 */
const expected: readonly (readonly [ImagesScenarioName, ExpectedFailure])[] = [
  ['string_error', fault],
  ['code_as_error', fault],
  ['object_error', fault],
  ['plain_error', fault],
  ['not_ready', fault],
  ['proxy_error', { ...fault, ...withDoubt }],
  ['proxy_timeout', { ...fault, ...withDoubt }],
  ['string_refusal', refusal],
  ['detail', refusal],
  ['detail_list', refusal],
  ['redirected', { code: 'provider_error', message: /to another address.*OPENAI_BASE_URL/, ...never }],
  ['moderated', { code: 'moderation_blocked', message: /by the image server's safety system/, ...never }],
  ['wrong_key', { code: 'invalid_api_key', message: /^The image server refused the API key/, ...never }],
  ['no_credit', { code: 'quota_exceeded', message: /account at the image server has no credit/, ...never }],
  ['no_model', { code: 'provider_error', message: /no image model named sdxl.*PROOFROOM_IMAGE_MODEL/, ...never }],
  ['no_endpoint', { code: 'provider_error', message: /no Images API at its address.*OPENAI_BASE_URL/, ...never }],
  ['string_error_in_200', { code: 'provider_error', message: /without a reason/, ...byAPerson }],
  ['page_in_200', notTheApi],
  ['empty_in_200', notTheApi],
  ['cut_image', { code: 'provider_error', message: /incomplete or damaged. It may have been billed/, ...byAPerson }],
  ['only_url', { code: 'provider_error', message: /address of an image.*b64_json/, ...byAPerson }],
  ['damaged_json', cut],
  ['cut', cut],
  ['cut_length', cut],
  ['cut_gzip', cut],
  ['reset', { code: 'network', message: /^The image server could not be reached/, ...withDoubt }],
];

describe('a failure has its code, its sentence and its kind of retry, and repeats nothing secret', () => {
  test.each(expected)('S3, S7: %s', async (scenario, { code, message, retryable, transient }) => {
    const { fake, clock, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    fake.next(scenario);
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code, retryable, message: expect.stringMatching(message) });
    expect(failure.transient).toEqual(transient);
    // Neither a redirect nor the address of an image is followed.
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
    expect(failure.cause).toBeInstanceOf(Error);
    for (const secret of [IMAGES_KEY, PROMPT, UPSTREAM_TEXT, 'page not found', '169.254', '127.0.0.1']) {
      expect(fullText(failure)).not.toContain(secret);
    }
  });

  test('a server without the endpoint for edits can’t refine, and the sentence says what to set', async () => {
    const { fake, generator } = await setUpImagesApi();
    fake.next('no_endpoint');
    const failure = await failureOf(startGeneration(generator, { parent, feedback: 'more rain' }).result);
    expect(failure).toMatchObject({ code: 'provider_error', retryable: false });
    expect(failure.message).toMatch(/^The image server can't change an image.*PROOFROOM_REFINE=0/);
  });

  test('a gateway that takes no refinement of so many bytes is not blamed on the options', async () => {
    const { fake, generator } = await setUpImagesApi();
    fake.next('too_big');
    const failure = await failureOf(startGeneration(generator, { parent, feedback: 'more rain' }).result);
    expect(failure).toMatchObject({ code: 'provider_error', ...never });
    expect(failure.message).toMatch(/no request of so many bytes. Start from a smaller image, or from one in .* jpeg/);
  });

  test('R10: a server that is not running has certainly drawn nothing', async () => {
    const stopped = await startFakeImagesApi();
    const { baseURL } = stopped;
    await stopped.close();
    const { generator } = await setUpImagesApi({ baseURL });
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure).toMatchObject({ code: 'network', cause: { message: 'ECONNREFUSED' } });
    expect(failure.transient).toEqual({});
  });
});

describe('with retries', () => {
  test('the wait that the service asks for is kept', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('rate_limited', { retryAfter: 7 });
    const { result, progress, reached } = startGeneration(withRetries(generator, { clock, random: () => 0 }));
    await reached('retrying');
    expect(progress).toEqual([
      { phase: 'retrying', try: 2, retryInMs: 7_000, reason: 'The image server is busy.', mayBeBilled: false },
    ]);
    clock.advance(7_000);
    expect((await result).image.mediaType).toBe('image/png');
    expect(fake.requests).toHaveLength(2);
  });

  test('R10: the retry after a cut says that it is unknown whether the first try is billed', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('cut');
    const { result, progress, reached } = startGeneration(withRetries(generator, { clock, random: () => 0 }));
    await reached('retrying');
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

describe('R10: a request is given up', () => {
  test('R10: before its answer only after the total time, and then it is not retried', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('silence');
    const { result } = startGeneration(withRetries(generator, { clock }));
    const request = await fake.request(1);
    clock.advance(599_999);
    expect(clock.timers, 'the timer of the total time').toBe(1);
    clock.advance(1);
    const failure = await failureOf(result);
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, transient: undefined });
    expect(failure.message).toContain('600 seconds');
    await request.closedEarly;
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test('R10: within its answer after 180 seconds of silence', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('silence_within');
    const { result } = startGeneration(generator);
    const request = await fake.request(1);
    await expect.poll(() => clock.timers).toBe(1);
    clock.advance(180_000);
    expect(await failureOf(result)).toMatchObject({ code: 'timeout', transient: { mayBeDrawn: true } });
    await request.closedEarly;
  });
});

test('S4: an answer is closed once it has sent too many bytes', async () => {
  const { fake, generator } = await setUpImagesApi({ limits: { UPSTREAM_STREAM_BYTES: 1_000_000 } });
  fake.next('endless');
  const failure = await failureOf(startGeneration(generator).result);
  expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
  expect(failure.message).toMatch(/^The image server sent more data/);
  await (await fake.request(1)).closedEarly;
});

test.each([
  ['bytes', { UPSTREAM_IMAGE_BYTES: 200 }],
  ['pixels', { UPSTREAM_IMAGE_PIXELS: 96 * 64 - 1 }],
])('S4: an image of too many %s is not taken', async (_, limits) => {
  const { generator } = await setUpImagesApi({ limits });
  const failure = await failureOf(startGeneration(generator).result);
  expect(failure).toMatchObject({ code: 'provider_error', transient: undefined });
  expect(failure.message).toContain('more bytes or pixels');
});

test.each([
  ['a new image', {}],
  ['an edit', { parent, feedback: 'more rain' }],
])('R2: an abort of the request for %s closes it at once', async (_, request) => {
  const { fake, clock, generator } = await setUpImagesApi();
  fake.next('silence');
  const { result, abort } = startGeneration(generator, request);
  const { closedEarly } = await fake.request(1);
  abort.abort(new Error('the reason of the caller'));
  await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  await closedEarly;
  expect(clock.timers).toBe(0);
});
