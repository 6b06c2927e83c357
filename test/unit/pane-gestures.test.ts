import { expect, test } from 'vitest';
import { Pointers } from '../../client/components/compare/pane-gestures.ts';
import type { Point } from '../../client/components/compare/zoom.ts';

const here = { x: 10, y: 10 };

test('one pointer that moves pans', () => {
  const pointers = new Pointers();
  pointers.down(1, here);
  expect(pointers.move(1, { x: 30, y: 5 })).toEqual([{ type: 'pan', by: { x: 20, y: -5 } }]);
  expect(pointers.up(1, { x: 30, y: 5 }, 50)).toEqual([]);
  expect(pointers.move(1, here)).toEqual([]);
});

test('two pointers that part zoom at their middle, by as much as their distance grows', () => {
  const pointers = new Pointers();
  pointers.down(1, { x: -10, y: 0 });
  pointers.down(2, { x: 10, y: 0 });
  expect(pointers.move(2, { x: 30, y: 0 })).toEqual([
    { type: 'pan', by: { x: 10, y: 0 } },
    { type: 'zoom', factor: 2, at: { x: 10, y: 0 } },
  ]);
});

test('two taps at one place, soon after each other, toggle', () => {
  const tap = (pointers: Pointers, at: Point, time: number) => {
    pointers.down(1, at);
    return pointers.up(1, at, time);
  };
  const near = { x: 14, y: 10 };
  const pointers = new Pointers();
  expect(tap(pointers, here, 0)).toEqual([]);
  expect(tap(pointers, near, 200)).toEqual([{ type: 'toggle', at: near }]);
  expect(tap(pointers, near, 300), 'a third begins anew').toEqual([]);
  expect(tap(pointers, near, 900), 'too late').toEqual([]);
  expect(tap(pointers, { x: 90, y: 10 }, 1000), 'too far').toEqual([]);
});

test('what moved or had company is no tap', () => {
  const pointers = new Pointers();
  pointers.down(1, here);
  pointers.up(1, here, 0);
  pointers.down(1, here);
  pointers.move(1, { x: 30, y: 10 });
  expect(pointers.up(1, here, 100)).toEqual([]);
  pointers.down(1, here);
  pointers.up(1, here, 150);
  pointers.down(1, here);
  pointers.down(2, here);
  expect(pointers.up(2, here, 200)).toEqual([]);
  expect(pointers.up(1, here, 210)).toEqual([]);
});
