import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryJobs } from '../../../server/memory/memory-job-queue.ts';
import { systemClock } from '../../../server/platform/clock.ts';
import { RedisJobQueue } from '../../../server/redis/redis-job-queue.ts';
import {
  type Job,
  type JobQueue,
  jobName,
  PLACE_KEPT_MS,
  type QueueLimits,
} from '../../../server/session/job-queue.ts';
import { StoreUnavailable } from '../../../server/session/session-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { deploymentOn, freshPrefix, useRedisCluster, workerClient } from '../../support/redis-deployment.ts';
import { useRedis } from '../../support/redis-server.ts';

const roomy: QueueLimits = {
  CONCURRENT_CANDIDATES: 2,
  QUEUED_CANDIDATES: 100,
  QUEUED_CANDIDATES_PER_ADDRESS: 100,
  QUEUED_CANDIDATES_PER_SESSION: 100,
};

/** The queue as two servers see it. */
type Deploy = (limits?: Partial<QueueLimits>) => readonly [JobQueue, JobQueue];

/** `<address>-<session>-<number>`; a job whose name is one word comes from an address and a session of its own. */
function job(name: string, candidate = 0): Job {
  const [address = '', session = ''] = name.split('-');
  return { generationId: name, candidate, requester: { address, sessionId: `${address}-${session}` } };
}
const jobs = (...names: readonly string[]): Job[] => names.map((name) => job(name));
const candidates = (count: number, name: string): Job[] =>
  Array.from({ length: count }, (_, index) => job(name, index));

interface Run {
  readonly name: string;
  readonly server: JobQueue;
  readonly signal: AbortSignal;
  readonly takeovers: number;
  readonly end: () => void;
  readonly fail: () => void;
}

/** Lets the servers take jobs, which end when the test says so. Returns the runs in the order in which they began. */
function processing(...servers: readonly JobQueue[]) {
  const runs: Run[] = [];
  let isOver = false;
  onTestFinished(() => {
    isOver = true;
    for (const run of runs) run.end();
  });
  for (const server of servers) {
    server.process(({ generationId: name }, { signal, takeovers }) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      runs.push({ name, server, signal, takeovers, end: resolve, fail: () => reject(new Error('a mistake')) });
      return isOver ? Promise.resolve() : promise;
    });
  }
  return runs;
}

const names = (runs: readonly Run[]) => runs.map(({ name }) => name);
const end = (runs: readonly Run[], name: string) => runs.find((run) => run.name === name)?.end();
const eventually = <Value>(read: () => Value | Promise<Value>) => expect.poll(read, { timeout: 20_000, interval: 10 });

