/** One generation while it runs, on all servers together: what each candidate last reported, whichever server draws it. */
import type { Generation, ImageReference } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { Estimates } from '../generators/estimates.ts';
import { type RetryReason, retrySentence } from '../generators/failure-sentences.ts';
import type { GeneratedImage, GeneratorProgress } from '../generators/generator.ts';
import { ignoreUnavailable } from './availability.ts';
import { CandidateDrawing, type CandidateEnd, type DrawingContext, type DrawingOptions } from './candidate-drawing.ts';
import type { JobQueue } from './job-queue.ts';
import { createStoredImage, type StoredImage } from './session-images.ts';
import { type ProgressSignal, partialKey, progressKey } from './signal-values.ts';
import type { Sharing } from './stores.ts';

export interface GenerationContext extends DrawingContext {
  readonly estimates: Estimates;
  readonly jobs: Pick<JobQueue, 'position'>;
  /** Absent: this server is the only one, so previews need not be stored. */
  readonly sharing?: Sharing;
}

export interface GenerationListener {
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** Tells other servers, if there are any. Resolves, also when the store can't be reached, when they were told. */
  publish(key: string, value: unknown): Promise<void>;
}

/** A candidate that has not ended. */
interface Candidate {
  readonly candidate: number;
  progress: ProgressSignal;
  partial: StoredImage | undefined;
  /** The id of the last preview that was made here, or that another server told of. The store may have it. */
  previewId: string | undefined;
  /** The session shows its image, though it has not ended. */
  isShown: boolean;
}

export class GenerationRun {
  readonly generation: Generation;
  readonly #sessionId: string;
  readonly #context: GenerationContext;
  readonly #listener: GenerationListener;
  readonly #abort = new AbortController();
  readonly #candidates = new Map<number, Candidate>();
  /** The candidates that this server draws, each until the session has taken its result in. */
  readonly #drawings = new Map<number, CandidateDrawing>();
  /** On the monotonic clock. */
  readonly #startedAt: number;
  /** When the first candidate left the queue. */
  #firstStartedAt: number | undefined;

