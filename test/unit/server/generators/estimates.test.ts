import { expect, test } from 'vitest';
import { Estimates } from '../../../../server/generators/estimates.ts';

test('there is no estimate before a generation with the same model, quality and size has succeeded', () => {
  const estimates = new Estimates();
  expect(estimates.expectedMs({})).toBeUndefined();
  estimates.record({ quality: 'low' }, 1_000);
  for (const options of [{}, { quality: 'high' }, { model: 'other', quality: 'low' }] as const) {
    expect(estimates.expectedMs(options)).toBeUndefined();
  }
});

test('the estimate is the median of the last 20', () => {
  const estimates = new Estimates();
  for (const duration of [9_000, 1_000, 5_000]) estimates.record({}, duration);
  expect(estimates.expectedMs({})).toBe(5_000);
  for (let count = 0; count < 20; count += 1) estimates.record({}, 8_000);
  expect(estimates.expectedMs({})).toBe(8_000);
});

test('sizes with about the same number of pixels share an estimate', () => {
  const estimates = new Estimates();
  estimates.record({ size: '1024x1536' }, 7_000);
  expect(estimates.expectedMs({ size: '1536x1024' })).toBe(7_000);
  expect(estimates.expectedMs({ size: '4096x4096' })).toBeUndefined();
});
