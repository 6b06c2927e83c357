import { describe, expect, test } from 'vitest';
import { keyAction, Pointers } from '../../../../../client/components/compare/pane-input.ts';
import type { Point } from '../../../../../client/components/compare/zoom.ts';

const here = { x: 10, y: 10 };

function tap(pointers: Pointers, at: Point, time: number) {
  pointers.down(1, at);
  return pointers.up(1, at, time);
}

describe('pointers', () => {
  test('one pointer pans while it is down', () => {
    const pointers = new Pointers();
    pointers.down(1, here);
    expect(pointers.move(1, { x: 30, y: 5 })).toEqual([{ type: 'pan', by: { x: 20, y: -5 } }]);
    expect(pointers.up(1, { x: 30, y: 5 }, 50)).toEqual([]);
    expect(pointers.move(1, here)).toEqual([]);
  });

  test('two pointers zoom at the point between them, by the factor by which their distance grows', () => {
    const pointers = new Pointers();
    pointers.down(1, { x: -10, y: 0 });
    pointers.down(2, { x: 10, y: 0 });
    expect(pointers.move(2, { x: 30, y: 0 })).toEqual([
      { type: 'pan', by: { x: 10, y: 0 } },
      { type: 'zoom', factor: 2, at: { x: 10, y: 0 } },
    ]);
  });

  test('two taps close to each other in time and place toggle; a third one starts again', () => {
    const near = { x: 14, y: 10 };
    const pointers = new Pointers();
    expect(tap(pointers, here, 0)).toEqual([]);
    expect(tap(pointers, near, 200)).toEqual([{ type: 'toggle', at: near }]);
    expect(tap(pointers, near, 300), 'the third tap').toEqual([]);
    expect(tap(pointers, near, 900), 'too late').toEqual([]);
    expect(tap(pointers, { x: 90, y: 10 }, 1000), 'too far away').toEqual([]);
  });

  test('a press is no tap if it moves', () => {
    const pointers = new Pointers();
    tap(pointers, here, 0);
    pointers.down(1, here);
    pointers.move(1, { x: 30, y: 10 });
    expect(pointers.up(1, here, 100)).toEqual([]);
  });

  test('a press is no tap if another pointer joins it, or if the browser takes it over', () => {
    const pointers = new Pointers();
    tap(pointers, here, 0);
    pointers.down(1, here);
    pointers.down(2, here);
    expect(pointers.up(2, here, 50)).toEqual([]);
    expect(pointers.up(1, here, 60)).toEqual([]);
    tap(pointers, here, 100);
    pointers.down(1, here);
    pointers.cancel(1);
    expect(pointers.up(1, here, 150)).toEqual([]);
    expect(pointers.isDown).toBe(false);
  });
});

test('an arrow key moves the picture the other way, and five times as far with Shift; other keys mean nothing', () => {
  expect(keyAction({ key: 'ArrowRight', shiftKey: false })).toEqual({ type: 'pan', by: { x: -48, y: 0 } });
  expect(keyAction({ key: 'ArrowUp', shiftKey: true })).toEqual({ type: 'pan', by: { x: 0, y: 240 } });
  expect(keyAction({ key: 'Enter', shiftKey: false })).toBeUndefined();
});
