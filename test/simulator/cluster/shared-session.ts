/** A session as the store has it that several servers share: what the rules compare every server and every tab with. */
import { isDeepStrictEqual } from 'node:util';
import { Access } from '../../../server/session/access.ts';
import type { SessionDocument } from '../../../server/session/session-document.ts';
import type { StoredImage } from '../../../server/session/session-images.ts';
import { snapshotOf } from '../../../server/session/snapshot.ts';
import { approvedIn, type State } from '../../../server/session/state.ts';
import type { Viewers } from '../../../server/session/subscribers.ts';
import type { Attempt, Generation, RecordEntry } from '../../../shared/model.ts';
import type { WelcomeMessage } from '../../../shared/protocol.ts';
import type { ObservedSession } from '../rules/observed-session.ts';
import { newestOf } from '../rules/request-rules.ts';
import { limits } from '../server-process.ts';
import type { SharedStores } from './shared-stores.ts';

/** A generation, and what is to be drawn for it. */
export interface Ordered {
  readonly session: SharedSession;
  readonly generation: Generation;
  readonly state: State;
  /** The number of its first image among all that the session has asked for. */
  readonly firstAttempt: number;
  /** When it ended, in whatever way. */
  endedAt: number | undefined;
}

export class SharedSession implements ObservedSession {
  readonly id: string;
  /** Oldest first. */
  readonly ordered: Ordered[] = [];
  /** When each revision was made. */
  readonly madeAt = new Map<number, number>();
  removedAt: number | undefined;
  #document: SessionDocument;
  #access: Access;
  readonly #stores: SharedStores;
  readonly #presence: () => readonly WelcomeMessage[];

  /** `presence`: who is connected, over all servers. */
  constructor(id: string, document: SessionDocument, stores: SharedStores, presence: () => readonly WelcomeMessage[]) {
    this.id = id;
    this.#document = document;
    this.#access = new Access(document.access, document.state.record);
    this.#stores = stores;
    this.#presence = presence;
  }

  /** A server has stored the next document. */
  become(stored: SessionDocument, now: number): void {
    const [before, last] = [this.#document, this.ordered.at(-1)];
    const document = alike(stored, before);
    const { state } = document;
    this.#document = document;
    this.#access = new Access(document.access, state.record);
    if (state.revision !== before.state.revision) this.madeAt.set(state.revision, now);
    const generation = state.stage === 'generating' ? state.generation : undefined;
    if (last?.generation.generationId === generation?.generationId) return;
    if (last) last.endedAt ??= now;
    if (!generation) return;
    const firstAttempt = document.requestedImages - generation.candidates;
    this.ordered.push({ session: this, generation, state, firstAttempt, endedAt: undefined });
  }

  removed(now: number): void {
    this.removedAt = now;
    const last = this.ordered.at(-1);
    if (last) last.endedAt ??= now;
  }

  get state(): State {
    return this.#document.state;
  }

  get access(): Access {
    return this.#access;
  }

  get record(): readonly RecordEntry[] {
    return this.state.record;
  }

  get draftText(): string {
    const typed = this.#stores.typed.get(this.id);
    return typed && typed.draftRevision >= this.state.draftRevision ? typed.text : this.#document.draft;
  }

  get snapshotFrame(): Buffer {
    return Buffer.from(JSON.stringify(snapshotOf(this.state, this.draftText, limits.DECISIONS_PER_SNAPSHOT)));
  }

  get runningCandidates(): readonly number[] {
    const { state } = this;
    if (state.stage !== 'generating') return [];
    const all = Array.from({ length: state.generation.candidates }, (_, candidate) => candidate);
    return all.filter((candidate) => !state.settled.includes(candidate));
  }

  get shownImages(): readonly string[] {
    const shown = [newestOf(this.state)?.image.imageId, approvedIn(this.state)?.imageId];
    return [...new Set(shown)].filter((imageId) => imageId !== undefined);
  }

  get viewers(): Viewers {
    const present = this.#presence();
    const people = new Map(
      present.map(({ participantId, name = '', role, counts }) => [
        participantId,
        { participantId, name, role, ...(counts && { counts }) },
      ]),
    );
    const reviewers = present.filter(({ role }) => role === 'reviewer').length;
    return { reviewers, watchers: present.length - reviewers, people: [...people.values()] };
  }

  image(imageId: string): StoredImage | undefined {
    const reference = this.#attempts.find(({ image }) => image.imageId === imageId)?.image;
    const stored = this.#stores.images.sessions.get(this.id)?.get(imageId);
    return reference && stored && { ...stored, reference };
  }

  get memory(): ObservedSession['memory'] {
    const images = this.#attempts.map(({ image }) => this.image(image.imageId));
    const bytes = images.reduce((sum, image) => sum + (image?.bytes.byteLength ?? 0), 0);
    return { bytes, freeableBytes: 0, spareBytes: 0 };
  }

  get #attempts(): readonly Attempt[] {
    return [...this.state.attempts, ...this.state.discarded];
  }
}

/** The document with the parts of the one before that are the same, which rules compare by identity. */
function alike(document: SessionDocument, before: SessionDocument): SessionDocument {
  const same = <Part>(part: Part, old: Part): Part => (isDeepStrictEqual(part, old) ? old : part);
  const { state, access } = document;
  const { links } = before.access;
  const watcher = same(access.links.watcher, links.watcher);
  const reviewer = same(access.links.reviewer, links.reviewer);
  const lastAction = same(state.lastAction, before.state.lastAction);
  return {
    ...document,
    state: same({ ...state, ...(lastAction && { lastAction }) }, before.state),
    access: { ...access, links: { ...(watcher && { watcher }), ...(reviewer && { reviewer }) } },
  };
}
