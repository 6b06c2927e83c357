/** What happens in sessions, for whoever follows all of them: telemetry, webhooks, the hooks of an embedding program. */
import type { Attempt, Decision } from '../../shared/model.ts';
import type { StoredImage } from './session-images.ts';

export interface ReadyEvent {
  readonly sessionId: string;
  readonly generationId: string;
  /** The attempts that the generation brought, at least one, which now wait for a decision. */
  readonly attempts: readonly Attempt[];
}

export interface DecidedEvent {
  readonly sessionId: string;
  readonly decision: Decision;
  readonly attempt: Attempt;
  /** The image's bytes, untouched (rule W4). */
  readonly bytes: StoredImage['bytes'];
}

export interface EndedEvent {
  readonly sessionId: string;
  /** Nobody came back in time; its memory was needed; the server stops; a reviewer ended it. */
  readonly reason: 'idle' | 'memory' | 'shutdown' | 'reviewer';
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
