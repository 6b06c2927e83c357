import { expect, test } from 'vitest';
import { Estimates } from '../../../../server/generators/estimates.ts';

test('there is no estimate before a generation with the same model, quality and size has succeeded', () => {
  const estimates = new Estimates();
  expect(estimates.expectedMs({}, 1)).toBeUndefined();
  estimates.record({ quality: 'low' }, 1, 1_000);
  for (const options of [{}, { quality: 'high' }, { model: 'other', quality: 'low' }] as const) {
    expect(estimates.expectedMs(options, 1)).toBeUndefined();
  }
});

test('the estimate is the median of the last 20', () => {
  const estimates = new Estimates();
  for (const duration of [9_000, 1_000, 5_000]) estimates.record({}, 1, duration);
  expect(estimates.expectedMs({}, 1)).toBe(5_000);
  for (let count = 0; count < 20; count += 1) estimates.record({}, 1, 8_000);
  expect(estimates.expectedMs({}, 1)).toBe(8_000);
});

test('sizes with about the same number of pixels share an estimate', () => {
  const estimates = new Estimates();
  estimates.record({ size: '1024x1536' }, 1, 7_000);
  expect(estimates.expectedMs({ size: '1536x1024' }, 1)).toBe(7_000);
  expect(estimates.expectedMs({ size: '4096x4096' }, 1)).toBeUndefined();
});

test('images that are asked for together have an estimate of their own, or one by how many rounds they need', () => {
  const estimates = new Estimates(2);
  estimates.record({}, 1, 10_000);
  expect([1, 2, 3, 4].map((count) => estimates.expectedMs({}, count))).toEqual([10_000, 10_000, 20_000, 20_000]);
  estimates.record({}, 4, 26_000);
  expect([1, 2, 3, 4].map((count) => estimates.expectedMs({}, count))).toEqual([10_000, 10_000, 26_000, 26_000]);
  expect([0, 1, 2, 3].map((ahead) => estimates.waitMs({}, ahead))).toEqual([0, 10_000, 10_000, 20_000]);
});
