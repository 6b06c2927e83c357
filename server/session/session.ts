/**
 * One session as this server has it: the latest document that it knows of, the images, the subscribers, and the generation that runs here.
 * What happens is decided as a step from one document to the next, which counts when the store has taken it; what the next document means
 * to those who follow is found by comparing the two, whoever made the step.
 */
import { isDeepStrictEqual } from 'node:util';
import { imageFileName } from '../../shared/file-name.ts';
import type { Attempt, RecordEntry } from '../../shared/model.ts';
import { type Command, isAccessCommand, type ProgressMessage, type ReviewCommand } from '../../shared/protocol.ts';
import { isoTime } from '../platform/clock.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import { Access, type AccessChange, type AccessContext, type Admission, NOT_CREATOR } from './access.ts';
import { firstAnswer, type RememberedAnswer, remembered } from './answers.ts';
import { allAttempts, findAttempt, imageIdOf, newestAttempt } from './attempts.ts';
import { ignoreUnavailable, OUTAGE, whenAvailable, whileAvailable } from './availability.ts';
import type { Reservation } from './image-memory.ts';
import { ExpiryTimer, newlyOver } from './invitations.ts';
import type { JobId, JobRun } from './job-queue.ts';
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
import { type GeneratingSession, SessionGeneration, type SessionGenerationContext } from './session-generation.ts';
import { SessionImages, type StoredImage } from './session-images.ts';
import { SessionSignals, type SignallingSession } from './session-signals.ts';
import { type Change, type Commit, NewerDocument, type StoredSession, StoreUnavailable } from './session-store.ts';
import type { JoinRequest } from './sessions.ts';
import type { DraftSignal } from './signal-values.ts';
import { approvedIn, type State } from './state.ts';
import { type MakeStep, machineStep, type Step, stepTo } from './steps.ts';
import { type Removal, type Subscriber, Subscribers, type Viewers } from './subscribers.ts';
import { cleanText, textProblem, withCleanText } from './text-check.ts';
import type { Event, ForgetEvent } from './transition.ts';

export interface SessionContext extends SessionGenerationContext {
  readonly events: SessionEvents;
  /** Memory for a copy of an image that is in the store. It may cost copies that nobody looks at. */
  readonly reserveCopy: (bytes: number) => Reservation | undefined;
}

export interface SessionListener {
  /** Another generation runs, or none. */
  generationChanged(before: string | undefined, now: string | undefined): void;
  /** Somebody has subscribed, or a generation runs. */
  inUse(): void;
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

export class Session implements SessionView {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #listener: SessionListener;
  #stored: StoredSession;
  #access: Access;
  readonly #subscribers: Subscribers;
  readonly #images: SessionImages;
  readonly #frames: SessionFrames;
  readonly #draft: SessionDraft;
  /** What was typed after a command that this server does not know of yet. */
  #draftAhead: DraftSignal | undefined;
  readonly #expiries: ExpiryTimer;
  readonly #generation: SessionGeneration;
  readonly #signals: SessionSignals;
  #touchedAt: number;
  #shown: { readonly of: State; readonly imageIds: readonly string[] } | undefined;
  /** Candidates whose subscribers are about to be told of their progress. */
  readonly #progressDue = new Set<number>();
  #lastStep: Promise<unknown> = Promise.resolve();
  #unsubscribe: () => void = () => {};
  #isClosed = false;
  #isLeft = false;

