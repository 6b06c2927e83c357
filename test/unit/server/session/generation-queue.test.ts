import { describe, expect, test } from 'vitest';
import { GenerationQueue, type QueueLimits } from '../../../../server/session/generation-queue.ts';
import type { Requester } from '../../../../server/session/turn-order.ts';
import { settled } from '../../../support/core.ts';

/** Whoever asks for the task `address session number`; a task with a name of one word comes from an address of its own. */
function requesterOf(task: string): Requester {
  const [address = '', sessionId = ''] = task.split(' ');
  return { address, sessionId };
}

/** A queue that runs two tasks at once, and tasks that end when the test says so. */
function createQueue(limits: Partial<QueueLimits> = {}) {
  const queue = new GenerationQueue({
    CONCURRENT_CANDIDATES: 2,
    QUEUED_CANDIDATES: 3,
    QUEUED_CANDIDATES_PER_ADDRESS: 100,
    QUEUED_CANDIDATES_PER_SESSION: 100,
    ...limits,
  });
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
    const result = queue.run(task, {
      requester: requesterOf(name),
      signal: abort.signal,
      onPosition: (position) => positions.push(position),
    });
    result.catch(() => undefined);
    return { name, result, positions, end: () => end.resolve(name), fail: end.reject, abort: () => abort.abort() };
  };
  return { queue, started, enter };
}

const someone = { requester: requesterOf('someone'), onPosition: () => {} };
const aborted = { name: 'AbortError' };

describe('GenerationQueue', () => {
  test('a bounded number of tasks runs at once, the others of different addresses in the order in which they came', async () => {
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
    const run = queue.run(() => expect.fail('it ran'), { ...someone, signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject(aborted);
    expect(queue.running).toBe(0);
  });

  test('R8: a task that throws, at once or later, ends alone', async () => {
    const { queue, started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 });
    const broken = () => {
      throw new Error('at once');
    };
    const { signal } = new AbortController();
    await expect(queue.run(broken, { ...someone, signal })).rejects.toThrow('at once');
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
    const { requester } = someone;
    expect([queue.shortage(5, requester), queue.shortage(6, requester)]).toEqual([undefined, 'server']);
    const [a] = ['a', 'b', 'c', 'd'].map(enter);
    expect([queue.shortage(1, requester), queue.shortage(2, requester)]).toEqual([undefined, 'server']);
    enter('e');
    expect(queue.shortage(1, requester)).toBe('server');
    a?.end();
    await settled();
    expect(queue.shortage(1, requester)).toBeUndefined();
  });

  test('S4: few tasks may wait for one address, and for one session', () => {
    const { queue, enter } = createQueue({
      CONCURRENT_CANDIDATES: 1,
      QUEUED_CANDIDATES: 100,
      QUEUED_CANDIDATES_PER_ADDRESS: 5,
      QUEUED_CANDIDATES_PER_SESSION: 3,
    });
    const shortage = (count: number, name: string) => queue.shortage(count, requesterOf(name));
    // The first one would not have to wait.
    expect([shortage(4, 'east one'), shortage(5, 'east one')]).toEqual([undefined, 'session']);
    for (const name of ['east one 1', 'east one 2', 'east one 3']) enter(name);
    expect([shortage(1, 'east one'), shortage(2, 'east one')]).toEqual([undefined, 'session']);
    expect([shortage(3, 'east two'), shortage(4, 'east two'), shortage(3, 'west one')]).toEqual([
      undefined,
      'address',
      undefined,
    ]);
  });

  test('S4: turns go round by address and by session: nobody waits behind the tenth task of somebody else', async () => {
    const { started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 100 });
    const greedy = ['one', 'two', 'three'].flatMap((session) =>
      [1, 2, 3, 4].map((number) => enter(`east ${session} ${number}`)),
    );
    const [first, second, other] = ['west four 1', 'west four 2', 'north five 1'].map(enter);
    const tasks = [...greedy, first, second, other];
    /** As the tasks were told last. */
    const promised = tasks
      .filter((task) => task?.positions.length)
      .toSorted((one, two) => (one?.positions.at(-1) ?? 0) - (two?.positions.at(-1) ?? 0));
    for (let count = 0; count < tasks.length; count += 1) {
      await settled();
      tasks.find((task) => task?.name === started.at(-1))?.end();
    }
    expect(started.slice(0, 8)).toEqual([
      'east one 1',
      'east one 2',
      'west four 1',
      'north five 1',
      'east two 1',
      'west four 2',
      'east three 1',
      'east one 3',
    ]);
    expect(started.slice(1), 'positions are kept').toEqual(promised.map((task) => task?.name));
  });

  test('a place changes when somebody comes whose turn is earlier', () => {
    const { enter } = createQueue({ CONCURRENT_CANDIDATES: 1 });
    const [, second, third] = ['east one 1', 'east one 2', 'east one 3'].map(enter);
    enter('west two 1');
    expect([second?.positions, third?.positions]).toEqual([[1], [2, 3]]);
  });

  test('R6: a closed queue has no capacity, and finishes what it holds', async () => {
    const { queue, started, enter } = createQueue({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 });
    const [a] = ['a', 'b'].map(enter);
    queue.close();
    expect(queue.shortage(1, someone.requester)).toBe('server');
    a?.end();
    await settled();
    expect(started).toEqual(['a', 'b']);
  });
});
