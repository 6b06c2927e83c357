/** The signals between the servers of one session, beside its document: drafts, people, progress, previews. */
import { isDeepStrictEqual } from 'node:util';
import { ignoreUnavailable } from './availability.ts';
import type { SessionDraft } from './session-draft.ts';
import type { SessionGeneration } from './session-generation.ts';
import type { SessionParts } from './session-parts.ts';
import { type PeopleSignal, parseSignal, peopleKey } from './signal-values.ts';
import type { Signal } from './signals.ts';

export interface SessionSignalsContext extends SessionParts {
  readonly generation: SessionGeneration;
  readonly draft: SessionDraft;
  /** Another server has said who is there. */
  readonly onPeople: () => void;
}

/** How long a signal is kept: longer than a candidate may take. */
const KEPT_MS = 15 * 60_000;
/** A server that has not been heard of for so many intervals has stopped. */
const SILENT_INTERVALS = 2;

/** While this server is the only one, nothing is told and nothing is heard. */
export class SessionSignals {
  readonly #context: SessionSignalsContext;
  #publishedPeople: PeopleSignal | undefined;
  #unsubscribe: () => void = () => {};
  /** The keys of the signals that were heard since `catchUp` last began to read. */
  readonly #heard = new Set<string>();

  constructor(context: SessionSignalsContext) {
    this.#context = context;
  }

  /** Resolves when nothing more can be missed. Rejects with `StoreUnavailable`. */
  async subscribe(): Promise<void> {
    const { signals } = this.#context.stores;
    const listener = (signal: Signal) => {
      this.#heard.add(signal.key);
      this.#hear(signal);
    };
    const onMissed = () => void this.catchUp().catch(ignoreUnavailable);
    this.#unsubscribe = await signals.subscribe(this.#context.sessionId, listener, onMissed);
  }

  /** Hears what was told before. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    this.#heard.clear();
    const kept = await this.#context.stores.signals.read(this.#context.sessionId);
    // A value that was heard during the reading may be newer than the one that was read, so it stays.
    for (const signal of kept) if (!this.#heard.has(signal.key)) this.#hear(signal);
  }

  /** Hears nothing any more. May be called twice. */
  close(): void {
    this.#unsubscribe();
  }

  /** Resolves, also when the store can't be reached, when the others were told. */
  async publish(key: string, value: unknown, keptMs = KEPT_MS): Promise<void> {
    const { sharing, signals } = this.#context.stores;
    if (sharing) await signals.set(this.#context.sessionId, key, value, keptMs);
  }

  /** @param again though nothing has changed, so that others know that this server is still there */
  publishPeople(again = false): void {
    const { subscribers, stores } = this.#context;
    if (!stores.sharing) return;
    const { people, looks, ...counts } = subscribers.here;
    const value = subscribers.size > 0 ? { ...counts, people: [...people], looks: [...looks] } : undefined;
    if (!again && isDeepStrictEqual(value, this.#publishedPeople)) return;
    this.#publishedPeople = value;
    void this.publish(peopleKey(stores.sharing.serverId), value, SILENT_INTERVALS * stores.sharing.intervalMs);
  }

  #hear({ key, value }: Signal): void {
    const heard = parseSignal(key, value);
    const { run } = this.#context.generation;
    switch (heard?.kind) {
      case 'draft':
        return this.#context.draft.hear(heard.draft);
      case 'people':
        return this.#hearPeople(heard.serverId, heard.people);
      case 'progress':
        if (run?.generation.generationId === heard.progress.generationId) run.heard(heard.candidate, heard.progress);
        return;
      case 'partial':
        if (run?.generation.generationId !== heard.partial.generationId) return;
        return void run.heardPartial(heard.candidate, heard.partial.reference);
    }
  }

  #hearPeople(serverId: string, people: PeopleSignal | undefined): void {
    const { stores, clock, subscribers, touch, onPeople } = this.#context;
    if (!stores.sharing || serverId === stores.sharing.serverId) return;
    const until = clock.monotonic() + SILENT_INTERVALS * stores.sharing.intervalMs;
    if (subscribers.setElsewhere(serverId, people && { ...people, until })) touch();
    onPeople();
  }
}
