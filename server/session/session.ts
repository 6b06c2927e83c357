/** One session: its state, the images it keeps, who looks on, and what it draws. */
import type { Command, ProgressMessage, RejectCode } from '../../shared/protocol.ts';
import { type Answer, Answers } from './answers.ts';
import { problemWithWords } from './command-text.ts';
import type { SessionContext } from './context.ts';
import { Drawing } from './drawing.ts';
import { KeptImages } from './kept-images.ts';
import { type Effect, type Event, transition } from './machine.ts';
import { snapshotOf } from './snapshot.ts';
import { initialState, type State } from './state.ts';
import type { StoredImage } from './stored-image.ts';
import { Audience, type Watcher } from './subscribers.ts';

/** Who acts. */
export interface Actor {
  readonly connectionId: string;
  readonly name: string;
}

export class Session {
  readonly id: string;
  /** Lets one decide; the id alone lets one watch (rule W5). */
  readonly key: string;
  readonly #context: SessionContext;
  readonly #answers: Answers;
  readonly #audience: Audience;
  readonly #images: KeptImages;
  readonly #drawing: Drawing;
  readonly #onRest: () => void;
  #state: State = initialState;
  #draft = '';
  #names = 0;
  #snapshotFrame: Buffer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** `onRest` is called whenever the last connection has left or the last generation has ended (see `isResting`). */
  constructor(context: SessionContext, onRest: () => void) {
    this.id = context.newId();
    this.key = context.newId();
    this.#context = context;
    this.#answers = new Answers(context.limits.REMEMBERED_COMMANDS);
    this.#audience = new Audience((error) => context.journal.fault(error, 'a connection could not be told'));
    this.#images = new KeptImages(context.memory);
    this.#drawing = new Drawing(context, {
      id: this.id,
      images: this.#images,
      audience: this.#audience,
      apply: (event, image) => this.apply(event, image),
      ended: () => this.#rest(),
    });
    this.#onRest = onRest;
  }

  get state(): State {
    return this.#state;
  }

  /** Nobody is connected, and nothing is being drawn or about to be. */
  get isResting(): boolean {
    return this.#audience.isEmpty && !this.#drawing.isBusy;
  }

  get viewers(): { readonly reviewers: number; readonly watchers: number } {
    return this.#audience.viewers;
  }

  /** The snapshot message, encoded once for all who watch: it may be long, and they may be many. */
  get snapshotFrame(): Buffer {
    this.#snapshotFrame ??= Buffer.from(JSON.stringify(snapshotOf(this.#state, this.#draft)));
    return this.#snapshotFrame;
  }

  /** The images that a snapshot shows as `image` and `approved`. */
  get shownImages(): readonly string[] {
    const newest = this.#state.attempts.at(-1)?.image.imageId;
    const approved = this.#state.stage === 'final' ? this.#state.approved.imageId : undefined;
    return [...new Set([newest, approved])].filter((imageId) => imageId !== undefined);
  }

  /** The kept image of an attempt, also of one that was put aside; never a partial. */
  image(imageId: string): StoredImage | undefined {
    return this.#images.find(imageId);
  }

  /** Whatever image may be shown now: that of an attempt, or the last partial of what is being drawn. */
  visibleImage(imageId: string): StoredImage | undefined {
    const partials = this.runningCandidates.map((candidate) => this.partial(candidate));
    return this.image(imageId) ?? partials.find((partial) => partial?.reference.imageId === imageId);
  }

  /** The candidates that are being drawn or wait for it. */
  get runningCandidates(): readonly number[] {
    return this.#drawing.candidates;
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#drawing.progress(candidate);
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#drawing.partial(candidate);
  }

  nextReviewerName(): string {
    this.#names += 1;
    return `Reviewer ${this.#names}`;
  }

  /** Adds a watcher; the undo may be called twice. */
  attach(watcher: Watcher): () => void {
    this.#audience.add(watcher);
    return () => {
      if (!this.#audience.remove(watcher)) return;
      if (this.#audience.isEmpty) this.#snapshotFrame = undefined;
      this.#rest();
    };
  }

  /** The text in the prompt field: shared, but no state, so no revision (rule W9). Its author hears of it only with a `draftId`. */
  setDraft(text: string, author: Actor, draftId?: string): void {
    this.#draft = text;
    this.#snapshotFrame = undefined;
    this.#audience.tell((one) => {
      if (one.connectionId !== author.connectionId) one.draftChanged(text, author.name);
      else if (draftId !== undefined) one.draftChanged(text, author.name, draftId);
    });
  }

  /** Decides on a command, at most once per command id (rule M7). */
  decide(command: Command, actor: Actor): Promise<Answer> {
    return this.#serially(() => {
      const known = this.#answers.find(command);
      if (known) return known;
      const answer = this.#answer(command, actor);
      if (answer.accepted || answer.code !== 'server_busy') this.#answers.remember(command, answer);
      return answer;
    });
  }

  /** Applies one event: with `decide`, the only way in which a session changes. `image` comes with `generated`. */
  apply(event: Event, image?: StoredImage): Promise<Answer> {
    return this.#serially(() => this.#apply(event, image));
  }

  /**
   * Gives up the attempts that nobody would miss first: all but the newest and the approved one, and those whose room would not come
   * free. At once, for memory is short.
   */
  forget(): void {
    this.#apply({ type: 'forget', inUse: this.#images.inUse });
  }

  /** What its images take in memory. */
  get imageBytes(): number {
    return this.#images.byteLength;
  }

  /** What would come free if the session were closed now. */
  get freeableBytes(): number {
    return this.#images.freeableBytes;
  }

  /** Ends the session: aborts what runs, drops what is kept. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drawing.close();
    this.#images.dropAll();
    this.#audience.dismiss();
  }

  /** One at a time, in order. A promise, since a session may come to be decided upon by several processes. */
  #serially(step: () => Answer): Promise<Answer> {
    const result = this.#last.then(() => (this.#closed ? this.#refusal('session_not_found') : step()));
    this.#last = result.catch(() => undefined);
    return result;
  }

  #answer(command: Command, actor: Actor): Answer {
    const problem = problemWithWords(command, this.#context.limits);
    if (problem) return this.#refusal(problem);
    return this.#apply({
      type: 'command',
      command,
      by: actor.name,
      connectionId: actor.connectionId,
      at: this.#now(),
      generationId: this.#context.newId(),
    });
  }

  #apply(event: Event, image?: StoredImage): Answer {
    const result = transition(this.#state, event, this.#context.limits);
    if (!result.accepted) return this.#refusal(result.code);
    const start = result.effects.find((one) => one.effect === 'start');
    const rooms = start && this.#drawing.reserve(start.generation);
    if (start && !rooms) return this.#refusal('server_busy');
    if (result.effects.some(({ effect }) => effect === 'draft')) this.#audience.tell((one) => one.flushDraft());
    const changed = result.state !== this.#state;
    this.#state = result.state;
    for (const effect of result.effects) this.#carryOut(effect, image);
    if (changed) {
      this.#snapshotFrame = undefined;
      this.#audience.tell((one) => one.snapshotChanged());
    }
    if (start && rooms) this.#drawing.start(start.generation, rooms);
    return { accepted: true, revision: this.#state.revision };
  }

  #carryOut(effect: Effect, image: StoredImage | undefined): void {
    switch (effect.effect) {
      case 'start':
        return; // Begins when all who watch know of it.
      case 'abort':
        return this.#drawing.abort(); // What it has taken is free at once: the next command may need it.
      case 'keep':
        image?.room?.release(); // Not twice: what it takes now was reserved for it.
        if (image) this.#images.keep(image);
        return;
      case 'drop':
        return this.#images.drop(effect.imageIds);
      case 'draft':
        this.#draft = effect.text;
        return;
    }
  }

  #rest(): void {
    if (this.isResting) this.#onRest();
  }

  #refusal(code: RejectCode): Answer {
    const { lastAction } = this.#state;
    const tells = (code === 'stale' || code === 'wrong_stage') && lastAction;
    return { accepted: false, code, ...(tells && { lastAction: tells }) };
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}
