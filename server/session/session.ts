/**
 * One session as this server has it, and how its parts are connected: the latest document that it knows of, the images, the subscribers,
 * the shared draft, and the generation that runs here. What happens is decided as a step from one document to the next, which counts when
 * the store has taken it; what the next document means to those who follow is found by comparing the two, whoever made the step.
 */
import { imageFileName } from '../../shared/file-name.ts';
import type { RecordEntry } from '../../shared/model.ts';
import type { Command, ProgressMessage } from '../../shared/protocol.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import type { Access, Admission } from './access.ts';
import { allAttempts, findAttempt } from './attempts.ts';
import { ignoreUnavailable, whileAvailable } from './availability.ts';
import { DraftThrottle } from './draft-throttle.ts';
import type { JobId, JobRun } from './job-queue.ts';
import { LatestDocument } from './latest-document.ts';
import type { ShortSnapshot } from './long-prompts.ts';
import type { Caller } from './participants.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import { SessionAccess } from './session-access.ts';
import { SessionCommands } from './session-commands.ts';
import type { SessionDocument } from './session-document.ts';
import { SessionDraft } from './session-draft.ts';
import { type RecordFrame, SessionFrames } from './session-frames.ts';
import { type GeneratingSession, SessionGeneration } from './session-generation.ts';
import { SessionImages, type StoredImage } from './session-images.ts';
import { SessionMemory } from './session-memory.ts';
import type { SessionContext, SessionParts } from './session-parts.ts';
import { SessionSignals } from './session-signals.ts';
import type { StoredSession } from './session-store.ts';
import type { SessionView } from './session-view.ts';
import type { JoinRequest } from './sessions.ts';
import { approvedIn, type State } from './state.ts';
import { type MakeStep, machineStep, type Step } from './steps.ts';
import { type Removal, type Subscriber, Subscribers, type Viewers } from './subscribers.ts';
import { cleanText } from './text-check.ts';
import type { Event } from './transition.ts';

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

export class Session implements SessionView {
  readonly id: string;
  /** For whoever needs memory for a new image. */
  readonly memory: SessionMemory;
  readonly #context: SessionContext;
  readonly #listener: SessionListener;
  readonly #latest: LatestDocument;
  readonly #access: SessionAccess;
  readonly #subscribers: Subscribers;
  readonly #images: SessionImages;
  readonly #frames: SessionFrames;
  /** Passes on to the draft what people type. */
  readonly #typing: DraftThrottle;
  readonly #draft: SessionDraft;
  readonly #generation: SessionGeneration;
  readonly #commands: SessionCommands;
  readonly #signals: SessionSignals;
  #touchedAt: number;
  /** Candidates whose subscribers are about to be told of their progress. */
  readonly #progressDue = new Set<number>();
  #unsubscribe: () => void = () => {};
  #isLeft = false;

