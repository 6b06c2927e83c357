import { describe, expect, test } from 'vitest';
import { Estimates } from '../../server/generators/estimates.ts';
import { GenerationQueue } from '../../server/session/generation-queue.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { settled } from '../support/core.ts';

/** Tasks that end when the test says so, on a queue that runs two at once. */
function line(limits: { readonly CONCURRENT_CANDIDATES?: number } = {}) {
  const clock = new FakeClock();
  const defaults = { CONCURRENT_CANDIDATES: 2, QUEUED_CANDIDATES: 3, MEMORY_WAIT_MS: 180_000 };
  const queue = new GenerationQueue({ ...defaults, ...limits }, clock);
  const started: string[] = [];
  const room = { isThere: true };
  const places: Record<string, number[]> = {};
  const ends: Record<string, PromiseWithResolvers<string>> = {};
  const enter = (name: string) => {
    const abort = new AbortController();
    const end = Promise.withResolvers<string>();
    ends[name] = end;
    const heard: number[] = [];
    places[name] = heard;
    const task = () => {
      started.push(name);
      return end.promise;
    };
    const reserve = () => room.isThere;
    const done = queue.run(task, { signal: abort.signal, onPosition: (place) => heard.push(place), reserve });
    done.catch(() => undefined);
    return { done, abort: () => abort.abort() };
  };
  return { clock, queue, room, started, places, enter, end: (name: string) => ends[name]?.resolve(name), ends };
}

