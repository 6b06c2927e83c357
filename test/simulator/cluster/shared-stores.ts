/** The stores that several simulated servers share: those in memory, each server behind a network of its own, and JSON in between. */
import { MemoryBudgets } from '../../../server/memory/memory-budgets.ts';
import { MemoryImages } from '../../../server/memory/memory-image-store.ts';
import { type MemoryJobQueue, MemoryJobs } from '../../../server/memory/memory-job-queue.ts';
import { MemorySessions } from '../../../server/memory/memory-session-store.ts';
import { MemorySignalBoard } from '../../../server/memory/memory-signals.ts';
import type { Clock } from '../../../server/platform/clock.ts';
import type { Limits } from '../../../server/platform/limits.ts';
import type { Budgets } from '../../../server/session/budgets.ts';
import { ImageMemory } from '../../../server/session/image-memory.ts';
import type { ImageLease, ImageStore } from '../../../server/session/image-store.ts';
import { type JobId, type JobQueue, jobName, type RunJob } from '../../../server/session/job-queue.ts';
import type { SessionDocument } from '../../../server/session/session-document.ts';
import type { SessionNotice, SessionStore } from '../../../server/session/session-store.ts';
import { DRAFT_KEY } from '../../../server/session/signal-values.ts';
import type { Signal, Signals } from '../../../server/session/signals.ts';
import type { Stores } from '../../../server/session/stores.ts';
import type { StoreNetwork } from './store-network.ts';

/** How often a server says who is there, as on Redis. */
export const BEAT_MS = 5_000;
/** How long the holds of a server that was killed go on. */
const HOLDS_LAPSE_MS = 10_000;
const LEASES_LAPSE_MS = 30_000;
const IMAGES_LAPSE_MS = 30_000;

/** Sees what the store is given. */
export interface StoreObserver {
  committed(sessionId: string, document: SessionDocument, serverId: string): void;
  removed(sessionId: string): void;
  /** An image was stored; it may be a preview. */
  imageStored(imageId: string, bytes: Uint8Array): void;
}

export interface ServerStores extends Stores {
  /** The process has ended without a word: what it holds lapses after a while. */
  lapse(): void;
  /** The server was cut off for so long that others do its jobs. Undone when the network heals. */
  loseJobs(): void;
}

/** What another process would read of it. */
const json = <Value>(value: Value): Value => (value === undefined ? value : JSON.parse(JSON.stringify(value)));

export class SharedStores {
  readonly images: MemoryImages;
  readonly jobs: MemoryJobs;
  readonly budgets: MemoryBudgets;
  /** Images that count against the budget of the day. */
  spentAsks = 0;
  readonly #sessions: MemorySessions;
  readonly #signals: MemorySignalBoard;
  readonly #observer: StoreObserver;
  readonly #clock: Clock;
  readonly #removed = new Set<string>();
  /** The text that was typed last in each session, since its last command. */
  readonly typed = new Map<string, { readonly text: string; readonly draftRevision: number }>();

  constructor(clock: Clock, limits: Limits, observer: StoreObserver) {
    this.#clock = clock;
    this.#observer = observer;
    this.images = new MemoryImages(new ImageMemory(limits.IMAGE_MEMORY_BYTES));
    this.jobs = new MemoryJobs(limits, clock);
    this.budgets = new MemoryBudgets(clock);
    this.#sessions = new MemorySessions(clock, limits);
    this.#signals = new MemorySignalBoard(clock);
  }

