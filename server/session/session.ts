/** One session: its state, its images, its subscribers, and the generation that runs in it. */
import { imageFileName } from '../../shared/file-name.ts';
import type { Attempt, Generation, RecordEntry } from '../../shared/model.ts';
import {
  type AccessCommand,
  type Command,
  isAccessCommand,
  type ProgressMessage,
  type RecordMessage,
  type RejectCode,
  type ReviewCommand,
  type SnapshotMessage,
} from '../../shared/protocol.ts';
import type { GenerateResult } from '../generators/generator.ts';
import { isoTime } from '../platform/clock.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import { Access, NOT_CREATOR } from './access.ts';
import { Answers } from './answers.ts';
import { findAttempt, imageIdOf, newestAttempt } from './attempts.ts';
import type { Shortage } from './generation-queue.ts';
import { type GenerationContext, type GenerationListener, GenerationRun } from './generation-run.ts';
import { LongPrompts, type ShortSnapshot } from './long-prompts.ts';
import { transition } from './machine.ts';
import type { Caller } from './participants.ts';
import { isCreator } from './places.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import { SessionDraft } from './session-draft.ts';
import type { SessionEvents } from './session-events.ts';
import { SessionImages, type StoredImage } from './session-images.ts';
import { snapshotOf } from './snapshot.ts';
import type { Spending } from './spending.ts';
import { approvedIn, initialState, type State } from './state.ts';
import { type Removal, type Subscriber, Subscribers, type Viewers } from './subscribers.ts';
import { cleanText, textProblem, withCleanText } from './text-check.ts';
import type { Event, ForgetEvent, GeneratedEvent, ReportedEvent } from './transition.ts';
import type { Requester } from './turn-order.ts';

export interface SessionContext extends GenerationContext {
  readonly events: SessionEvents;
  readonly spending: Spending;
}

export interface SessionListener {
  /** The last subscriber has left, or the last generation has ended (see `isIdle`). */
  idle(): void;
  /** A subscriber has left. */
  left(caller: Caller): void;
  /** A reviewer wants it ended. */
  endRequested(by: Caller): void;
}

/** To be undone when the subscriber leaves; that may be done twice. */
export type Subscription = { readonly accepted: true; readonly leave: () => void } | Rejection;

/** What a door may read of a session, to show it. */
export interface SessionView {
  readonly id: string;
  /** The `snapshot` message, encoded once for all connections: it may be long, and they may be many. */
  readonly snapshotFrame: Buffer;
  /** The same for connections that get long prompts once. */
  readonly shortSnapshot: ShortSnapshot;
  /** The ids of the images that the snapshot shows as `image` and `approved`. */
  readonly shownImages: readonly string[];
  readonly viewers: Viewers;
  /** The `viewers` message, encoded once for all connections. */
  readonly viewersFrame: Buffer;
  /** The record of decisions, oldest first. It only grows. */
  readonly record: readonly RecordEntry[];
  /** A `record` message with entries from the one at `from` on, as many as one message takes, and the place of the next. */
  recordFrame(from: number): RecordFrame;
  /** Candidates that are being drawn or wait for it. */
  readonly runningCandidates: readonly number[];
  progress(candidate: number): ProgressMessage | undefined;
  /** The same as a message, which all connections that ask for it within a millisecond share. */
  progressFrame(candidate: number): Buffer | undefined;
  /** The candidate's last preview. */
  partial(candidate: number): StoredImage | undefined;
  /** The image of an attempt, kept or discarded. */
  image(imageId: string): StoredImage | undefined;
  /** Like `image`, and the previews on show. */
  visibleImage(imageId: string): StoredImage | undefined;
  /** Whether it is the approved image. */
  isApproved(imageId: string): boolean;
  /** What the image is called when it is saved. */
  fileName(image: StoredImage): string;
}

export interface RecordFrame {
  readonly frame: Buffer;
  readonly next: number;
}

