/** One session: its state, the images it keeps, who looks on, and the generation that runs. */
import type { Command, ProgressMessage, RejectCode } from '../../shared/protocol.ts';
import type { Generation } from '../../shared/session.ts';
import type { Limits } from '../limits.ts';
import { type Answer, Answers } from './answers.ts';
import { Audience, type Watcher } from './audience.ts';
import { GenerationRooms } from './generation-rooms.ts';
import { GenerationRun, type RunContext, type RunListener } from './generation-run.ts';
import { KeptImages } from './kept-images.ts';
import { type Effect, type Event, transition } from './machine.ts';
import { snapshotOf } from './snapshot.ts';
import { initialState, type State } from './state.ts';
import type { StoredImage } from './stored-image.ts';
import { problemWithWords } from './words.ts';

/** Who acts. */
export interface Actor {
  readonly connectionId: string;
  readonly name: string;
}

export interface SessionContext extends RunContext {
  readonly limits: Limits;
}

export class Session {
  readonly id: string;
  /** Lets one decide; the id alone lets one watch (rule W5). */
  readonly key: string;
  readonly #context: SessionContext;
  readonly #answers: Answers;
  readonly #audience: Audience;
  readonly #images: KeptImages;
  readonly #onRest: () => void;
  #state: State = initialState;
  #draft = '';
  #run: GenerationRun | undefined;
  /** While it asks for room, it is not among the resting sessions that give it. */
  #needsRoom = false;
  #asks = 0;
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
    this.#onRest = onRest;
  }

  get state(): State {
    return this.#state;
  }

  /** Nobody is connected, and nothing is being drawn or about to be. */
  get isResting(): boolean {
    return this.#audience.isEmpty && !this.#run && !this.#needsRoom;
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
    return this.#run?.candidates ?? [];
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#run?.progress(candidate);
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#run?.partial(candidate);
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
      if (this.isResting) this.#onRest();
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
    const run = this.#run;
    this.#run = undefined;
    run?.abort();
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
    const rooms = start && this.#roomsFor(start.generation);
    if (start && !rooms) return this.#refusal('server_busy');
    if (result.effects.some(({ effect }) => effect === 'draft')) this.#audience.tell((one) => one.flushDraft());
    const changed = result.state !== this.#state;
    this.#state = result.state;
    for (const effect of result.effects) this.#carryOut(effect, image);
    if (changed) {
      this.#snapshotFrame = undefined;
      this.#audience.tell((one) => one.snapshotChanged());
    }
    if (start && rooms) this.#start(start.generation, rooms);
    return { accepted: true, revision: this.#state.revision };
  }

  /** Room for each image that is drawn at once, taken before any money is spent; those that wait take theirs at their turn (rule R7). */
  #roomsFor({ candidates }: Generation): GenerationRooms | undefined {
    const { queue, memory, limits } = this.#context;
    if (!queue.hasRoom(candidates)) return undefined;
    this.#needsRoom = true;
    const rooms = GenerationRooms.reserve(memory, limits.UPSTREAM_IMAGE_BYTES, queue.startingAtOnce(candidates));
    this.#needsRoom = false;
    return rooms;
  }

  #carryOut(effect: Effect, image: StoredImage | undefined): void {
    switch (effect.effect) {
      case 'start':
        return; // Begins when all who watch know of it.
      case 'abort':
        return this.#run?.abort(); // All that it has taken is free at once: the next command may need it.
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

  #start(generation: Generation, rooms: GenerationRooms): void {
    const { prompt, feedback, parent, options } = generation;
    const source = feedback === undefined || parent === undefined ? undefined : this.#images.find(parent);
    const request = {
      prompt,
      options,
      attempt: this.#asks,
      ...(feedback !== undefined && { feedback }),
      ...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),
    };
    this.#asks += generation.candidates;
    const run = new GenerationRun(this.id, generation, request, this.#context, this.#listener(generation, rooms));
    this.#run = run;
    run.start();
  }

  #listener(generation: Generation, rooms: GenerationRooms): RunListener {
    const { generationId } = generation;
    return {
      reserve: (candidate) => rooms.take(candidate),
      progressed: (candidate) => this.#audience.tell((one) => one.progressed(candidate)),
      previewed: (candidate) => this.#audience.tell((one) => one.previewed(candidate)),
      generated: (candidate, image, { revisedPrompt, usage, estimatedCost }) => {
        const told = {
          ...(revisedPrompt !== undefined && { revisedPrompt }),
          ...(usage && { usage }),
          ...(estimatedCost && { estimatedCost }),
        };
        const event = {
          type: 'generated',
          generationId,
          candidate,
          image: image.reference,
          at: this.#now(),
          ...told,
        } as const;
        const room = rooms.of(candidate);
        void this.#applyLater(event, { ...image, ...(room && { room }) }).finally(() => room?.release());
      },
      failed: (candidate, error) => {
        rooms.of(candidate)?.release();
        void this.#applyLater({ type: 'failed', generationId, candidate, error });
      },
      ended: () => {
        rooms.releaseAll();
        if (this.#run?.generation !== generation) return;
        this.#run = undefined;
        if (this.isResting) this.#onRest();
      },
    };
  }

  /** Nobody waits for this one, so nobody else would hear of its failure. */
  async #applyLater(event: Event, image?: StoredImage): Promise<void> {
    try {
      await this.apply(event, image);
    } catch (error) {
      this.#context.journal.fault(error, 'a result could not be applied');
    }
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