  constructor(id: string, stored: StoredSession, context: SessionContext, listener: SessionListener) {
    this.id = id;
    this.#stored = stored;
    this.#access = accessIn(stored.document);
    this.#context = context;
    this.#listener = listener;
    const { limits, clock, telemetry, stores, reserveCopy } = context;
    this.#touchedAt = clock.monotonic();
    const { CONNECTIONS_PER_SESSION: all, NAMED_WATCHERS: namedWatchers } = limits;
    this.#subscribers = new Subscribers({
      clock,
      places: { all, watchers: placesOfWatchers(all, limits) },
      namedWatchers,
      onReport: () => this.#signals.publishPeople(),
      onLeft: (caller) => this.#onLeft(caller),
      onFault: (error) => telemetry.fault(error, 'a subscriber failed'),
    });
    const isShared = stores.sharing !== undefined;
    this.#images = new SessionImages({ sessionId: id, store: stores.images, isShared, reserveCopy });
    this.#generation = new SessionGeneration(this.#generating(), context);
    this.#signals = new SessionSignals(this.#signalling(), { ...context, subscribers: this.#subscribers });
    this.#frames = new SessionFrames(this, clock, limits);
    this.#draft = new SessionDraft(limits.DRAFTS_PER_SECOND, clock, (text, author, draftId) =>
      this.#onDraftSet(text, author, draftId),
    );
    this.#draft.replace(stored.document.draft);
    this.#expiries = new ExpiryTimer(clock, () => this.#expireInvitations());
    this.#expiries.wait(this.#access.invitations);
  }

  /** The latest that this server knows of. */
  get document(): SessionDocument {
    return this.#stored.document;
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
    return this.#subscribers.size === 0 && !this.#generation.run && !this.#subscribers.isFollowedElsewhere;
  }

  /** Something is drawn on this server, or waits to be drawn and no other server can. */
  get isDrawing(): boolean {
    const { run } = this.#generation;
    return run !== undefined && (run.isDrawing || !this.#context.stores.sharing);
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
    return !this.#generation.run && clock.monotonic() - this.#touchedAt >= limits.SESSION_UNTOUCHED_MS;
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
    return this.#generation.run?.candidates ?? [];
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#generation.run?.progress(candidate);
  }

  progressFrame(candidate: number): Buffer | undefined {
    return this.#frames.progress(candidate);
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#generation.run?.partial(candidate);
  }

  image(imageId: string): StoredImage | undefined {
    return this.#images.find(imageId);
  }

  async loadImage(imageId: string): Promise<StoredImage | undefined> {
    const reference = findAttempt(allAttempts(this.state), imageId)?.image;
    if (reference) return this.#images.load(reference);
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
        return stepTo(before, { access: admitted.access });
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
    this.#listener.inUse();
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
        if (before) return this.#answerAgain(before, command);
        this.#draft.flush();
        if (command.type === 'end_session') return this.#endSession(caller);
        return this.#decide((latest) => {
          // Another server may have turned them out.
          const why = accessIn(latest).refusal(caller, this.#context.clock.now());
          if (why) return { answer: reject(why) };
          return isAccessCommand(command)
            ? this.#accessStep(latest, caller, command)
            : this.#reviewStep(latest, caller, command);
        }, command);
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
        count = allAttempts(before.state).length - allAttempts((step.document ?? before).state).length;
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
    const images = allAttempts(this.state).map(({ image }) => image);
    return this.#images.freeableBytesOf(images.filter(({ imageId }) => dropped?.includes(imageId)));
  }

  get #isForgetful(): boolean {
    return this.isIdle || this.isUntouched;
  }

  /** An open tab shows all attempts of the last generation side by side, so they stay. */
  get #forgetEvent(): ForgetEvent {
    const { attempts } = this.state;
    const { generationId } = newestAttempt(attempts)?.image ?? {};
    const isFollowed = this.#subscribers.size > 0 || this.#subscribers.isFollowedElsewhere;
    const isOnShow = ({ image }: Attempt) => isFollowed && image.generationId === generationId;
    const keep = [...this.#images.inUse, ...this.#subscribers.lookedAt(), ...attempts.filter(isOnShow).map(imageIdOf)];
    const { newId, clock } = this.#context;
    return { type: 'forget', keep, entryId: newId(), at: isoTime(clock) };
  }

  /** Drops copies of images that nobody here has on show: the store has them. */
  dropCopies(): void {
    if (!this.#context.stores.sharing) return;
    const { generationId } = newestAttempt(this.state.attempts)?.image ?? {};
    const isOnShow = ({ image }: Attempt) => image.generationId === generationId;
    const shown = new Set([
      ...this.shownImages,
      ...this.#subscribers.lookedAt(),
      ...this.state.attempts.filter(isOnShow).map(imageIdOf),
    ]);
    this.#images.retain((imageId) => this.#subscribers.size > 0 && shown.has(imageId));
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
    return this.#images.freeableBytesOf(allAttempts(this.state).map(({ image }) => image));
  }

  /** Draws a candidate here, unless that is not wanted any more. Resolves when the job has ended. */
  async draw(job: JobId, run: JobRun): Promise<void> {
    await this.#generation.draw(job, run);
    // The job must not end before the candidate: whoever takes it over when this server is gone has to be told of the first try.
    if (this.#isLeft && this.#generation.isWanted(job)) await new Promise(() => {});
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
    this.#generation.end(isOwn);
    this.#unsubscribe();
    this.#signals.close();
    this.#draft.close();
    this.#expiries.stop();
    this.#images.close();
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
  async #decide(make: MakeStep, command?: Command): Promise<Answer> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { document: before, version } = this.#stored;
      const made = make(before);
      const step = made instanceof Promise ? await made : made;
      const loading = this.#loadNext(step);
      if (loading !== undefined) await loading;
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
    if (commit.outcome === 'unavailable') this.#findOut(step);
    else step.undo?.();
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
    if (answer.accepted && answer.revision > this.state.revision) await this.#refresh();
    return answer;
  }

  /** A step that the store has not answered may have been done. */
  #findOut({ document, undo }: Step): void {
    const refresh = async () => {
      await this.#refreshSerially();
      if (runningIn(document?.state) !== runningIn(this.state)) undo?.();
    };
    void whenAvailable(refresh, this.#context.clock, () => this.#isClosed);
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
    const before = this.#generation.run;
    // Somebody has done something on another server.
    this.touch();
    this.#become({ ...latest, document }, [], false);
    const { run } = this.#generation;
    // Its progress may have been told before this server knew of the generation.
    if (run && run !== before) void this.#signals.catchUp().catch(ignoreUnavailable);
  }

  /** What a state shows is here before anybody is told of it (rule W3). Rejects with `StoreUnavailable`. */
  async #loadShown(state: State, except: readonly string[] = []): Promise<void> {
    const shown = new Set(shownImagesOf(state)).difference(new Set(except));
    const references = allAttempts(state).map(({ image }) => image);
    await Promise.all(
      references.filter(({ imageId }) => shown.has(imageId)).map((reference) => this.#images.load(reference)),
    );
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
      this.#generation.follow(before, isOwn);
      this.#replaceImages(before.state, images, isOwn);
      if (state.draftRevision !== before.state.draftRevision) this.#resetDraft(draft);
      this.#frames.forgetSnapshot();
      this.#frames.forgetProgress();
      this.#subscribers.notify((one) => one.snapshotChanged());
    }
    if (isAccessChanged) this.#reportAccess(before.access, isRevocation);
  }

  #replaceImages(before: State, added: readonly StoredImage[], isOwn: boolean): void {
    const references = allAttempts(this.state).map(({ image }) => image);
    this.#images.replace(references, added);
    const kept = new Set(references.map(({ imageId }) => imageId));
    const dropped = allAttempts(before)
      .map(imageIdOf)
      .filter((imageId) => !kept.has(imageId));
    if (isOwn) this.#images.dropStored(dropped);
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

  /** A step of the machine, which those who follow all sessions are told of. */
  #machineStep(before: SessionDocument, event: Event, change: Partial<SessionDocument> = {}): Step {
    const step = machineStep(before, event, this.#context.limits, change);
    const { state } = step.document ?? before;
    const findImage = (imageId: string) => this.#images.find(imageId);
    const done = () => this.#context.events.stateChanged(this.id, before.state, state, findImage);
    return state === before.state ? step : { ...step, done };
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
    if (access === before.access && !entry) return stepTo(before, {});
    const step = entry
      ? this.#machineStep(before, { type: 'invitation', entry }, { access })
      : stepTo(before, { access });
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
    return { ...stepTo(before, { access: access.expire(now) }), done: () => this.#logExpired(due) };
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
    return this.#generation.start(step, before, state.generation, caller.address);
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

  /** Applies what nobody can send again, however long the store can't be reached. */
  async #settle(make: MakeStep): Promise<void> {
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
    this.#generation.follow(this.document, false);
    const { sessions, sharing } = this.#context.stores;
    if (!sharing) return;
    this.#unsubscribe = await sessions.subscribe(this.id, (notice) => {
      if (notice.type === 'removed') this.#listener.gone(notice.why);
      else void whileAvailable(() => this.#refreshSerially());
    });
    await this.#signals.subscribe();
    await this.#refreshSerially();
    await this.#signals.catchUp();
  }

  /** Looks for what another server has changed, and may not have told yet. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    const [version] = await this.#context.stores.sessions.versions([this.id]);
    if (version !== this.#stored.version) await this.#refreshSerially();
  }

  /** Says who is here, and sees to what may have been missed. */
  beat(version: number | undefined): void {
    this.#subscribers.dropSilent();
    if (this.#subscribers.size > 0) this.#signals.publishPeople(true);
    if (version === undefined) return this.#listener.gone('session_gone');
    if (version > this.#stored.version) void whileAvailable(() => this.#refreshSerially());
    this.#generation.ensureJobs();
  }

  async #refreshSerially(): Promise<Answer> {
    return this.#serially(async () => {
      await this.#refresh();
      return this.#accepted;
    });
  }

  #hearDraft(draft: DraftSignal): void {
    const { text, draftRevision, by, participantId } = draft;
    if (draftRevision > this.state.draftRevision) this.#draftAhead = draft;
    if (draftRevision !== this.state.draftRevision || text === this.#draft.text) return;
    this.#draft.replace(text);
    this.#frames.forgetSnapshot();
    this.#subscribers.notify((one) => one.draftChanged({ text, by, participantId }));
  }

  /** A command has set the draft. Somebody may have typed since, on a server that knew of it before this one. */
  #resetDraft(text: string): void {
    const ahead = this.#draftAhead;
    this.#draft.replace(ahead?.draftRevision === this.state.draftRevision ? ahead.text : text);
  }

  #onDraftSet(text: string, { participant, connectionId }: Caller, draftId: string | undefined): void {
    this.#frames.forgetSnapshot();
    const author = { by: participant.name, participantId: participant.id };
    const { draftRevision } = this.state;
    this.#subscribers.notify((one, caller) => {
      if (caller.connectionId !== connectionId) one.draftChanged({ ...author, text });
    });
    // Only now, so that it is not lost with this server.
    const isHere = () => this.#subscribers.hasConnection(connectionId);
    this.#signals.shareDraft({ ...author, text, draftRevision }, isHere, () => {
      if (draftId === undefined) return;
      const own = { ...author, text: this.#draft.text, draftId };
      this.#subscribers.notify((one, caller) => {
        if (caller.connectionId === connectionId) one.draftChanged(own);
      });
    });
  }

  /** What the generation needs of the session. */
  #generating(): GeneratingSession {
    const session = this;
    return {
      id: this.id,
      images: this.#images,
      get document() {
        return session.document;
      },
      get isClosed() {
        return session.#isClosed;
      },
      refresh: () => this.#refreshSerially(),
      apply: (event, images = []) => this.#settle((before) => ({ ...this.#machineStep(before, event), images })),
      publish: (key, value) => this.#signals.publish(key, value),
      progressChanged: (candidate) => this.#onProgress(candidate),
      partialChanged: (candidate) => this.#subscribers.notify((one) => one.partialChanged(candidate)),
      generationChanged: (before, now) => {
        this.#listener.generationChanged(before, now);
        if (now === undefined) this.#reportIdle();
        else this.#listener.inUse();
      },
    };
  }

  /** What the signals need of the session. */
  #signalling(): SignallingSession {
    const generation = this.#generation;
    return {
      id: this.id,
      get run() {
        return generation.run;
      },
      draftHeard: (draft) => this.#hearDraft(draft),
      draftLost: () => {
        this.#draft.replace(this.document.draft);
        this.#frames.forgetSnapshot();
        this.#subscribers.notify((one) => one.snapshotChanged());
      },
      peopleHeard: () => this.#reportIdle(),
    };
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

