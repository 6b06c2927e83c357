/** Sessions with everything they need, all of it in a test's hands. */
import { expect } from 'vitest';
import { Estimates } from '../../server/generators/estimates.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { Journal } from '../../server/platform/telemetry.ts';
import type { Answer } from '../../server/session/answers.ts';
import type { SessionContext } from '../../server/session/context.ts';
import { GenerationQueue } from '../../server/session/generation-queue.ts';
import { ImageMemory } from '../../server/session/image-memory.ts';
import type { Actor, Session } from '../../server/session/session.ts';
import { Sessions } from '../../server/session/sessions.ts';
import type { Watcher } from '../../server/session/subscribers.ts';
import type { ImageReference, Role } from '../../shared/model.ts';
import type { Command } from '../../shared/protocol.ts';
import { FakeClock } from './fake-clock.ts';
import { type Ask, inStage } from './machine.ts';
import { quietLog } from './quiet-log.ts';
import { imageOf, ScriptedGenerator } from './scripted-generator.ts';

export class Studio {
  readonly clock = new FakeClock();
  readonly generator: ScriptedGenerator;
  readonly memory: ImageMemory;
  readonly queue: GenerationQueue;
  readonly limits: Limits;
  readonly sessions: Sessions;
  readonly faults: unknown[] = [];
  #ids = 0;

  constructor(limits: Partial<Limits> = {}, generator = new ScriptedGenerator()) {
    this.generator = generator;
    this.limits = { ...defaultLimits, ...limits };
    this.memory = new ImageMemory(this.limits.IMAGE_MEMORY_BYTES);
    this.queue = new GenerationQueue(this.limits, this.clock);
    const context: SessionContext = {
      generator,
      queue: this.queue,
      estimates: new Estimates(),
      clock: this.clock,
      newId: () => `id${++this.#ids}`,
      memory: this.memory,
      limits: this.limits,
      journal: new Journal(
        quietLog((error) => this.faults.push(error)),
        this.clock,
      ),
    };
    this.sessions = new Sessions(context);
  }
}

/** A studio, and one session in it that nobody has joined. */
export function studioWithSession(...about: ConstructorParameters<typeof Studio>) {
  const studio = new Studio(...about);
  return { studio, session: studio.sessions.create(), generator: studio.generator };
}

/** What one connection is told, written down. */
export class Onlooker implements Watcher {
  readonly connectionId: string;
  readonly role: Role;
  /** The names of the calls, in order. */
  readonly heard: string[] = [];
  /** The snapshots as they stood when they were told of. */
  readonly snapshots: string[] = [];
  readonly #session: Session;

  constructor(session: Session, connectionId = 'a', role: Role = 'reviewer') {
    this.#session = session;
    this.connectionId = connectionId;
    this.role = role;
  }

  flushDraft(): void {}
  snapshotChanged(): void {
    this.heard.push('snapshot');
    this.snapshots.push(String(this.#session.snapshotFrame));
  }
  draftChanged(text: string, by: string): void {
    this.heard.push(`draft ${text} by ${by}`);
  }
  viewersChanged(): void {
    this.heard.push('viewers');
  }
  progressed(candidate: number): void {
    this.heard.push(`progress ${candidate}`);
  }
  previewed(candidate: number): void {
    this.heard.push(`preview ${candidate}`);
  }
  sessionClosed(): void {
    this.heard.push('closed');
  }
}

export const ana: Actor = { connectionId: 'a', name: 'Ana' };
export const bo: Actor = { connectionId: 'b', name: 'Bo' };

let commandIds = 0;

/** Sends a command under an id of its own, unless one is given. */
export function send(session: Session, ask: Ask, actor = ana, commandId = `c${++commandIds}`): Promise<Answer> {
  const command: Command = { ...ask, commandId };
  return session.decide(command, actor);
}

/** Everything that follows by itself has happened: promises and the queue have come to rest. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What most sessions are asked first. */
export const generate = { type: 'generate', prompt: 'a red kite' } as const;

/** Asks for one more image and draws it; by default one that differs from all others. */
export async function drawn(
  session: Session,
  generator: ScriptedGenerator,
  image = imageOf(`image ${generator.drawings.length}`),
): Promise<ImageReference> {
  const isFirst = session.state.stage === 'initial_input';
  const answer = await send(session, isFirst ? generate : { type: 'regenerate' });
  expect(answer.accepted).toBe(true);
  generator.drawings.at(-1)?.finish(image);
  await settled();
  return inStage(session.state, 'user_feedback').attempts.at(-1)?.image ?? expect.fail('no attempt');
}
