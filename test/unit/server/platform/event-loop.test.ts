import { beforeEach, expect, test, vi } from 'vitest';
import { giveWay } from '../../../../server/platform/event-loop.ts';

let now = 0;
const work = (ms: number) => {
  now += ms;
};

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return () => vi.restoreAllMocks();
});

test('work gives way to events that wait when it has taken more than 8 ms, and not before', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('event'));
  await giveWay();
  work(8);
  await giveWay();
  order.push('after 8 ms');
  work(1);
  await giveWay();
  order.push('after 9 ms');
  expect(order).toEqual(['after 8 ms', 'event', 'after 9 ms']);
});

test('pieces of work that run side by side share these 8 ms', async () => {
  const order: string[] = [];
  const piece = async (name: string) => {
    await giveWay();
    work(5);
    await giveWay();
    order.push(name);
  };
  setImmediate(() => order.push('event'));
  await Promise.all([piece('one'), piece('other')]);
  expect(order).toEqual(['one', 'event', 'other']);
});
