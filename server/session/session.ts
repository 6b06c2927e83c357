/**
 * One session as this server has it: the latest document that it knows of, the images, the subscribers, and the generation that runs here.
 * What happens is decided as a step from one document to the next, which counts when the store has taken it; what the next document means
 * to those who follow is found by comparing the two, whoever made the step.
 */
import { imageFileName } from '../../shared/file-name.ts';
import type { Attempt, Generation, RecordEntry } from '../../shared/model.ts';
import {
  type Command,
  isAccessCommand,
  type ProgressMessage,
  type RejectCode,
  type ReviewCommand,
} from '../../shared/protocol.ts';
import type { GenerateResult } from '../generators/generator.ts';
import { isoTime } from '../platform/clock.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import { Access, type AccessChange, type AccessContext, type Admission, NOT_CREATOR } from './access.ts';
import { firstAnswer, remembered } from './answers.ts';
import { findAttempt, imageIdOf, newestAttempt } from './attempts.ts';
import type { Shortage } from './generation-queue.ts';
import { type GenerationContext, type GenerationListener, GenerationRun } from './generation-run.ts';
import { ExpiryTimer, newlyOver } from './invitations.ts';
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
import { type Change, type Commit, type SessionStore, type StoredSession, StoreUnavailable } from './session-store.ts';
import type { JoinRequest } from './sessions.ts';
import type { Spending } from './spending.ts';
import { approvedIn, type State } from './state.ts';
import { type Removal, type Subscriber, Subscribers, type Viewers } from './subscribers.ts';
import { cleanText, textProblem, withCleanText } from './text-check.ts';
import type { Event, ForgetEvent, GeneratedEvent, ReportedEvent } from './transition.ts';
import type { Requester } from './turn-order.ts';

export interface SessionContext extends GenerationContext {
  readonly store: SessionStore;
  readonly events: SessionEvents;
  readonly spending: Spending;
}

