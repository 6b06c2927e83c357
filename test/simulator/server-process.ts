/** The server without HTTP, composed as `createProofroom` does it, on virtual time, until it is drained or killed. */
import type { WebSocket } from 'ws';
import { drain } from '../../server/drain.ts';
import { Estimates } from '../../server/generators/estimates.ts';
import type { Generator } from '../../server/generators/generator.ts';
import { MemoryJobQueue, MemoryJobs } from '../../server/memory/memory-job-queue.ts';
import { createMemoryStores } from '../../server/memory/memory-stores.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { Telemetry } from '../../server/platform/telemetry.ts';
import { ImageMemory, type Reservation } from '../../server/session/image-memory.ts';
import type { Caller } from '../../server/session/participants.ts';
import type { Answer } from '../../server/session/rejections.ts';
import { Session } from '../../server/session/session.ts';
import type { EndedEvent } from '../../server/session/session-events.ts';
import { Sessions, type SessionsContext } from '../../server/session/sessions.ts';
import type { Stores } from '../../server/session/stores.ts';
import { Connection, type ConnectionContext } from '../../server/ws/connection.ts';
import { Heartbeats } from '../../server/ws/heartbeats.ts';
import { ImageFrames } from '../../server/ws/image-frames.ts';
import type { Command } from '../../shared/protocol.ts';
import { quietLog } from '../support/quiet-log.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { ServerSocket } from './simulated-connection.ts';
import type { VirtualTime } from './virtual-time.ts';

/** So small that a schedule of a minute reaches most of them. */
export const limits: Limits = {
  ...defaultLimits,
  COMMAND_BURST: 8,
  COMMANDS_PER_SECOND: 4,
  ASKS_PER_MINUTE_PER_SESSION: 9,
  ASKS_PER_MINUTE_PER_ADDRESS: 15,
  ASKS_PER_MINUTE: 15,
  CONCURRENT_CANDIDATES: 2,
  QUEUED_CANDIDATES: 2,
  ATTEMPTS_PER_SESSION: 6,
  INVITATIONS_PER_SESSION: 4,
  RECORD_ENTRIES: 12,
  RECORD_MESSAGE_CHARACTERS: 1_000,
  CONNECTIONS_PER_SESSION: 3,
  SESSIONS: 5,
  SESSION_BURST_PER_ADDRESS: 6,
  SESSIONS_PER_MINUTE_PER_ADDRESS: 6,
  UPSTREAM_IMAGE_BYTES: 72_000,
  DAILY_ASKS: 40,
  IMAGE_MEMORY_BYTES: 363_000,
  REDIS_IMAGE_BYTES: 363_000,
  SESSION_UNTOUCHED_MS: 3_000,
  SESSION_IDLE_MS: 60_000,
  OUTBOX_BYTES: 4_000,
};

/** Sees what the core is asked for, and what it does. */
export interface ServerObserver {
  /** Called when a command reaches the core; the returned function is called with its answer. */
  executing(caller: Caller, command: Command): (answer: Answer) => void;
  /** Memory was reserved, or refused. */
  reserved(bytes: number, reservation: Reservation | undefined): void;
  ended(event: EndedEvent): void;
  /** The server logged an error: a mistake of its own that it survived. */
  failed(error: unknown): void;
}

export interface WallClock {
  readonly now: number;
  readonly unsetMs: number;
}

export interface ServerParts {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly generator: Generator;
  readonly newId: () => string;
  readonly observer: ServerObserver;
  /** What the server shares with others; its own memory when absent. */
  readonly stores?: Stores;
  /** Its own memory for images. `IMAGE_MEMORY_BYTES` when absent. */
  readonly memoryBytes?: number;
}

export class ServerProcess {
  readonly memory: ImageMemory;
  readonly stores: Stores;
  /** The queue of a server that shares none. */
  readonly jobs: MemoryJobs;
  readonly sessions: ObservedSessions;
  readonly #connectionContext: ConnectionContext;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #timers = new Set<() => void>();
  readonly #sockets = new Set<ServerSocket>();
  readonly #connections = new Set<Connection>();
  #clockOffsetMs = 0;
  #clockSetAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #isGone = false;
  #drainingSince: number | undefined;

  constructor({ time, random, generator, newId, observer, stores, memoryBytes }: ServerParts) {
    this.#time = time;
    this.#random = random;
    this.memory = new ObservedMemory(memoryBytes ?? limits.IMAGE_MEMORY_BYTES, observer);
    const { memory } = this;
    const clock = this.#clock();
    this.jobs = new MemoryJobs(limits, clock);
    this.stores = stores ?? { ...createMemoryStores(clock, limits), jobs: new MemoryJobQueue(this.jobs) };
    const telemetry = new Telemetry(
      quietLog((error) => observer.failed(error)),
      clock,
    );
    const core = { generator: this.#untilGone(generator), clock, newId, limits, telemetry };
    const authorize = () => true;
    const parts = { ...core, stores: this.stores, memory, estimates: new Estimates(), authorize };
    this.sessions = new ObservedSessions(parts, observer);
    this.sessions.on('ended', (event) => observer.ended(event));
    const imagePath = (sessionId: string, imageId: string) => `/${sessionId}/${imageId}`;
    this.#connectionContext = {
      ...core,
      sessions: this.sessions,
      frames: new ImageFrames(memory),
      heartbeats: new Heartbeats(clock),
      imagePath,
      download: 'approved',
    };
  }

