/** The server without HTTP: its parts put together as the app does it, on simulated time, until it is stopped or killed. */
import type { WebSocket } from 'ws';
import { drain } from '../../server/drain.ts';
import { Estimates } from '../../server/generators/estimates.ts';
import type { Generator } from '../../server/generators/generator.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import type { Logger } from '../../server/platform/logger.ts';
import { Journal } from '../../server/platform/telemetry.ts';
import { Admissions } from '../../server/session/admission.ts';
import type { Answer } from '../../server/session/answers.ts';
import { GenerationQueue } from '../../server/session/generation-queue.ts';
import { ImageMemory } from '../../server/session/image-memory.ts';
import type { Session } from '../../server/session/session.ts';
import { Sessions } from '../../server/session/sessions.ts';
import { Connection, type ConnectionContext } from '../../server/ws/connection.ts';
import { ImageFrames } from '../../server/ws/image-frames.ts';
import type { Command } from '../../shared/protocol.ts';
import type { SimulatedSocket } from './cable.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';
import type { Upstream } from './upstream.ts';

/** Small enough that a schedule of a minute meets each of them. */
export const limits: Limits = {
  ...defaultLimits,
  COMMAND_BURST: 8,
  COMMANDS_PER_SECOND: 4,
  CONCURRENT_CANDIDATES: 2,
  QUEUED_CANDIDATES: 2,
  MEMORY_WAIT_MS: 10_000,
  ATTEMPTS_PER_SESSION: 4,
  REMEMBERED_COMMANDS: 32,
  SESSIONS: 5,
  SESSION_BURST_PER_ADDRESS: 6,
  SESSIONS_PER_MINUTE_PER_ADDRESS: 6,
  UPSTREAM_IMAGE_BYTES: 72_000,
  IMAGE_MEMORY_BYTES: 363_000,
  SESSION_IDLE_MS: 300_000,
  OUTBOX_BYTES: 4_000,
};

export interface ServerParts {
  readonly time: Time;
  readonly random: Random;
  readonly upstream: Upstream;
  readonly newId: () => string;
  /** The server logged an error: a mistake of its own, which it has survived. */
  readonly onError: (problem: unknown) => void;
  readonly watch: SessionsWatch;
}

/** Sees what becomes of each session. What `deciding` and `forgetting` return is called when it is done. */
export interface SessionsWatch {
  born(session: Session): void;
  deciding(session: Session, command: Command): (answer: Answer) => void;
  forgetting(session: Session): () => void;
  /** Called once, before it is gone. */
  closing(session: Session): void;
}

export class ServerProcess {
  readonly memory = new ImageMemory(limits.IMAGE_MEMORY_BYTES);
  readonly sessions: ObservedSessions;
  readonly queue: GenerationQueue;
  readonly #context: ConnectionContext;
  readonly #time: Time;
  readonly #random: Random;
  readonly #timers = new Set<() => void>();
  readonly #sockets = new Set<SimulatedSocket>();
  readonly #connections = new Set<Connection>();
  #clockSkewMs = 0;
  #isClosed = false;
  #isGone = false;
  #drainingSince: number | undefined;

  constructor({ time, random, upstream, newId, onError, watch }: ServerParts) {
    this.#time = time;
    this.#random = random;
    const clock = this.#clock();
    this.queue = new GenerationQueue(limits, clock);
    const journal = new Journal(logOf(onError), clock);
    const generator: Generator = {
      name: upstream.name,
      model: upstream.model,
      demo: upstream.demo,
      maxTries: upstream.maxTries,
      supports: upstream.supports,
      // What a process that is gone still begins is never heard of.
      generate: (request, context) => (this.#isGone ? new Promise(() => {}) : upstream.generate(request, context)),
    };
    const parts = { generator, queue: this.queue, estimates: new Estimates(), clock, newId, limits };
    this.sessions = new ObservedSessions({ ...parts, memory: this.memory, journal }, watch);
    const admissions = new Admissions(this.sessions, limits, clock);
    const frames = new ImageFrames(this.memory);
    this.#context = { admissions, frames, generator, limits, clock, newId, journal };
  }

  /** Takes new connections. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Timers that are set: none should be left behind. */
  get timers(): number {
    return this.#timers.size;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  connect(socket: SimulatedSocket, address: string): Connection {
    // The simulated socket has all of `ws` that a connection uses.
    const connection = new Connection(socket as unknown as WebSocket, address, this.#context);
    this.#sockets.add(socket);
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#connections.delete(connection);
    });
    return connection;
  }

  /** The machine's clock is set anew. */
  setClockForward(ms: number): void {
    this.#clockSkewMs += ms;
  }

  /** Stops as the app does on SIGTERM (rule R6), then calls `onStopped`, unless it was killed meanwhile. */
  drain(onStopped: () => void): void {
    if (this.#isClosed) return;
    this.#drainingSince = this.#time.now;
    const door = {
      open: this.#connections,
      close: () => {
        this.#isClosed = true;
      },
    };
    const { queue, sessions } = this;
    const random = () => this.#random.next();
    void drain({ door, queue, sessions, clock: this.#clock(), random }).then(() => {
      this.kill();
      onStopped();
    });
  }

  /** How long it has been about to stop, in milliseconds; undefined while it is not. */
  get drainingMs(): number | undefined {
    return this.#drainingSince === undefined ? undefined : this.#time.now - this.#drainingSince;
  }

  /** The process is gone, from one moment to the next. */
  kill(): void {
    this.#isClosed = true;
    this.#isGone = true;
    for (const undo of [...this.#timers]) undo();
    for (const socket of [...this.#sockets]) socket.detach();
    this.#sockets.clear();
    this.#connections.clear();
  }

  #clock(): Clock {
    return {
      now: () => Math.floor(this.#time.now) + this.#clockSkewMs,
      monotonic: () => this.#time.now,
      after: (ms, run) => this.#timer(ms, run, false),
      every: (ms, run) => this.#timer(ms, run, true),
    };
  }

  #timer(ms: number, run: () => void, isRepeated: boolean): () => void {
    let stop = () => {};
    const undo = () => {
      stop();
      this.#timers.delete(undo);
    };
    const start = () => {
      stop = this.#time.after(ms, () => {
        if (isRepeated) start();
        else this.#timers.delete(undo);
        run();
      });
    };
    if (!this.#isGone) {
      this.#timers.add(undo);
      start();
    }
    return undo;
  }
}

/** Tells of each session that is made, and of what becomes of it. */
class ObservedSessions extends Sessions {
  readonly open = new Set<Session>();
  readonly #watch: SessionsWatch;

  constructor(context: ConstructorParameters<typeof Sessions>[0], watch: SessionsWatch) {
    super(context);
    this.#watch = watch;
  }

  override create(): Session {
    const session = super.create();
    this.open.add(session);
    this.#observe(session);
    this.#watch.born(session);
    return session;
  }

  #observe(session: Session): void {
    const [decide, forget, close] = [session.decide, session.forget, session.close];
    session.decide = async (command, actor) => {
      const decided = this.#watch.deciding(session, command);
      const answer = await decide.call(session, command, actor);
      decided(answer);
      return answer;
    };
    session.forget = () => {
      const forgotten = this.#watch.forgetting(session);
      forget.call(session);
      forgotten();
    };
    session.close = () => {
      if (this.open.has(session)) this.#watch.closing(session);
      this.open.delete(session);
      close.call(session);
    };
  }
}

function logOf(onError: (problem: unknown) => void): Logger {
  const quiet = () => {};
  return { debug: quiet, info: quiet, warn: quiet, error: ({ err }: { readonly err: unknown }) => onError(err) };
}