function contract(deploy: Deploy): void {
  test('two servers do together as many jobs at once as the limit says, the others in their order', async () => {
    const [first, second] = deploy();
    const runs = processing(first, second);
    await first.add(jobs('a', 'b', 'c'));
    await second.add(jobs('d'));
    await eventually(() => names(runs).toSorted()).toEqual(['a', 'b']);
    expect(await second.counts()).toEqual({ running: 2, waiting: 2 });
    end(runs, 'b');
    await eventually(() => names(runs).slice(2)).toEqual(['c']);
    expect(await first.counts()).toEqual({ running: 2, waiting: 1 });
    for (const name of ['a', 'c']) end(runs, name);
    await eventually(() => names(runs).slice(3)).toEqual(['d']);
    end(runs, 'd');
    await eventually(() => first.counts()).toEqual({ running: 0, waiting: 0 });
    expect(runs.map(({ takeovers }) => takeovers)).toEqual([0, 0, 0, 0]);
  });

  test('a job that is added twice, by two servers, waiting or running, is done once', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 1 });
    const runs = processing(first, second);
    await Promise.all([first.add(jobs('a', 'b')), second.add(jobs('a', 'b'))]);
    await eventually(() => names(runs)).toEqual(['a']);
    await second.add(jobs('a', 'b'));
    end(runs, 'a');
    await eventually(() => names(runs)).toEqual(['a', 'b']);
    end(runs, 'b');
    await eventually(() => first.counts()).toEqual({ running: 0, waiting: 0 });
    expect(names(runs)).toEqual(['a', 'b']);
  });

  test('R8: a job whose run fails ends alone', async () => {
    const [first] = deploy({ CONCURRENT_CANDIDATES: 1 });
    const runs = processing(first);
    await first.add(jobs('a', 'b'));
    await eventually(() => names(runs)).toEqual(['a']);
    runs[0]?.fail();
    await eventually(() => names(runs)).toEqual(['a', 'b']);
  });

  test('S4: there are places for the jobs that may run and wait, over all servers, and for no more', async () => {
    const [first, second] = deploy({ QUEUED_CANDIDATES: 3 });
    expect(await first.reserve(candidates(6, 'many'))).toBe('server');
    expect(await first.reserve(candidates(4, 'some'))).toBeUndefined();
    expect(await second.reserve(candidates(2, 'more'))).toBe('server');
    expect(await second.reserve(candidates(1, 'one'))).toBeUndefined();
    expect(await first.reserve(candidates(4, 'some')), 'these have places').toBeUndefined();
    await first.withdraw(candidates(2, 'some'));
    expect(await second.reserve(candidates(2, 'more'))).toBeUndefined();
  });

  test('S4: a job that runs leaves its place to another', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 });
    const runs = processing(second);
    await first.reserve(jobs('a'));
    await first.add(jobs('a'));
    await first.reserve(jobs('b'));
    await first.add(jobs('b'));
    await eventually(() => names(runs)).toEqual(['a']);
    expect(await first.reserve(jobs('c'))).toBe('server');
    end(runs, 'a');
    await eventually(() => names(runs)).toEqual(['a', 'b']);
    await eventually(() => first.reserve(jobs('c'))).toBeUndefined();
  });

  test('S4: few jobs may wait for one address, and for one session', async () => {
    const [first, second] = deploy({
      CONCURRENT_CANDIDATES: 1,
      QUEUED_CANDIDATES_PER_ADDRESS: 5,
      QUEUED_CANDIDATES_PER_SESSION: 3,
    });
    const runs = processing(second);
    // The first one does not have to wait.
    expect(await first.reserve(candidates(5, 'east-one-1'))).toBe('session');
    expect(await first.reserve(candidates(4, 'east-one-1'))).toBeUndefined();
    await first.add(candidates(4, 'east-one-1'));
    await eventually(() => names(runs)).toEqual(['east-one-1']);
    await eventually(() => first.counts()).toEqual({ running: 1, waiting: 3 });
    expect(await second.reserve(candidates(1, 'east-one-2'))).toBe('session');
    expect(await second.reserve(candidates(3, 'east-two-1'))).toBe('address');
    expect(await second.reserve(candidates(2, 'east-two-1'))).toBeUndefined();
    expect(await second.reserve(candidates(3, 'west-one-1'))).toBeUndefined();
  });

  test('S4: of reservations that two servers make in the same moment, exactly as many succeed as there are places', async () => {
    const [first, second] = deploy({ QUEUED_CANDIDATES: 11, QUEUED_CANDIDATES_PER_ADDRESS: 7 });
    const race = async (address: string) => {
      const shortages = await Promise.all(
        Array.from({ length: 30 }, (_, index) => (index % 2 ? first : second).reserve([job(`${address}-${index}`)])),
      );
      return shortages.filter((shortage) => shortage === undefined).length;
    };
    // Two of the first ones would not have to wait.
    expect(await race('east')).toBe(7 + 2);
    expect(await race('west')).toBe(11 - 7);
  });

  test('S4: turns go round by address and by session: nobody waits behind the tenth job of somebody else', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 1 });
    for (const session of ['one', 'two', 'three']) {
      await first.add(jobs(...[1, 2, 3, 4].map((number) => `east-${session}-${number}`)));
    }
    await second.add(jobs('west-four-1', 'west-four-2'));
    await second.add(jobs('north-five-1'));
    const runs = processing(first, second);
    for (let count = 1; count <= 15; count += 1) {
      await eventually(() => runs.length).toBe(count);
      runs.at(-1)?.end();
    }
    expect(names(runs).slice(0, 8)).toEqual([
      'east-one-1',
      'west-four-1',
      'north-five-1',
      'east-two-1',
      'west-four-2',
      'east-three-1',
      'east-one-2',
      'east-two-2',
    ]);
  });

  test('every server is told the places in line, which change when somebody leaves or comes whose turn is earlier', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 1 });
    const told = new Map<string, number[]>();
    second.onPosition((job, position) => {
      told.set(job.generationId, [...(told.get(job.generationId) ?? []), position]);
    });
    await first.add(jobs('east-one-1', 'east-one-2', 'east-one-3'));
    const positions = () => Object.fromEntries([...told].map(([name, positions]) => [name, positions.at(-1)]));
    await eventually(positions).toEqual({ 'east-one-1': 1, 'east-one-2': 2, 'east-one-3': 3 });
    await first.add(jobs('west-two-1'));
    await eventually(positions).toEqual({ 'east-one-1': 1, 'west-two-1': 2, 'east-one-2': 3, 'east-one-3': 4 });
    const runs = processing(first);
    await eventually(() => second.position(job('west-two-1'))).toBe(1);
    expect(second.position(job('east-one-1'))).toBeUndefined();
    await first.withdraw(jobs('east-one-2'));
    await eventually(positions).toMatchObject({ 'west-two-1': 1, 'east-one-3': 2 });
    expect(names(runs)).toEqual(['east-one-1']);
  });

  test('R2: jobs that are withdrawn together end, wherever they run, and none starts in the place of another', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 2 });
    const runs = processing(second);
    await first.add(jobs('a', 'b', 'c', 'd', 'e'));
    await eventually(() => names(runs)).toEqual(['a', 'b']);
    const unbegun = await first.withdraw(jobs('a', 'b', 'c', 'd', 'unknown'));
    expect(unbegun, 'what no server has begun is told').toEqual(jobs('c', 'd'));
    expect(await second.withdraw(jobs('c', 'd')), 'once').toEqual([]);
    // They go on, but do not count any more.
    await eventually(() => runs.slice(0, 2).map(({ signal }) => signal.aborted)).toEqual([true, true]);
    await eventually(() => names(runs)).toEqual(['a', 'b', 'e']);
    expect(runs[2]?.signal.aborted).toBe(false);
    await eventually(() => second.counts()).toEqual({ running: 1, waiting: 0 });
  });

  test('R2: a job that was withdrawn is not queued again by a server that is late, but a place that was given up may be', async () => {
    const [first, second] = deploy();
    await first.add(jobs('a'));
    await first.withdraw(jobs('a'));
    await second.add(jobs('a'));
    await second.reserve(jobs('b'));
    await second.withdraw(jobs('b'));
    await second.reserve(jobs('b'));
    await second.add(jobs('b'));
    const runs = processing(first, second);
    await eventually(() => names(runs)).toEqual(['b']);
    await eventually(() => first.counts()).toEqual({ running: 1, waiting: 0 });
  });

  test('R6: a server that closes takes no more jobs, waits for those that it does, and leaves the others to other servers', async () => {
    const [first, second] = deploy({ CONCURRENT_CANDIDATES: 1 });
    const runs = processing(first);
    await first.add(jobs('a', 'b'));
    await eventually(() => names(runs)).toEqual(['a']);
    let isClosed = false;
    const closed = first.close().then(() => {
      isClosed = true;
    });
    expect(await first.reserve(jobs('c'))).toBe('server');
    const others = processing(second);
    expect(await second.counts()).toEqual({ running: 1, waiting: 1 });
    expect([isClosed, runs[0]?.signal.aborted]).toEqual([false, false]);
    end(runs, 'a');
    await closed;
    await eventually(() => names(others)).toEqual(['b']);
  });
}

