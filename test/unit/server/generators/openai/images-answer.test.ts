import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../../../../server/generators/openai/images-generator.ts';
import { imagesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';
import { pixelBomb } from '../../../../support/bombs.ts';
import { UPSTREAM_TEXT as TEXT } from '../../../../support/fake-openai-scenarios.ts';
import {
  automatically,
  byAPerson,
  type ExpectedFailure,
  failureOf,
  fullText,
  never,
} from '../../../../support/generation.ts';

const png = createCanvas(96, 64).encodeSync('png');
const b64_json = png.toString('base64');
const prices = { textInput: 1, imageInput: 10, imageOutput: 100 };

const service = imagesService({ baseURL: 'http://127.0.0.1:1234/v1', imageModel: 'sdxl' });
const read = (answer: unknown) => readAnswer(answer, service, defaultLimits, prices);
const withImage = (content: string) => ({ data: [{ b64_json: Buffer.from(content).toString('base64') }] });

describe('an answer of the Images API', () => {
  test.each([
    ['nothing but the image, as of stable-diffusion.cpp', { created: 1, data: [{ b64_json }], output_format: 'png' }],
    ['nulls beside the image, as of vLLM-Omni', { data: [{ b64_json, url: null, revised_prompt: null }], error: null }],
    ['fields of unexpected types', { data: [{ b64_json, revised_prompt: 7 }], usage: 'plenty' }],
    ['two images, of which the first counts', { data: [{ b64_json }, { b64_json: 'AAAA' }] }],
  ])('W4: with %s gives exactly the bytes of the image', (_, answer) => {
    const result = read(answer);
    expect(result).toEqual({ image: { bytes: png, mediaType: 'image/png', width: 96, height: 64 } });
  });

  test('brings the rewritten prompt, the usage and its cost, if it holds them', () => {
    const input_tokens_details = { text_tokens: 20, image_tokens: 40 };
    const usage = { input_tokens: 60, input_tokens_details, output_tokens: 100, total_tokens: 160 };
    expect(read({ data: [{ b64_json, revised_prompt: 'at length' }], usage })).toMatchObject({
      revisedPrompt: 'at length',
      usage: { inputTokens: 60, outputTokens: 100, totalTokens: 160 },
      estimatedCost: { amount: 0.01042, currency: 'USD' },
    });
  });

  const notTheApi = { code: 'provider_error', message: /not the image server's API.*proxy/, ...byAPerson } as const;
  const noImage = { code: 'no_image', message: /^The image server answered without an image/, ...byAPerson } as const;
  const notAnImage = { code: 'provider_error', message: /no PNG, JPEG or WebP/, ...byAPerson } as const;
  const unknown = { code: 'provider_error', message: /without a reason that this server knows/, ...byAPerson } as const;

  test.each<readonly [string, unknown, ExpectedFailure]>([
    ['a page of text', `<!doctype html>${TEXT}`, notTheApi],
    ['null', null, notTheApi],
    ['undefined', undefined, notTheApi],
    ['a list', [TEXT], noImage],
    ['no data', { created: 1 }, noImage],
    ['no images', { created: 1, data: [] }, noImage],
    ['an empty image', { data: [{ b64_json: '' }] }, noImage],
    [
      'an address',
      { data: [{ url: 'http://169.254.169.254/latest/meta-data' }] },
      { code: 'provider_error', message: /address of an image.*fetches none.*b64_json/, ...byAPerson },
    ],
    ['a text that is not base64', { data: [{ b64_json: `${TEXT}!` }] }, notAnImage],
    ['an HTML page', withImage(`<!doctype html>${TEXT}`), notAnImage],
    ['an SVG', withImage('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'), notAnImage],
    [
      'too many pixels',
      { data: [{ b64_json: pixelBomb.toString('base64') }] },
      { code: 'provider_error', message: /^The image server sent an image of more bytes or pixels/, ...byAPerson },
    ],
    ['an error that is a text', { error: TEXT }, unknown],
    ['a detail, as of FastAPI', { detail: TEXT }, unknown],
    [
      'an error with a status as its code',
      { error: { code: 503, message: TEXT, type: 'unavailable' }, data: null },
      { code: 'provider_error', message: /had a fault of its own/, ...automatically },
    ],
    [
      'an error with a code',
      { error: { code: 'content_policy_violation', message: TEXT } },
      { code: 'moderation_blocked', message: /safety system/, ...never },
    ],
  ])('S6, S7: that holds %s fails, and no text of it is repeated', async (_, answer, expected) => {
    const failure = await failureOf((async () => read(answer))());
    expect(failure).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.message) });
    expect([failure.retryable, failure.transient]).toEqual([expected.retryable, expected.transient]);
    for (const secret of [TEXT, '169.254', '<svg']) expect(fullText(failure)).not.toContain(secret);
  });
});
