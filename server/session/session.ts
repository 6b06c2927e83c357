/**
 * One session as this server has it: the latest document that it knows of, the images, the subscribers, and the generation that runs here.
 * What happens is decided as a step from one document to the next, which counts when the store has taken it; what the next document means
 * to those who follow is found by comparing the two, whoever made the step.
 */
import { isDeepStrictEqual } from 'node:util';
import { imageFileName } from '../../shared/file-name.ts';
import type { Attempt, Generation, GenerationError, ImageReference, RecordEntry } from '../../shared/model.ts';
import {
  type Command,
  isAccessCommand,
  type ProgressMessage,
  type RejectCode,
  type ReviewCommand,
} from '../../shared/protocol.ts';
import { failureOf } from '../generators/failure-sentences.ts';
import type { GenerateRequest, GenerateResult } from '../generators/generator.ts';
import { isoTime } from '../platform/clock.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import { Access, type AccessChange, type AccessContext, type Admission, NOT_CREATOR } from './access.ts';
import { firstAnswer, remembered } from './answers.ts';
import { findAttempt, imageIdOf, newestAttempt } from './attempts.ts';
import { OUTAGE, whenAvailable, whileAvailable } from './availability.ts';
import { type GenerationContext, type GenerationListener, GenerationRun } from './generation-run.ts';
import type { Reservation } from './image-memory.ts';
import { ExpiryTimer, newlyOver } from './invitations.ts';
import type { Job, JobId, JobRun, Shortage } from './job-queue.ts';
import type { ShortSnapshot } from './long-prompts.ts';
import { transition } from './machine.ts';
import type { Caller } from './participants.ts';
import { isCreator } from './places.ts';
import { revokedIn } from './record.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import type { SessionDocument } from './session-document.ts';
import { SessionDraft } from './session-draft.ts';
import type { SessionEvents } from './session-events.ts';
import { type RecordFrame, SessionFrames } from './session-frames.ts';
import { SessionImages, type StoredImage } from './session-images.ts';
import { type Change, type Commit, NewerDocument, type StoredSession, StoreUnavailable } from './session-store.ts';
import type { JoinRequest } from './sessions.ts';
import {
  DRAFT_KEY,
  type DraftSignal,
  type HeardSignal,
  type PeopleSignal,
  parseResult,
  parseSignal,
  peopleKey,
  resultKey,
} from './signal-values.ts';
import type { Signal } from './signals.ts';
import type { Spending } from './spending.ts';
import { approvedIn, type State } from './state.ts';
import type { Stores } from './stores.ts';
import { type Removal, type Subscriber, Subscribers, type Viewers } from './subscribers.ts';
import { cleanText, textProblem, withCleanText } from './text-check.ts';
import type { Event, ForgetEvent, GeneratedEvent, ReportedEvent } from './transition.ts';
import type { Requester } from './turn-order.ts';

export interface SessionContext extends Omit<GenerationContext, 'jobs' | 'images' | 'signals'> {
  readonly stores: Stores;
  readonly events: SessionEvents;
  readonly spending: Spending;
  /** Memory for a copy of an image that is in the store. It may cost copies that nobody looks at. */
  readonly reserveCopy: (bytes: number) => Reservation | undefined;
}

export interface SessionListener {
  /** Another generation runs, or none. It is called by the constructor when a generation runs already, as `inUse` is. */
  generationChanged(session: Session, before: string | undefined, now: string | undefined): void;
  /** Somebody has subscribed, or a generation runs. */
  inUse(session: Session): void;
  /** The last subscriber has left, or the last generation has ended (see `isIdle`). */
  idle(): void;
  /** A subscriber has left. */
  left(caller: Caller): void;
  /** A reviewer wants it ended. */
  endRequested(by: Caller): Promise<void>;
  /** It was ended elsewhere. */
  gone(why: Removal): void;
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
  /** Like `image`, and the previews on show; fetched from the store where another server had it made. Rejects with `StoreUnavailable`. */
  loadImage(imageId: string): Promise<StoredImage | undefined>;
  /** Whether it is the approved image. */
  isApproved(imageId: string): boolean;
  /** What the image is called when it is saved. */
  fileName(image: StoredImage): string;
}

/** One step of a session, made from its latest document. */
interface Step {
  readonly answer: Answer;
  /** Absent: nothing changes. */
  readonly document?: SessionDocument;
  /** Images that the document shows for the first time. */
  readonly images?: readonly StoredImage[];
  /** Called when the document is there and everybody here was told. */
  readonly done?: () => void;
  /** Called when it came to nothing. */
  readonly undo?: () => void;
}

export class Session implements SessionView {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #generation: GenerationContext;
  readonly #listener: SessionListener;
  #stored: StoredSession;
  #access: Access;
  readonly #subscribers: Subscribers;
  readonly #images = new SessionImages();
  readonly #frames: SessionFrames;
  readonly #draft: SessionDraft;
  readonly #expiries: ExpiryTimer;
  #run: GenerationRun | undefined;
  #touchedAt: number;
  #shown: { readonly of: State; readonly imageIds: readonly string[] } | undefined;
  /** Candidates whose subscribers are about to be told of their progress. */
  readonly #progressDue = new Set<number>();
  #publishedPeople: PeopleSignal | undefined;
  #lastStep: Promise<unknown> = Promise.resolve();
  readonly #undos: (() => void)[] = [];
  #isClosed = false;
  #isLeft = false;

