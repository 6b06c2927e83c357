/** The core without its doors, on a clock and with a generator that the test moves by hand. */
import { expect } from 'vitest';
import { Estimates } from '../../server/generators/estimates.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { Telemetry } from '../../server/platform/telemetry.ts';
import { GenerationQueue } from '../../server/session/generation-queue.ts';
import { ImageMemory } from '../../server/session/image-memory.ts';
import type { Answer } from '../../server/session/rejections.ts';
import { Session } from '../../server/session/session.ts';
import {
  type Authorize,
  type Joined,
  type JoinRequest,
  Sessions,
  type Visitor,
} from '../../server/session/sessions.ts';
import type { DraftUpdate, Subscriber } from '../../server/session/subscribers.ts';
import type { ImageReference, Role } from '../../shared/model.ts';
import { FakeClock } from './fake-clock.ts';
import { type CommandInput, inStage } from './machine.ts';
import { quietLog } from './quiet-log.ts';
import { imageOf, ScriptedGenerator } from './scripted-generator.ts';

interface CoreOptions {
  readonly limits?: Partial<Limits>;
  readonly generator?: ScriptedGenerator;
  readonly authorize?: Authorize;
}

export class TestCore {
  readonly clock = new FakeClock();
  readonly generator: ScriptedGenerator;
  readonly memory: ImageMemory;
  readonly queue: GenerationQueue;
  readonly limits: Limits;
  readonly sessions: Sessions;
  /** Mistakes of the server's own that it has logged. */
  readonly faults: unknown[] = [];
  #ids = 0;

  constructor({ limits, generator = new ScriptedGenerator(), authorize = () => true }: CoreOptions = {}) {
    this.generator = generator;
    this.limits = { ...defaultLimits, ...limits };
    this.memory = new ImageMemory(this.limits.IMAGE_MEMORY_BYTES);
    this.queue = new GenerationQueue(this.limits);
    const { queue, memory, clock } = this;
    this.sessions = new Sessions({
      generator,
      queue,
      memory,
      clock,
      authorize,
      estimates: new Estimates(),
      newId: () => `id${++this.#ids}`,
      limits: this.limits,
      telemetry: new Telemetry(
        quietLog((error) => this.faults.push(error)),
        clock,
      ),
    });
  }

  /** A new session, joined by its creator. */
  async create(name = 'Ana'): Promise<TestMember> {
    const joined = await this.sessions.create(visitor(`c-${name}`), { name });
    if (!joined.accepted) throw new Error(`rejected: ${joined.code}`);
    return new TestMember(this, joined);
  }
}

/** Commands get ids of their own unless a test gives one. */
let commandIds = 0;

/** A participant in a session of a `TestCore`. */
export class TestMember {
  readonly core: TestCore;
  readonly joined: Joined;

  constructor(core: TestCore, joined: Joined) {
    this.core = core;
    this.joined = joined;
  }

  get sessionId(): string {
    return this.joined.caller.sessionId;
  }

  /** The session itself, for what no door sees. */
  get session(): Session {
    const { session } = this.joined;
    if (!(session instanceof Session)) throw new Error('no session');
    return session;
  }

  /** Another participant joins, as a reviewer or a watcher. */
  async bring(name: string, role: Role = 'reviewer', request: JoinRequest = {}): Promise<TestMember> {
    const key = role === 'reviewer' ? { key: this.session.key } : {};
    const joined = await this.core.sessions.join(visitor(`c-${name}`), this.sessionId, { name, ...key, ...request });
    if (!joined.accepted) throw new Error(`rejected: ${joined.code}`);
    return new TestMember(this.core, joined);
  }

  send(input: CommandInput, commandId = `command-${++commandIds}`): Promise<Answer> {
    return this.core.sessions.execute(this.joined.caller, { ...input, commandId });
  }

  /** Subscribes, and records what is reported. */
  follow(): RecordingSubscriber {
    const { connectionId, role } = this.joined.caller;
    const subscriber = new RecordingSubscriber(connectionId, role, () => String(this.session.snapshotFrame));
    subscriber.leave = this.core.sessions.subscribe(this.sessionId, subscriber);
    return subscriber;
  }

  /** Generates, or regenerates, one image and waits until it is an attempt; by default the image differs from all others. */
  async draw(image = imageOf(`image ${this.core.generator.drawings.length}`)): Promise<ImageReference> {
    const isFirst = this.session.state.stage === 'initial_input';
    const answer = await this.send(isFirst ? { type: 'generate', prompt: 'a red kite' } : { type: 'regenerate' });
    expect(answer.accepted).toBe(true);
    await settled();
    this.core.generator.drawings.at(-1)?.finish(image);
    await settled();
    return inStage(this.session.state, 'user_feedback').attempts.at(-1)?.image ?? expect.fail('no attempt');
  }
}

export const visitor = (connectionId: string, address = '192.0.2.1'): Visitor => ({
  connectionId,
  address,
  headers: {},
});

/** Records the calls that a subscriber gets. */
export class RecordingSubscriber implements Subscriber {
  readonly connectionId: string;
  readonly role: Role;
  /** The calls in order, such as `snapshot` or `progress 0`. */
  readonly calls: string[] = [];
  /** The snapshots as they stood at each call. */
  readonly snapshots: string[] = [];
  readonly #readSnapshot: () => string;
  leave: () => void = () => {};

  constructor(connectionId: string, role: Role, readSnapshot: () => string) {
    this.connectionId = connectionId;
    this.role = role;
    this.#readSnapshot = readSnapshot;
  }

  snapshotChanged(): void {
    this.calls.push('snapshot');
    this.snapshots.push(this.#readSnapshot());
  }
  draftChanged({ text, by, draftId }: DraftUpdate): void {
    this.calls.push(`draft "${text}" by ${by}${draftId === undefined ? '' : `, own ${draftId}`}`);
  }
  viewersChanged(): void {
    this.calls.push('viewers');
  }
  progressChanged(candidate: number): void {
    this.calls.push(`progress ${candidate}`);
  }
  partialChanged(candidate: number): void {
    this.calls.push(`partial ${candidate}`);
  }
  sessionEnded(): void {
    this.calls.push('ended');
  }
}

/** Resolves when all promises and the queue have come to rest. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const generate = { type: 'generate', prompt: 'a red kite' } as const;
