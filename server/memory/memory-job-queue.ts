/** The queue of candidates for servers in one process: a bounded number runs at once, and turns go round. */
import type { Clock } from '../platform/clock.ts';
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
import { type Requester, TurnOrder } from '../session/turn-order.ts';

/** A job that waits or runs. */
interface Entry {
  readonly job: Job;
  readonly requester: Requester;
  /** As last reported; 0: never. */
  position: number;
  /** The server that does it. */
  server: Server | undefined;
  /** A server has been told to do it, which may have stopped since. */
  isBegun: boolean;
  /** How many servers had it and have stopped. */
  readonly takeovers: number;
  readonly abort: AbortController;
}

interface Place {
  readonly requester: Requester;
  /** On the monotonic clock. */
  readonly expiresAt: number;
}

interface Server {
  readonly run: RunJob;
  readonly running: Set<Entry>;
  readonly onIdle: () => void;
  /** It takes jobs only while there is no other server. */
  isLeaving: boolean;
}

/** How long a server is silent before its jobs are taken over, as on Redis. */
const TAKEN_OVER_AFTER_MS = 5_000;

/** The part that several servers in one process share. */
export class MemoryJobs {
  readonly #limits: QueueLimits;
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #places = new Map<string, Place>();
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new TurnOrder<Entry>();
  /** Jobs that were withdrawn, and when that is forgotten. */
  readonly #withdrawn = new Map<string, number>();
  /** Jobs of servers that have stopped. They come before all others. */
  readonly #stopped: Entry[] = [];
  readonly #running = new Set<Entry>();
  readonly #servers = new Set<Server>();
  /** There is, or was, more than one server. */
  #isShared = false;
  readonly #listeners = new Set<(job: JobId, position: number) => void>();

  constructor(limits: QueueLimits, clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#limits = limits;
    this.#clock = clock;
  }

  forServer(): MemoryJobQueue {
    return new MemoryJobQueue(this);
  }