  constructor(id: string, stored: StoredSession, context: SessionContext, listener: SessionListener) {
    this.id = id;
    this.#stored = stored;
    this.#access = accessIn(stored.document);
    this.#context = context;
    this.#generation = { ...context, ...context.stores };
    this.#listener = listener;
    const { limits, clock, telemetry } = context;
    this.#touchedAt = clock.monotonic();
    const { CONNECTIONS_PER_SESSION: all, NAMED_WATCHERS: namedWatchers } = limits;
    this.#subscribers = new Subscribers({
      clock,
      places: { all, watchers: placesOfWatchers(all, limits) },
      namedWatchers,
      onReport: () => this.#publishPeople(),
      onLeft: (caller) => this.#onLeft(caller),
      onFault: (error) => telemetry.fault(error, 'a subscriber failed'),
    });
    this.#frames = new SessionFrames(this, clock, limits);
    this.#draft = new SessionDraft(limits.DRAFTS_PER_SECOND, clock, (text, author, draftId) =>
      this.#onDraftSet(text, author, draftId),
    );
    this.#draft.replace(stored.document.draft);
    this.#expiries = new ExpiryTimer(clock, () => this.#expireInvitations());
    this.#expiries.wait(this.#access.invitations);
  }

  get state(): State {
    return this.#stored.document.state;
  }

  get access(): Access {
    return this.#access;
  }

  get draftText(): string {
    return this.#draft.text;
  }

  /** Nobody is connected, and nothing is being drawn. */
  get isIdle(): boolean {
    return this.#subscribers.size === 0 && !this.#run && !this.#subscribers.isFollowedElsewhere;
  }

  /** Something is drawn on this server, or waits to be drawn and no other server can. */
  get isDrawing(): boolean {
    return this.#run !== undefined && (this.#run.isDrawing || !this.#context.stores.sharing);
  }

  /** There are no attempts in it, and nothing is on record. */
  get isUnused(): boolean {
    const { attempts, discarded, record } = this.state;
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
    return this.#frames.snapshot;
  }

  get shortSnapshot(): ShortSnapshot {
    return this.#frames.shortSnapshot;
  }

  get viewersFrame(): Buffer {
    return this.#subscribers.viewersFrame;
  }

  get record(): readonly RecordEntry[] {
    return this.state.record;
  }

  recordFrame(from: number): RecordFrame {
    return this.#frames.record(from);
  }

  /** Every connection asks before each message, so it is computed once for a state. */
  get shownImages(): readonly string[] {
    const { state } = this;
    if (this.#shown?.of !== state) {
      // One that the store has lost is shown to nobody.
      this.#shown = { of: state, imageIds: shownImagesOf(state).filter((imageId) => this.image(imageId)) };
    }
    return this.#shown.imageIds;
  }

  get runningCandidates(): readonly number[] {
    return this.#run?.candidates ?? [];
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#run?.progress(candidate);
  }

  progressFrame(candidate: number): Buffer | undefined {
    return this.#frames.progress(candidate);
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#run?.partial(candidate);
  }

  image(imageId: string): StoredImage | undefined {
    return this.#images.find(imageId);
  }

  async loadImage(imageId: string): Promise<StoredImage | undefined> {
    const reference = findAttempt(allAttempts(this.state), imageId)?.image;
    if (reference) return this.#load(reference);
    const partials = this.runningCandidates.map((candidate) => this.partial(candidate));
    return partials.find((partial) => partial?.reference.imageId === imageId);
  }

  isApproved(imageId: string): boolean {
    return approvedIn(this.state)?.imageId === imageId;
  }

  fileName({ reference: { imageId, mediaType } }: StoredImage): string {
    const { state } = this;
    const attempt = findAttempt(allAttempts(state), imageId);
    const running = state.stage === 'generating' ? state.generation : undefined;
    return imageFileName((attempt ?? running)?.prompt ?? '', mediaType, this.isApproved(imageId));
  }

  /** What a visitor may do who shows this, or why nothing. */
  grant(request: JoinRequest): ReturnType<Access['grant']> {
    const now = this.#context.clock.now();
    if (newlyOver(this.#access.invitations, now).length > 0) this.#expireInvitations();
    return this.#access.grant(request, now);
  }

  /** Lets a visitor in who shows what `Access.grant` asks for: a participant, new or known. Rejected with what `grant` refuses. */
  async admit(request: JoinRequest): Promise<Admission | Rejection> {
    const { clock } = this.#context;
    let admission: Admission | undefined;
    const answer = await this.#serially(() =>
      this.#decide((before) => {
        const access = accessIn(before);
        const grant = access.grant(request, clock.now());
        if (typeof grant === 'string') return { answer: reject(grant) };
        const admitted = access.admit(grant, request.name ?? '', this.#accessContext);
        admission = admitted.admission;
        return this.#stepTo(before, { access: admitted.access });
      }),
    );
    if (!answer.accepted) return answer;
    return admission ?? reject('internal_error');
  }

  /** Rejected when the caller may be here no longer (`Access.refusal`), and with `server_busy` when there is no place. */
  subscribe(caller: Caller, subscriber: Subscriber): Subscription {
    const refusal = this.#refusal(caller);
    if (refusal) return reject(refusal);
    if (!this.#subscribers.add(caller, subscriber)) return reject('server_busy', FULL);
    this.#listener.inUse(this);
    this.touch();
    return { accepted: true, leave: () => this.#subscribers.remove(subscriber) };
  }

  /** The text goes to every other connection; its author is told when they gave a `draftId` (rule W9). */
  setDraft(caller: Caller, typed: string, draftId?: string): Rejection | undefined {
    const refusal = caller.role === 'reviewer' ? this.#refusal(caller) : 'not_allowed';
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
    const isHere = imageId !== undefined && findAttempt(allAttempts(this.state), imageId) !== undefined;
    this.#subscribers.look(connectionId, isHere ? imageId : undefined);
  }

  /** Decides on a command, at most once for each command id (rule M7), one command after the other. */
  async execute(caller: Caller, command: Command): Promise<Answer> {
    if (caller.role !== 'reviewer') return reject('not_allowed');
    this.touch();
    return this.#serially(async () => {
      // The caller may have been turned out while the command waited for its turn.
      const refusal = this.#refusal(caller);
      if (refusal) return reject(refusal);
      return whileAvailable(async () => {
        const before = await this.#context.stores.sessions.answerTo(this.id, command.commandId);
        if (before) return firstAnswer(before, command);
        this.#draft.flush();
        if (command.type === 'end_session') return this.#endSession(caller);
        return this.#decide(
          (latest) =>
            isAccessCommand(command)
              ? this.#accessStep(latest, caller, command)
              : this.#reviewStep(latest, caller, command),
          command,
        );
      });
    });
  }

  /**
   * Drops every attempt but the newest and those that somebody has decided about or has open, or that are on show or being sent, to free
   * their memory. Does nothing when somebody has come back by the time of its turn.
   */
  async forget(): Promise<void> {
    let count = 0;
    await this.#serially(() =>
      this.#decide((before) => {
        if (!this.#isForgetful) return { answer: this.#accepted };
        const step = this.#machineStep(before, this.#forgetEvent);
        count = attemptsIn(before.state) - attemptsIn((step.document ?? before).state);
        return step;
      }),
    );
    if (count > 0) this.#context.telemetry.attemptsForgotten(this.id, count);
  }

  /** Bytes that `forget` would free now. */
  get spareBytes(): number {
    if (!this.#isForgetful) return 0;
    const result = transition(this.state, this.#forgetEvent, this.#context.limits);
    const dropped = result.accepted ? result.effects.find((one) => one.effect === 'drop')?.imageIds : undefined;
    return this.#freeableBytesOf(dropped ?? []);
  }

  /** Of images that all servers share, the bytes are free when they are dropped from the store. */
  #freeableBytesOf(imageIds: readonly string[]): number {
    if (!this.#context.stores.sharing) return this.#images.freeableBytesOf(imageIds);
    const images = allAttempts(this.state).map(({ image }) => image);
    return images
      .filter(({ imageId }) => imageIds.includes(imageId))
      .reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get #isForgetful(): boolean {
    return this.isIdle || this.isUntouched;
  }

  /** An open tab shows all attempts of the last generation side by side, so they stay. */
  get #forgetEvent(): ForgetEvent {
    const { attempts } = this.state;
    const { generationId } = newestAttempt(attempts)?.image ?? {};
    const isOnShow = ({ image }: Attempt) => this.#subscribers.size > 0 && image.generationId === generationId;
    const keep = [...this.#images.inUse, ...this.#subscribers.lookedAt(), ...attempts.filter(isOnShow).map(imageIdOf)];
    const { newId, clock } = this.#context;
    return { type: 'forget', keep, entryId: newId(), at: isoTime(clock) };
  }

  /** Drops copies of images that nobody here has on show: the store has them. */
  dropCopies(): void {
    if (!this.#context.stores.sharing) return;
    const { generationId } = newestAttempt(this.state.attempts)?.image ?? {};
    const isOnShow = ({ image }: Attempt) => image.generationId === generationId;
    const shown = [
      ...this.shownImages,
      ...this.#subscribers.lookedAt(),
      ...this.state.attempts.filter(isOnShow).map(imageIdOf),
    ];
    this.#images.retain(new Set(this.#subscribers.size > 0 ? shown : []));
  }

  /** Nobody on this server has used it for a while. */
  get isUnusedHere(): boolean {
    const isUsed = this.#subscribers.size > 0 || this.isDrawing;
    return !isUsed && this.#context.clock.monotonic() - this.#touchedAt >= UNUSED_MS;
  }

  get imageBytes(): number {
    return this.#images.byteLength;
  }

  /** Bytes that would be free if the session were closed now. */
  get freeableBytes(): number {
    return this.#freeableBytesOf(allAttempts(this.state).map(imageIdOf));
  }

  /**
   * Draws a candidate here, unless that is not wanted any more, or has been done. Resolves when the session has taken in what became of it.
   */
  async draw(job: JobId, { signal, takeovers }: JobRun): Promise<void> {
    const { stores, clock, spending } = this.#context;
    const isOver = () => signal.aborted || this.#isClosed;
    // Another server may have ended it a moment ago.
    if (stores.sharing) await whenAvailable(() => this.#refreshSerially(), clock, isOver);
    if (!this.#isToBeDrawn(job)) return;
    const isBegun = takeovers > 0 || this.#shownBy(job) !== undefined;
    if (isBegun && (await this.#takeOver(job, takeovers))) return;
    const request = await whenAvailable(() => this.#request(), clock, isOver);
    const { drawing } = this.#stored.document;
    if (!request || !drawing || isOver() || !this.#isToBeDrawn(job)) return;
    const expense = spending.expense(drawing.spent);
    if (isBegun) {
      const mayTry = await whenAvailable(() => expense.retry(true), clock, isOver);
      if (isOver()) return;
      if (!mayTry) return this.#fail(job, failureOf('no_budget'));
    }
    await this.#run?.draw(job.candidate, { request, expense, signal, isTakenOver: isBegun });
    // The job must not end before the candidate: whoever takes it over when this server is gone has to be told of the first try.
    if (this.#isLeft && this.#isToBeDrawn(job)) await new Promise(() => {});
    stores.signals.set(this.id, resultKey(job.candidate), undefined, 0);
  }

  /** Nobody uses it on this server any more. It goes on: another server draws what is drawn here. May be called twice. */
  leave(): void {
    this.#isLeft = true;
    this.close('session_gone', false);
  }

  /** A candidate has another place in line. */
  positionChanged({ candidate }: JobId): void {
    this.#onProgress(candidate);
  }

  /** Aborts what runs here, drops the images and tells the subscribers. May be called twice. */
  close(why: Removal = 'session_gone', isOwn = true): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endRun(isOwn);
    for (const undo of this.#undos) undo();
    this.#draft.close();
    this.#expiries.stop();
    this.#images.dropAll();
    this.#subscribers.dismiss(why);
  }

  get #accepted(): Answer {
    return { accepted: true, revision: this.state.revision };
  }

  #refusal(caller: Caller) {
    return this.#access.refusal(caller, this.#context.clock.now());
  }

  get #accessContext(): AccessContext {
    const { limits, newId, clock } = this.#context;
    return { limits, newId, now: clock.now() };
  }

  /** One step at a time on this server, in the order of the calls. */
  #serially(step: () => Promise<Answer>): Promise<Answer> {
    const result = this.#lastStep.then(() => (this.#isClosed ? reject('session_not_found') : step()));
    this.#lastStep = result.catch(() => undefined);
    return result;
  }

  /** Makes a step from the latest document, again for as long as other servers are faster, within bounds. */
  async #decide(make: (before: SessionDocument) => MaybePromise<Step>, command?: Command): Promise<Answer> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { document: before, version } = this.#stored;
      const made = make(before);
      const step = made instanceof Promise ? await made : made;
      const loading = this.#loadNext(step);
      if (loading) await loading;
      const outcome = await this.#commit(version, step, command);
      if (outcome !== 'conflict') return outcome;
      await this.#refresh();
    }
    return reject('server_busy', CONTENDED);
  }

  /** What the next document shows is here before it counts. In memory it always is, and nobody may come in between. */
  #loadNext({ document, images = [], undo }: Step): MaybePromise<void> {
    if (!document || !this.#context.stores.sharing) return;
    return this.#loadShown(document.state, images.map(imageIdIn)).catch((error: unknown) => {
      undo?.();
      throw error;
    });
  }

  async #commit(version: number, step: Step, command: Command | undefined): Promise<Answer | 'conflict'> {
    const { document } = step;
    const answer = command && remembered(command, step.answer);
    if (!document && !answer) {
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
    step.undo?.();
    switch (commit.outcome) {
      case 'answered':
        return command ? firstAnswer(commit.before, command) : step.answer;
      case 'unavailable':
        return OUTAGE;
      case 'conflict':
        return 'conflict';
      default:
        this.#listener.gone('session_gone');
        return reject('session_not_found');
    }
  }

  #tryCommit(version: number, change: Change): MaybePromise<Commit | { readonly outcome: 'unavailable' }> {
    const commit = this.#context.stores.sessions.commit(this.id, version, change);
    if (!(commit instanceof Promise)) return commit;
    return commit.catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return { outcome: 'unavailable' };
      throw error;
    });
  }

  /** Another server has changed the session, or may have. */
  async #refresh(): Promise<void> {
    const latest = await this.#read();
    if (this.#isClosed || latest === 'newer') return;
    if (!latest) return this.#listener.gone('session_gone');
    await this.#loadShown(latest.document.state);
    if (this.#isClosed || latest.version <= this.#stored.version) return;
    const document = shared(latest.document, this.#stored.document);
    const before = this.#run;
    this.#become({ ...latest, document }, [], false);
    // Its progress may have been told before this server knew of the generation.
    if (this.#run && this.#run !== before) void this.#hearKept().catch(ignoreUnavailable);
  }

  /** What a state shows is here before anybody is told of it (rule W3). Rejects with `StoreUnavailable`. */
  async #loadShown(state: State, except: readonly string[] = []): Promise<void> {
    const shown = new Set(shownImagesOf(state)).difference(new Set(except));
    const references = allAttempts(state).map(({ image }) => image);
    await Promise.all(references.filter(({ imageId }) => shown.has(imageId)).map((reference) => this.#load(reference)));
  }

  /** A newer server has changed the session in a way that this one does not understand: other servers go on with it. */
  async #read(): Promise<StoredSession | 'newer' | undefined> {
    try {
      return await this.#context.stores.sessions.read(this.id);
    } catch (error) {
      if (!(error instanceof NewerDocument)) throw error;
      this.#listener.gone('newer_server');
      return 'newer';
    }
  }

  /** The image as this server has it, or as the store has it; undefined when it is in neither, or there is no memory for a copy. */
  async #load(reference: ImageReference): Promise<StoredImage | undefined> {
    const { imageId } = reference;
    const here = this.#images.find(imageId);
    if (here) return here;
    const bytes = await this.#context.stores.images.get(this.id, imageId);
    const reservation = bytes && this.#context.reserveCopy(bytes.byteLength);
    if (!reservation || this.#isClosed) return undefined;
    const image = this.#images.find(imageId) ?? { reference, bytes, reservation };
    if (image.reservation !== reservation) reservation.release();
    else this.#images.add(image);
    return image;
  }

  /** The latest document is another one: tells everybody here what has changed, and ends what it has ended. */
  #become(stored: StoredSession, images: readonly StoredImage[], isOwn: boolean): void {
    const { document: before } = this.#stored;
    const { state, access, draft } = stored.document;
    this.#stored = stored;
    const isStateChanged = state !== before.state;
    const isRevocation = isStateChanged && revokedIn(state.record).size !== revokedIn(before.state.record).size;
    const isAccessChanged = access !== before.access || isRevocation;
    if (isAccessChanged || state.record !== before.state.record) this.#access = accessIn(stored.document);
    // First, so that those who are turned out are told of nothing more.
    if (isAccessChanged) this.#dismissRefused();
    if (isStateChanged) {
      this.#followGeneration(before, isOwn);
      this.#keepImages(before.state, images, isOwn);
      if (state.draftRevision !== before.state.draftRevision) this.#draft.replace(draft);
      this.#frames.forgetSnapshot();
      this.#frames.forgetProgress();
      this.#subscribers.notify((one) => one.snapshotChanged());
    }
    if (isAccessChanged) this.#reportAccess(before.access, isRevocation);
  }

  #keepImages(before: State, added: readonly StoredImage[], isOwn: boolean): void {
    const all = allAttempts(this.state);
    for (const image of added) {
      // The machine numbers the images that nobody asked for.
      const reference = findAttempt(all, image.reference.imageId)?.image;
      if (reference) this.#images.add({ ...image, reference });
    }
    const kept = new Set(all.map(imageIdOf));
    this.#images.retain(kept);
    const dropped = allAttempts(before)
      .map(imageIdOf)
      .filter((imageId) => !kept.has(imageId));
    if (isOwn) this.#dropStored(dropped);
  }

  #dropStored(imageIds: readonly string[]): void {
    // Those that the store can't drop now expire with the session.
    if (imageIds.length > 0) this.#context.stores.images.drop(this.id, imageIds).catch(ignoreUnavailable);
  }

  /** The generation of the latest document is the one that this server follows. */
  #followGeneration(before: SessionDocument, isOwn: boolean): void {
    const { state } = this.#stored.document;
    const generation = state.stage === 'generating' ? state.generation : undefined;
    if (this.#run?.generation.generationId !== generation?.generationId) this.#endRun(isOwn, before);
    if (!generation || state.stage !== 'generating') return;
    if (!this.#run) {
      this.#run = new GenerationRun(this.id, generation, this.#generation, this.#resultListener(generation));
      this.#listener.generationChanged(this, undefined, generation.generationId);
    }
    for (const candidate of state.settled) this.#run.ended(candidate);
    this.#listener.inUse(this);
  }

  /** The run has ended by itself, or ends now. @param isOwn whether this server has made the step that ended it */
  #endRun(isOwn: boolean, { state, drawing }: SessionDocument = this.#stored.document): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    this.#listener.generationChanged(this, run.generation.generationId, undefined);
    const { candidates, waiting } = run;
    if (candidates.length > 0) run.abort(isOwn);
    else run.complete(state.stage === 'generating' && hasAllImages(run.generation, this.state));
    if (isOwn && drawing && candidates.length > 0) {
      const jobs = jobsOf(run.generation, drawing.requester).filter(({ candidate }) => candidates.includes(candidate));
      this.#withdraw(jobs);
      this.#context.spending.giveBack(drawing.spent, waiting.length);
    }
    this.#reportIdle();
  }

  #withdraw(jobs: readonly Job[]): void {
    const { stores, clock } = this.#context;
    void whenAvailable(
      () => stores.jobs.withdraw(jobs),
      clock,
      () => false,
    );
  }

  /** Jobs that are there already are not added again. */
  #addJobs(jobs: readonly Job[]): void {
    const { stores, clock } = this.#context;
    const [first] = jobs;
    void whenAvailable(
      () => stores.jobs.add(jobs),
      clock,
      () => !first || this.#isClosed || !this.#isToBeDrawn(first),
    );
  }

  /** Those who may be here no longer. */
  #dismissRefused(): void {
    for (const why of ['revoked', 'invitation_expired', 'link_closed'] as const) {
      this.#subscribers.dismiss(why, (caller) => this.#refusal(caller) === why);
    }
  }

  #reportAccess(before: Access['state'], isRevocation: boolean): void {
    const access = this.#access;
    if (access.links !== before.links) {
      this.#subscribers.notify((one, caller) => {
        const links = access.linksFor(caller);
        if (links) one.linksChanged(links);
      });
    }
    if (access.invitations === before.invitations && !isRevocation) return;
    this.#expiries.wait(access.invitations);
    this.#subscribers.notify((one, caller) => {
      const invitations = access.invitationsFor(caller);
      if (invitations) one.invitationsChanged(invitations);
    });
  }

  #stepTo(before: SessionDocument, change: Partial<SessionDocument>): Step {
    const document = { ...before, ...change };
    const isSame = document.state === before.state && document.access === before.access;
    const answer = { accepted: true, revision: document.state.revision } as const;
    return { answer, ...(!isSame && { document }) };
  }

  #machineStep(before: SessionDocument, event: Event, change: Partial<SessionDocument> = {}): Step {
    const result = transition(before.state, event, this.#context.limits);
    if (!result.accepted) return { answer: rejectWithAction(result.code, before.state) };
    const { state, effects } = result;
    const draft = effects.find((one) => one.effect === 'draft')?.text ?? before.draft;
    const step = this.#stepTo(before, { ...change, state, draft });
    const { events } = this.#context;
    return {
      ...step,
      ...(state !== before.state && {
        done: () => events.stateChanged(this.id, before.state, state, (imageId) => this.#images.find(imageId)),
      }),
    };
  }

  async #endSession(caller: Caller): Promise<Answer> {
    await this.#listener.endRequested(caller);
    return this.#accepted;
  }

  #accessStep(before: SessionDocument, caller: Caller, command: AccessChange): Step {
    const present = (participantId: string) => this.#subscribers.find(participantId);
    const decision = accessIn(before).decide(caller, command, this.#accessContext, present);
    if ('code' in decision) return { answer: decision };
    const { access, entry } = decision;
    if (access === before.access && !entry) return this.#stepTo(before, {});
    const step = entry
      ? this.#machineStep(before, { type: 'invitation', entry }, { access })
      : this.#stepTo(before, { access });
    return { ...step, done: () => this.#logAccess(caller, command) };
  }

  #logAccess({ participant }: Caller, command: AccessChange): void {
    const { telemetry } = this.#context;
    const common = { session: this.id, participant: participant.id };
    if (command.type === 'close_link' || command.type === 'replace_link') {
      telemetry.linkChanged({ ...common, change: command.type, role: command.role });
      return;
    }
    const entry = this.record.at(-1);
    if (entry?.kind !== 'invited' && entry?.kind !== 'revoked') return;
    const { invitationId, role = 'reviewer' } = entry.invitee;
    const invitation = invitationId !== undefined && { invitation: invitationId };
    telemetry.invitationChanged({ ...common, change: entry.kind, role, ...invitation });
  }

  /** Marks those whose time has come, so that they stay expired though the clock may be set back. */
  #expireInvitations(): void {
    this.#dismissRefused();
    void this.#settle((before) => this.#expiryStep(before));
  }

  #expiryStep(before: SessionDocument): Step {
    const access = accessIn(before);
    const { now } = this.#accessContext;
    const due = newlyOver(access.invitations, now);
    return { ...this.#stepTo(before, { access: access.expire(now) }), done: () => this.#logExpired(due) };
  }

  #logExpired(due: Access['invitations']): void {
    for (const { role, participant, keyId: invitation } of due) {
      const common = { session: this.id, change: 'expired', role } as const;
      this.#context.telemetry.invitationChanged({ ...common, participant: participant.id, invitation });
    }
  }

  #reviewStep(before: SessionDocument, caller: Caller, given: ReviewCommand): MaybePromise<Step> {
    if (given.type === 'require_approvals' && !isCreator(caller)) return { answer: reject('not_allowed', NOT_CREATOR) };
    const { participant, connectionId, role, hasVote } = caller;
    const { limits, clock, newId } = this.#context;
    const command = withCleanText(given);
    const problem = textProblem(command, limits);
    if (problem) return { answer: reject(problem) };
    const act = { by: participant.name, participantId: participant.id, connectionId, at: isoTime(clock) };
    const author = { role, hasVote };
    const lookedAt = this.#subscribers.lookedAt(participant.id);
    const ids = { generationId: newId(), entryId: newId() };
    const step = this.#machineStep(before, { type: 'command', command, act, author, lookedAt, ...ids });
    const state = step.document?.state;
    if (state?.stage !== 'generating' || state.generation.generationId !== ids.generationId) return step;
    return this.#startStep(step, before, state.generation, caller);
  }

  /** A generation starts if there are places and the means for it (rule S9). */
  async #startStep(step: Step, before: SessionDocument, generation: Generation, caller: Caller): Promise<Step> {
    const { stores, spending, generator } = this.#context;
    const { candidates } = generation;
    const requester = { sessionId: this.id, address: caller.address };
    const jobs = jobsOf(generation, requester);
    const shortage = await stores.jobs.reserve(jobs);
    if (shortage) return { answer: tooBusy(shortage) };
    const request = await this.#requestOf(generation, before.requestedImages);
    const spent = await spending.spend(requester, candidates, generator.mostDollars?.(request) ?? 0);
    if ('code' in spent) {
      this.#withdraw(jobs);
      return { answer: spent };
    }
    const requestedImages = before.requestedImages + candidates;
    return {
      ...step,
      ...(step.document && { document: { ...step.document, requestedImages, drawing: { requester, spent } } }),
      done: () => {
        step.done?.();
        // Only now, so that the snapshot of a generation goes out before its first progress.
        this.#addJobs(jobs);
      },
      undo: () => {
        this.#withdraw(jobs);
        spending.giveBack(spent, candidates);
      },
    };
  }

  /** Whether the latest document that this server knows asks for the candidate. */
  #isToBeDrawn({ generationId, candidate }: JobId): boolean {
    const { state } = this;
    if (state.stage !== 'generating' || state.generation.generationId !== generationId) return false;
    return !state.settled.includes(candidate);
  }

  /** What the generation that runs asks the generator for. */
  async #request(): Promise<GenerateRequest | undefined> {
    const { state, requestedImages } = this.#stored.document;
    if (state.stage !== 'generating') return undefined;
    return this.#requestOf(state.generation, requestedImages - state.generation.candidates);
  }

  async #requestOf({ prompt, feedback, parent, options }: Generation, attempt: number): Promise<GenerateRequest> {
    const source = feedback === undefined || parent === undefined ? undefined : await this.loadImage(parent);
    return {
      prompt,
      options,
      attempt,
      ...(feedback !== undefined && { feedback }),
      ...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),
    };
  }

  /**
   * The server that drew a candidate has stopped. If it had stored the image, that one is taken; if another server had taken over before,
   * the candidate fails, so that no service is asked a third time.
   * @returns whether nothing is left to draw
   */
  async #takeOver(job: JobId, takeovers: number): Promise<boolean> {
    const { generationId, candidate } = job;
    const shown = this.#shownBy(job);
    if (shown) {
      const { imageId } = shown.image;
      await this.#keep([], { type: 'reported', generationId, candidate, imageId, ...this.#told({}) });
      return true;
    }
    const result = await this.#storedResult(generationId, candidate);
    if (result) {
      await this.#keep(result.images, result.event);
      return true;
    }
    if (takeovers === 1) return false;
    await this.#fail(job, failureOf('servers_stopped'));
    return true;
  }

  #fail({ generationId, candidate }: JobId, error: GenerationError): Promise<void> {
    const event = { type: 'failed', generationId, candidate, error } as const;
    return this.#settle((before) => this.#machineStep(before, event));
  }

  /** The attempt that a candidate shows already, while it goes on. */
  #shownBy({ generationId, candidate }: JobId): Attempt | undefined {
    return this.state.attempts.find(
      ({ image }) => image.generationId === generationId && image.candidate === candidate,
    );
  }

  async #storedResult(generationId: string, candidate: number) {
    const { stores, clock } = this.#context;
    const isOver = () => this.#isClosed;
    const signals = (await whenAvailable(() => stores.signals.read(this.id), clock, isOver)) ?? [];
    const event = parseResult(signals.find(({ key }) => key === resultKey(candidate))?.value);
    if (event?.generationId !== generationId) return undefined;
    const references = [event.image, ...(event.more ?? [])];
    const load = () => Promise.all(references.map((reference) => this.#load(reference)));
    const images = ((await whenAvailable(load, clock, isOver)) ?? []).filter((image) => image !== undefined);
    return images.length === references.length ? { event, images } : undefined;
  }

  #resultListener({ generationId }: Generation): Omit<GenerationListener, 'ended'> {
    return {
      progressChanged: (candidate) => this.#onProgress(candidate),
      partialChanged: (candidate) => this.#subscribers.notify((one) => one.partialChanged(candidate)),
      storing: (candidate, image, report) => this.#publishResult(generationId, candidate, [image], report),
      shown: (candidate, image, revisedPrompt) => {
        const told = this.#told({ ...(revisedPrompt !== undefined && { revisedPrompt }) });
        const event = {
          type: 'generated',
          generationId,
          candidate,
          image: image.reference,
          isProvisional: true,
        } as const;
        return this.#keep([image], { ...event, ...told });
      },
      reported: (candidate, { reference: { imageId } }, extras, result) => {
        const event = { type: 'reported', generationId, candidate, imageId, more: extras.map(referenceOf) } as const;
        return this.#keep(extras, { ...event, ...this.#told(result) });
      },
      generated: (candidate, [image, ...more], result) => {
        if (more.length > 0) this.#publishResult(generationId, candidate, [image, ...more], result);
        const event = { type: 'generated', generationId, candidate, image: image.reference } as const;
        return this.#keep([image, ...more], { ...event, more: more.map(referenceOf), ...this.#told(result) });
      },
      failed: (candidate, error) => this.#fail({ generationId, candidate }, error),
    };
  }

  /** In a microtask, so that one message stands for all that happens at this moment. */
  #onProgress(candidate: number): void {
    this.#frames.forgetProgress(candidate);
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

  /** Takes in a result with its images. The machine ignores one that is no longer current (rule M4): then the images go. */
  async #keep(images: readonly StoredImage[], event: GeneratedEvent | ReportedEvent): Promise<void> {
    await this.#settle((before) => ({ ...this.#machineStep(before, event), images }));
    const isOwn = ({ reference, reservation }: StoredImage) =>
      this.#images.find(reference.imageId)?.reservation === reservation;
    const ignored = images.filter((image) => !isOwn(image));
    for (const { reservation } of ignored) reservation.release();
    // One that another server has taken in for this one stays.
    const all = allAttempts(this.state);
    this.#dropStored(ignored.map(imageIdIn).filter((imageId) => !findAttempt(all, imageId)));
  }

  /** For whoever takes the candidate over: before the images are stored, so that none is there that nobody knows of. */
  #publishResult(
    generationId: string,
    candidate: number,
    [image, ...more]: readonly [StoredImage, ...StoredImage[]],
    report: Omit<GenerateResult, 'image'>,
  ): void {
    const event = { type: 'generated', generationId, candidate, image: image.reference, more: more.map(referenceOf) };
    this.#publish(resultKey(candidate), { ...event, ...this.#told(report) });
  }

  /** Applies what nobody can send again, however long the store can't be reached. */
  async #settle(make: (before: SessionDocument) => Step): Promise<void> {
    const { clock, telemetry } = this.#context;
    const step = async () => {
      const answer = await this.#serially(() => this.#decide(make));
      if (!answer.accepted && answer.code === 'server_busy')
        throw new StoreUnavailable('the session could not be changed');
    };
    try {
      await whenAvailable(step, clock, () => this.#isClosed);
    } catch (error) {
      telemetry.fault(error, 'a result could not be applied');
    }
  }

  /** Connects the session with other servers: resolves when nothing more that they do can be missed. Call it once. */
  async connect(): Promise<void> {
    this.#followGeneration(this.#stored.document, false);
    const { stores } = this.#context;
    if (!stores.sharing) return;
    this.#undos.push(
      await stores.sessions.subscribe(this.id, (notice) => {
        if (notice.type === 'removed') this.#listener.gone(notice.why);
        else void whileAvailable(() => this.#refreshSerially());
      }),
      await stores.signals.subscribe(this.id, (signal) => this.#hear(signal)),
    );
    await this.#refreshSerially();
    await this.#hearKept();
  }

  async #hearKept(): Promise<void> {
    for (const signal of await this.#context.stores.signals.read(this.id)) this.#hear(signal);
  }

  /** Looks for what another server has changed, and may not have told yet. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    const [version] = await this.#context.stores.sessions.versions([this.id]);
    if (version !== this.#stored.version) await this.#refreshSerially();
  }

  /** Says who is here, and sees to what may have been missed. */
  beat(version: number | undefined): void {
    this.#subscribers.dropSilent();
    if (this.#subscribers.size > 0) this.#publishPeople(true);
    if (version === undefined) return this.#listener.gone('session_gone');
    if (version > this.#stored.version) void whileAvailable(() => this.#refreshSerially());
    const { drawing } = this.#stored.document;
    if (!this.#run || !drawing) return;
    const jobs = jobsOf(this.#run.generation, drawing.requester);
    this.#addJobs(jobs.filter((job) => this.#isToBeDrawn(job)));
  }

  async #refreshSerially(): Promise<Answer> {
    return this.#serially(async () => {
      await this.#refresh();
      return this.#accepted;
    });
  }

  #publish(key: string, value: unknown, keptMs = SIGNAL_KEPT_MS): void {
    const { sharing, signals } = this.#context.stores;
    if (sharing) signals.set(this.id, key, value, keptMs);
  }

  /** @param again though nothing has changed, so that others know that this server is still there */
  #publishPeople(again = false): void {
    const { sharing } = this.#context.stores;
    if (!sharing) return;
    const { reviewers, watchers, people } = this.#subscribers.viewersHere;
    const value: PeopleSignal | undefined =
      this.#subscribers.size > 0 ? { reviewers, watchers, people: [...people] } : undefined;
    if (!again && isDeepStrictEqual(value, this.#publishedPeople)) return;
    this.#publishedPeople = value;
    this.#publish(peopleKey(sharing.serverId), value, SILENT_INTERVALS * sharing.intervalMs);
  }

  #hear({ key, value }: Signal): void {
    const heard = parseSignal(key, value);
    const run = this.#run;
    switch (heard?.kind) {
      case 'draft':
        return this.#hearDraft(heard.draft);
      case 'people':
        return this.#hearPeople(heard.serverId, heard.people);
      case 'progress':
        if (run?.generation.generationId === heard.progress.generationId) run.heard(heard.candidate, heard.progress);
        return;
      case 'partial':
        if (run?.generation.generationId === heard.partial.generationId) void this.#hearPartial(run, heard);
    }
  }

  #hearDraft({ text, draftRevision, by, participantId }: DraftSignal): void {
    if (draftRevision < this.state.draftRevision || text === this.#draft.text) return;
    this.#draft.replace(text);
    this.#frames.forgetSnapshot();
    this.#subscribers.notify((one) => one.draftChanged({ text, by, participantId }));
  }

  #hearPeople(serverId: string, people: PeopleSignal | undefined): void {
    const { stores, clock } = this.#context;
    if (!stores.sharing || serverId === stores.sharing.serverId) return;
    const until = clock.monotonic() + SILENT_INTERVALS * stores.sharing.intervalMs;
    this.#subscribers.setElsewhere(serverId, people && { ...people, until });
    this.#reportIdle();
  }

  async #hearPartial(
    run: GenerationRun,
    { candidate, partial }: Extract<HeardSignal, { kind: 'partial' }>,
  ): Promise<void> {
    const { reference } = partial;
    const bytes = await this.#context.stores.images.get(this.id, reference.imageId).catch(() => undefined);
    const reservation = bytes && this.#context.memory.tryReserveSpare(bytes.byteLength);
    if (!reservation) return; // A preview can be missed.
    if (this.#run === run) run.heardPartial(candidate, { reference, bytes, reservation });
    else reservation.release();
  }

  #onDraftSet(text: string, { participant, connectionId }: Caller, draftId: string | undefined): void {
    this.#frames.forgetSnapshot();
    const update = { text, by: participant.name, participantId: participant.id };
    this.#publish(
      DRAFT_KEY,
      { ...update, draftRevision: this.state.draftRevision },
      this.#context.limits.SESSION_IDLE_MS,
    );
    this.#subscribers.notify((one, caller) => {
      if (caller.connectionId !== connectionId) one.draftChanged(update);
      else if (draftId !== undefined) one.draftChanged({ ...update, draftId });
    });
  }

  #onLeft(caller: Caller): void {
    this.#listener.left(caller);
    this.#draft.leave(caller.connectionId);
    if (this.#subscribers.size === 0) this.#frames.forgetSnapshot();
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.isIdle) this.#listener.idle();
  }
}

