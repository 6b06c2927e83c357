import { expect, test } from 'vitest';
import { isOpenAIImageModel, openAICapabilities, pricesOf } from '../../../../../server/generators/openai/models.ts';

test('the finest qualities are offered only if all of the models have them', () => {
  const fine = openAICapabilities(['gpt-image-2.6-sunburst', 'gpt-image-2.5-flare-2026-09-08'], undefined).qualities;
  expect(fine).toEqual(['low', 'medium', 'high', 'xhigh', 'max']);
  for (const other of ['gpt-image-2', 'gpt-image-2-2026-04-21', 'gpt-image-1.5', 'an-image-model']) {
    expect(openAICapabilities(['gpt-image-2.6-flare', other], undefined).qualities).toEqual(['low', 'medium', 'high']);
  }
});

test('OpenAI’s own image models are known by their names', () => {
  expect(['gpt-image-2.6-flare', 'chatgpt-image-latest'].map(isOpenAIImageModel)).toEqual([true, true]);
  expect(['dall-e-3', 'qwen-image', undefined].map(isOpenAIImageModel)).toEqual([false, false, false]);
});

test('a dated snapshot has the prices of its model', () => {
  expect(pricesOf('gpt-image-2.5-flare-2026-09-08')).toEqual(pricesOf('gpt-image-2.5-flare'));
  expect(pricesOf('gpt-image-2')).toEqual({ textInput: 5, imageInput: 8, imageOutput: 30 });
});

test.each(['gpt-image-9', 'constructor', '', undefined])('the prices of %s are unknown', (model) => {
  expect(pricesOf(model)).toBeUndefined();
});

test('configured prices override the published ones, for their model alone', () => {
  const prices = { textInput: 1, imageInput: 10, imageOutput: 100 };
  const configured = { model: 'gpt-image-2', prices };
  expect(pricesOf('gpt-image-2', configured)).toBe(prices);
  expect(pricesOf('gpt-image-2.6-flare', configured)).toEqual(pricesOf('gpt-image-2.6-flare'));
  expect(pricesOf(undefined, { model: undefined, prices })).toBe(prices);
});
