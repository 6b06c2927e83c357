import { expect, test } from 'vitest';
import { measureSlowConsumer, problemsOf } from './slow-consumer.ts';

const SECONDS = 2;

test('R3: a connection that reads nothing costs the cap and one message, and the other nine get every image', async () => {
  expect(problemsOf(await measureSlowConsumer(SECONDS))).toEqual([]);
});
