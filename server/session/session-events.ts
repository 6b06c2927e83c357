/** Events of all sessions, for telemetry, webhooks and the hooks of an embedding program. */
import type { Attempt, Decision } from '../../shared/model.ts';
import { findAttempt } from './attempts.ts';
import { decisionsIn, isDecision } from './record.ts';
import type { StoredImage } from './session-images.ts';
import type { State } from './state.ts';

export interface ReadyEvent {
  readonly sessionId: string;
  readonly generationId: string;
  /** The attempts that the generation brought, at least one, which now wait for a decision. */
  readonly attempts: readonly Attempt[];
}

/** Somebody has decided about an image, or has withdrawn a decision: then `decision.withdrawn` is there. */
export type DecidedEvent = {
  readonly sessionId: string;
  readonly decision: Decision;
  /** The attempt that the decision is about; absent when the session no longer has it. */
  readonly attempt?: Attempt;
} & Outcome;

type Outcome =
  | {
      /** The image is approved by as many as were needed. Only this event hands out bytes. */
      readonly outcome: 'approved';
      readonly attempt: Attempt;
      /** The image's bytes, untouched (rule W4). */
      readonly bytes: StoredImage['bytes'];
    }
  | {
      /**
       * - `declined`: the review has ended without a picture
       * - `reopened`: a withdrawal undid the approval or the refusal that was reported before
       * - `unchanged`: one opinion more or less; the review goes on, or stands as it was
       */
      readonly outcome: 'declined' | 'reopened' | 'unchanged';
    };

export interface EndedEvent {
  readonly sessionId: string;
  /** Nobody came back in time; its memory was needed; it was unused, and the server had too many; the server stops; a reviewer ended it. */
  readonly reason: 'idle' | 'memory' | 'full' | 'shutdown' | 'reviewer';
  /** The reviewer who ended it. */
  readonly participantId?: string;
  readonly stage: string;
  /** How many attempts went with it, discarded ones included. */
  readonly attempts: number;
}

export interface SessionEventMap {
  ready: ReadyEvent;
  decided: DecidedEvent;
  ended: EndedEvent;
}

/** A promise that a handler returns is awaited by `settled`, and by nobody else. */
export type SessionEventHandler<Event> = (event: Event) => unknown;

type Handlers = { readonly [Name in keyof SessionEventMap]: Set<SessionEventHandler<SessionEventMap[Name]>> };

export class SessionEvents {
  readonly #handlers: Handlers = { ready: new Set(), decided: new Set(), ended: new Set() };
  readonly #pending = new Set<Promise<void>>();
  readonly #onFault: (error: unknown) => void;

  /** `onFault` receives what a handler throws or rejects with. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Returns the undo. */
  on<Name extends keyof SessionEventMap>(name: Name, handler: SessionEventHandler<SessionEventMap[Name]>): () => void {
    this.#handlers[name].add(handler);
    return () => void this.#handlers[name].delete(handler);
  }

  /** Calls the handlers at once, and waits for none of them: no session is held up by what follows its events. */
  emit<Name extends keyof SessionEventMap>(name: Name, event: SessionEventMap[Name]): void {
    for (const handler of this.#handlers[name]) {
      const call = this.#call(() => handler(event)).finally(() => this.#pending.delete(call));
      this.#pending.add(call);
    }
  }

  /** Emits what the next state of a session means to those who follow it. `findImage`: an image that the session keeps. */
  stateChanged(
    sessionId: string,
    before: State,
    state: State,
    findImage: (imageId: string) => StoredImage | undefined,
  ): void {
    const decision = newestDecision(before, state);
    if (decision) this.emit('decided', { sessionId, decision, ...outcomeOf(decision, before, state, findImage) });
    if (before.stage !== 'generating' || state.stage !== 'user_feedback') return;
    const { generationId } = before.generation;
    const attempts = state.attempts.filter(({ image }) => image.generationId === generationId);
    if (attempts.length > 0) this.emit('ready', { sessionId, generationId, attempts });
  }

  /** Resolves when every handler that was called has returned, or its promise has settled. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async #call(handler: () => unknown): Promise<void> {
    try {
      await handler();
    } catch (error) {
      this.#onFault(error);
    }
  }
}

/** The decision that was made or withdrawn last, if that is what changed. */
function newestDecision(before: State, { record }: State): Decision | undefined {
  const entry = record.at(-1);
  if (!entry || entry === before.record.at(-1)) return undefined;
  const decisionId = entry.kind === 'withdrawn' ? entry.decisionId : isDecision(entry) ? entry.entryId : undefined;
  return decisionsIn(record).find((one) => one.decisionId === decisionId);
}

function outcomeOf(
  { imageId }: Decision,
  before: State,
  state: State,
  findImage: (imageId: string) => StoredImage | undefined,
): Outcome & Pick<DecidedEvent, 'attempt'> {
  const attempt = findAttempt([...state.attempts, ...state.discarded], imageId);
  const common = attempt ? { attempt } : {};
  if ((before.stage === 'final') !== (state.stage === 'final')) {
    if (state.stage !== 'final') return { ...common, outcome: 'reopened' };
    if (state.outcome === 'declined') return { ...common, outcome: 'declined' };
    const image = findImage(imageId);
    if (attempt && image) return { outcome: 'approved', attempt, bytes: image.bytes };
  }
  return { ...common, outcome: 'unchanged' };
}