  forServer(serverId: string, network: StoreNetwork): ServerStores {
    const call = network.connection();
    const sessions = this.#sessions.forServer();
    const signals = this.#signals.forServer();
    const images = this.images.forServer();
    const jobs = new SharedJobs(this.jobs, network);
    const sharedSignals = this.#signalsOf(signals, network, call);
    const lapse = (ms: number, run: () => void) => void this.#clock.after(ms, run);
    /** On Redis, images that nobody drops expire. Here only those do whose server was killed: one that runs must drop them. */
    const expire = (sessionId: string) => lapse(IMAGES_LAPSE_MS, () => void this.images.forServer().dropAll(sessionId));
    /** Sessions that this server has removed, and whose images it has not dropped yet. */
    const undropped = new Set<string>();
    let isClosed = false;
    return {
      sessions: this.#sessionsOf(sessions, network, call, serverId, (sessionId) => {
        if (network.isGone) expire(sessionId);
        else undropped.add(sessionId);
      }),
      signals: sharedSignals,
      images: this.#imagesOf(images, network, call, (sessionId) => undropped.delete(sessionId)),
      jobs,
      budgets: this.#budgetsOf(call),
      sharing: { serverId, intervalMs: BEAT_MS },
      get isReady() {
        return !network.isCut;
      },
      close: async () => {
        await jobs.close();
        isClosed = true;
        sessions.close();
        signals.close();
        images.close();
      },
      lapse: () => {
        jobs.kill();
        signals.close();
        undropped.forEach(expire);
        if (isClosed) return;
        lapse(HOLDS_LAPSE_MS, () => sessions.close());
        lapse(LEASES_LAPSE_MS, () => images.close());
      },
      loseJobs: () => jobs.lose(),
    };
  }

  #sessionsOf(
    store: ReturnType<MemorySessions['forServer']>,
    network: StoreNetwork,
    call: Call,
    serverId: string,
    onRemoved: (sessionId: string) => void,
  ): SessionStore {
    const observer = this.#observer;
    return {
      create: (sessionId, document) => {
        const sent = json(document);
        return call(async () => {
          const isCreated = await store.create(sessionId, sent);
          if (isCreated) observer.committed(sessionId, sent, serverId);
          return isCreated;
        });
      },
      read: (sessionId) => call(async () => json(await store.read(sessionId))),
      commit: (sessionId, version, change) => {
        const sent = json(change);
        return call(() => {
          const commit = store.commit(sessionId, version, sent);
          if (commit.outcome === 'committed' && sent.document) {
            observer.committed(sessionId, sent.document, serverId);
          }
          return json(commit);
        });
      },
      answerTo: (sessionId, commandId) => call(async () => json(await store.answerTo(sessionId, commandId))),
      versions: (sessionIds) => call(() => store.versions(sessionIds)),
      remove: (sessionId, why) =>
        call(async () => {
          const isRemoved = await store.remove(sessionId, why);
          if (isRemoved) {
            this.#removed.add(sessionId);
            observer.removed(sessionId);
            onRemoved(sessionId);
          }
          return isRemoved;
        }),
      subscribe: async (sessionId, listener) => {
        let isOver = false;
        const tell = (notice: SessionNotice) => {
          if (isOver) return;
          isOver = notice.type === 'removed';
          listener(json(notice));
        };
        const receive = (notice: SessionNotice) => network.notify(() => tell(json(notice)));
        const undo = await call(() => store.subscribe(sessionId, receive));
        return () => {
          isOver = true;
          undo();
        };
      },
      hold: (sessionId) => (network.isGone ? () => {} : unlessGone(network, store.hold(sessionId))),
      idle: (minIdleMs) => call(() => store.idle(minIdleMs)),
      onExpired: (listener) => store.onExpired((sessionId) => network.notify(() => listener(sessionId))),
      size: () => call(() => store.size()),
    };
  }

  #signalsOf(signals: ReturnType<MemorySignalBoard['forServer']>, network: StoreNetwork, call: Call): Signals {
    return {
      set: (sessionId, key, value, keptMs) => {
        const sent = json(value);
        return call(() => {
          if (key === DRAFT_KEY && sent) this.typed.set(sessionId, sent as { text: string; draftRevision: number });
          return signals.set(sessionId, key, sent, keptMs);
        }).catch(() => false);
      },
      read: (sessionId) => call(async () => json(await signals.read(sessionId))),
      subscribe: async (sessionId, listener, onMissed) => {
        let isOver = false;
        const tell = (signal: Signal) => {
          if (!isOver) listener(json(signal));
        };
        const notify = (signal: Signal) => network.notify(() => tell(signal));
        const undo = await call(() => signals.subscribe(sessionId, notify));
        const stopHealing = network.onHealed(onMissed);
        return () => {
          isOver = true;
          stopHealing();
          undo();
        };
      },
    };
  }

  #budgetsOf(call: Call): Budgets {
    const { budgets } = this;
    return {
      take: (buckets, count) => call(() => budgets.take(buckets, count)),
      buy: (purchase) =>
        call(async () => {
          const bought = await budgets.buy(purchase);
          if (bought.outcome === 'bought') this.spentAsks += purchase.count * purchase.each.asks;
          return bought;
        }),
      correct: (day, by) =>
        call(async () => {
          await budgets.correct(day, by);
          this.spentAsks += by.asks;
        }),
      today: () => call(() => budgets.today()),
    };
  }

  #imagesOf(
    store: ReturnType<MemoryImages['forServer']>,
    network: StoreNetwork,
    call: Call,
    onDropped: (sessionId: string) => void,
  ): ImageStore {
    const leases = new WeakMap<ImageLease, ImageLease>();
    return {
      reserve: async (bytes) => {
        let lease: ImageLease | undefined;
        try {
          await call(async () => {
            lease = await store.reserve(bytes);
          });
        } catch (error) {
          // One that nobody knows of lapses.
          this.#clock.after(LEASES_LAPSE_MS, () => lease?.release());
          throw error;
        }
        if (!lease) return undefined;
        const own: ImageLease = { release: unlessGone(network, lease.release) };
        leases.set(own, lease);
        return own;
      },
      put: (sessionId, imageId, bytes, lease) =>
        call(async () => {
          const isKept = await store.put(sessionId, imageId, bytes, lease && leases.get(lease));
          if (isKept) this.#observer.imageStored(imageId, bytes);
          // Its server may stop before it drops the image. On Redis it expires.
          if (this.#removed.has(sessionId)) this.#clock.after(IMAGES_LAPSE_MS, () => store.drop(sessionId, [imageId]));
          return isKept;
        }),
      get: async (sessionId, imageId) => {
        // A large image comes in several pieces, so a call that is made later may be answered before.
        await call(() => {});
        return call(() => store.get(sessionId, imageId));
      },
      keep: () => call(() => store.keep()),
      drop: (sessionId, imageIds) => call(() => store.drop(sessionId, imageIds)),
      dropAll: (sessionId) =>
        call(() => {
          onDropped(sessionId);
          return store.dropAll(sessionId);
        }),
      usedBytes: () => call(() => store.usedBytes()),
      close: () => store.close(),
    };
  }
}

