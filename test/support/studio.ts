/** Sessions with everything they need, all of it in a test's hands. */
import { Estimates } from '../../server/generate/estimates.ts';
import { GenerationQueue } from '../../server/generate/queue.ts';
import { Journal } from '../../server/journal.ts';
import { defaultLimits, type Limits } from '../../server/limits.ts';
import type { Answer } from '../../server/session/answers.ts';
import type { Watcher } from '../../server/session/audience.ts';
import type { SessionContext } from '../../server/session/context.ts';
import { ImageMemory } from '../../server/session/image-memory.ts';
import type { Actor, Session } from '../../server/session/session.ts';
import { Sessions } from '../../server/session/sessions.ts';
import type { Command } from '../../shared/protocol.ts';
import type { Role } from '../../shared/session.ts';
import { FakeClock } from './fake-clock.ts';
import type { Ask } from './machine.ts';
import { quietLog } from './quiet-log.ts';
import { ScriptedGenerator } from './scripted-generator.ts';

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
