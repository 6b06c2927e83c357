/** The queue of candidates for all servers of a deployment, by BullMQ. */
import { type Job as BullJob, Queue, Worker } from 'bullmq';
import * as v from 'valibot';
import type { Clock } from '../platform/clock.ts';
import { ignoreUnavailable } from '../session/availability.ts';
import {
  type Job,
  type JobId,
  type JobQueue,
  jobName,
  PLACE_KEPT_MS,
  type QueueLimits,
  type RunJob,
  type Shortage,
  WITHDRAWAL_KEPT_MS,
} from '../session/job-queue.ts';
import { StoreUnavailable } from '../session/session-store.ts';
import { messageOf } from './channels.ts';
import type { ClientOverrides, RedisClient } from './connection.ts';
import type { RedisDeployment } from './deployment.ts';
import { begin, enqueue, lockAgain, reservePlaces, withdraw } from './job-scripts.ts';

export interface RedisJobQueueOptions {
  readonly limits: QueueLimits;
  readonly clock: Pick<Clock, 'after' | 'every'>;
  /** Makes a client for BullMQ's worker, with these overrides. It is disconnected with the queue. */
  readonly createClient: (overrides: ClientOverrides) => RedisClient;
  /** Called with each error of BullMQ, often while Redis is away. An error may name the host. BullMQ goes on by itself. */
  readonly onError: (error: Error) => void;
}

interface Running {
  /** Of BullMQ's lock. */
  readonly token: string;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** A worker waits for Redis for as long as it is away, and in Redis for its next job. */
const WORKER_CLIENT: ClientOverrides = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  socketTimeout: undefined,
};

/** A server that is silent for so long has stopped. Others find its jobs by the second check that they make. */
const LOCK_MS = 5_000;
/** How often a server looks for stopped servers, and for withdrawals and places of which it was not told. */
const LOOK_MS = 1_000;
/** All servers together check no more often. Less than `LOOK_MS`, or else a look that is a little early would be in vain. */
const STALLED_CHECK_MS = 900;
/** After Redis was away: a server may be back two seconds after the first one, and renews its locks half of `LOCK_MS` later. */
const LOOKS_BEFORE_CHECK = 6;
/** A server that starts has not lost Redis, as far as it knows. */
const LOOKS_AT_START = 4;
/** Notices that come so close to each other are answered by one look. */
const COALESCE_MS = 50;
/** A worker that could not reach Redis tries again after so long. */
const RETRY_MS = 1_000;
/** How long a server that closes waits until Redis knows which jobs have ended. */
const CLOSE_MS = 2_000;
/** BullMQ keeps about so many events, which nobody reads. */
const EVENTS = 100;
const QUEUE = 'candidates';

const jobData = v.object({
  generationId: v.string(),
  candidate: v.number(),
  requester: v.object({ address: v.string(), sessionId: v.string() }),
});
const priorities = v.array(v.tuple([v.string(), v.number()]));
const withdrawReply = v.tuple([priorities, v.array(v.string())]);
const enqueueReply = v.tuple([priorities, priorities]);
const shortages = v.picklist(['', 'server', 'address', 'session']);

export class RedisJobQueue implements JobQueue {
  readonly #redis: RedisDeployment;
  readonly #options: RedisJobQueueOptions;
  /** All keys of the queue share a hash slot. */
  readonly #prefix: string;
  readonly #channel: string;
  readonly #running = new Map<string, Running>();
  readonly #listeners = new Set<(job: JobId, position: number) => void>();
  /** As last reported, by the names of the jobs. */
  #positions = new Map<string, number>();
  #queue: Queue | undefined;
  #worker: { readonly worker: Worker; readonly client: RedisClient } | undefined;
  #unsubscribe: Promise<() => void> | undefined;
  #looking = Promise.resolve();
  /** How often in a row Redis has answered to `#findStalled`. */
  #looksWithAnswer = LOOKS_AT_START;
  #cancelLook: (() => void) | undefined;
  #isClosed = false;
  readonly #stopLooking: () => void;