type Call = ReturnType<StoreNetwork['connection']>;

/** What a process that has ended would undo stays as it is. */
const unlessGone =
  (network: StoreNetwork, undo: () => void): (() => void) =>
  () => {
    if (!network.isGone) undo();
  };

/** A server's door to the jobs. One that is cut off for long loses those that it runs, and learns of it when it is back. */
class SharedJobs implements JobQueue {
  readonly #jobs: MemoryJobs;
  readonly #network: StoreNetwork;
  readonly #call: Call;
  #queue: MemoryJobQueue;
  #run: RunJob | undefined;
  /** Aborts what the server runs and has lost. */
  #abort = new AbortController();
  readonly #listeners = new Set<Parameters<JobQueue['onPosition']>[0]>();
  #isLost = false;
  #isClosed = false;

  constructor(jobs: MemoryJobs, network: StoreNetwork) {
    this.#jobs = jobs;
    this.#network = network;
    this.#call = network.connection();
    this.#queue = jobs.forServer();
    network.onHealed(() => this.#return());
  }

  reserve: JobQueue['reserve'] = (jobs) => this.#call(() => this.#queue.reserve(jobs));
  add: JobQueue['add'] = (jobs) => this.#call(() => this.#queue.add(jobs));

  withdraw<Id extends JobId>(jobs: readonly Id[]): Promise<readonly Id[]> {
    return this.#call(() => this.#queue.withdraw(jobs));
  }
  counts: JobQueue['counts'] = () => this.#call(() => this.#queue.counts());

  process(run: RunJob): void {
    this.#run = run;
    const abort = this.#abort.signal;
    this.#queue.process(async (job, { signal, takeovers }) => {
      const withdrawn = new AbortController();
      const aborted = new Promise<void>((resolve) => withdrawn.signal.addEventListener('abort', () => resolve()));
      signal.addEventListener('abort', () => void this.#told().then(() => withdrawn.abort()));
      abort.addEventListener('abort', () => withdrawn.abort());
      await this.#told();
      if (withdrawn.signal.aborted) return;
      const ended = run(job, { signal: withdrawn.signal, takeovers });
      await Promise.race([ended, aborted]);
      // The job ends when the store knows.
      await this.#told();
    });
  }

  onPosition(listener: Parameters<JobQueue['onPosition']>[0]): () => void {
    this.#listeners.add(listener);
    const told = new Map<string, () => void>();
    const undo = this.#queue.onPosition((job, position) => {
      const tell = () => listener(job, position);
      told.set(jobName(job), tell);
      this.#network.notify(tell);
    });
    // As on Redis: where something was missed, all is looked at again.
    const stopHealing = this.#network.onHealed(() => {
      for (const tell of told.values()) this.#network.notify(tell);
    });
    return () => {
      this.#listeners.delete(listener);
      stopHealing();
      undo();
    };
  }

  position: JobQueue['position'] = (job) => this.#queue.position(job);

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue.close();
  }

  kill(): void {
    this.#queue.kill();
  }

  /** Others take over what this server runs. */
  lose(): void {
    this.#isLost = true;
    this.#queue.kill();
  }

  #return(): void {
    if (!this.#isLost || this.#network.isGone) return;
    this.#isLost = false;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#queue = this.#jobs.forServer();
    for (const listener of [...this.#listeners]) this.onPosition(listener);
    if (this.#run && !this.#isClosed) this.process(this.#run);
  }

  async #told(): Promise<void> {
    for (;;) {
      try {
        return await this.#call(() => {});
      } catch {
        // Not before the network works again.
      }
    }
  }
}