  get counts() {
    return { running: this.#running.size, waiting: this.#waiting.size + this.#stopped.length };
  }

  reserve(jobs: readonly Job[]): Shortage | undefined {
    const now = this.#clock.monotonic();
    for (const [name, { expiresAt }] of this.#places) if (expiresAt <= now) this.#places.delete(name);
    const added = jobs.filter((job) => !this.#places.has(jobName(job)) && !this.#entries.has(jobName(job)));
    const [first] = added;
    if (!first) return undefined;
    const shortage = this.#shortage(added.length, first.requester);
    if (shortage) return shortage;
    for (const job of added) {
      this.#places.set(jobName(job), { requester: job.requester, expiresAt: now + PLACE_KEPT_MS });
    }
    return undefined;
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const name = jobName(job);
      this.#places.delete(name);
      if (this.#entries.has(name) || this.#withdrawn.has(name)) continue;
      const { requester } = job;
      const entry: Entry = {
        job,
        requester,
        position: 0,
        server: undefined,
        isBegun: false,
        takeovers: 0,
        abort: new AbortController(),
      };
      this.#entries.set(name, entry);
      this.#waiting.add(entry);
    }
    this.#startNext();
  }

  withdraw<Id extends JobId>(jobs: readonly Id[]): readonly Id[] {
    const entries = jobs.flatMap((job) => this.#entries.get(jobName(job)) ?? []);
    const unbegun = jobs.filter((job) => {
      const name = jobName(job);
      return this.#places.has(name) || this.#entries.get(name)?.isBegun === false;
    });
    for (const job of jobs) this.#places.delete(jobName(job));
    const now = this.#clock.monotonic();
    for (const [name, forgottenAt] of this.#withdrawn) if (forgottenAt <= now) this.#withdrawn.delete(name);
    // None of them may start in the place of another.
    for (const entry of entries) {
      this.#remove(entry);
      this.#withdrawn.set(jobName(entry.job), now + WITHDRAWAL_KEPT_MS);
    }
    for (const { abort } of entries) abort.abort();
    this.#startNext();
    return unbegun;
  }

  position(job: JobId): number | undefined {
    const entry = this.#entries.get(jobName(job));
    return entry && !this.#running.has(entry) ? entry.position : undefined;
  }

  onPosition(listener: (job: JobId, position: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  join(server: Server): void {
    this.#isShared ||= this.#servers.size > 0;
    this.#servers.add(server);
    this.#startNext();
  }

  /** The server starts nothing any more, unless there has never been another one. */
  leave(server: Server): void {
    server.isLeaving = true;
  }

  /** The server is dead: what it does from now on changes nothing, and others take its jobs over. */
  kill(server: Server): void {
    this.#servers.delete(server);
    const entries = [...server.running];
    server.running.clear();
    this.#clock.after(TAKEN_OVER_AFTER_MS, () => {
      const left = entries.filter((entry) => this.#running.delete(entry));
      const again = left.map((entry) => ({
        ...entry,
        position: 0,
        server: undefined,
        takeovers: entry.takeovers + 1,
        abort: new AbortController(),
      }));
      for (const entry of again) this.#entries.set(jobName(entry.job), entry);
      this.#stopped.push(...again);
      this.#startNext();
    });
  }

  #shortage(count: number, { address, sessionId }: Requester): Shortage | undefined {
    const limits = this.#limits;
    const free = Math.max(0, limits.CONCURRENT_CANDIDATES - this.#running.size);
    const waiting = [...this.#entries.values()].filter((entry) => !this.#running.has(entry));
    const before = [...waiting, ...this.#places.values()];
    // The first ones start at once, so they do not wait.
    const ofAddress = before.slice(free).filter(({ requester }) => requester.address === address);
    const ofSession = ofAddress.filter(({ requester }) => requester.sessionId === sessionId);
    const added = Math.max(0, count - Math.max(0, free - before.length));
    const all = this.#running.size + before.length + count;
    if (all > limits.CONCURRENT_CANDIDATES + limits.QUEUED_CANDIDATES) return 'server';
    if (ofAddress.length + added > limits.QUEUED_CANDIDATES_PER_ADDRESS) return 'address';
    if (ofSession.length + added > limits.QUEUED_CANDIDATES_PER_SESSION) return 'session';
    return undefined;
  }

  #startNext(): void {
    while (this.#running.size < this.#limits.CONCURRENT_CANDIDATES) {
      const servers = [...this.#servers].filter(({ isLeaving }) => !this.#isShared || !isLeaving);
      const [server] = servers.toSorted((one, other) => one.running.size - other.running.size);
      const entry = server && (this.#stopped.shift() ?? this.#waiting.next());
      if (!entry) break;
      this.#start(entry, server);
    }
    this.#reportPositions();
  }

  #start(entry: Entry, server: Server): void {
    entry.server = server;
    this.#running.add(entry);
    server.running.add(entry);
    const { signal } = entry.abort;
    const end = () => {
      if (!server.running.has(entry)) return; // The server was killed, or the job was withdrawn.
      this.#remove(entry);
      this.#startNext();
    };
    // A withdrawal that follows at once ends the job before it begins.
    void Promise.resolve()
      .then(() => {
        if (signal.aborted) return undefined;
        entry.isBegun = true;
        return server.run(entry.job, { signal, takeovers: entry.takeovers });
      })
      .then(end, end);
  }

  #remove(entry: Entry): void {
    const name = jobName(entry.job);
    if (this.#entries.get(name) === entry) this.#entries.delete(name);
    this.#waiting.delete(entry);
    if (this.#stopped.includes(entry)) this.#stopped.splice(this.#stopped.indexOf(entry), 1);
    this.#running.delete(entry);
    if (entry.server?.running.delete(entry) && entry.server.running.size === 0) entry.server.onIdle();
  }

  /** A newcomer may be placed before others whose address or session has more turns to come. */
  #reportPositions(): void {
    for (const [index, entry] of [...this.#stopped, ...this.#waiting.inOrder()].entries()) {
      const position = index + 1;
      if (entry.position === position) continue;
      entry.position = position;
      for (const listener of this.#listeners) listener(entry.job, position);
    }
  }
}

/** One server's door to the jobs. */
export class MemoryJobQueue implements JobQueue {
  readonly #shared: MemoryJobs;
  readonly #undos = new Set<() => void>();
  readonly #idle = Promise.withResolvers<void>();
  #server: Server | undefined;
  #isClosed = false;
  #isKilled = false;

  constructor(jobs: MemoryJobs) {
    this.#shared = jobs;
  }

  async reserve(jobs: readonly Job[]): Promise<Shortage | undefined> {
    return this.#isClosed ? 'server' : this.#jobs.reserve(jobs);
  }

  async add(jobs: readonly Job[]): Promise<void> {
    this.#jobs.add(jobs);
  }

  async withdraw<Id extends JobId>(jobs: readonly Id[]): Promise<readonly Id[]> {
    return this.#jobs.withdraw(jobs);
  }

  process(run: RunJob): void {
    this.#server = { run, running: new Set(), isLeaving: false, onIdle: () => this.#isClosed && this.#idle.resolve() };
    this.#jobs.join(this.#server);
  }

  onPosition(listener: (job: JobId, position: number) => void): () => void {
    const undo = this.#jobs.onPosition(listener);
    this.#undos.add(undo);
    return undo;
  }

  position(job: JobId): number | undefined {
    return this.#jobs.position(job);
  }

  async counts(): Promise<{ readonly running: number; readonly waiting: number }> {
    return this.#jobs.counts;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (!this.#server) return;
    this.#shared.leave(this.#server);
    if (this.#server.running.size > 0) await this.#idle.promise;
  }

  /** As if the process of this server were killed: for tests, and for the simulator. What it asks for afterwards is not done. */
  kill(): void {
    this.#isKilled = true;
    for (const undo of this.#undos) undo();
    if (this.#server) this.#shared.kill(this.#server);
  }

  get #jobs(): MemoryJobs {
    if (this.#isKilled) throw new StoreUnavailable('This server was killed');
    return this.#shared;
  }
}
