import { describe, expect, test } from 'vitest';
import { GenerationQueue } from '../../../../server/session/generation-queue.ts';
import { settled } from '../../../support/core.ts';

/** A queue that runs two tasks at once, and tasks that end when the test says so. */
function createQueue(limits = { CONCURRENT_CANDIDATES: 2, QUEUED_CANDIDATES: 3 }) {
  const queue = new GenerationQueue(limits);
  /** The tasks that were started, in order. */
  const started: string[] = [];
  const enter = (name: string) => {
    const abort = new AbortController();
    const end = Promise.withResolvers<string>();
    /** The positions that were reported. */
    const positions: number[] = [];
    const task = () => {
      started.push(name);
      return end.promise;
    };
    const result = queue.run(task, { signal: abort.signal, onPosition: (position) => positions.push(position) });
    result.catch(() => undefined);
    return { result, positions, end: () => end.resolve(name), fail: end.reject, abort: () => abort.abort() };
  };
  return { queue, started, enter };
}

const aborted = { name: 'AbortError' };

describe('GenerationQueue', () => {
  test('a bounded number of tasks runs at once, the others in the order in which they came', async () => {
    const { started, enter } = createQueue();
    const [a, b] = ['a', 'b', 'c', 'd'].map(enter);
    await settled();
    expect(started).toEqual(['a', 'b']);
    b?.end();
    await settled();
    expect(started).toEqual(['a', 'b', 'c']);
    a?.end();
    await settled();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(await b?.result).toBe('b');
  });

  test('a waiting task gets its position at once and at each change; a task that starts at once gets none', async () => {
    const { enter } = createQueue();
    const tasks = ['a', 'b', 'c', 'd'].map(enter);
    expect(tasks.map(({ positions }) => positions)).toEqual([[], [], [1], [2]]);
    tasks[0]?.end();
    await settled();
    expect(tasks.map(({ positions }) => positions)).toEqual([[], [], [1], [2, 1]]);
  });

  test('R2: a task that is aborted while it waits leaves at once, and those behind it move up', async () => {
    const { queue, started, enter } = createQueue();
    const [a, , c, d] = ['a', 'b', 'c', 'd'].map(enter);
    c?.abort();
    expect(queue.waiting).toBe(1);
    expect(d?.positions).toEqual([2, 1]);
    await expect(c?.result).rejects.toMatchObject(aborted);
    a?.end();
    await settled();
    expect(started).toEqual(['a', 'b', 'd']);
  });

  test('R2: a task that is aborted while it runs gives its place to the next, though it goes on', async () => {
    const { queue, started, enter } = createQueue();
    const [a] = ['a', 'b', 'c'].map(enter);
    await settled();
    a?.abort();
    await expect(a?.result).rejects.toMatchObject(aborted);
    await settled();
    expect(started).toEqual(['a', 'b', 'c']);
    expect([queue.running, queue.waiting]).toEqual([2, 0]);
  });

  test('R2: none of several tasks that are aborted together starts in place of another', async () => {
    const { queue, started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 });
    for (const task of ['a', 'b', 'c'].map(enter)) task.abort();
    await settled();
    expect(started).toEqual([]);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  test('a task whose signal is aborted already is not run', async () => {
    const { queue } = createQueue();
    const run = queue.run(() => expect.fail('it ran'), { signal: AbortSignal.abort(), onPosition: () => {} });
    await expect(run).rejects.toMatchObject(aborted);
    expect(queue.running).toBe(0);
  });

  test('R8: a task that throws, at once or later, ends alone', async () => {
    const { queue, started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 });
    const broken = () => {
      throw new Error('at once');
    };
    const { signal } = new AbortController();
    await expect(queue.run(broken, { signal, onPosition: () => {} })).rejects.toThrow('at once');
    const [a, b] = ['a', 'b'].map(enter);
    a?.fail(new Error('later'));
    await expect(a?.result).rejects.toThrow('later');
    await settled();
    expect(started).toEqual(['a', 'b']);
    b?.end();
    expect(await b?.result).toBe('b');
  });

  test('S4: there is capacity for the tasks that may run and wait, and for no more', async () => {
    const { queue, enter } = createQueue();
    expect([queue.hasCapacity(5), queue.hasCapacity(6)]).toEqual([true, false]);
    const [a] = ['a', 'b', 'c', 'd'].map(enter);
    expect([queue.hasCapacity(1), queue.hasCapacity(2)]).toEqual([true, false]);
    enter('e');
    expect(queue.hasCapacity(1)).toBe(false);
    a?.end();
    await settled();
    expect(queue.hasCapacity(1)).toBe(true);
  });

  test('R6: a closed queue has no capacity, and finishes what it holds', async () => {
    const { queue, started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 });
    const [a] = ['a', 'b'].map(enter);
    queue.close();
    expect(queue.hasCapacity(1)).toBe(false);
    a?.end();
    await settled();
    expect(started).toEqual(['a', 'b']);
  });
});
