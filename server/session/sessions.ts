/** All sessions of the process: made, found, forgotten when nobody comes back, and made to give way when memory is short. */
import type { Stage } from '../../shared/model.ts';
import type { EndOfSession } from '../platform/telemetry.ts';
import type { SessionContext } from './context.ts';
import { Session } from './session.ts';

export class Sessions {
  readonly #context: SessionContext;
  /** Oldest first. */
  readonly #sessions = new Map<string, Session>();
  /** The resting sessions, longest resting first, each with the undo of its expiry; some may have been woken since. */
  readonly #resting = new Map<Session, () => void>();

  constructor(context: SessionContext) {
    this.#context = context;
    context.memory.makeRoom = (bytes) => this.#makeRoom(bytes);
    context.memory.onRelease = () => context.queue.look();
  }

  get size(): number {
    return this.#sessions.size;
  }

  get isFull(): boolean {
    return this.#sessions.size >= this.#context.limits.SESSIONS;
  }

  create(): Session {
    const session: Session = new Session(this.#context, () => this.#rest(session));
    this.#sessions.set(session.id, session);
    this.#rest(session);
    return session;
  }

  find(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /** Those in which something is being drawn. */
  get generating(): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => session.runningCandidates.length > 0);
  }

  /** How many sessions are in each stage. */
  get stages(): Readonly<Record<Stage, number>> {
    const counts = { initial_input: 0, generating: 0, user_feedback: 0, final: 0 };
    for (const { state } of this.#sessions.values()) counts[state.stage] += 1;
    return counts;
  }

  closeAll(): void {
    for (const session of [...this.#sessions.values()]) this.#close(session);
  }

  /** Starts the session's last wait anew; whoever comes back in time ends it by being there. */
  #rest(session: Session): void {
    if (!this.#sessions.has(session.id)) return;
    this.#forgetRest(session);
    const { clock, limits, queue } = this.#context;
    queue.look(); // What nobody looks at any more may give way.
    const undo = clock.after(limits.SESSION_IDLE_MS, () => {
      if (session.isResting) this.#end(session, 'idle');
    });
    this.#resting.set(session, undo);
  }

  #forgetRest(session: Session): void {
    this.#resting.get(session)?.();
    this.#resting.delete(session);
  }

  #end(session: Session, reason: EndOfSession): void {
    const { stage, attempts, discarded } = session.state;
    const { journal } = this.#context;
    journal.sessionEnded({ session: session.id, reason, stage, attempts: attempts.length + discarded.length });
    this.#close(session);
  }

  #close(session: Session): void {
    this.#forgetRest(session);
    this.#sessions.delete(session.id);
    session.close();
  }

  /** Abandoned attempts that nobody approved go first, then those sessions, approved images last; none whose room would not come free. */
  #makeRoom(bytes: number): void {
    const { memory } = this.#context;
    const resting = [...this.#resting.keys()].filter((session) => session.isResting);
    // Where all of them would not suffice, nobody loses anything for it.
    if (!memory.hasRoom(bytes - resting.reduce((sum, { freeableBytes }) => sum + freeableBytes, 0))) return;
    const [approved, open] = [
      resting.filter(({ state }) => state.stage === 'final'),
      resting.filter(({ state }) => state.stage !== 'final'),
    ];
    for (const session of resting) {
      if (memory.hasRoom(bytes)) return;
      session.forget();
    }
    for (const session of [...open, ...approved]) {
      if (memory.hasRoom(bytes)) return;
      if (session.freeableBytes > 0) this.#end(session, 'memory');
    }
  }
}
