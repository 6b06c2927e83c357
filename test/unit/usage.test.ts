import { expect, test } from 'vitest';
import { pricesOf } from '../../server/generators/openai/prices.ts';
import { usageOf } from '../../server/generators/openai/usage.ts';

const tokens = {
  input_tokens: 300,
  input_tokens_details: { text_tokens: 100, image_tokens: 200 },
  output_tokens: 1_000,
  total_tokens: 1_300,
};
const prices = { textInput: 1, imageInput: 10, imageOutput: 100 };

test('each kind of token has its price, for a million of them', () => {
  expect(usageOf(tokens, prices)).toEqual({
    usage: { inputTokens: 300, outputTokens: 1_000, totalTokens: 1_300 },
    // 100 × 1 + 200 × 10 + 1,000 × 100 millionths of a dollar.
    estimatedCost: { amount: 0.1021, currency: 'USD' },
  });
});

test('nothing is said of a cost where prices or kinds of token are not known', () => {
  expect(usageOf(tokens, undefined)).not.toHaveProperty('estimatedCost');
  const { input_tokens_details: _, ...others } = tokens;
  expect(usageOf(others, prices)).not.toHaveProperty('estimatedCost');
});

test('a snapshot costs what its model costs', () => {
  expect(pricesOf('gpt-image-2.5-flare-2026-09-08')).toEqual(pricesOf('gpt-image-2.5-flare'));
  expect(pricesOf('gpt-image-2')).toEqual({ textInput: 5, imageInput: 8, imageOutput: 30 });
});

test.each(['gpt-image-9', 'constructor', '', undefined])('of %s no price is known', (model) => {
  expect(pricesOf(model)).toBeUndefined();
});

test('configured prices stand above the published ones, for their model alone', () => {
  const known = { model: 'gpt-image-2', prices };
  expect(pricesOf('gpt-image-2', known)).toBe(prices);
  expect(pricesOf('gpt-image-2.6-flare', known)).toEqual(pricesOf('gpt-image-2.6-flare'));
  expect(pricesOf(undefined, { model: undefined, prices })).toBe(prices);
});
