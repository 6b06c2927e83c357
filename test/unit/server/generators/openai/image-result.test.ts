import { expect, test } from 'vitest';
import { readImageResult, usageOf } from '../../../../../server/generators/openai/image-result.ts';
import { responsesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';

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
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000400000003008', 'hex').toString('base64');
  const service = responsesService({ model: 'm', imageModel: 'i' });
  const read = (prompt: string | null) => readImageResult(png, prompt, service, defaultLimits);
  expect(read(`${'x'.repeat(3_999)}🪁`).revisedPrompt).toBe(`${'x'.repeat(3_999)}\ufffd`);
  expect(read('🪁'.repeat(3_000)).revisedPrompt).toBe('🪁'.repeat(2_000));
  for (const none of ['', null]) expect(read(none)).not.toHaveProperty('revisedPrompt');
});
