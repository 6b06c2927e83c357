/** The core without its doors, on a clock and with a generator that the test moves by hand. */
import { expect } from 'vitest';
import { Estimates } from '../../server/generators/estimates.ts';
import { MemoryJobQueue, MemoryJobs } from '../../server/memory/memory-job-queue.ts';
import { createMemoryStores } from '../../server/memory/memory-stores.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { Telemetry } from '../../server/platform/telemetry.ts';
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
import type { State } from '../../server/session/state.ts';
import type { Stores } from '../../server/session/stores.ts';
import type { DraftUpdate, Removal, Subscriber } from '../../server/session/subscribers.ts';
import type { ImageReference, Role } from '../../shared/model.ts';
import {
  type AccessCommand,
  type Invitation,
  type Links,
  parseServerMessage,
  type SnapshotMessage,
} from '../../shared/protocol.ts';
import { FakeClock } from './fake-clock.ts';
import { type CommandInput, inStage } from './machine.ts';
import { type LogLine, quietLog } from './quiet-log.ts';
import { imageOf, ScriptedGenerator } from './scripted-generator.ts';

export interface CoreOptions {
  readonly limits?: Partial<Limits>;
  readonly generator?: ScriptedGenerator;
  readonly authorize?: Authorize;
  /** Changes of the stores. Where `sharing` is among them, this is one of several servers. */
  readonly stores?: (made: Stores) => Partial<Stores>;
}

export class TestCore {
  readonly clock = new FakeClock();
  readonly generator: ScriptedGenerator;
  readonly memory: ImageMemory;
  readonly stores: Stores;
  readonly jobs: MemoryJobs;
  readonly limits: Limits;
  readonly sessions: Sessions;
  readonly telemetry: Telemetry;
  /** Mistakes of the server's own that it has logged. */
  readonly faults: unknown[] = [];
  /** The other lines of the log. */
  readonly log: LogLine[] = [];
  #ids = 0;
  #connections = 0;

  constructor({
    limits,
    generator = new ScriptedGenerator(),
    authorize = () => true,
    stores = () => ({}),
  }: CoreOptions = {}) {
    this.generator = generator;
    this.limits = { ...defaultLimits, ...limits };
    this.memory = new ImageMemory(this.limits.IMAGE_MEMORY_BYTES);
    const { memory, clock, newId } = this;
    this.jobs = new MemoryJobs(this.limits, clock);
    const made = { ...createMemoryStores(clock, this.limits), jobs: new MemoryJobQueue(this.jobs) };
    this.stores = { ...made, ...stores(made) };
    const log = quietLog(
      (error) => this.faults.push(error),
      (line) => this.log.push(line),
    );
    this.telemetry = new Telemetry(log, clock);
    this.sessions = new Sessions({
      generator,
      stores: this.stores,
      memory,
      clock,
      authorize,
      estimates: new Estimates(),
      newId,
      limits: this.limits,
      telemetry: this.telemetry,
    });
  }

  /** `id1`, `id2`, … */
  readonly newId = (): string => `id${++this.#ids}`;

  /** How candidates ended, as telemetry reported it, in order. */
  get outcomes(): unknown[] {
    return this.log.filter(({ msg }) => msg === 'candidate ended').map(({ outcome }) => outcome);
  }

  /** A new session, joined by its creator. */
  async create(name = 'Ana'): Promise<TestMember> {
    const joined = await this.sessions.create(this.visitor(), { name });
    if (!joined.accepted) throw new Error(`rejected: ${joined.code}`);
    return new TestMember(this, joined);
  }

  /** Whoever comes over a new connection. */
  visitor(address = '192.0.2.1'): Visitor {
    return { connectionId: `connection ${++this.#connections}`, address, headers: {} };
  }
}

/** Commands get ids of their own unless a test gives one. */
let commandIds = 0;

