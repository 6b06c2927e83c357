import { describe, expect, test } from 'vitest';
import { withRetries } from '../../server/generators/retry.ts';
import { startFakeImagesApi } from '../support/fake-images-api.ts';
import { type ImagesScenarioName, imagesScenarios } from '../support/fake-images-api-scenarios.ts';
import { UPSTREAM_WORDS } from '../support/fake-openai-scenarios.ts';
import {
  again,
  ask,
  type ExpectedFailure,
  everythingSaid,
  failureOf,
  later,
  never,
  PROMPT,
} from '../support/generation.ts';
import { IMAGES_KEY, parent, setUpImagesApi } from '../support/images-api-adapter.ts';

const doubtful = { retryable: true, transient: { mayBeDrawn: true } } as const;

const fault = { code: 'provider_error', sentence: /^The image server had a fault of its own/, ...again } as const;
const option = { code: 'provider_error', sentence: /^The image server refused.*option.*Change the size/ } as const;
const noImage = { code: 'no_image', sentence: /^The image server answered without an image/, ...later } as const;
const notTheApi = { code: 'provider_error', sentence: /not the image server's API.*proxy/, ...later } as const;
const notAnImage = { code: 'provider_error', sentence: /^The image server.*no PNG, JPEG or WebP/, ...later } as const;

const expected: readonly (readonly [ImagesScenarioName, ExpectedFailure])[] = [
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
    const { fake, clock, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.transient).toEqual(transient);
    expect(failure.message).toMatch(sentence);
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test.each(expected)('S3, S7: %s repeats neither key, nor prompt, nor a word of the service', async (scenario) => {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'sdxl' });
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure.cause).toBeInstanceOf(Error);
    for (const secret of [IMAGES_KEY, PROMPT, UPSTREAM_WORDS, '<svg', 'page not found', '169.254', '127.0.0.1']) {
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
    const { fake, generator } = await setUpImagesApi();
    fake.next('only_url');
    await failureOf(ask(withRetries(generator)).result);
    expect(fake.requests).toHaveLength(1);
  });

  test('a server without the endpoint for edits can’t refine, and says what to set', async () => {
    const { fake, generator } = await setUpImagesApi();
    fake.next('no_endpoint');
    const failure = await failureOf(ask(generator, { parent, feedback: 'more rain' }).result);
    expect(failure).toMatchObject({ code: 'provider_error', retryable: false });
    expect(failure.message).toMatch(/^The image server can't change an image.*PROOFROOM_REFINE=0/);
  });

  test('a server that is not there: it certainly drew nothing', async () => {
    const gone = await startFakeImagesApi();
    const { baseURL } = gone;
    await gone.close();
    const { generator } = await setUpImagesApi({ baseURL });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'network', cause: { message: 'ECONNREFUSED' } });
    expect(failure.transient).toEqual({});
  });
});

describe('with retries', () => {
  test('the wait that the service asks for is honoured', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('rate_limited', { retryAfter: 7 });
    const { result, progress, reached } = ask(withRetries(generator, { clock, random: () => 0 }));
    await reached('retrying');
    expect(progress).toEqual([{ phase: 'retrying', try: 2, retryInMs: 7_000, reason: 'The image server is busy.' }]);
    clock.advance(6_999);
    await new Promise(setImmediate);
    expect(fake.requests).toHaveLength(1);
    clock.advance(1);
    expect((await result).image.mediaType).toBe('image/png');
    expect(fake.requests).toHaveLength(2);
  });

  test('R10: of a line that was cut it says that nobody knows whether the first try is billed', async () => {
    const { fake, clock, generator } = await setUpImagesApi();
    fake.next('cut');
    const { result, progress, reached } = ask(withRetries(generator, { clock, random: () => 0 }));
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
