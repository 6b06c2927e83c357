import { describe, expect, test } from 'vitest';
import { checkKey } from '../../../server/generators/openai/key-check.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL } from '../../../server/generators/openai/models.ts';
import { imagesService, responsesService } from '../../../server/generators/openai/service.ts';
import { type FakeOpenAI, MISSING_MODEL, WRONG_KEY } from '../../support/fake-openai.ts';
import { IMAGES_KEY, setUpImagesApi } from '../../support/images-api-adapter.ts';
import { OPENAI_KEY, setUpOpenAI } from '../../support/openai-adapter.ts';

describe('the check of the key at OpenAI', () => {
  const check = async (
    prepare: (fake: FakeOpenAI) => void = () => undefined,
    { apiKey = OPENAI_KEY, model = DEFAULT_MODEL } = {},
  ) => {
    const { fake, clock } = await setUpOpenAI();
    prepare(fake);
    const service = responsesService({ model, imageModel: DEFAULT_IMAGE_MODEL });
    return { fake, clock, verdict: checkKey({ apiKey, baseURL: fake.baseURL }, service, clock) };
  };

  test('an accepted key with both models is ok', async () => {
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
  ] as const)('%s is certain, so it is reported', async (scenario, code) => {
    const { verdict } = await check((fake) => fake.nextModel(scenario));
    expect(await verdict).toMatchObject({ verdict: 'refused', failure: { code } });
  });

  test.each([{ apiKey: WRONG_KEY }, { apiKey: 'two words' }, { model: MISSING_MODEL }])(
    'so is the wrong configuration %j',
    async (configured) => {
      const { verdict } = await check(undefined, configured);
      expect(await verdict).toMatchObject({ verdict: 'refused' });
    },
  );

  test.each(['missing_scope', 'wrong_path', 'rate_limited', 'server_error', 'reset', 'html', 'forbidden'] as const)(
    '%s says nothing certain about the key',
    async (scenario) => {
      const { verdict } = await check((fake) => fake.nextModel(scenario));
      expect(await verdict).toEqual({ verdict: 'unknown' });
    },
  );

  test('the check ends after 10 seconds without an answer', async () => {
    const { fake, clock, verdict } = await check((one) => one.nextModel('silence_before_headers'));
    const request = await fake.request(1);
    clock.advance(10_000);
    expect(await verdict).toEqual({ verdict: 'unknown' });
    await request.closedEarly;
    expect(clock.timers).toBe(0);
  });
});

describe('the check of the key at a compatible server', () => {
  test.each([
    ['wrong_key', { verdict: 'refused' }],
    ['no_model', { verdict: 'refused' }],
    ['no_endpoint', { verdict: 'unknown' }],
    ['string_error', { verdict: 'unknown' }],
    ['page_in_200', { verdict: 'unknown' }],
  ] as const)('%s', async (scenario, verdict) => {
    const { fake, clock } = await setUpImagesApi();
    fake.next(scenario);
    const access = { apiKey: IMAGES_KEY, baseURL: fake.baseURL, imageModel: 'sdxl' };
    expect(await checkKey(access, imagesService(access), clock)).toMatchObject(verdict);
    expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/models/sdxl']);
  });

  test('makes no request if no model is configured', async () => {
    const { fake, clock } = await setUpImagesApi();
    const access = { apiKey: IMAGES_KEY, baseURL: fake.baseURL };
    expect(await checkKey(access, imagesService(access), clock)).toEqual({ verdict: 'unknown' });
    expect([fake.requests, clock.timers]).toEqual([[], 0]);
  });
});
