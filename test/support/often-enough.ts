import { expect } from 'vitest';

const LEAST_HITS = 20;
/** How often the random cases may come again before a rule counts as one that they do not test. */
const MOST_BATCHES = 10;

/**
 * Runs batches of random cases until the rule they prove had something to say often enough: a rule that they hardly
 * ever touch is not tested by them, and a batch without luck only asks for another one. A batch returns its hits.
 */
export async function oftenEnough(batch: () => number | Promise<number>): Promise<void> {
  let hits = 0;
  for (let batches = 0; batches < MOST_BATCHES && hits < LEAST_HITS; batches++) hits += await batch();
  expect(hits).toBeGreaterThanOrEqual(LEAST_HITS);
}
