import { createHash } from 'node:crypto';
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
import { flippedAt } from '../../../../support/image-files.ts';
import { arrived } from '../../../../support/json-answers.ts';

const png = createCanvas(96, 64).encodeSync('png');
const b64_json = png.toString('base64');
const sha256 = createHash('sha256').update(png).digest('hex');
const picture = { image: { bytes: png, sha256, mediaType: 'image/png', width: 96, height: 64 } };
const prices = { textInput: 1, imageInput: 10, imageOutput: 100 };

const service = imagesService({ baseURL: 'http://127.0.0.1:1234/v1', imageModel: 'sdxl' });
const read = (...values: readonly unknown[]) => readAnswer(values.map(arrived), service, defaultLimits, prices);
const withImage = (content: string) => ({ data: [{ b64_json: Buffer.from(content).toString('base64') }] });

describe('an answer of the Images API', () => {
  test.each([
    ['nothing but the image, as of stable-diffusion.cpp', { created: 1, data: [{ b64_json }], output_format: 'png' }],
    ['nulls beside the image, as of vLLM-Omni', { data: [{ b64_json, url: null, revised_prompt: null }], error: null }],
    ['fields of unexpected types', { data: [{ b64_json, revised_prompt: 7 }], usage: 'plenty' }],
    ['a second image that is none', { data: [{ b64_json }, { b64_json: 'AAAA' }] }],
    ['an empty first entry', { data: [{}, { b64_json }] }],
    ['null as the first entry', { data: [null, { b64_json }] }],
    ['a text as the first entry', { data: ['none', { b64_json }] }],
    ['an empty image first', { data: [{ b64_json: '' }, { b64_json }] }],
    ['a damaged image first', { data: [{ b64_json: b64_json.slice(0, 80) }, { b64_json }] }],
    ['the image in a data: address', { data: [{ b64_json: `data:image/png;base64,${b64_json}` }] }],
    ['the image as the address', { data: [{ b64_json: null, url: `data:image/png;base64,${b64_json}` }] }],
    ['line breaks in the image', { data: [{ b64_json: b64_json.replace(/.{76}/g, '$&\r\n') }] }],
    [
      'an error of no importance beside the image',
      { data: [{ b64_json }], code: 0, message: 'success', error: 'none' },
    ],
    ['the image alone', { b64_json }],
  ])('W4: with %s gives exactly the bytes of the image', (_, answer) => {
    expect(read(answer)).toEqual(picture);
  });

  test('W4: as a stream gives the last event’s image', () => {
    const partial = {
      type: 'image_generation.partial_image',
      b64_json: b64_json.slice(0, 400),
      partial_image_index: 0,
    };
    for (const type of ['image_generation.completed', 'image_edit.completed']) {
      expect(read(partial, 'ping', { type, b64_json })).toEqual(picture);
    }
    expect(() => read(partial)).toThrow(expect.objectContaining({ code: 'no_image' }));
    expect(() => read(partial, { type: 'error', error: { code: 'moderation_blocked' } })).toThrow(
      expect.objectContaining({ code: 'moderation_blocked' }),
    );
  });

  test('R10: with two images loses neither', () => {
    const other = createCanvas(8, 8).encodeSync('webp');
    const { image, moreImages } = read({ data: [{ b64_json }, { b64_json: other.toString('base64') }] });
    expect([image.bytes, moreImages?.map(({ bytes }) => bytes)]).toEqual([png, [other]]);
  });

  test('with an image and moderation’s refusal of it gives no image', () => {
    expect(() => read({ data: [{ b64_json }], error: { code: 'content_policy_violation' } })).toThrow(
      expect.objectContaining({ code: 'moderation_blocked' }),
    );
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
  const damaged = {
    code: 'provider_error',
    message: /incomplete or damaged. It may have been billed/,
    ...byAPerson,
  } as const;
  const onlyAnAddress = {
    code: 'provider_error',
    message: /address of an image.*fetches none.*b64_json/,
    ...byAPerson,
  } as const;
  const fault = { code: 'provider_error', message: /had a fault of its own/, ...automatically } as const;
  const busy = { code: 'rate_limited', message: /is busy/, ...automatically } as const;
  const unknown = { code: 'provider_error', message: /without a reason that this server knows/, ...byAPerson } as const;

  test.each<readonly [string, unknown, ExpectedFailure]>([
    ['null', null, notTheApi],
    ['undefined', undefined, notTheApi],
    ['a list', [TEXT], noImage],
    ['a text in quotes', TEXT, notTheApi],
    ['no data', { created: 1 }, noImage],
    ['no images', { created: 1, data: [] }, noImage],
    ['an empty image', { data: [{ b64_json: '' }] }, noImage],
    ['an address', { data: [{ url: 'http://169.254.169.254/latest/meta-data' }] }, onlyAnAddress],
    ['a text that is not base64', { data: [{ b64_json: `${TEXT}!` }] }, notAnImage],
    ['an HTML page', withImage(`<!doctype html>${TEXT}`), notAnImage],
    ['an SVG', withImage('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'), notAnImage],
    [
      'too many pixels',
      { data: [{ b64_json: pixelBomb.toString('base64') }] },
      { code: 'provider_error', message: /^The image server sent an image of more bytes or pixels/, ...byAPerson },
    ],
    ['a cut image', { data: [{ b64_json: b64_json.slice(0, -40) }] }, damaged],
    [
      'an image with a flipped byte',
      { data: [{ b64_json: flippedAt(png, png.indexOf('IDAT') + 20).toString('base64') }] },
      damaged,
    ],
    ['an address in place of base64', { data: [{ b64_json: 'https://169.254.169.254/latest' }] }, onlyAnAddress],
    [
      'an image that moderation kept back, as xAI tells it',
      { data: [{ url: '', respect_moderation: false }] },
      { code: 'moderation_blocked', message: /^The picture was refused/, ...never },
    ],
    ['an error that is a text', { error: TEXT }, unknown],
    ['an error that is a code, as of stable-diffusion.cpp', { error: 'server_error', message: TEXT }, fault],
    ['a detail, as of FastAPI', { detail: TEXT }, unknown],
    ['a list of details', { detail: [{ msg: TEXT }] }, unknown],
    ['a list of errors', { success: false, errors: [{ code: 503, message: TEXT }] }, fault],
    ['a code and a message alone', { code: 'rate_limit_exceeded', message: TEXT }, busy],
    [
      'an error with a status as its code',
      { error: { code: 503, message: TEXT, type: 'unavailable' }, data: null },
      fault,
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