describe('the queue', () => {
  test('few run at once, the others in the order in which they came', async () => {
    const { started, enter, end } = line();
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    await settled();
    expect(started).toEqual(['a', 'b']);
    end('b');
    await settled();
    expect(started).toEqual(['a', 'b', 'c']);
    end('a');
    await settled();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  test('who waits is told the place at once and at each change; who does not is told nothing', async () => {
    const { places, enter, end } = line();
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    expect(places).toMatchObject({ c: [1], d: [2] });
    end('a');
    await settled();
    expect(places).toEqual({ a: [], b: [], c: [1], d: [2, 1] });
  });

  test('one that gives up leaves the line at once, and those behind it move up', async () => {
    const { queue, places, started, enter, end } = line();
    enter('a');
    enter('b');
    const c = enter('c');
    enter('d');
    c.abort();
    await expect(c.done).rejects.toMatchObject({ name: 'AbortError' });
    expect(queue.waiting).toBe(1);
    expect(places.d).toEqual([2, 1]);
    end('a');
    await settled();
    expect(started).toEqual(['a', 'b', 'd']);
  });

  test('one that runs and is aborted makes room, though its task goes on', async () => {
    const { queue, started, enter } = line();
    const a = enter('a');
    enter('b');
    enter('c');
    a.abort();
    await expect(a.done).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    expect(started).toEqual(['a', 'b', 'c']);
    expect(queue.running).toBe(2);
  });

  test('R8 a task that fails harms nobody else', async () => {
    const { started, enter, ends } = line({ CONCURRENT_CANDIDATES: 1 });
    const a = enter('a');
    const b = enter('b');
    ends.a?.reject(new Error('broken'));
    await expect(a.done).rejects.toThrow('broken');
    await settled();
    expect(started).toEqual(['a', 'b']);
    ends.b?.resolve('drawn');
    expect(await b.done).toBe('drawn');
  });

  test('there is room for those that run and those that may wait, and no more', async () => {
    const { queue, enter, end } = line();
    expect([queue.hasRoom(5), queue.hasRoom(6)]).toEqual([true, false]);
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    expect([queue.hasRoom(1), queue.hasRoom(2)]).toEqual([true, false]);
    enter('e');
    expect(queue.hasRoom(1)).toBe(false);
    end('a');
    await settled();
    expect(queue.hasRoom(1)).toBe(true);
  });

  test('R7 without room for it the first in line waits, and all others behind it; once there is room they start in order', async () => {
    const { queue, room, started, places, enter, end } = line();
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    room.isThere = false;
    end('a');
    end('b');
    await settled();
    expect(started).toEqual(['a', 'b']);
    expect(places).toMatchObject({ c: [1], d: [2] });
    expect([queue.running, queue.waiting]).toEqual([0, 2]);
    room.isThere = true;
    queue.look();
    expect(started).toEqual(['a', 'b']); // Whoever freed the room may take it again.
    await settled();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  test('R7 nobody joins a line that waits for room, until its first has started or given up', async () => {
    const { queue, room, started, enter, end } = line();
    for (const name of ['a', 'b']) enter(name);
    const c = enter('c');
    room.isThere = false;
    end('a');
    await settled();
    expect([queue.hasRoom(1), queue.startingAtOnce(1)]).toEqual([false, 0]);
    c.abort();
    expect([queue.hasRoom(1), queue.startingAtOnce(2)]).toEqual([true, 1]);
    room.isThere = true;
    enter('d');
    expect(started).toEqual(['a', 'b', 'd']);
  });

  test('R7 whose turn it is gives up after 3 minutes without room, and those behind it have their turn', async () => {
    const { clock, room, started, places, enter, end } = line();
    for (const name of ['a', 'b']) enter(name);
    const c = enter('c');
    enter('d');
    room.isThere = false;
    end('a');
    await settled();
    clock.advance(179_999);
    expect(places).toMatchObject({ c: [1], d: [2] });
    clock.advance(1);
    await expect(c.done).rejects.toMatchObject({ code: 'timeout', retryable: true });
    expect(places).toMatchObject({ d: [2, 1] });
    room.isThere = true;
    end('b');
    await settled();
    expect(started).toEqual(['a', 'b', 'd']);
    expect(clock.timers).toBe(0);
  });

  test('R8 a task that throws before it has begun ends itself alone', async () => {
    const { queue, started, enter } = line();
    const signal = new AbortController().signal;
    const broken = () => {
      throw new Error('broken');
    };
    await expect(queue.run(broken, { signal, onPosition: () => {}, reserve: () => true })).rejects.toThrow('broken');
    enter('a');
    expect(started).toEqual(['a']);
    expect(queue.running).toBe(1);
  });

  test('R6 a closed queue has no room, and what it holds goes on', async () => {
    const { queue, started, enter, end } = line({ CONCURRENT_CANDIDATES: 1 });
    enter('a');
    enter('b');
    queue.close();
    expect(queue.hasRoom(1)).toBe(false);
    end('a');
    await settled();
    expect(started).toEqual(['a', 'b']);
  });
});

describe('estimates', () => {
  test('nothing is expected before something has succeeded', () => {
    expect(new Estimates().expectedMs({})).toBeUndefined();
  });

  test('the median of those that were asked for in the same way', () => {
    const estimates = new Estimates();
    for (const duration of [9_000, 1_000, 5_000]) estimates.record({ quality: 'low' }, duration);
    estimates.record({ quality: 'high' }, 60_000);
    expect(estimates.expectedMs({ quality: 'low' })).toBe(5_000);
    expect(estimates.expectedMs({ quality: 'high' })).toBe(60_000);
    expect(estimates.expectedMs({})).toBeUndefined();
  });

  test('sizes count by their pixels: as high as wide costs as much as wide as high', () => {
    const estimates = new Estimates();
    estimates.record({ size: '1024x1536' }, 7_000);
    expect(estimates.expectedMs({ size: '1536x1024' })).toBe(7_000);
    expect(estimates.expectedMs({ size: '4096x4096' })).toBeUndefined();
  });

  test('the pace of the day counts: old times are forgotten', () => {
    const estimates = new Estimates();
    for (let n = 0; n < 30; n++) estimates.record({}, 1_000);
    for (let n = 0; n < 20; n++) estimates.record({}, 8_000);
    expect(estimates.expectedMs({})).toBe(8_000);
  });
});