  constructor(id: string, stored: StoredSession, context: SessionContext, listener: SessionListener) {
    this.id = id;
    this.#latest = new LatestDocument(
      stored,
      { ...context, sessionId: id, store: context.stores.sessions },
      {
        prepare: (next, added) => (context.stores.sharing ? this.#images.loadShown(next.state, added) : undefined),
        changed: (before, added, isOwn) => this.#onChanged(before, added, isOwn),
        gone: (why) => listener.gone(why),
      },
    );
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
    this.#images = new SessionImages({ sessionId: id, stores, reserveCopy });
    const parts: SessionParts = {
      ...context,
      sessionId: id,
      latest: this.#latest,
      images: this.#images,
      subscribers: this.#subscribers,
      touch: () => this.touch(),
      machineStep: (before, event) => this.#machineStep(before, event),
      settle: (make) => this.#settle(make),
    };
    this.memory = new SessionMemory({ ...parts, isForgetful: () => this.isIdle || this.isUntouched });
    this.#access = new SessionAccess(parts);
    this.#generation = new SessionGeneration(this.#generating(), parts);
    this.#draft = new SessionDraft({ ...parts, onChanged: () => this.#frames.forgetSnapshot() });
    this.#typing = new DraftThrottle(limits.DRAFTS_PER_SECOND, clock, (text, author, draftId) =>
      this.#draft.set(text, author, draftId),
    );
    const connected = { ...parts, draft: this.#draft, generation: this.#generation };
    this.#frames = new SessionFrames(connected);
    this.#signals = new SessionSignals({ ...connected, onPeople: () => this.#reportIdle() });
    this.#commands = new SessionCommands({
      ...connected,
      access: this.#access,
      typing: this.#typing,
      end: (by) => this.#listener.endRequested(by),
    });
  }

  /** The latest that this server knows of. */
  get state(): State {
    return this.#latest.current.state;
  }

  get access(): Access {
    return this.#access.current;
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

  /** Whether nobody on this server has used it for a minute. */
  get isUnusedHere(): boolean {
    const isUsed = this.#subscribers.size > 0 || this.isDrawing;
    return !isUsed && this.#context.clock.monotonic() - this.#touchedAt >= UNUSED_MS;
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

  get shownImages(): readonly string[] {
    return this.#images.shownIn(this.state);
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

  /** The grant that this request gives a visitor, or the reason why it gives none. */
  grant(request: JoinRequest): ReturnType<Access['grant']> {
    return this.#access.grant(request);
  }

  /** Lets a visitor in who shows what `Access.grant` asks for: a participant, new or known. Rejected with what `grant` refuses. */
  async admit(request: JoinRequest): Promise<Admission | Rejection> {
    // This server may have given up its copies of the images on show since everybody left.
    if (this.#context.stores.sharing) await this.#images.loadShown(this.state);
    let admission: Admission | undefined;
    const onAdmitted = (admitted: Admission) => {
      admission = admitted;
    };
    const answer = await this.#latest.serially(() =>
      this.#latest.step((before) => this.#access.admissionStep(before, request, onAdmitted)),
    );
    if (!answer.accepted) return answer;
    return admission ?? reject('internal_error');
  }

  /** Rejected when the caller may be here no longer (`Access.refusal`), and with `server_busy` when there is no place. */
  subscribe(caller: Caller, subscriber: Subscriber): Subscription {
    const refusal = this.#access.refusal(caller);
    if (refusal) return reject(refusal);
    if (!this.#subscribers.add(caller, subscriber)) return reject('server_busy', FULL);
    this.#listener.inUse();
    this.touch();
    return { accepted: true, leave: () => this.#subscribers.remove(subscriber) };
  }

  /** The text goes to every other connection; its author is told when they gave a `draftId` (rule W9). */
  setDraft(caller: Caller, typed: string, draftId?: string): Rejection | undefined {
    const refusal = caller.role === 'reviewer' ? this.#access.refusal(caller) : 'not_allowed';
    if (refusal) return reject(refusal);
    const text = cleanText(typed);
    if (text.length > this.#context.limits.PROMPT_CHARACTERS) return reject('prompt_too_long');
    this.touch();
    this.#typing.type(caller, text, draftId);
    return undefined;
  }

  /** Tells the others which image the caller has open. Of several looks within a quarter of a second, they see the last. */
  look({ connectionId }: Caller, imageId: string | undefined): void {
    this.touch();
    const isHere = imageId !== undefined && findAttempt(allAttempts(this.state), imageId) !== undefined;
    this.#subscribers.look(connectionId, isHere ? imageId : undefined);
  }

  /** Decides on a command, at most once for each command id (rule M7), one command after the other. */
  execute(caller: Caller, command: Command): Promise<Answer> {
    return this.#commands.execute(caller, command);
  }

  /** Connects the session with other servers: resolves when nothing more that they do can be missed. Call it once. */
  async connect(): Promise<void> {
    this.#generation.follow(this.#latest.current, false);
    const { sessions, sharing } = this.#context.stores;
    if (!sharing) return;
    this.#unsubscribe = await sessions.subscribe(this.id, (notice) => {
      if (notice.type === 'removed') this.#listener.gone(notice.why);
      else void whileAvailable(() => this.#latest.refresh(notice.latest));
    });
    // It may end before it can be unsubscribed.
    if (this.#latest.isClosed) return this.#stopListening();
    await this.#signals.subscribe();
    if (this.#latest.isClosed) return this.#stopListening();
    await this.#latest.refresh();
    // The document may not have changed since it was read: then nothing has loaded its images yet.
    await this.#images.loadShown(this.state);
    await this.#signals.catchUp();
  }

  /** Looks for what another server has changed, and may not have told yet. Rejects with `StoreUnavailable`. */
  async catchUp(): Promise<void> {
    await this.#latest.catchUp();
  }

  /** Says who is here, and sees to what may have been missed. */
  beat(version: number | undefined): void {
    this.#subscribers.dropSilent();
    if (this.#subscribers.size > 0) this.#signals.publishPeople(true);
    if (version === undefined) return this.#listener.gone('session_gone');
    if (version > this.#latest.version) void whileAvailable(() => this.#latest.refresh());
    this.#generation.ensureJobs();
  }

  /** Draws a candidate here, unless that is not wanted any more. Resolves when the job has ended. */
  async draw(job: JobId, run: JobRun): Promise<void> {
    // It stays open here while it finds out whether there is something to draw.
    this.touch();
    await this.#generation.draw(job, run);
    // The job must not end before the candidate: whoever takes it over when this server is gone has to be told of the first try.
    if (this.#isLeft && this.#generation.isWanted(job)) await new Promise(() => {});
  }

  /** Closes the session on this server alone. Other servers go on with it, and draw what is drawn here. May be called twice. */
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
    if (this.#latest.isClosed) return;
    this.#latest.close();
    this.#generation.end(isOwn);
    this.#stopListening();
    this.#typing.close();
    this.#draft.close();
    this.#access.close();
    this.#images.close(this.state);
    this.#subscribers.dismiss(why);
  }

  #stopListening(): void {
    this.#unsubscribe();
    this.#signals.close();
  }

  /** The latest document is another one: tells everybody here what has changed, and ends what it has ended. */
  #onChanged(before: SessionDocument, added: readonly StoredImage[], isOwn: boolean): void {
    // Somebody has done something on another server.
    if (!isOwn) this.touch();
    const document = this.#latest.current;
    const { state } = document;
    // First, so that those who are turned out are told of nothing more.
    const reportAccess = this.#access.follow(document, before);
    if (state !== before.state) {
      const { run } = this.#generation;
      this.#generation.follow(before, isOwn);
      // Its progress may have been told before this server knew of the generation.
      if (!isOwn && this.#generation.run && this.#generation.run !== run) this.#hearAgain();
      this.#images.follow(state, before.state, added, isOwn);
      this.#draft.follow(document, before);
      this.#frames.forgetSnapshot();
      this.#frames.forgetProgress();
      this.#subscribers.notify((one) => one.snapshotChanged());
    }
    reportAccess();
  }

  /** A step of the machine, which those who follow all sessions are told of. */
  #machineStep(before: SessionDocument, event: Event): Step {
    const step = machineStep(before, event, this.#context.limits);
    const { state } = step.document ?? before;
    const findImage = (imageId: string) => this.#images.find(imageId);
    const done = () => this.#context.events.stateChanged(this.id, before.state, state, findImage);
    return state === before.state ? step : { ...step, done };
  }

  /** Makes a step that nobody waits for, so its failure is reported here. */
  async #settle(make: MakeStep): Promise<void> {
    try {
      await this.#latest.settle(make);
    } catch (error) {
      this.#context.telemetry.fault(error, 'a result could not be applied');
    }
  }

  /** The session as its generation sees it. */
  #generating(): GeneratingSession {
    return {
      publish: (key, value) => this.#signals.publish(key, value),
      catchUp: () => this.#hearAgain(),
      progressChanged: (candidate) => this.#onProgress(candidate),
      partialChanged: (candidate) => this.#subscribers.notify((one) => one.partialChanged(candidate)),
      generationChanged: (before, now) => {
        this.#listener.generationChanged(before, now);
        if (now === undefined) this.#reportIdle();
        else this.#listener.inUse();
      },
    };
  }

  #hearAgain(): void {
    this.#signals.catchUp().catch(ignoreUnavailable);
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

  #onLeft(caller: Caller): void {
    this.#listener.left(caller);
    this.#typing.leave(caller.connectionId);
    if (this.#subscribers.size === 0) this.#frames.forgetSnapshot();
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.isIdle) this.#listener.idle();
  }
}

/** After so long a session that nobody uses on this server is no longer open here: the store has it. */
const UNUSED_MS = 60_000;

const FULL = 'This session is full. Try again in a little while.';