export class Session implements SessionView {
  readonly id: string;
  readonly access: Access;
  readonly #context: SessionContext;
  readonly #answers: Answers;
  readonly #subscribers: Subscribers;
  readonly #images = new SessionImages();
  readonly #draft: SessionDraft;
  readonly #listener: SessionListener;
  #state: State;
  #run: GenerationRun | undefined;
  /** Counts the images that were asked for, so that the same prompt gives another picture. */
  #requestedImages = 0;
  #touchedAt: number;
  readonly #prompts = new LongPrompts();
  /** Encoded when the first connection asks for it. */
  #snapshot: { readonly whole: SnapshotMessage; frame?: Buffer; short?: ShortSnapshot } | undefined;
  #shown: { readonly of: State; readonly imageIds: readonly string[] } | undefined;
  readonly #progressFrames = new Map<number, { readonly at: number; readonly frame: Buffer | undefined }>();
  /** Candidates whose subscribers are about to be told of their progress. */
  readonly #progressDue = new Set<number>();
  /** By `from`, as long as the record does not grow. */
  readonly #recordFrames = new Map<number, RecordFrame>();
  #lastStep: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(context: SessionContext, approvalsNeeded: number, listener: SessionListener) {
    this.#state = { ...initialState, approvalsNeeded };
    this.id = context.newId();
    this.#context = context;
    this.#listener = listener;
    const { limits, clock, telemetry } = context;
    this.#touchedAt = clock.monotonic();
    this.#answers = new Answers(limits.REMEMBERED_COMMANDS);
    const { CONNECTIONS_PER_SESSION: all, NAMED_WATCHERS: namedWatchers } = limits;
    this.#subscribers = new Subscribers({
      clock,
      places: { all, watchers: placesOfWatchers(all, limits) },
      namedWatchers,
      onLeft: (caller) => this.#onLeft(caller),
      onFault: (error) => telemetry.fault(error, 'a subscriber failed'),
    });
    this.access = new Access({
      ...context,
      sessionId: this.id,
      subscribers: this.#subscribers,
      record: () => this.record,
      enter: (entry) => this.#apply({ type: 'invitation', entry }),
    });
    this.#draft = new SessionDraft(limits.DRAFTS_PER_SECOND, clock, (text, author, draftId) =>
      this.#onDraftSet(text, author, draftId),
    );
  }

  get state(): State {
    return this.#state;
  }

  /** Nobody is connected, and nothing is being drawn. */
  get isIdle(): boolean {
    return this.#subscribers.size === 0 && !this.#run;
  }

  /** There are no attempts in it, and nothing is on record. */
  get isUnused(): boolean {
    const { attempts, discarded, record } = this.#state;
    return attempts.length + discarded.length + record.length === 0;
  }

  /** When somebody last joined, typed, gave a command or asked for an image, on the monotonic clock. */
  get touchedAt(): number {
    return this.#touchedAt;
  }

  /** Nothing is being drawn, and for long nobody has done anything, though tabs may be open. */
  get isUntouched(): boolean {
    const { clock, limits } = this.#context;
    return !this.#run && clock.monotonic() - this.#touchedAt >= limits.SESSION_UNTOUCHED_MS;
  }

  /** A participant did something. */
  touch(): void {
    this.#touchedAt = this.#context.clock.monotonic();
  }

  get viewers(): Viewers {
    return this.#subscribers.viewers;
  }

  get snapshotFrame(): Buffer {
    const snapshot = this.#currentSnapshot;
    snapshot.frame ??= Buffer.from(JSON.stringify(snapshot.whole));
    return snapshot.frame;
  }

  get shortSnapshot(): ShortSnapshot {
    const snapshot = this.#currentSnapshot;
    snapshot.short ??= this.#prompts.shorten(snapshot.whole);
    return snapshot.short;
  }

  get #currentSnapshot() {
    const { DECISIONS_PER_SNAPSHOT } = this.#context.limits;
    this.#snapshot ??= { whole: snapshotOf(this.#state, this.#draft.text, DECISIONS_PER_SNAPSHOT) };
    return this.#snapshot;
  }

  get viewersFrame(): Buffer {
    return this.#subscribers.viewersFrame;
  }

  get record(): readonly RecordEntry[] {
    return this.#state.record;
  }

  recordFrame(from: number): RecordFrame {
    const known = this.#recordFrames.get(from);
    if (known) return known;
    const entries: RecordEntry[] = [];
    let characters = 0;
    for (const entry of this.record.slice(from)) {
      if (characters >= this.#context.limits.RECORD_MESSAGE_CHARACTERS) break;
      characters += JSON.stringify(entry).length;
      entries.push(entry);
    }
    const message: RecordMessage = { type: 'record', from, entries };
    const frame = { frame: Buffer.from(JSON.stringify(message)), next: from + entries.length };
    this.#recordFrames.set(from, frame);
    return frame;
  }

  /** Every connection asks before each message, so it is computed once for a state. */
  get shownImages(): readonly string[] {
    if (this.#shown?.of !== this.#state) this.#shown = { of: this.#state, imageIds: shownImagesOf(this.#state) };
    return this.#shown.imageIds;
  }

  get runningCandidates(): readonly number[] {
    return this.#run?.candidates ?? [];
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#run?.progress(candidate);
  }

  progressFrame(candidate: number): Buffer | undefined {
    const at = Math.floor(this.#context.clock.monotonic());
    const known = this.#progressFrames.get(candidate);
    if (known?.at === at) return known.frame;
    const progress = this.progress(candidate);
    const frame = progress && Buffer.from(JSON.stringify(progress));
    this.#progressFrames.set(candidate, { at, frame });
    return frame;
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#run?.partial(candidate);
  }

  image(imageId: string): StoredImage | undefined {
    return this.#images.find(imageId);
  }

  visibleImage(imageId: string): StoredImage | undefined {
    const partials = this.runningCandidates.map((candidate) => this.partial(candidate));
    return this.image(imageId) ?? partials.find((partial) => partial?.reference.imageId === imageId);
  }

  isApproved(imageId: string): boolean {
    return approvedIn(this.#state)?.imageId === imageId;
  }

  fileName({ reference: { imageId, mediaType } }: StoredImage): string {
    const state = this.#state;
    const attempt = findAttempt([...state.attempts, ...state.discarded], imageId);
    const running = state.stage === 'generating' ? state.generation : undefined;
    return imageFileName((attempt ?? running)?.prompt ?? '', mediaType, this.isApproved(imageId));
  }

  /** Rejected when the caller may be here no longer (`Access.refusal`), and with `server_busy` when there is no place. */
  subscribe(caller: Caller, subscriber: Subscriber): Subscription {
    const refusal = this.access.refusal(caller);
    if (refusal) return reject(refusal);
    if (!this.#subscribers.add(caller, subscriber)) return reject('server_busy', FULL);
    this.access.entered(caller);
    this.touch();
    return { accepted: true, leave: () => this.#subscribers.remove(subscriber) };
  }

  /** The text goes to every other connection; its author is told when they gave a `draftId` (rule W9). */
  setDraft(caller: Caller, typed: string, draftId?: string): Rejection | undefined {
    const refusal = caller.role === 'reviewer' ? this.access.refusal(caller) : 'not_allowed';
    if (refusal) return reject(refusal);
    const text = cleanText(typed);
    if (text.length > this.#context.limits.PROMPT_CHARACTERS) return reject('prompt_too_long');
    this.touch();
    this.#draft.type(caller, text, draftId);
    return undefined;
  }

  /** Tells the others which image the caller has open. Of several looks within a quarter of a second, they see the last. */
  look({ connectionId }: Caller, imageId: string | undefined): void {
    this.touch();
    const isHere = imageId !== undefined && this.#images.find(imageId) !== undefined;
    this.#subscribers.look(connectionId, isHere ? imageId : undefined);
  }

  /** Decides on a command, at most once for each command id (rule M7), one command after the other. */
  async execute(caller: Caller, command: Command): Promise<Answer> {
    if (caller.role !== 'reviewer') return reject('not_allowed');
    this.touch();
    return this.#serially(() => {
      // The caller may have been turned out while the command waited for its turn.
      const refusal = this.access.refusal(caller);
      if (refusal) return reject(refusal);
      const known = this.#answers.find(command);
      if (known) return known;
      this.#draft.flush();
      const answer = isAccessCommand(command)
        ? this.#executeAccess(caller, command)
        : this.#executeReview(caller, command);
      this.#answers.remember(command, answer);
      return answer;
    });
  }

  /**
   * Drops every attempt but the newest and those that somebody has decided about or has open, or that are on show or being sent, to free
   * their memory. Does nothing when somebody has come back by the time of its turn.
   */
  async forget(): Promise<void> {
    await this.#serially(() => {
      const { attempts, discarded } = this.#state;
      if (this.#isForgetful) this.#apply(this.#forgetEvent);
      const count = attempts.length + discarded.length - this.#state.attempts.length - this.#state.discarded.length;
      if (count > 0) this.#context.telemetry.attemptsForgotten(this.id, count);
      return { accepted: true, revision: this.#state.revision };
    });
  }

  /** Bytes that `forget` would free now. */
  get spareBytes(): number {
    if (!this.#isForgetful) return 0;
    const result = transition(this.#state, this.#forgetEvent, this.#context.limits);
    const dropped = result.accepted ? result.effects.find((one) => one.effect === 'drop')?.imageIds : undefined;
    return this.#images.freeableBytesOf(dropped ?? []);
  }

  get #isForgetful(): boolean {
    return this.isIdle || this.isUntouched;
  }

  /** An open tab shows all attempts of the last generation side by side, so they stay. */
  get #forgetEvent(): ForgetEvent {
    const { attempts } = this.#state;
    const { generationId } = newestAttempt(attempts)?.image ?? {};
    const isOnShow = ({ image }: Attempt) => this.#subscribers.size > 0 && image.generationId === generationId;
    const keep = [...this.#images.inUse, ...this.#subscribers.lookedAt(), ...attempts.filter(isOnShow).map(imageIdOf)];
    const { newId, clock } = this.#context;
    return { type: 'forget', keep, entryId: newId(), at: isoTime(clock) };
  }

  get imageBytes(): number {
    return this.#images.byteLength;
  }

  /** Bytes that would be free if the session were closed now. */
  get freeableBytes(): number {
    return this.#images.freeableBytes;
  }

  /** Aborts what runs, drops the images and tells the subscribers. May be called twice. */
  close(why: Removal = 'session_gone'): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#run?.abort();
    this.#run = undefined;
    this.#draft.close();
    this.access.close();
    this.#images.dropAll();
    this.#subscribers.dismiss(why);
  }

  /** One step at a time, in the order of the calls. A promise, since several servers may come to decide on one session. */
  #serially(step: () => Answer): Promise<Answer> {
    const result = this.#lastStep.then(() => (this.#isClosed ? reject('session_not_found') : step()));
    this.#lastStep = result.catch(() => undefined);
    return result;
  }

  #executeAccess(caller: Caller, command: AccessCommand): Answer {
    if (command.type === 'end_session') this.#listener.endRequested(caller);
    const rejection = command.type === 'end_session' ? undefined : this.access.execute(caller, command);
    return rejection ?? { accepted: true, revision: this.#state.revision };
  }

  #executeReview(caller: Caller, given: ReviewCommand): Answer {
    if (given.type === 'require_approvals' && !isCreator(caller)) return reject('not_allowed', NOT_CREATOR);
    const { participant, connectionId, role, hasVote } = caller;
    const { limits, clock, newId } = this.#context;
    const command = withCleanText(given);
    const problem = textProblem(command, limits);
    if (problem) return reject(problem);
    const act = { by: participant.name, participantId: participant.id, connectionId, at: isoTime(clock) };
    const author = { role, hasVote };
    const lookedAt = this.#subscribers.lookedAt(participant.id);
    const event = { type: 'command', command, act, author, lookedAt } as const;
    return this.#apply({ ...event, generationId: newId(), entryId: newId() }, caller);
  }

  /** Only a command of a requester starts a generation. */
  #apply(event: Event, requester?: Requester): Answer {
    const before = this.#state;
    const result = transition(before, event, this.#context.limits);
    if (!result.accepted) return this.#rejectWithAction(result.code);
    const { state, effects } = result;
    const generation = effects.find((one) => one.effect === 'start')?.generation;
    const run = requester && generation && this.#prepare(generation, requester);
    if (run && !(run instanceof GenerationRun)) return run;
    this.#state = state;
    for (const effect of effects) {
      if (effect.effect === 'abort') this.#run?.abort();
      else if (effect.effect === 'drop') this.#images.drop(effect.imageIds);
      else if (effect.effect === 'draft') this.#draft.replace(effect.text);
    }
    if (state !== before) {
      this.#snapshot = undefined;
      this.#progressFrames.clear();
      if (state.record !== before.record) this.#recordFrames.clear();
      this.#subscribers.notify((one) => one.snapshotChanged());
      this.#context.events.stateChanged(this.id, before, state, (imageId) => this.#images.find(imageId));
    }
    // Only now, so that the snapshot of a generation goes out before its first progress.
    if (run) this.#start(run);
    return { accepted: true, revision: state.revision };
  }

  /** The run of a generation for which there are places and the means; a rejection when there are none (rule S9). */
  #prepare(generation: Generation, requester: Requester): GenerationRun | Rejection {
    const { queue, generator, spending } = this.#context;
    const { prompt, feedback, parent, options, candidates } = generation;
    const shortage = queue.shortage(candidates, requester);
    if (shortage === 'server') return reject('server_busy');
    if (shortage) {
      const sentence = { detail: 'too_many_waiting', params: { where: shortage } } as const;
      return reject('server_busy', shortages[shortage], sentence);
    }
    const source = feedback === undefined || parent === undefined ? undefined : this.#images.find(parent);
    const request = {
      prompt,
      options,
      attempt: this.#requestedImages,
      ...(feedback !== undefined && { feedback }),
      ...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),
    };
    const expenses = spending.reserve(requester, candidates, generator.mostDollars?.(request) ?? 0);
    if ('code' in expenses) return expenses;
    const run: GenerationRun = new GenerationRun(requester, generation, request, expenses, this.#context, {
      ...this.#resultListener(generation),
      ended: () => {
        if (this.#run !== run) return;
        this.#run = undefined;
        this.#reportIdle();
      },
    });
    return run;
  }

  #start(run: GenerationRun): void {
    this.#requestedImages += run.generation.candidates;
    this.#run = run;
    run.start();
  }

  #resultListener({ generationId }: Generation): Omit<GenerationListener, 'ended'> {
    return {
      progressChanged: (candidate) => this.#onProgress(candidate),
      partialChanged: (candidate) => this.#subscribers.notify((one) => one.partialChanged(candidate)),
      shown: (candidate, image, revisedPrompt) => {
        const told = this.#told({ ...(revisedPrompt !== undefined && { revisedPrompt }) });
        const event = {
          type: 'generated',
          generationId,
          candidate,
          image: image.reference,
          isProvisional: true,
        } as const;
        this.#settle(() => this.#keep([image], { ...event, ...told }), [image]);
      },
      reported: (candidate, { reference: { imageId } }, extras, result) => {
        const event = { type: 'reported', generationId, candidate, imageId, more: extras.map(referenceOf) } as const;
        this.#settle(() => this.#keep(extras, { ...event, ...this.#told(result) }), extras);
      },
      generated: (candidate, images, result) => {
        const [image, ...more] = images;
        const event = {
          type: 'generated',
          generationId,
          candidate,
          image: image.reference,
          more: more.map(referenceOf),
        } as const;
        this.#settle(() => this.#keep(images, { ...event, ...this.#told(result) }), images);
      },
      failed: (candidate, error) => this.#settle(() => this.#apply({ type: 'failed', generationId, candidate, error })),
    };
  }

  /** In a microtask, so that one message stands for all that happens at this moment. */
  #onProgress(candidate: number): void {
    this.#progressFrames.delete(candidate);
    if (this.#progressDue.size === 0) queueMicrotask(() => this.#tellProgress());
    this.#progressDue.add(candidate);
  }

  #tellProgress(): void {
    const candidates = [...this.#progressDue];
    this.#progressDue.clear();
    for (const candidate of candidates) this.#subscribers.notify((one) => one.progressChanged(candidate));
  }

  /** The generator's report on an image, as the machine takes it in. */
  #told({ usage, estimatedCost, revisedPrompt: given }: Omit<GenerateResult, 'image'>) {
    const { clock, limits } = this.#context;
    // It stands in every snapshot, as a person's own prompt does.
    const revisedPrompt = given && cleanText(given.slice(0, limits.PROMPT_CHARACTERS));
    return {
      at: isoTime(clock),
      ...(revisedPrompt && { revisedPrompt }),
      ...(usage && { usage }),
      ...(estimatedCost && { estimatedCost }),
    };
  }

  /** The bytes are stored first, so that no state ever shows an image without them. */
  #keep(images: readonly StoredImage[], event: GeneratedEvent | ReportedEvent): Answer {
    for (const one of images) this.#images.add(one);
    const answer = this.#apply(event);
    // The machine ignores a result that is no longer current (rule M4).
    const ignored = images
      .map(({ reference }) => reference.imageId)
      .filter((id) => !findAttempt(this.#state.attempts, id));
    this.#images.drop(ignored);
    return answer;
  }

  /** Nobody waits for a result to be applied, so its failure is reported here. */
  #settle(step: () => Answer, images: readonly StoredImage[] = []): void {
    this.#serially(step)
      .then(({ accepted }) => {
        if (!accepted) for (const { reservation } of images) reservation.release();
      })
      .catch((error: unknown) => this.#context.telemetry.fault(error, 'a result could not be applied'));
  }

  #onDraftSet(text: string, { participant, connectionId }: Caller, draftId: string | undefined): void {
    this.#snapshot = undefined;
    const update = { text, by: participant.name, participantId: participant.id };
    this.#subscribers.notify((one, caller) => {
      if (caller.connectionId !== connectionId) one.draftChanged(update);
      else if (draftId !== undefined) one.draftChanged({ ...update, draftId });
    });
  }

  #onLeft(caller: Caller): void {
    this.#listener.left(caller);
    this.#draft.leave(caller.connectionId);
    if (this.#subscribers.size === 0) this.#snapshot = undefined;
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.isIdle) this.#listener.idle();
  }

  #rejectWithAction(code: RejectCode): Rejection {
    const { lastAction } = this.#state;
    const isLate = code === 'stale' || code === 'wrong_stage';
    return { ...reject(code), ...(isLate && lastAction && { lastAction }) };
  }
}

const referenceOf = ({ reference }: StoredImage) => reference;

function shownImagesOf(state: State): readonly string[] {
  const newest = newestAttempt(state.attempts)?.image.imageId;
  const approved = approvedIn(state)?.imageId;
  return [...new Set([newest, approved])].filter((imageId) => imageId !== undefined);
}

const FULL = 'This session is full. Try again in a little while.';

const shortages: Record<Exclude<Shortage, 'server'>, string> = {
  address: 'Too many pictures already wait for people at your address. Ask again when some of them are done.',
  session: 'Too many pictures already wait in this session. Ask again when some of them are done.',
};