  /** Whether it accepts new connections. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** The process has ended. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Whether everything that was due has been sent, on every connection. */
  get isQuiet(): boolean {
    return [...this.#connections].every(({ isQuiet }) => isQuiet);
  }

  /** A session that was not ended. */
  session(sessionId: string): Session | undefined {
    const session = this.sessions.view(sessionId);
    return session instanceof Session ? session : undefined;
  }

  connect(socket: ServerSocket, address: string): void {
    // The simulated socket has the part of `ws` that a connection uses.
    const connection = new Connection(
      socket as unknown as WebSocket,
      socket,
      { address, headers: {} },
      this.#connectionContext,
    );
    this.#sockets.add(socket);
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#connections.delete(connection);
    });
  }

  /** Somebody sets the clock of the server's machine. */
  setClockForward(ms: number): void {
    this.#clockOffsetMs += ms;
    this.#clockSetAt = this.#time.now;
  }

  /** What the clock of the server's machine shows, and for how long nobody has set it, in milliseconds. */
  get wallClock(): WallClock {
    return { now: this.#time.now + this.#clockOffsetMs, unsetMs: this.#time.now - this.#clockSetAt };
  }

  /** Stops as on SIGTERM (rule R6), then calls `onStopped`, unless the process is killed before. */
  drain(onStopped: () => void): void {
    if (this.#isClosed) return;
    this.#drainingSince = this.#time.now;
    const door = {
      connections: this.#connections,
      close: () => {
        this.#isClosed = true;
      },
    };
    const { sessions, stores } = this;
    const random = () => this.#random.next();
    void drain({ door, sessions, stores, clock: this.#clock(), random }).then(() => {
      if (this.#isGone) return;
      this.kill();
      onStopped();
    });
  }

  /** For how long it has been draining, in milliseconds; undefined while it is not. */
  get drainingMs(): number | undefined {
    return this.#drainingSince === undefined ? undefined : this.#time.now - this.#drainingSince;
  }

  /** The process ends at once. */
  kill(): void {
    this.#isClosed = true;
    this.#isGone = true;
    for (const cancel of [...this.#timers]) cancel();
    for (const socket of [...this.#sockets]) socket.detach();
    this.#sockets.clear();
    this.#connections.clear();
  }

  /** Promises of a killed process still run; what they would request must not reach the generator. */
  #untilGone(generator: Generator): Generator {
    const { name, model, demo, maxTries, capabilities } = generator;
    return {
      ...{ name, model, demo, maxTries, capabilities },
      generate: (request, context) => (this.#isGone ? new Promise(() => {}) : generator.generate(request, context)),
    };
  }

  #clock(): Clock {
    return {
      now: () => Math.floor(this.#time.now) + this.#clockOffsetMs,
      monotonic: () => this.#time.now,
      after: (ms, run) => this.#setTimer(ms, run, false),
      every: (ms, run) => this.#setTimer(ms, run, true),
    };
  }

  #setTimer(ms: number, run: () => void, isRepeated: boolean): () => void {
    let cancelNext = () => {};
    const cancel = () => {
      cancelNext();
      this.#timers.delete(cancel);
    };
    const start = () => {
      cancelNext = this.#time.after(ms, () => {
        if (isRepeated) start();
        else this.#timers.delete(cancel);
        run();
      });
    };
    if (!this.#isGone) {
      this.#timers.add(cancel);
      start();
    }
    return cancel;
  }
}

class InjectedFault extends Error {}

/** Reports every command and its answer. */
export class ObservedSessions extends Sessions {
  readonly #observer: ServerObserver;
  /** The next command fails through a mistake of the server's own. */
  failsNextCommand = false;

  constructor(context: SessionsContext, observer: ServerObserver) {
    super(context);
    this.#observer = observer;
  }

  override async execute(caller: Caller, command: Command): Promise<Answer> {
    if (this.failsNextCommand) {
      this.failsNextCommand = false;
      throw new InjectedFault();
    }
    const answered = this.#observer.executing(caller, command);
    const answer = await super.execute(caller, command);
    answered(answer);
    return answer;
  }
}

/** Whether the schedule caused the error. */
export const isInjected = (error: unknown): boolean => error instanceof InjectedFault;

/** Reports every reservation. */
class ObservedMemory extends ImageMemory {
  readonly #observer: ServerObserver;

  constructor(limitBytes: number, observer: ServerObserver) {
    super(limitBytes);
    this.#observer = observer;
  }

  override tryReserve(bytes: number): Reservation | undefined {
    const reservation = super.tryReserve(bytes);
    this.#observer.reserved(bytes, reservation);
    return reservation;
  }
}
