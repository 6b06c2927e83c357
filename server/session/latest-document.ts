/**
 * The latest document of a session that this server knows of, and the only way to change it: by steps, one after the other, each of which
 * counts when the store has taken it. A step is made again when another server was faster.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Command } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import { firstAnswer, type RememberedAnswer, remembered } from './answers.ts';
import { OUTAGE, whenAvailable } from './availability.ts';
import { type Answer, reject } from './rejections.ts';
import type { SessionDocument } from './session-document.ts';
import type { StoredImage } from './session-images.ts';
import {
  type Change,
  type Commit,
  NewerDocument,
  type SessionStore,
  type StoredSession,
  StoreUnavailable,
} from './session-store.ts';
import type { State } from './state.ts';
import type { MakeStep, Step } from './steps.ts';
import type { Removal } from './subscribers.ts';

export interface DocumentListener {
  /**
   * Called before a document counts or is adopted: what it shows is loaded. Undefined when nothing has to be waited for. `added` are images
   * that come with it. Resolves with whether all that it shows is here; a rejection by `StoreUnavailable` ends the step.
   */
  prepare(next: SessionDocument, added: readonly StoredImage[]): Promise<boolean> | undefined;
  /** The latest document is another one. @param isOwn whether this server has made the step */
  changed(before: SessionDocument, added: readonly StoredImage[], isOwn: boolean): void;
  /** The session is gone, or can't be read here any more. */
  gone(why: Removal): void;
}

export interface DocumentContext {
  readonly sessionId: string;
  readonly store: SessionStore;
  readonly clock: Pick<Clock, 'after'>;
}

/** So often a step is made again when other servers have been faster each time. */
const MOST_TRIES = 5;
const CONTENDED = 'Too many people decide in this session at once. Try again in a moment.';