  constructor(sessionId: string, generation: Generation, context: GenerationContext, listener: GenerationListener) {
    this.#sessionId = sessionId;
    this.generation = generation;
    this.#context = context;
    this.#listener = listener;
    const { clock } = context;
    const { generationId, startedAt, candidates } = generation;
    this.#startedAt = clock.monotonic() - Math.max(0, clock.now() - Date.parse(startedAt));
    for (let candidate = 0; candidate < candidates; candidate += 1) {
      const progress: ProgressSignal = { generationId, phase: 'queued', try: 1 };
      this.#candidates.set(candidate, {
        candidate,
        progress,
        partial: undefined,
        previewId: undefined,
        isShown: false,
      });
    }
  }

  /** The candidates that have not ended. */
  get candidates(): readonly number[] {
    return [...this.#candidates.keys()];
  }

  /** The candidates that no server has begun to draw, as far as this one knows. */
  get waiting(): readonly number[] {
    return this.candidates.filter((candidate) => this.#isWaiting(candidate));
  }

  /** Whether its place in line is known. */
  isInLine(candidate: number): boolean {
    return this.#positionOf(candidate) !== undefined;
  }

  /** Whether some of them are drawn here. */
  get isDrawing(): boolean {
    return this.#drawings.size > 0;
  }

  /** The candidate's last preview. */
  partial(candidate: number): StoredImage | undefined {
    return this.#candidates.get(candidate)?.partial;
  }

  /** Times are computed at the call; undefined for a candidate that has ended. */
  progress(candidate: number): ProgressMessage | undefined {
    const { generator, clock } = this.#context;
    const progress = this.#candidates.get(candidate)?.progress;
    if (!progress) return undefined;
    const { retryAt, ...reported } = progress;
    const expectedMs = this.#expectedMs;
    const queuePosition = this.#positionOf(candidate);
    return {
      type: 'progress',
      candidate,
      ...reported,
      maxTries: Math.max(generator.maxTries, progress.try),
      elapsedMs: this.#elapsedMs,
      ...(expectedMs !== undefined && { expectedMs }),
      ...(queuePosition !== undefined && { queuePosition }),
      ...(retryAt !== undefined && { retryInMs: Math.max(0, Math.round(retryAt - clock.now())) }),
    };
  }

  /**
   * Draws a candidate here, which it must not do yet. Resolves when the session has taken in what became of it, or when it was aborted.
   * @param isTakenOver whether a server that had begun with it has stopped
   */
  async draw(candidate: number, options: DrawingOptions, isTakenOver: boolean): Promise<void> {
    const state = this.#candidates.get(candidate);
    if (!state) return;
    const drawn = { ...this.#idsOf(state), candidates: this.generation.candidates, signal: this.#abort.signal };
    const listener = {
      progressed: (progress: GeneratorProgress) => this.#progressed(state, progress),
      ended: (end: CandidateEnd) => this.#end(state, true, end),
    };
    const drawing = new CandidateDrawing(drawn, options, this.#context, listener);
    this.#drawings.set(candidate, drawing);
    if (isTakenOver) this.#update(state, { phase: 'queued', try: 2, ...takenOver });
    await drawing.draw().finally(() => this.#drawings.delete(candidate));
  }

  /** Another server reports on a candidate that it draws. */
  heard(candidate: number, progress: ProgressSignal): void {
    const state = this.#candidates.get(candidate);
    if (state && !this.#drawings.has(candidate)) this.#setProgress(state, progress);
  }

  /** Another server has a preview of a candidate that it draws. It is fetched, if there is memory for it (rule R7). */
  async heardPartial(candidate: number, reference: ImageReference): Promise<void> {
    const { images, memory } = this.#context;
    const { imageId } = reference;
    const state = this.#candidates.get(candidate);
    // After an outage, a server hears all signals again, also of previews that it has.
    const isKnown = () => state?.partial?.reference.imageId === imageId;
    if (!state || state.isShown || this.#drawings.has(candidate) || isKnown()) return;
    state.previewId = imageId;
    const bytes = await images.get(this.#sessionId, imageId).catch(ignoreUnavailable);
    // The candidate may have ended by now, or have a later preview.
    if (!bytes || state.previewId !== imageId || isKnown()) return;
    const reservation = memory.tryReserveSpare(bytes.byteLength);
    if (reservation) this.#setPartial(state, { reference, bytes, reservation });
  }

  /**
   * The session shows the image of a candidate that goes on: no preview follows, not even where two servers draw it.
   * @param isOwn whether this server has taken the image in
   */
  imageShown(candidate: number, isOwn: boolean): void {
    const state = this.#candidates.get(candidate);
    if (!state) return;
    state.isShown = true;
    this.#dropPartial(state, isOwn);
  }

  /**
   * A candidate has ended in the session. If another server has ended it, it may be drawn here as well: this server was thought to be dead.
   * @param isOwn whether this server has taken in how it ended
   */
  ended(candidate: number, isOwn: boolean): void {
    const state = this.#candidates.get(candidate);
    if (!state) return;
    this.#drawings.get(candidate)?.abort();
    this.#end(state, isOwn);
  }

  /** All candidates have ended by themselves. `isWhole`: each of them with an image, so that it tells how long one takes. */
  complete(isWhole: boolean): void {
    const { estimates, clock } = this.#context;
    const { options, candidates } = this.generation;
    if (!isWhole || this.#firstStartedAt === undefined) return;
    estimates.record(options, candidates, clock.monotonic() - this.#firstStartedAt);
  }

  /**
   * Ends what is drawn here and closes the upstream requests (rule R2). May be called twice.
   * @param isOwn whether this server has ended it, and so tells of the candidates that nobody has begun to draw
   */
  abort(isOwn: boolean): void {
    if (this.#abort.signal.aborted) return;
    const { waiting } = this;
    this.#abort.abort();
    for (const [candidate, state] of this.#candidates) {
      const unbegun = isOwn && waiting.includes(candidate) ? ({ outcome: 'cancelled' } as const) : undefined;
      this.#end(state, isOwn, this.#drawings.get(candidate)?.abort() ?? unbegun);
    }
  }

  /** Of the whole generation since it was asked for: the time in the queue, as far as it is known or foreseen, and the drawing. */
  get #expectedMs(): number | undefined {
    const { estimates } = this.#context;
    const { options, candidates } = this.generation;
    const drawing = estimates.expectedMs(options, candidates);
    if (drawing === undefined) return undefined;
    if (this.#firstStartedAt !== undefined) return Math.round(this.#firstStartedAt - this.#startedAt) + drawing;
    const positions = this.candidates.map((candidate) => this.#positionOf(candidate) ?? 0);
    return this.#elapsedMs + estimates.waitMs(options, Math.min(...positions)) + drawing;
  }

  get #elapsedMs(): number {
    return Math.round(this.#context.clock.monotonic() - this.#startedAt);
  }

  #isWaiting(candidate: number): boolean {
    return this.#candidates.get(candidate)?.progress.phase === 'queued' && !this.#drawings.has(candidate);
  }

  #positionOf(candidate: number): number | undefined {
    if (!this.#isWaiting(candidate)) return undefined;
    return this.#context.jobs.position({ generationId: this.generation.generationId, candidate });
  }

  /** A candidate that is drawn here has come further. */
  #progressed(state: Candidate, progress: GeneratorProgress): void {
    if (!this.#candidates.has(state.candidate)) return;
    switch (progress.phase) {
      case 'started':
      case 'drawing':
        if (state.progress.phase !== progress.phase) this.#update(state, { phase: progress.phase });
        return;
      case 'retrying': {
        const { clock, telemetry } = this.#context;
        const { phase, retryInMs, reason, reasons } = progress;
        telemetry.candidateRetried({ ...this.#idsOf(state), try: progress.try });
        const retryAt = clock.now() + retryInMs;
        const change = { phase, try: progress.try, retryAt, reason, ...(reasons && { reasons: [...reasons] }) };
        return this.#update(state, change);
      }
      case 'partial':
        return this.#preview(state, progress.image);
      case 'finished':
        return this.#dropPartial(state, true);
    }
  }

  /** Of the progress before, only the try and its reason stay: the first try may have been billed (rule R10). */
  #update(state: Candidate, change: Pick<ProgressSignal, 'phase'> & Partial<ProgressSignal>): void {
    const { retryAt: _, ...kept } = state.progress;
    const progress: ProgressSignal = { ...kept, ...change };
    void this.#listener.publish(progressKey(state.candidate), progress);
    this.#setProgress(state, progress);
  }

  #setProgress(state: Candidate, progress: ProgressSignal): void {
    if (progress.phase !== 'queued') this.#firstStartedAt ??= this.#context.clock.monotonic();
    state.progress = progress;
    this.#listener.progressChanged(state.candidate);
  }

  #preview(state: Candidate, image: GeneratedImage): void {
    const { memory, newId, sharing } = this.#context;
    const { candidate, partial: shown, previewId: before, isShown } = state;
    if (isShown) return;
    const reservation = memory.tryReserveSpare(image.bytes.byteLength);
    if (!reservation) return; // A preview that memory has no place for is skipped (rule R7).
    const { generationId } = this.generation;
    const index = shown ? shown.reference.index + 1 : 0;
    const identity = { imageId: newId(), generationId, candidate, kind: 'partial', index } as const;
    const partial = createStoredImage(image, identity, reservation);
    this.#setPartial(state, partial);
    if (sharing) void this.#share(state, partial, before);
  }

  #setPartial(state: Candidate, image: StoredImage): void {
    state.partial?.reservation.release();
    state.partial = image;
    state.previewId = image.reference.imageId;
    this.#listener.partialChanged(state.candidate);
  }

  /** @param isOwn whether this server drops the preview from the store, too: another server that draws the candidate does so itself */
  #dropPartial(state: Candidate, isOwn: boolean): void {
    const { candidate, partial, previewId } = state;
    partial?.reservation.release();
    state.partial = undefined;
    state.previewId = undefined;
    if (isOwn || this.#drawings.has(candidate)) this.#dropStored(previewId);
  }

  /**
   * Shows a preview to people whose tabs are on other servers.
   * @param before the id of the one that it replaces: other servers may still be reading that until they are told of this one
   */
  async #share(state: Candidate, { reference, bytes }: StoredImage, before: string | undefined): Promise<void> {
    const { imageId, generationId } = reference;
    const isKept = await this.#context.images.put(this.#sessionId, imageId, bytes).catch(() => false);
    if (state.previewId !== imageId) this.#dropStored(imageId);
    else if (isKept) await this.#listener.publish(partialKey(state.candidate), { generationId, reference });
    this.#dropStored(before);
  }

  #dropStored(imageId: string | undefined): void {
    if (imageId === undefined || !this.#context.sharing) return;
    this.#context.images.drop(this.#sessionId, [imageId]).catch(() => {}); // It expires with the session.
  }

  /**
   * @param isOwn as for `#dropPartial`
   * @param end for telemetry; absent where another server reports it
   */
  #end(state: Candidate, isOwn: boolean, end?: CandidateEnd): void {
    this.#candidates.delete(state.candidate);
    this.#dropPartial(state, isOwn);
    if (end) this.#context.telemetry.candidateEnded({ ...this.#idsOf(state), durationMs: this.#elapsedMs, ...end });
  }

  #idsOf({ candidate }: Candidate) {
    return { session: this.#sessionId, generationId: this.generation.generationId, candidate };
  }
}

const takenOverReasons: RetryReason[] = [{ detail: 'server_stopped', params: {} }];
const takenOver = { reason: retrySentence(takenOverReasons), reasons: takenOverReasons };