  constructor(redis: RedisDeployment, options: RedisJobQueueOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#prefix = `${redis.prefix}{jobs}`;
    this.#channel = `${redis.prefix}jobs`;
    this.#subscribe();
    this.#stopLooking = options.clock.every(LOOK_MS, () => {
      this.#subscribe();
      void this.#findWithdrawn();
      void this.#findStalled();
      if (this.#positions.size > 0) this.#lookSoon();
    });
  }

  async reserve(jobs: readonly Job[]): Promise<Shortage | undefined> {
    const [first] = jobs;
    if (!first) return undefined;
    if (this.#isClosed) return 'server';
    const { CONCURRENT_CANDIDATES, QUEUED_CANDIDATES, QUEUED_CANDIDATES_PER_ADDRESS, QUEUED_CANDIDATES_PER_SESSION } =
      this.#options.limits;
    const limits = [
      CONCURRENT_CANDIDATES,
      QUEUED_CANDIDATES,
      QUEUED_CANDIDATES_PER_ADDRESS,
      QUEUED_CANDIDATES_PER_SESSION,
    ];
    const { address, sessionId } = first.requester;
    const args = [...limits, PLACE_KEPT_MS, address, sessionId, ...jobs.map(jobName)];
    return v.parse(shortages, await this.#run(reservePlaces, args)) || undefined;
  }

  async add(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    const each = jobs.flatMap((job) => [jobName(job), job.requester.address, job.requester.sessionId]);
    const args = [PLACE_KEPT_MS, ...each];
    const [added, moved] = v.parse(enqueueReply, await this.#run(enqueue, args));
    const priorityOf = new Map(added);
    const bulk = jobs.flatMap(({ generationId, candidate, requester }) => {
      const jobId = jobName({ generationId, candidate });
      const priority = priorityOf.get(jobId);
      if (priority === undefined) return [];
      const data: v.InferOutput<typeof jobData> = { generationId, candidate, requester };
      return [{ name: QUEUE, data, opts: { jobId, priority, removeOnComplete: true, removeOnFail: true } }];
    });
    if (bulk.length > 0) {
      await this.#call(async (queue) => {
        // Each time, since a Redis that was restarted has forgotten it.
        await queue.setGlobalConcurrency(this.#options.limits.CONCURRENT_CANDIDATES);
        await queue.addBulk(bulk);
      });
    }
    await this.#move(moved);
    const message = messageOf(this.#redis.serverId, 'changed');
    this.#redis.connection.run((client) => client.publish(this.#channel, message)).catch(ignoreUnavailable);
    this.#lookSoon();
  }

  async withdraw<Id extends JobId>(jobs: readonly Id[]): Promise<readonly Id[]> {
    if (jobs.length === 0) return [];
    const names = jobs.map(jobName);
    const message = messageOf(this.#redis.serverId, 'withdrawn', names.join(' '));
    const [moved, unbegun] = v.parse(
      withdrawReply,
      await this.#run(withdraw, [this.#channel, message, WITHDRAWAL_KEPT_MS, ...names]),
    );
    this.#abort(names);
    // A job that runs is locked, and ends by itself.
    await this.#call((queue) => Promise.all(names.map((name) => queue.remove(name))));
    await this.#move(moved);
    this.#lookSoon();
    return jobs.filter((job) => unbegun.includes(jobName(job)));
  }

  process(run: RunJob): void {
    if (this.#worker || this.#isClosed) return;
    const client = this.#options.createClient(WORKER_CLIENT);
    client.on('error', this.#options.onError);
    const worker = new Worker(QUEUE, (bull, token = '') => this.#process(bull, token, run), {
      connection: client,
      prefix: this.#prefix,
      concurrency: this.#options.limits.CONCURRENT_CANDIDATES,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      skipStalledCheck: true,
      // The core decides how often a candidate is tried.
      maxStalledCount: 1_000,
      runRetryDelay: RETRY_MS,
    });
    worker.on('error', this.#options.onError);
    worker.on('lockRenewalFailed', (names) => {
      for (const name of names) void this.#lockAgain(name);
    });
    this.#worker = { worker, client };
  }

  onPosition(listener: (job: JobId, position: number) => void): () => void {
    this.#listeners.add(listener);
    this.#lookSoon();
    return () => this.#listeners.delete(listener);
  }

  position(job: JobId): number | undefined {
    return this.#positions.get(jobName(job));
  }

  async counts(): Promise<{ readonly running: number; readonly waiting: number }> {
    const {
      active = 0,
      wait = 0,
      prioritized = 0,
    } = await this.#call((queue) => queue.getJobCounts('active', 'wait', 'prioritized'));
    return { running: active, waiting: wait + prioritized };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeWorker();
    this.#stopLooking();
    this.#cancelLook?.();
    const undo = await this.#unsubscribe?.catch(() => undefined);
    undo?.();
    await this.#queue?.close();
  }

  /** BullMQ would wait for a Redis that is away. */
  async #closeWorker(): Promise<void> {
    if (!this.#worker) return;
    const { worker, client } = this.#worker;
    const closed = worker.close().catch(this.#options.onError);
    const abort = new AbortController();
    await Promise.race([closed, this.#idleFor(CLOSE_MS, abort.signal)]);
    abort.abort();
    await worker.getBackend().close(true).catch(this.#options.onError);
    client.disconnect();
  }

  /** Resolves when no job has run here for so long. */
  async #idleFor(ms: number, signal: AbortSignal): Promise<void> {
    do {
      await Promise.all(this.#running.values().map(({ ended }) => ended));
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = signal.aborted ? resolve : this.#options.clock.after(ms, resolve);
      signal.addEventListener('abort', () => cancel());
      await promise;
    } while (this.#running.size > 0);
  }

  async #process(bull: BullJob<unknown>, token: string, run: RunJob): Promise<void> {
    const job = v.parse(jobData, bull.data);
    const name = jobName(job);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running: Running = { token, abort: new AbortController(), ended };
    const { signal } = running.abort;
    this.#running.set(name, running);
    try {
      if (!(await this.#begin(name)) || signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => aborted.resolve());
      await Promise.race([run(job, { signal, takeovers: bull.stalledCounter }), aborted.promise]);
    } catch {
      // The core reports the errors of its jobs. A failed job ends like any other.
    } finally {
      // It may be here a second time, when Redis was away for so long that it was taken over.
      if (this.#running.get(name) === running) this.#running.delete(name);
      resolve();
    }
  }

  /** False when the job was withdrawn. It begins when Redis does not answer: its state tells better than the queue what is to be done. */
  async #begin(name: string): Promise<boolean> {
    const message = messageOf(this.#redis.serverId, 'changed');
    this.#lookSoon();
    try {
      return (await this.#run(begin, [this.#channel, message, name])) !== 0;
    } catch (error) {
      if (error instanceof StoreUnavailable) return true;
      throw error;
    }
  }

  #abort(names: readonly string[]): void {
    for (const name of names) this.#running.get(name)?.abort.abort();
  }

  /** Redis was away for so long that the lock has lapsed. If nobody has the job yet, it goes on: to begin anew would cost twice. */
  async #lockAgain(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    try {
      if ((await this.#run(lockAgain, [name, running.token, LOCK_MS])) === 0) running.abort.abort();
    } catch (error) {
      // The next renewal fails as well.
      ignoreUnavailable(error);
    }
  }

  /** Puts the jobs of servers that have stopped back, once the others have had the time to renew their locks if Redis was away. */
  async #findStalled(): Promise<void> {
    if (!this.#worker || this.#isClosed) return;
    const { worker } = this.#worker;
    try {
      // A check that is sent while Redis is away would be made before anybody can renew a lock.
      await this.#redis.connection.run((client) => client.ping());
      this.#looksWithAnswer += 1;
      if (this.#looksWithAnswer < LOOKS_BEFORE_CHECK) return;
      await this.#redis.connection.run(() => worker.getBackend().moveStalledJobsToWait());
    } catch (error) {
      this.#looksWithAnswer = 0;
      ignoreUnavailable(error);
    }
  }

  /** For the case that the notice was lost. */
  async #findWithdrawn(): Promise<void> {
    const names = [...this.#running.keys()];
    if (names.length === 0) return;
    try {
      const scores = await this.#redis.connection.run((client) => client.zmscore(this.#key('withdrawn'), ...names));
      this.#abort(names.filter((_, index) => scores[index] !== null));
    } catch (error) {
      ignoreUnavailable(error);
    }
  }

  /** When turns go round another way, the order of those that wait follows. A job that has begun in the meantime has no place in it. */
  async #move(moved: v.InferOutput<typeof priorities>): Promise<void> {
    if (moved.length === 0) return;
    await this.#call((queue) =>
      Promise.allSettled(moved.map(([name, priority]) => queue.getBackend().changePriority(name, priority))),
    );
  }

  #subscribe(): void {
    this.#unsubscribe ??= this.#redis.channels.subscribe(this.#channel, {
      received: (kind, body) => {
        if (kind === 'withdrawn') this.#abort(body.split(' '));
        this.#lookSoon();
      },
      missed: () => {
        void this.#findWithdrawn();
        this.#lookSoon();
      },
    });
    this.#unsubscribe.catch(() => {
      this.#unsubscribe = undefined;
    });
  }

  #lookSoon(): void {
    if (this.#listeners.size === 0 || this.#isClosed) return;
    this.#cancelLook ??= this.#options.clock.after(COALESCE_MS, () => {
      this.#cancelLook = undefined;
      this.#looking = this.#looking.then(() => this.#look()).catch(this.#options.onError);
    });
  }

  async #look(): Promise<void> {
    try {
      const names = await this.#call((queue) => queue.getRanges(['wait', 'prioritized'], 0, -1, true));
      const before = this.#positions;
      this.#positions = new Map(names.map((name, index) => [name, index + 1]));
      for (const [name, position] of this.#positions) {
        if (before.get(name) === position) continue;
        for (const listener of this.#listeners) listener(jobOf(name), position);
      }
    } catch (error) {
      ignoreUnavailable(error);
    }
  }

  #key(name: string): string {
    return `${this.#prefix}:${QUEUE}-${name}`;
  }

  #run(script: typeof begin, args: readonly (string | number)[]): Promise<unknown> {
    const jobs = `${this.#prefix}:${QUEUE}:`;
    const keys = [this.#key('places'), this.#key('withdrawn'), `${jobs}active`, jobs];
    return script.run(this.#redis.connection, keys, args);
  }

  /** BullMQ never recovers from an error in its first commands, so it is then made anew. */
  #call<Result>(run: (queue: Queue) => Promise<Result>): Promise<Result> {
    return this.#redis.connection.run(async (client) => {
      const queue =
        this.#queue ??
        new Queue(QUEUE, { connection: client, prefix: this.#prefix, streams: { events: { maxLen: EVENTS } } });
      if (!this.#queue) queue.on('error', this.#options.onError);
      this.#queue = queue;
      try {
        await queue.waitUntilReady();
      } catch (error) {
        if (this.#queue === queue) this.#queue = undefined;
        throw error;
      }
      return run(queue);
    });
  }
}

function jobOf(name: string): JobId {
  const dot = name.lastIndexOf('.');
  return { generationId: name.slice(0, dot), candidate: Number(name.slice(dot + 1)) };
}