describe('MemoryJobQueue', () => {
  const deploy = (limits: Partial<QueueLimits> = {}) => {
    const clock = new FakeClock();
    const shared = new MemoryJobs({ ...roomy, ...limits }, clock);
    return { clock, servers: [shared.forServer(), shared.forServer()] as const };
  };

  contract((limits) => deploy(limits).servers);

  test('S4: places that no job takes are free after a while', async () => {
    const { clock, servers } = deploy({ QUEUED_CANDIDATES: 0 });
    await servers[0].reserve(jobs('a', 'b'));
    clock.advance(PLACE_KEPT_MS - 1);
    expect(await servers[1].reserve(jobs('c'))).toBe('server');
    clock.advance(1);
    expect(await servers[1].reserve(jobs('c'))).toBeUndefined();
  });

  test('the jobs of a server that is killed are taken over, before all others, but for those that were withdrawn', async () => {
    const { clock, servers } = deploy();
    const [killed, other] = servers;
    const lost = processing(killed);
    await killed.add(jobs('a', 'b', 'c'));
    await eventually(() => names(lost)).toEqual(['a', 'b']);
    killed.kill();
    const runs = processing(other);
    await other.withdraw(jobs('a'));
    await eventually(() => names(runs)).toEqual(['c']);
    expect(runs[0]?.takeovers).toBe(0);
    for (const run of lost) run.end();
    clock.advance(10_000);
    end(runs, 'c');
    await eventually(() => names(runs)).toEqual(['c', 'b']);
    expect(runs[1]?.takeovers).toBe(1);
    expect(await other.counts()).toEqual({ running: 1, waiting: 0 });
    await expect(killed.add(jobs('d'))).rejects.toThrow('killed');
  });

  test('S4: whatever is reserved, added and withdrawn, no more jobs wait than the limits allow', async () => {
    const step = fc.record({
      type: fc.constantFrom('reserve', 'reserve', 'add', 'withdraw', 'end'),
      name: fc.constantFrom('east-one-1', 'east-one-2', 'east-two-1', 'west-three-1', 'north-four-1'),
      count: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const limits = { QUEUED_CANDIDATES: 6, QUEUED_CANDIDATES_PER_ADDRESS: 4, QUEUED_CANDIDATES_PER_SESSION: 3 };
        const { servers } = deploy(limits);
        const runs = processing(...servers);
        const placed = new Map<string, number>();
        for (const [index, { type, name, count }] of steps.entries()) {
          const server = servers[index % 2] ?? servers[0];
          const of = candidates(count, name);
          if (type === 'reserve' && (await server.reserve(of)) === undefined) placed.set(name, count);
          else if (type === 'add' && placed.get(name) === count) await server.add(of);
          else if (type === 'withdraw') await server.withdraw(of);
          else if (type === 'end') runs[index % Math.max(1, runs.length)]?.end();
          await Promise.resolve();
          const { running, waiting } = await server.counts();
          expect(running).toBeLessThanOrEqual(2);
          expect(waiting).toBeLessThanOrEqual(6);
          if (waiting > 0) expect(running).toBe(2);
        }
      }),
    );
  });
});

