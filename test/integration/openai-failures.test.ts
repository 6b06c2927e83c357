import { describe, expect, test } from 'vitest';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { type ScenarioName, UPSTREAM_WORDS } from '../support/fake-openai-scenarios.ts';
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
import { OPENAI_KEY, setUpOpenAI } from '../support/openai-adapter.ts';

const expected: readonly (readonly [ScenarioName, ExpectedFailure])[] = [
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
    const { fake, clock, generator } = await setUpOpenAI();
    fake.next(scenario);
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.transient).toEqual(transient);
    expect(failure.message).toMatch(sentence);
    expect([fake.requests.length, clock.timers]).toEqual([1, 0]);
  });

  test.each(expected)(
    'S3, S7: %s repeats neither the key, nor the prompt, nor a word of the service',
    async (scenario) => {
      const { fake, generator } = await setUpOpenAI();
      fake.next(scenario);
      const failure = await failureOf(ask(generator).result);
      expect(failure.cause).toBeInstanceOf(Error);
      for (const secret of [OPENAI_KEY, PROMPT, UPSTREAM_WORDS, 'Sign in', '<svg']) {
        expect(everythingSaid(failure)).not.toContain(secret);
      }
    },
  );

  test('a service that is not there', async () => {
    const gone = await startFakeOpenAI();
    const { baseURL } = gone;
    await gone.close();
    const { generator } = await setUpOpenAI({ baseURL });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'network', transient: {} });
    expect(failure.cause).toMatchObject({ message: 'ECONNREFUSED' });
  });

  test('S3: a key that no header can hold is refused without being sent or repeated', async () => {
    const { fake, generator } = await setUpOpenAI({ apiKey: 'sk-secret\n' });
    const failure = await failureOf(ask(generator).result);
    expect(failure).toMatchObject({ code: 'invalid_api_key', retryable: false });
    expect(everythingSaid(failure)).not.toContain('sk-secret');
    expect(fake.requests).toEqual([]);
  });
});