/** How long what servers tell each other of a candidate is kept: longer than one may take. */
const SIGNAL_KEPT_MS = 15 * 60_000;
/** After so long a session that nobody uses on this server is no longer open here: the store has it. */
const UNUSED_MS = 60_000;
/** A server that has not been heard of for so many intervals has stopped. */
const SILENT_INTERVALS = 3;

type MaybePromise<Value> = Value | Promise<Value>;

const accessIn = ({ access, state }: SessionDocument): Access => new Access(access, state.record);

const allAttempts = ({ attempts, discarded }: State): readonly Attempt[] => [...attempts, ...discarded];

const attemptsIn = (state: State): number => allAttempts(state).length;

/** Whether each candidate of the generation has brought an image. */
function hasAllImages({ generationId, candidates }: Generation, state: State): boolean {
  const images = allAttempts(state).map(({ image }) => image);
  const own = images.filter((image) => image.generationId === generationId && image.candidate < candidates);
  return own.length === candidates;
}

const jobsOf = ({ generationId, candidates }: Generation, requester: Requester): Job[] =>
  Array.from({ length: candidates }, (_, candidate) => ({ generationId, candidate, requester }));

/** A document from the store, with the parts of the one before that are the same. */
function shared(document: SessionDocument, before: SessionDocument): SessionDocument {
  const access = { ...document.access };
  if (isDeepStrictEqual(access.links, before.access.links)) access.links = before.access.links;
  if (isDeepStrictEqual(access.invitations, before.access.invitations)) access.invitations = before.access.invitations;
  return { ...document, access: isDeepStrictEqual(access, before.access) ? before.access : access };
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

function rejectWithAction(code: RejectCode, { lastAction }: State): Rejection {
  const isLate = code === 'stale' || code === 'wrong_stage';
  return { ...reject(code), ...(isLate && lastAction && { lastAction }) };
}

/** So often a step is made again when other servers have been faster each time. */
const MOST_TRIES = 5;
const CONTENDED = 'Too many people decide in this session at once. Try again in a moment.';

const referenceOf = ({ reference }: StoredImage) => reference;

const imageIdIn = ({ reference }: StoredImage) => reference.imageId;

function shownImagesOf(state: State): readonly string[] {
  const newest = newestAttempt(state.attempts)?.image.imageId;
  const approved = approvedIn(state)?.imageId;
  return [...new Set([newest, approved])].filter((imageId) => imageId !== undefined);
}

const FULL = 'This session is full. Try again in a little while.';

function tooBusy(shortage: Shortage): Rejection {
  if (shortage === 'server') return reject('server_busy');
  const sentence = { detail: 'too_many_waiting', params: { where: shortage } } as const;
  return reject('server_busy', shortages[shortage], sentence);
}

const shortages: Record<Exclude<Shortage, 'server'>, string> = {
  address: 'Too many pictures already wait for people at your address. Ask again when some of them are done.',
  session: 'Too many pictures already wait in this session. Ask again when some of them are done.',
};