/** A server's queue in Redis, with all that a test may want to look at. */
function queueOn(url: string, limits: Partial<QueueLimits>, prefix: string) {
  const deployment = deploymentOn(url, prefix);
  const queue = new RedisJobQueue(deployment, {
    limits: { ...roomy, ...limits },
    clock: systemClock,
    createClient: (overrides) => workerClient(url, overrides),
    onError: () => {},
  });
  onTestFinished(() => queue.close());
  return { queue, client: deployment.connection.client };
}

function deployOn(url: string, limits: Partial<QueueLimits> = {}) {
  const prefix = freshPrefix();
  const [first, second] = [queueOn(url, limits, prefix), queueOn(url, limits, prefix)];
  return { prefix, client: first.client, servers: [first.queue, second.queue] as const };
}

describe('RedisJobQueue on a cluster', () => {
  const redis = useRedisCluster();
  contract((limits) => deployOn(redis.url, limits).servers);
});

describe('RedisJobQueue', () => {
  const redis = useRedis();
  const deploy = (limits: Partial<QueueLimits> = {}) => deployOn(redis.url, limits);

  contract((limits) => deploy(limits).servers);

  test('S4: places that no job takes are free after a while, those of jobs that wait are not', async () => {
    const { prefix, client, servers } = deploy({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 });
    const [first, second] = servers;
    await first.reserve(jobs('a', 'b'));
    await first.add(jobs('b'));
    const places = `${prefix}{jobs}:candidates-places`;
    for (const name of ['a.0', 'b.0']) {
      const place = (await client.hget(places, name)) ?? '';
      await client.hset(places, name, place.replace(/"until":[0-9.e+]+/, '"until":0'));
    }
    expect(await second.reserve(jobs('c', 'd'))).toBe('server');
    expect(await second.reserve(jobs('c'))).toBeUndefined();
  });

  test('the jobs of a server that is killed begin elsewhere within seconds, but for those that were withdrawn', {
    timeout: 90_000,
  }, async () => {
    const { prefix, servers } = deploy();
    const [first, second] = servers;
    const program = fileURLToPath(new URL('../../support/job-server.ts', import.meta.url));
    const child = spawn(process.execPath, [program, redis.url, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const started: string[] = [];
    createInterface(child.stdout).on('line', (name) => started.push(name));
    await first.add(jobs('a', 'b'));
    await expect.poll(() => started, { timeout: 30_000 }).toEqual(['a.0', 'b.0']);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    const killedAt = performance.now();
    const runs = processing(second);
    await first.withdraw(jobs('a'));
    await expect.poll(() => names(runs), { timeout: 30_000 }).toEqual(['b']);
    expect(performance.now() - killedAt).toBeLessThan(20_000);
    expect(runs[0]?.takeovers).toBe(1);
    await eventually(() => first.counts()).toEqual({ running: 1, waiting: 0 });
  });

  test('a withdrawal of which a server was not told ends the job within seconds', { timeout: 90_000 }, async () => {
    const { prefix, client, servers } = deploy();
    const [first, second] = servers;
    const runs = processing(second);
    await first.add(jobs('a'));
    await eventually(() => names(runs)).toEqual(['a']);
    await client.zadd(`${prefix}{jobs}:candidates-withdrawn`, Date.now() + 60_000, 'a.0');
    await eventually(() => runs[0]?.signal.aborted).toBe(true);
  });

  test('nothing of a job is left in Redis when it has ended', async () => {
    const { prefix, client, servers } = deploy();
    const runs = processing(servers[1]);
    await servers[0].reserve(jobs('a'));
    await servers[0].add(jobs('a'));
    await eventually(() => names(runs)).toEqual(['a']);
    end(runs, 'a');
    await eventually(() => servers[0].counts()).toEqual({ running: 0, waiting: 0 });
    const keys = await client.keys(`${prefix}*`);
    expect(keys.filter((key) => key.includes('a.0') || key.endsWith('places'))).toEqual([]);
  });

  test('S4: it refuses the same reservations as the queue in memory', async () => {
    const names = ['east-one-1', 'east-one-2', 'east-two-1', 'west-three-1', 'north-four-1'];
    const step = fc.record({
      type: fc.constantFrom('reserve', 'add', 'withdraw'),
      name: fc.constantFrom(...names),
      count: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const limits = { QUEUED_CANDIDATES: 6, QUEUED_CANDIDATES_PER_ADDRESS: 4, QUEUED_CANDIDATES_PER_SESSION: 3 };
        const { servers } = deploy(limits);
        const inMemory = new MemoryJobs({ ...roomy, ...limits }, systemClock).forServer();
        const withdrawn = new Set<string>();
        for (const [index, { type, name, count }] of steps.entries()) {
          const queue = servers[index % 2] ?? servers[0];
          const of = candidates(count, name).filter((one) => !withdrawn.has(jobName(one)));
          if (type === 'reserve') expect(await queue.reserve(of)).toBe(await inMemory.reserve(of));
          else if (type === 'add') await Promise.all([queue.add(of), inMemory.add(of)]);
          else {
            await Promise.all([queue.withdraw(of), inMemory.withdraw(of)]);
            for (const one of of) withdrawn.add(jobName(one));
          }
          expect((await queue.counts()).waiting).toBe((await inMemory.counts()).waiting);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('RedisJobQueue while Redis is away', () => {
  const redis = useRedis();

  test('R10: a pause ends no run and begins none twice', { timeout: 90_000 }, async () => {
    const [first, second] = deployOn(redis.url).servers;
    const runs = processing(first, second);
    await eventually(() => first.add(jobs('a', 'b'))).toBeUndefined();
    await eventually(() => names(runs).toSorted()).toEqual(['a', 'b']);
    redis.pause();
    const pausedAt = performance.now();
    // Longer than locks last.
    while (performance.now() - pausedAt < 7_000) await expect(first.counts()).rejects.toBeInstanceOf(StoreUnavailable);
    redis.resume();
    await eventually(() => first.counts()).toEqual({ running: 2, waiting: 0 });
    // The jobs that follow begin only when these have ended in the eyes of Redis, too.
    await first.add(jobs('c', 'd'));
    for (const name of ['a', 'b']) end(runs, name);
    await expect.poll(() => names(runs).toSorted(), { timeout: 30_000 }).toEqual(['a', 'b', 'c', 'd']);
    expect(runs.map(({ signal, takeovers }) => signal.aborted || takeovers > 0)).toEqual([false, false, false, false]);
  });

  test('it says so, goes on with the same limits when Redis is back, and can be closed without it', {
    timeout: 90_000,
  }, async () => {
    const [first, second] = deployOn(redis.url).servers;
    const runs = processing(first, second);
    await first.add(jobs('a'));
    await eventually(() => names(runs)).toEqual(['a']);
    await redis.stop();
    const calls = [first.reserve(jobs('b')), first.add(jobs('b')), second.withdraw(jobs('b')), second.counts()];
    for (const answer of await Promise.allSettled(calls)) {
      expect(answer).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    }
    await redis.start();
    await eventually(() => second.add(jobs('b', 'c', 'd', 'e'))).toBeUndefined();
    await expect.poll(() => names(runs).toSorted(), { timeout: 30_000 }).toEqual(['a', 'b', 'c']);
    await eventually(() => second.counts()).toEqual({ running: 2, waiting: 2 });
    // That Redis does not know it any more.
    await expect.poll(() => runs[0]?.signal.aborted, { timeout: 30_000 }).toBe(true);
    await redis.stop();
    const closed = Promise.all([first.close(), second.close()]);
    for (const run of runs) run.end();
    await closed;
  });
});