/** After so long a session that nobody uses on this server is no longer open here: the store has it. */
const UNUSED_MS = 60_000;
type MaybePromise<Value> = Value | Promise<Value>;

const accessIn = ({ access, state }: SessionDocument): Access => new Access(access, state.record);

/** A document from the store, with the parts of the one before that are the same. */
function shared(document: SessionDocument, before: SessionDocument): SessionDocument {
  const access = { ...document.access };
  if (isDeepStrictEqual(access.links, before.access.links)) access.links = before.access.links;
  if (isDeepStrictEqual(access.invitations, before.access.invitations)) access.invitations = before.access.invitations;
  return { ...document, access: isDeepStrictEqual(access, before.access) ? before.access : access };
}

const runningIn = (state: State | undefined): string | undefined =>
  state?.stage === 'generating' ? state.generation.generationId : undefined;

/** So often a step is made again when other servers have been faster each time. */
const MOST_TRIES = 5;
const CONTENDED = 'Too many people decide in this session at once. Try again in a moment.';

const imageIdIn = ({ reference }: StoredImage) => reference.imageId;

function shownImagesOf(state: State): readonly string[] {
  const newest = newestAttempt(state.attempts)?.image.imageId;
  const approved = approvedIn(state)?.imageId;
  return [...new Set([newest, approved])].filter((imageId) => imageId !== undefined);
}

const FULL = 'This session is full. Try again in a little while.';
