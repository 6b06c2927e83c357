/** How far the running generation is, by candidate. */
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { SessionState } from './session-state.ts';

/** The map is replaced with each change and never changed in place, so that it may stand in a state. */
export class Progress {
  #byCandidate: SessionState['progress'] = new Map();

  get byCandidate(): SessionState['progress'] {
    return this.#byCandidate;
  }

  /**
   * @param running the generation that runs; what is heard of another one is out of date
   * @param receivedAt milliseconds since 1970
   */
  heard(message: ProgressMessage, running: string | undefined, receivedAt: number): void {
    if (message.generationId !== running) return;
    this.#byCandidate = new Map(this.#byCandidate).set(message.candidate, { ...message, receivedAt });
  }

  /** Lets go of what is about another generation than the one that runs. */
  settle(running: string | undefined): void {
    const kept = [...this.#byCandidate].filter(([, { generationId }]) => generationId === running);
    if (kept.length < this.#byCandidate.size) this.#byCandidate = new Map(kept);
  }
}
