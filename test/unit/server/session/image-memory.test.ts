import { describe, expect, test } from 'vitest';
import { ImageMemory, type Reservation } from '../../../../server/session/image-memory.ts';

function reserve(memory: ImageMemory, bytes: number): Reservation {
  return memory.tryReserve(bytes) ?? expect.fail(`no memory for ${bytes} bytes`);
}

describe('ImageMemory', () => {
  test('R7: reservations stay within the budget, and are free again after one release each', () => {
    const memory = new ImageMemory(100);
    const [first, second] = [reserve(memory, 60), reserve(memory, 40)];
    expect([memory.tryReserve(1), memory.hasFree(1), memory.hasFree(0)]).toEqual([undefined, false, true]);
    first.release();
    first.release();
    expect(memory.usedBytes).toBe(40);
    second.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: bytes count once for all holders, until the last one releases them', () => {
    const memory = new ImageMemory(100);
    const first = reserve(memory, 60);
    const second = first.hold();
    expect([memory.usedBytes, first.freeableBytes, second.freeableBytes]).toEqual([60, 0, 0]);
    first.release();
    first.release();
    expect([memory.usedBytes, first.freeableBytes, second.freeableBytes]).toEqual([60, 0, 60]);
    second.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: bytes that are held again after the last release count again', () => {
    const memory = new ImageMemory(100);
    const first = reserve(memory, 60);
    first.release();
    const again = first.hold();
    expect(memory.usedBytes).toBe(60);
    again.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: a reservation shrinks to what the image takes, for all its holders', () => {
    const memory = new ImageMemory(100);
    const first = reserve(memory, 60);
    const second = first.hold();
    first.resize(20);
    expect([memory.usedBytes, memory.hasFree(80)]).toEqual([20, true]);
    first.release();
    expect([memory.usedBytes, second.freeableBytes]).toEqual([20, 20]);
    second.release();
    expect(memory.usedBytes).toBe(0);
    first.resize(10);
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: what can do without takes a third of the budget at most, and of that only what is free', () => {
    const memory = new ImageMemory(90);
    const spare = memory.tryReserveSpare(20) ?? expect.fail('no memory');
    expect(memory.tryReserveSpare(11)).toBeUndefined();
    const rest = memory.tryReserveSpare(10) ?? expect.fail('no memory');
    expect([memory.usedBytes, memory.hasFree(60)]).toEqual([30, true]);
    for (const one of [spare, spare, rest]) one.release();
    expect(memory.usedBytes).toBe(0);
    reserve(memory, 75);
    expect(memory.tryReserveSpare(16)).toBeUndefined();
    expect(memory.tryReserveSpare(15)).toBeDefined();
  });

  test('R7: the share of what can do without follows its resized and held reservations', () => {
    const memory = new ImageMemory(90);
    const first = memory.tryReserveSpare(30) ?? expect.fail('no memory');
    first.resize(10);
    const second = first.hold();
    first.release();
    expect(memory.tryReserveSpare(21)).toBeUndefined();
    second.release();
    expect(memory.tryReserveSpare(30)).toBeDefined();
  });
});
