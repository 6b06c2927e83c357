/** The signals between the servers of one session, beside its document: drafts, people, progress, previews. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../platform/clock.ts';
import { ignoreUnavailable } from './availability.ts';
import type { GenerationRun } from './generation-run.ts';
import type { ImageMemory } from './image-memory.ts';
import { type DraftSignal, type HeardSignal, type PeopleSignal, parseSignal, peopleKey } from './signal-values.ts';
import type { Signal } from './signals.ts';
import type { Stores } from './stores.ts';
import type { Subscribers } from './subscribers.ts';

export interface SessionSignalsContext {
  readonly stores: Pick<Stores, 'signals' | 'images' | 'sharing'>;
  readonly memory: ImageMemory;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly subscribers: Subscribers;
}

/** The session that it belongs to. */
export interface SignallingSession {
  readonly id: string;
  readonly run: GenerationRun | undefined;
  /** Somebody on another server has typed. */
  draftHeard(draft: DraftSignal): void;
  /** Another server says who is there. @param haveChanged somebody has come or left, or looks at another image */
  peopleHeard(haveChanged: boolean): void;
}

/** How long a signal is kept: longer than a candidate may take. */
const KEPT_MS = 15 * 60_000;
/** A server that has not been heard of for so many intervals has stopped. */
const SILENT_INTERVALS = 2;

/** While this server is the only one, nothing is told and nothing is heard. */
export class SessionSignals {
  readonly #session: SignallingSession;
  readonly #context: SessionSignalsContext;
  #publishedPeople: PeopleSignal | undefined;
  #unsubscribe: () => void = () => {};

  constructor(session: SignallingSession, context: SessionSignalsContext) {
    this.#session = session;
    this.#context = context;
  }

  /** Resolves when nothing more can be missed. Rejects with `StoreUnavailable`. */
  async subscribe(): Promise<void> {
    const { signals } = this.#context.stores;
    this.#unsubscribe = await signals.subscribe(this.#session.id, (signal) => this.#hear(signal));
  }

  /** Hears what was told before. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    for (const signal of await this.#context.stores.signals.read(this.#session.id)) this.#hear(signal);
  }

  /** Hears nothing any more. May be called twice. */
  close(): void {
    this.#unsubscribe();
  }

  publish(key: string, value: unknown, keptMs = KEPT_MS): void {
    const { sharing, signals } = this.#context.stores;
    if (sharing) void signals.set(this.#session.id, key, value, keptMs);
  }

  /** @param again though nothing has changed, so that others know that this server is still there */
  publishPeople(again = false): void {
    const { subscribers, stores } = this.#context;
    if (!stores.sharing) return;
    const { reviewers, watchers, people } = subscribers.viewersHere;
    const value = subscribers.size > 0 ? { reviewers, watchers, people: [...people] } : undefined;
    if (!again && isDeepStrictEqual(value, this.#publishedPeople)) return;
    this.#publishedPeople = value;
    this.publish(peopleKey(stores.sharing.serverId), value, SILENT_INTERVALS * stores.sharing.intervalMs);
  }

  #hear({ key, value }: Signal): void {
    const heard = parseSignal(key, value);
    const { run } = this.#session;
    switch (heard?.kind) {
      case 'draft':
        return this.#session.draftHeard(heard.draft);
      case 'people':
        return this.#hearPeople(heard.serverId, heard.people);
      case 'progress':
        if (run?.generation.generationId === heard.progress.generationId) run.heard(heard.candidate, heard.progress);
        return;
      case 'partial':
        if (run?.generation.generationId === heard.partial.generationId) void this.#hearPartial(run, heard);
    }
  }

  #hearPeople(serverId: string, people: PeopleSignal | undefined): void {
    const { stores, clock, subscribers } = this.#context;
    if (!stores.sharing || serverId === stores.sharing.serverId) return;
    const until = clock.monotonic() + SILENT_INTERVALS * stores.sharing.intervalMs;
    this.#session.peopleHeard(subscribers.setElsewhere(serverId, people && { ...people, until }));
  }

  async #hearPartial(
    run: GenerationRun,
    { candidate, partial }: Extract<HeardSignal, { kind: 'partial' }>,
  ): Promise<void> {
    const { reference } = partial;
    const { stores, memory } = this.#context;
    const bytes = await stores.images.get(this.#session.id, reference.imageId).catch(ignoreUnavailable);
    const reservation = bytes && memory.tryReserveSpare(bytes.byteLength);
    if (!reservation) return; // A preview can be missed.
    if (this.#session.run === run) run.heardPartial(candidate, { reference, bytes, reservation });
    else reservation.release();
  }
}
