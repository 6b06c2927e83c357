/** The memory that the images of one session take, and how much of it the session can give up (rules R7 and R13). */
import type { ImageReference } from '../../shared/model.ts';
import { isoTime } from '../platform/clock.ts';
import { allAttempts, imageIdOf, newestAttempt } from './attempts.ts';
import { transition } from './machine.ts';
import type { SessionParts } from './session-parts.ts';
import type { State } from './state.ts';
import { stepTo } from './steps.ts';
import type { ForgetEvent } from './transition.ts';

export interface SessionMemoryContext extends SessionParts {
  /** Whether everybody has left the session, or nobody has done anything in it for long. */
  readonly isForgetful: () => boolean;
}

export class SessionMemory {
  readonly #context: SessionMemoryContext;

  constructor(context: SessionMemoryContext) {
    this.#context = context;
  }

  /** Bytes of the images that are on this server. */
  get bytes(): number {
    return this.#context.images.byteLength;
  }

  /** Bytes that would be free if the session were closed now. */
  get freeableBytes(): number {
    return this.#freeableBytesOf(() => true);
  }

  /** Bytes that `forget` would free now. */
  get spareBytes(): number {
    const { limits, isForgetful } = this.#context;
    if (!isForgetful()) return 0;
    const result = transition(this.#state, this.#forgetEvent, limits);
    if (!result.accepted) return 0;
    const kept = new Set(allAttempts(result.state).map(imageIdOf));
    return this.#freeableBytesOf(({ imageId }) => !kept.has(imageId));
  }

  /**
   * Drops every attempt but the newest and those that somebody has decided about or has open, or that are on show or being sent, to free
   * their memory. Does nothing when somebody has come back by the time of its turn.
   */
  async forget(): Promise<void> {
    const { sessionId, telemetry, latest, machineStep, isForgetful } = this.#context;
    let count = 0;
    await latest.serially(() =>
      latest.step((before) => {
        if (!isForgetful()) return stepTo(before, {});
        const step = machineStep(before, this.#forgetEvent);
        count = allAttempts(before.state).length - allAttempts((step.document ?? before).state).length;
        return step;
      }),
    );
    if (count > 0) telemetry.attemptsForgotten(sessionId, count);
  }

  /** Drops copies of images that nobody here has on show: the store has them. */
  dropCopies(): void {
    const { stores, images, subscribers } = this.#context;
    if (!stores.sharing) return;
    const shown = new Set([...images.shownIn(this.#state), ...subscribers.lookedAt(), ...this.#sideBySide]);
    images.retain((imageId) => subscribers.size > 0 && shown.has(imageId));
  }

  get #state(): State {
    return this.#context.latest.current.state;
  }

  get #forgetEvent(): ForgetEvent {
    const { newId, clock, images, subscribers } = this.#context;
    const isFollowed = subscribers.size > 0 || subscribers.isFollowedElsewhere;
    const keep = [...images.inUse, ...subscribers.lookedAt(), ...(isFollowed ? this.#sideBySide : [])];
    return { type: 'forget', keep, entryId: newId(), at: isoTime(clock) };
  }

  /** An open tab shows all attempts of the last generation side by side. */
  get #sideBySide(): readonly string[] {
    const { attempts } = this.#state;
    const last = newestAttempt(attempts)?.image.generationId;
    return attempts.filter(({ image }) => image.generationId === last).map(imageIdOf);
  }

  #freeableBytesOf(isMeant: (image: ImageReference) => boolean): number {
    const references = allAttempts(this.#state).map(({ image }) => image);
    return this.#context.images.freeableBytesOf(references.filter(isMeant));
  }
}