type InputOf<Given> = Given extends AccessCommand ? Omit<Given, 'commandId'> : never;
export type AccessInput = InputOf<AccessCommand>;

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

  /** Lets others review. */
  get key(): string {
    return this.session.access.links.reviewer?.key ?? expect.fail('The review link is closed.');
  }

  /** The session itself, for what no door sees. */
  get session(): Session {
    const { session } = this.joined;
    if (!(session instanceof Session)) throw new Error('no session');
    return session;
  }

  /** Proves on another join that this is the same participant. */
  get credentials(): { readonly id: string; readonly secret: string } {
    return { id: this.joined.caller.participant.id, secret: this.joined.participantSecret };
  }

  get state(): State {
    return this.session.state;
  }

  /** The state as the protocol shows it. */
  get snapshot(): SnapshotMessage {
    const parsed = parseServerMessage(String(this.session.snapshotFrame));
    if (!parsed.ok || parsed.message.type !== 'snapshot') throw new Error('not a snapshot');
    return parsed.message;
  }

  /** Another participant joins, as a reviewer or a watcher. */
  async bring(name: string, role: Role = 'reviewer', request: JoinRequest = {}): Promise<TestMember> {
    const key = role === 'reviewer' ? { key: this.key } : {};
    const joined = await this.core.sessions.join(this.core.visitor(), this.sessionId, { name, ...key, ...request });
    if (!joined.accepted) throw new Error(`rejected: ${joined.code}`);
    return new TestMember(this.core, joined);
  }

  /** The invitations, as their creator sees them. */
  get invitations(): readonly Invitation[] {
    return this.session.access.invitationsFor(this.joined.caller) ?? [];
  }

  /** Invites somebody, who then joins by the invitation. */
  async invite(name: string, role: Role = 'reviewer', expiresAt?: string): Promise<TestMember> {
    const answer = await this.manage({ type: 'invite', name, role, ...(expiresAt !== undefined && { expiresAt }) });
    if (!answer.accepted) throw new Error(`rejected: ${answer.code}`);
    return this.bring('', role, { key: this.invitations.at(-1)?.key });
  }

  /** A command about who may be here, or about the end. */
  manage(input: AccessInput, commandId = `command-${++commandIds}`): Promise<Answer> {
    return this.core.sessions.execute(this.joined.caller, { ...input, commandId });
  }

  send(input: CommandInput, commandId = `command-${++commandIds}`): Promise<Answer> {
    return this.core.sessions.execute(this.joined.caller, { ...input, commandId });
  }

  /** Subscribes, and records what is reported. */
  follow(): RecordingSubscriber {
    const subscriber = new RecordingSubscriber(() => String(this.session.snapshotFrame));
    const subscription = this.core.sessions.subscribe(this.joined.caller, subscriber);
    if (!subscription.accepted) throw new Error(`rejected: ${subscription.code}`);
    subscriber.leave = subscription.leave;
    return subscriber;
  }

  /** Generates, or regenerates, one image and waits until it is an attempt; by default the image differs from all others. */
  async draw(image = imageOf(`image ${this.core.generator.drawings.length}`)): Promise<ImageReference> {
    const isFirst = this.state.stage === 'initial_input';
    const answer = await this.send(isFirst ? { type: 'generate', prompt: 'a red kite' } : { type: 'regenerate' });
    expect(answer.accepted).toBe(true);
    await settled();
    this.core.generator.drawings.at(-1)?.finish(image);
    await settled();
    return inStage(this.state, 'user_feedback').attempts.at(-1)?.image ?? expect.fail('no attempt');
  }
}

/** Records the calls that a subscriber gets. */
export class RecordingSubscriber implements Subscriber {
  /** The calls in order, such as `snapshot` or `progress 0`. */
  readonly calls: string[] = [];
  /** The snapshots as they stood at each call. */
  readonly snapshots: string[] = [];
  readonly #readSnapshot: () => string;
  leave: () => void = () => {};

  constructor(readSnapshot: () => string) {
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
  linksChanged(links: Links): void {
    this.calls.push(`links ${JSON.stringify(links)}`);
  }
  invitationsChanged(invitations: readonly Invitation[]): void {
    this.calls.push(`invitations ${invitations.map(({ name }) => name).join(', ')}`);
  }
  removed(why: Removal): void {
    this.calls.push(why);
  }
}

/** Resolves when all promises and the queue have come to rest. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets `count` microtasks pass. */
export async function microtasks(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) await Promise.resolve();
}

export const generate = { type: 'generate', prompt: 'a red kite' } as const;