export interface SessionListener {
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
  /** Like `image`, and the previews on show. */
  visibleImage(imageId: string): StoredImage | undefined;
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
  #lastStep: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(id: string, stored: StoredSession, context: SessionContext, listener: SessionListener) {
    this.id = id;
    this.#stored = stored;
    this.#access = accessIn(stored.document);
    this.#context = context;
    this.#listener = listener;
    const { limits, clock, telemetry } = context;
    this.#touchedAt = clock.monotonic();
    const { CONNECTIONS_PER_SESSION: all, NAMED_WATCHERS: namedWatchers } = limits;
    this.#subscribers = new Subscribers({
      clock,
      places: { all, watchers: placesOfWatchers(all, limits) },
      namedWatchers,
      onLeft: (caller) => this.#onLeft(caller),
      onFault: (error) => telemetry.fault(error, 'a subscriber failed'),
    });
    this.#frames = new SessionFrames(this, clock, limits);
    this.#draft = new SessionDraft(limits.DRAFTS_PER_SECOND, clock, (text, author, draftId) =>
      this.#onDraftSet(text, author, draftId),
    );
    this.#draft.replace(stored.document.draft);
    this.#expiries = new ExpiryTimer(clock, () => this.#settle(() => this.#expireInvitations()));
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
    return this.#subscribers.size === 0 && !this.#run;
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
    if (this.#shown?.of !== state) this.#shown = { of: state, imageIds: shownImagesOf(state) };
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

  visibleImage(imageId: string): StoredImage | undefined {
    const partials = this.runningCandidates.map((candidate) => this.partial(candidate));
    return this.image(imageId) ?? partials.find((partial) => partial?.reference.imageId === imageId);
  }

  isApproved(imageId: string): boolean {
    return approvedIn(this.state)?.imageId === imageId;
  }

  fileName({ reference: { imageId, mediaType } }: StoredImage): string {
    const { state } = this;
    const attempt = findAttempt([...state.attempts, ...state.discarded], imageId);
    const running = state.stage === 'generating' ? state.generation : undefined;
    return imageFileName((attempt ?? running)?.prompt ?? '', mediaType, this.isApproved(imageId));
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
    const isHere = imageId !== undefined && this.#images.find(imageId) !== undefined;
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
      const before = await this.#context.store.answerTo(this.id, command.commandId);
      if (before) return firstAnswer(before, command);
      this.#draft.flush();
      if (command.type === 'end_session') return this.#endSession(caller);
      return this.#decide(
        (before) =>
          isAccessCommand(command)
            ? this.#accessStep(before, caller, command)
            : this.#reviewStep(before, caller, command),
        command,
      );
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
    return this.#images.freeableBytesOf(dropped ?? []);
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

  get imageBytes(): number {
    return this.#images.byteLength;
  }

  /** Bytes that would be free if the session were closed now. */
  get freeableBytes(): number {
    return this.#images.freeableBytes;
  }

  /** Aborts what runs here, drops the images and tells the subscribers. May be called twice. */
  close(why: Removal = 'session_gone'): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#run?.abort();
    this.#run = undefined;
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
  async #decide(make: (before: SessionDocument) => Step, command?: Command): Promise<Answer> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { document: before, version } = this.#stored;
      const step = make(before);
      const outcome = await this.#commit(version, step, command);
      if (outcome !== 'conflict') return outcome;
      await this.#refresh();
    }
    return reject('server_busy', CONTENDED);
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
      if (document) this.#become({ document, version: commit.version }, step.images);
      step.done?.();
      return step.answer;
    }
    step.undo?.();
    switch (commit.outcome) {
      case 'answered':
        return command ? firstAnswer(commit.before, command) : step.answer;
      case 'unavailable':
        return reject('server_busy');
      case 'conflict':
        return 'conflict';
      default:
        this.#listener.gone('session_gone');
        return reject('session_not_found');
    }
  }

  #tryCommit(version: number, change: Change): MaybePromise<Commit | { readonly outcome: 'unavailable' }> {
    const commit = this.#context.store.commit(this.id, version, change);
    if (!(commit instanceof Promise)) return commit;
    return commit.catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return { outcome: 'unavailable' };
      throw error;
    });
  }

  /** Another server has changed the session, or may have. */
  async #refresh(): Promise<void> {
    const latest = await this.#context.store.read(this.id);
    if (!latest) this.#listener.gone('session_gone');
    else if (latest.version > this.#stored.version) this.#become(latest);
  }

  /** The latest document is another one: tells everybody here what has changed, and ends what it has ended. */
  #become(stored: StoredSession, images: readonly StoredImage[] = []): void {
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
      const current = state.stage === 'generating' ? state.generation.generationId : undefined;
      if (this.#run && this.#run.candidates.length > 0 && this.#run.generation.generationId !== current) {
        this.#run.abort();
      }
      this.#keepImages(state, images);
      if (state.draftRevision !== before.state.draftRevision) this.#draft.replace(draft);
      this.#frames.forgetSnapshot();
      this.#frames.forgetProgress();
      this.#subscribers.notify((one) => one.snapshotChanged());
    }
    if (isAccessChanged) this.#reportAccess(before.access, isRevocation);
  }

  #keepImages({ attempts, discarded }: State, added: readonly StoredImage[]): void {
    const all = [...attempts, ...discarded];
    for (const image of added) if (findAttempt(all, image.reference.imageId)) this.#images.add(image);
    this.#images.retain(new Set(all.map(imageIdOf)));
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

  #expireInvitations(): Promise<Answer> {
    return this.#decide((before) => {
      const access = accessIn(before);
      const { now } = this.#accessContext;
      const due = newlyOver(access.invitations, now);
      return { ...this.#stepTo(before, { access: access.expire(now) }), done: () => this.#logExpired(due) };
    });
  }

  #logExpired(due: Access['invitations']): void {
    for (const { role, participant, keyId: invitation } of due) {
      const common = { session: this.id, change: 'expired', role } as const;
      this.#context.telemetry.invitationChanged({ ...common, participant: participant.id, invitation });
    }
  }

  #reviewStep(before: SessionDocument, caller: Caller, given: ReviewCommand): Step {
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

  /** A generation starts if there are places and the means for it. */
  #startStep(step: Step, before: SessionDocument, generation: Generation, requester: Requester): Step {
    const run = this.#prepare(before, generation, requester);
    if (!(run instanceof GenerationRun)) return { answer: run };
    const requestedImages = before.requestedImages + generation.candidates;
    return {
      ...step,
      ...(step.document && { document: { ...step.document, requestedImages } }),
      done: () => {
        step.done?.();
        // Only now, so that the snapshot of a generation goes out before its first progress.
        this.#run = run;
        this.#listener.inUse();
        run.start();
      },
      undo: () => run.giveUp(),
    };
  }

  /** The run of a generation; a rejection where places or means are missing (rule S9). */
  #prepare(before: SessionDocument, generation: Generation, requester: Requester): GenerationRun | Rejection {
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
      attempt: before.requestedImages,
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
        this.#keep([image], { ...event, ...told });
      },
      reported: (candidate, { reference: { imageId } }, extras, result) => {
        const event = { type: 'reported', generationId, candidate, imageId, more: extras.map(referenceOf) } as const;
        this.#keep(extras, { ...event, ...this.#told(result) });
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
        this.#keep(images, { ...event, ...this.#told(result) });
      },
      failed: (candidate, error) => {
        const event = { type: 'failed', generationId, candidate, error } as const;
        this.#settle(() => this.#decide((before) => this.#machineStep(before, event)));
      },
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
  #keep(images: readonly StoredImage[], event: GeneratedEvent | ReportedEvent): void {
    const release = () => {
      for (const { reference, reservation } of images) {
        if (!this.#images.find(reference.imageId)) reservation.release();
      }
    };
    this.#settle(() => this.#decide((before) => ({ ...this.#machineStep(before, event), images })), release);
  }

  /** Nobody waits for the step, so its failure is reported here. */
  #settle(step: () => Promise<Answer>, settled: () => void = () => {}): void {
    this.#serially(step)
      .catch((error: unknown) => this.#context.telemetry.fault(error, 'a result could not be applied'))
      .finally(settled);
  }

  #onDraftSet(text: string, { participant, connectionId }: Caller, draftId: string | undefined): void {
    this.#frames.forgetSnapshot();
    const update = { text, by: participant.name, participantId: participant.id };
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

type MaybePromise<Value> = Value | Promise<Value>;

const accessIn = ({ access, state }: SessionDocument): Access => new Access(access, state.record);

const attemptsIn = ({ attempts, discarded }: State): number => attempts.length + discarded.length;

function rejectWithAction(code: RejectCode, { lastAction }: State): Rejection {
  const isLate = code === 'stale' || code === 'wrong_stage';
  return { ...reject(code), ...(isLate && lastAction && { lastAction }) };
}

/** So often a step is made again when other servers have been faster each time. */
const MOST_TRIES = 5;
const CONTENDED = 'Too many people decide in this session at once. Try again in a moment.';

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
