import { describe, expect, test } from 'vitest';
import {
  isOpenAIImageModel,
  mostDollarsOf,
  openAICapabilities,
  pricesOf,
} from '../../../../../server/generators/openai/models.ts';

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

describe('S9: what an image may cost at most', () => {
  const request = { prompt: 'a cat', options: {}, attempt: 0 };
  const costOf = mostDollarsOf(['gpt-image-2', 'gpt-image-1-mini'], {}, () => 3) ?? expect.fail('no prices');

  // The costs of the examples in OpenAI's guide to image generation.
  test.each([
    ['low', '1024x1024', 0.006],
    ['medium', '1024x1024', 0.053],
    ['high', '1024x1024', 0.211],
    ['high', '1536x1024', 0.165],
    ['auto', 'auto', 0.211],
  ] as const)(
    'of quality %s and size %s it is more than OpenAI’s example costs, and not three times as much',
    (quality, size, cost) => {
      const most = costOf({ ...request, options: { quality, size } });
      expect(most).toBeGreaterThan(cost);
      expect(most).toBeLessThan(3 * cost + 0.01);
    },
  );

  test('a longer text, an image to start from, more pixels and a finer quality cost more, a smaller model less', () => {
    const cost = costOf(request);
    const parent = { bytes: new Uint8Array(1), mediaType: 'image/png' };
    for (const more of [
      { feedback: 'more' },
      { parent },
      { options: { size: '2048x2048' } },
      { options: { quality: 'max' } },
    ] as const) {
      expect(costOf({ ...request, ...more })).toBeGreaterThan(cost);
    }
    expect(costOf({ ...request, options: { model: 'gpt-image-1-mini' } })).toBeLessThan(cost);
  });

  test('it is not known where one of the models is of unknown price, unless it is configured', () => {
    expect(mostDollarsOf(['gpt-image-2', 'other'], {}, () => 0)).toBeUndefined();
    expect(mostDollarsOf([], {}, () => 0)).toBeUndefined();
    expect(mostDollarsOf(['other'], { imageDollars: 0.25 }, () => 0)?.(request)).toBe(0.25);
    const prices = { textInput: 1, imageInput: 1, imageOutput: 1 };
    expect(mostDollarsOf([undefined], { prices: { model: undefined, prices } }, () => 0)?.(request)).toBeGreaterThan(0);
  });
});
