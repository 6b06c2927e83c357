import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type GenerateResult, GenerationFailed } from '../../../../../server/generators/generator.ts';
import {
  combineResults,
  ImageTokens,
  readImageResult,
  usageOf,
} from '../../../../../server/generators/openai/image-result.ts';
import { responsesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';
import { flippedAt, pngOfSize } from '../../../../support/image-files.ts';
import { decoded } from '../../../../support/json-answers.ts';

const service = responsesService({ model: 'm', imageModel: 'i' });

const tokens = {
  input_tokens: 300,
  input_tokens_details: { text_tokens: 100, image_tokens: 200 },
  output_tokens: 1_000,
  total_tokens: 1_300,
};
const prices = { textInput: 1, imageInput: 10, imageOutput: 100 };

test('the cost is the sum over the kinds of tokens, in dollars for a million', () => {
  expect(usageOf(tokens, prices)).toEqual({
    usage: { inputTokens: 300, outputTokens: 1_000, totalTokens: 1_300 },
    // 100 × 1 + 200 × 10 + 1,000 × 100 millionths of a dollar.
    estimatedCost: { amount: 0.1021, currency: 'USD' },
  });
});

test('no cost is estimated without prices, or without the kinds of tokens', () => {
  expect(usageOf(tokens, undefined)).not.toHaveProperty('estimatedCost');
  const { input_tokens_details: _, ...others } = tokens;
  expect(usageOf(others, prices)).not.toHaveProperty('estimatedCost');
});

test('S4: a rewritten prompt is cut to 4,000 characters and stays well-formed', () => {
  const png = pngOfSize(64, 48).toString('base64');
  const read = (prompt: string | null) => readImageResult(decoded(png), prompt, service, defaultLimits);
  expect(read(`${'x'.repeat(3_999)}🪁`)).toMatchObject({ revisedPrompt: `${'x'.repeat(3_999)}\ufffd` });
  expect(read('🪁'.repeat(3_000))).toMatchObject({ revisedPrompt: '🪁'.repeat(2_000) });
  for (const none of ['', null]) expect(read(none)).not.toHaveProperty('revisedPrompt');
});

test.each([
  [
    'damaged',
    flippedAt(pngOfSize(64, 48), 44).toString('base64'),
    /arrived incomplete or damaged\. It may have been billed/,
  ],
  ['cut off', pngOfSize(64, 48).subarray(0, 60).toString('base64'), /arrived incomplete or damaged/],
  ['no image', Buffer.from('<html>').toString('base64'), /no PNG, JPEG or WebP/],
  ['an address', ' https://169.254.169.254/image.png', /address of an image/],
])('an image that is %s may be asked for again by a person, and is not by itself', (_, text, message) => {
  const failure = readImageResult(decoded(text), undefined, service, defaultLimits);
  expect(failure).toBeInstanceOf(GenerationFailed);
  expect(failure).toMatchObject({ message: expect.stringMatching(message), retryable: true, transient: undefined });
});

test('S4: of the images that were not asked for, three are kept', () => {
  const result = (width: number): GenerateResult => ({
    image: { bytes: new Uint8Array(width), mediaType: 'image/png', width, height: 1 },
  });
  const first = { ...result(1), revisedPrompt: 'at length' };
  expect(combineResults([first], undefined, undefined)).toEqual(first);
  expect(combineResults([first, result(2), result(3), result(4), result(5)], tokens, undefined)).toEqual({
    ...first,
    moreImages: [result(2).image, result(3).image, result(4).image],
    usage: { inputTokens: 300, outputTokens: 1_000, totalTokens: 1_300 },
  });
});

test.each([
  [9e15, false],
  [1_000_001, false],
  [1_000_000, true],
  [-1, false],
  [0.5, false],
])('a count of %d tokens is believed: %s', (count, isBelieved) => {
  expect(v.is(ImageTokens, { ...tokens, output_tokens: count })).toBe(isBelieved);
  const details = { text_tokens: count, image_tokens: 1 };
  expect(v.parse(ImageTokens, { ...tokens, input_tokens_details: details }).input_tokens_details !== undefined).toBe(
    isBelieved,
  );
});