export class LatestDocument {
  readonly #context: DocumentContext;
  readonly #listener: DocumentListener;
  #stored: StoredSession;
  #lastStep: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(stored: StoredSession, context: DocumentContext, listener: DocumentListener) {
    this.#stored = stored;
    this.#context = context;
    this.#listener = listener;
  }

  get current(): SessionDocument {
    return this.#stored.document;
  }

  get version(): number {
    return this.#stored.version;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Changes nothing from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** One after the other on this server, in the order of the calls. */
  serially(run: () => Promise<Answer>): Promise<Answer> {
    const result = this.#lastStep.then(() => (this.#isClosed ? reject('session_not_found') : run()));
    this.#lastStep = result.catch(() => undefined);
    return result;
  }

  /**
   * What a command was answered before, if it was (rule M7). `step` finds that out by itself; whatever has effects beside its step asks
   * first. Rejects with `StoreUnavailable`.
   */
  async answerTo(command: Command): Promise<Answer | undefined> {
    const before = await this.#context.store.answerTo(this.#context.sessionId, command.commandId);
    return before && this.#answerAgain(before, command);
  }

  /**
   * Makes a step. Call it within `serially`.
   * @param command is answered by it, and remembered. If it was answered before, it gets that answer, and nothing changes (rule M7)
   */
  async step(make: MakeStep, command?: Command): Promise<Answer> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { document: before, version } = this.#stored;
      const made = make(before);
      const step = made instanceof Promise ? await made : made;
      // In memory nothing has to be loaded, and nobody may come in between.
      const preparing = this.#prepare(step);
      if (preparing !== undefined) await preparing;
      const outcome = await this.#commit(version, step, command);
      if (outcome !== 'conflict') return outcome;
      await this.#read();
    }
    return reject('server_busy', CONTENDED);
  }

  /** Makes a step that nobody can ask for again, however long the store can't be reached. */
  async settle(make: MakeStep): Promise<void> {
    const step = async () => {
      const answer = await this.serially(() => this.step(make));
      if (!answer.accepted && answer.code === 'server_busy') throw new StoreUnavailable(answer.detail);
    };
    await whenAvailable(step, this.#context.clock, () => this.#isClosed);
  }

  /** Reads the document if it is another one than here. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    if ((await this.#versionInStore()) !== this.version) await this.refresh();
  }

  /** Adopts what another server has changed. @param latest as it was told; absent: it is read. Rejects with `StoreUnavailable` */
  async refresh(latest?: StoredSession): Promise<void> {
    await this.serially(async () => {
      await (latest ? this.#adopt(latest) : this.#read());
      return { accepted: true, revision: this.current.state.revision };
    });
  }

  #prepare({ document, images = [], undo }: Step): Promise<unknown> | undefined {
    const preparing = document && this.#listener.prepare(document, images);
    return preparing?.catch((error: unknown) => {
      undo?.();
      throw error;
    });
  }

  async #commit(version: number, step: Step, command: Command | undefined): Promise<Answer | 'conflict'> {
    const { document } = step;
    const answer = command && remembered(command, step.answer);
    if (!document && !answer) {
      const before = command && (await this.answerTo(command));
      if (before) return before;
      step.done?.();
      return step.answer;
    }
    const trial = this.#tryCommit(version, { ...(document && { document }), ...(answer && { answer }) });
    const commit = trial instanceof Promise ? await trial : trial;
    if (commit.outcome === 'committed' && !this.#isClosed) {
      if (document) this.#become({ document, version: commit.version }, step.images ?? [], true);
      step.done?.();
      return step.answer;
    }
    if (commit.outcome === 'unavailable') this.#findOut(step);
    // The store may take a step after this server has left the session. Other servers go on with it, so nothing is undone.
    else if (commit.outcome !== 'committed') step.undo?.();
    switch (commit.outcome) {
      case 'answered':
        return command ? this.#answerAgain(commit.before, command) : step.answer;
      case 'unavailable':
        return OUTAGE;
      case 'conflict':
        return 'conflict';
      default:
        this.#listener.gone('session_gone');
        return reject('session_not_found');
    }
  }

  /** Another server may have given the first answer: its snapshot goes out before the `ack` (rule W6). */
  async #answerAgain(before: RememberedAnswer, command: Command): Promise<Answer> {
    const answer = firstAnswer(before, command);
    if (answer.accepted && answer.revision > this.current.state.revision) await this.#read();
    return this.#isClosed ? reject('session_not_found') : answer;
  }

  /** A step that the store has not answered may have been done. */
  #findOut({ document, undo }: Step): void {
    const find = async () => {
      await this.refresh();
      if (runningIn(document?.state) !== runningIn(this.current.state)) undo?.();
    };
    void whenAvailable(find, this.#context.clock, () => this.#isClosed);
  }

  #tryCommit(version: number, change: Change): Outcome | Promise<Outcome> {
    const commit = this.#context.store.commit(this.#context.sessionId, version, change);
    if (!(commit instanceof Promise)) return commit;
    return commit.catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return { outcome: 'unavailable' };
      throw error;
    });
  }

  async #read(): Promise<void> {
    const latest = await this.#fromStore();
    if (this.#isClosed || latest === 'newer') return;
    if (!latest) return this.#listener.gone('session_gone');
    await this.#adopt(latest);
  }

  async #adopt(latest: StoredSession): Promise<void> {
    if (latest.version <= this.#stored.version) return;
    const isWhole = await this.#listener.prepare(latest.document, []);
    // A later step may have dropped an image that this document shows.
    if (isWhole === false && (await this.#versionInStore()) !== latest.version) return this.#read();
    if (this.#isClosed || latest.version <= this.#stored.version) return;
    this.#become({ ...latest, document: shared(latest.document, this.current) }, [], false);
  }

  async #versionInStore(): Promise<number | undefined> {
    const [version] = await this.#context.store.versions([this.#context.sessionId]);
    return version;
  }

  /** A newer server has changed the session in a way that this one does not understand: other servers go on with it. */
  async #fromStore(): Promise<StoredSession | 'newer' | undefined> {
    try {
      return await this.#context.store.read(this.#context.sessionId);
    } catch (error) {
      if (!(error instanceof NewerDocument)) throw error;
      this.#listener.gone('newer_server');
      return 'newer';
    }
  }

  #become(stored: StoredSession, added: readonly StoredImage[], isOwn: boolean): void {
    const before = this.current;
    this.#stored = stored;
    this.#listener.changed(before, added, isOwn);
  }
}

const runningIn = (state: State | undefined): string | undefined =>
  state?.stage === 'generating' ? state.generation.generationId : undefined;

type Outcome = Commit | { readonly outcome: 'unavailable' };

/** A document from the store, with the parts of the one before that are the same. */
function shared(document: SessionDocument, before: SessionDocument): SessionDocument {
  const access = { ...document.access };
  if (isDeepStrictEqual(access.links, before.access.links)) access.links = before.access.links;
  if (isDeepStrictEqual(access.invitations, before.access.invitations)) access.invitations = before.access.invitations;
  return { ...document, access: isDeepStrictEqual(access, before.access) ? before.access : access };
}
