/** One generation while it runs, on all servers together: what each candidate last reported, and those that this server draws. */
import type { Generation, GenerationError, GenerationErrorCode } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { Estimates } from '../generators/estimates.ts';
import { failureOf, type RetryReason, retrySentence } from '../generators/failure-sentences.ts';
import {
  type GeneratedImage,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
  UpstreamFault,
} from '../generators/generator.ts';
import { type Clock, isoTime } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { LinkedAbortController } from '../platform/linked-abort-controller.ts';
import type { EndedCandidate, Telemetry } from '../platform/telemetry.ts';
import { whenAvailable } from './availability.ts';
import type { ImageMemory, Reservation } from './image-memory.ts';
import type { ImageLease, ImageStore } from './image-store.ts';
import type { JobQueue } from './job-queue.ts';
import { createStoredImage, type StoredImage } from './session-images.ts';
import { type ProgressSignal, partialKey, progressKey } from './signal-values.ts';
import type { Signals } from './signals.ts';
import type { Expense } from './spending.ts';

export interface GenerationContext {
  readonly generator: Generator;
  readonly estimates: Estimates;
  readonly memory: ImageMemory;
  readonly jobs: Pick<JobQueue, 'position'>;
  readonly images: ImageStore;
  readonly signals: Pick<Signals, 'set'>;
  /**
   * Sets memory aside for an image to come. It may end sessions that nobody is in; undefined when even that is not enough, or when
   * `signal` was aborted before its turn.
   */
  readonly reserveImage: (bytes: number, signal: AbortSignal) => Promise<ReservedImage | undefined>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  readonly limits: Limits;
}

/** Memory for an image: on this server, and in the store. */
export interface ReservedImage {
  readonly reservation: Reservation;
  readonly lease: ImageLease;
}

/**
 * Called for each candidate that this server draws exactly once with `generated`, `reported` or `failed`, except after an abort. The
 * promises resolve when the session has taken the result in.
 */
export interface GenerationListener {
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** The image is about to be stored: whoever takes the candidate over finds it by what is said here. */
  storing(candidate: number, image: StoredImage, report: Omit<GenerateResult, 'image'>): void;
  /** The image is whole, and the candidate goes on: `reported` or `failed` follows. */
  shown(candidate: number, image: StoredImage, revisedPrompt: string | undefined): Promise<void>;
  /** The last word about the image that was `shown`. `extras` are those that the service sent beside it. */
  reported(
    candidate: number,
    shown: StoredImage,
    extras: readonly StoredImage[],
    result: GenerateResult,
  ): Promise<void>;
  /** `images` are the candidate's own and those that the service sent beside it. */
  generated(candidate: number, images: readonly [StoredImage, ...StoredImage[]], result: GenerateResult): Promise<void>;
  failed(candidate: number, error: GenerationError): Promise<void>;
}

/** A candidate that this server is to draw. */
export interface Drawing {
  readonly request: GenerateRequest;
  readonly expense: Expense;
  /** Aborted when the job is withdrawn, or when another server takes it over. */
  readonly signal: AbortSignal;
  /** Whether a server that had begun with it has stopped. */
  readonly isTakenOver: boolean;
}

interface Candidate {
  phase: ProgressSignal['phase'];
  try: number;
  /** In milliseconds since 1970. */
  retryAt?: number;
  /** Why there is another try. It stays for the phases that follow: the first try may have been billed (rule R10). */
  reason?: string;
  /** Its sentences, where they are ones that clients know. */
  reasons?: RetryReason[];
}

interface Failure extends GenerationError {
  code: GenerationErrorCode;
}

type Outcome =
  | { readonly result: GenerateResult; readonly image: StoredImage; readonly extras: readonly StoredImage[] }
  | { readonly error: Failure; readonly upstream?: string };

interface ShownImage {
  readonly image: StoredImage;
  /** False when the store has no memory for it. */
  readonly isTaken: Promise<boolean>;
}

/** One generation as this server knows it: what each candidate last reported, and those that are drawn here. */
export class GenerationRun {
  readonly generation: Generation;
  readonly #sessionId: string;
  readonly #context: GenerationContext;
  readonly #listener: GenerationListener;
  readonly #abort = new AbortController();
  /** Candidates that have not ended. */
  readonly #candidates = new Map<number, Candidate>();
  /** The candidates that this server draws. */
  readonly #drawings = new Map<number, { readonly expense: Expense; readonly abort: AbortController }>();
  readonly #partials = new Map<number, StoredImage>();
  /** Candidates of other servers whose image the session shows. */
  readonly #whole = new Set<number>();
  /** Images of candidates that go on. They belong to the session. */
  readonly #shown = new Map<number, ShownImage>();
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
    this.#startedAt = clock.monotonic() - Math.max(0, clock.now() - Date.parse(generation.startedAt));
    for (let candidate = 0; candidate < generation.candidates; candidate += 1) {
      this.#candidates.set(candidate, { phase: 'queued', try: 1 });
    }
  }

  /** The candidates that have not ended. */
  get candidates(): readonly number[] {
    return [...this.#candidates.keys()];
  }

  /** The candidates that no server has begun to draw, as far as this one knows. */
  get waiting(): readonly number[] {
    return this.candidates.filter((one) => !this.#drawings.has(one) && this.#candidates.get(one)?.phase === 'queued');
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
    return this.#partials.get(candidate);
  }

  /** Times are computed at the call; undefined for a candidate that has ended. */
  progress(candidate: number): ProgressMessage | undefined {
    const state = this.#candidates.get(candidate);
    if (!state) return undefined;
    const { generationId } = this.generation;
    const { generator, clock } = this.#context;
    const expectedMs = this.#expectedMs;
    const { phase, retryAt, reason, reasons } = state;
    const queuePosition = this.#positionOf(candidate);
    return {
      type: 'progress',
      generationId,
      candidate,
      phase,
      try: state.try,
      maxTries: Math.max(generator.maxTries, state.try),
      elapsedMs: this.#elapsedMs,
      ...(expectedMs !== undefined && { expectedMs }),
      ...(queuePosition !== undefined && { queuePosition }),
      ...(retryAt !== undefined && { retryInMs: Math.max(0, Math.round(retryAt - clock.now())) }),
      ...(reason !== undefined && { reason }),
      ...(reasons && { reasons }),
    };
  }

  /** Draws a candidate here. Resolves when the session has taken in what became of it, or when it was aborted. */
  async draw(candidate: number, { request, expense, signal, isTakenOver }: Drawing): Promise<void> {
    if (!this.#candidates.has(candidate) || this.#drawings.has(candidate)) return;
    const abort = new LinkedAbortController(this.#abort.signal, signal);
    this.#drawings.set(candidate, { expense, abort });
    if (isTakenOver) this.#update(candidate, { phase: 'queued', try: 2, ...takenOver });
    try {
      const outcome = await this.#attempt(candidate, request, abort.signal);
      if (abort.signal.aborted) this.#discard(candidate, outcome);
      else if (outcome) await this.#finish(candidate, outcome);
    } finally {
      abort.dispose();
      expense.fail(true);
      this.#drawings.delete(candidate);
    }
  }

  /** Another server reports on a candidate that it draws. */
  heard(candidate: number, { phase, reason, reasons, retryAt, try: number }: Candidate): void {
    if (!this.#candidates.has(candidate) || this.#drawings.has(candidate)) return;
    if (phase !== 'queued') this.#firstStartedAt ??= this.#context.clock.monotonic();
    this.#candidates.set(candidate, {
      phase,
      try: number,
      ...(retryAt !== undefined && { retryAt }),
      ...(reason !== undefined && { reason }),
      ...(reasons && { reasons }),
    });
    this.#listener.progressChanged(candidate);
  }

  /** Another server has a preview of a candidate that it draws. Its bytes are `image`'s own, if there is memory for them. */
  heardPartial(candidate: number, image: StoredImage): void {
    const isWanted = this.#candidates.has(candidate) && !this.#drawings.has(candidate) && !this.#whole.has(candidate);
    if (isWanted) this.#setPartial(candidate, image);
    else image.reservation.release();
  }

  /** The session shows the image of a candidate that another server draws, and that goes on: no preview follows. */
  imageShown(candidate: number): void {
    if (this.#drawings.has(candidate)) return;
    this.#whole.add(candidate);
    this.#dropPartial(candidate);
  }

  /** A candidate has ended on another server, though it may be drawn here as well: this server was thought to be dead. */
  ended(candidate: number): void {
    if (!this.#candidates.has(candidate)) return;
    this.#drawings.get(candidate)?.abort.abort();
    this.#end(candidate);
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
    const waiting = this.waiting;
    this.#abort.abort();
    for (const candidate of this.candidates) {
      const isReported = this.#drawings.has(candidate) || (isOwn && waiting.includes(candidate));
      const shown = this.#shown.get(candidate);
      this.#end(candidate);
      if (isReported) {
        this.#record(candidate, shown ? { outcome: 'generated', ...lengthOf(shown.image) } : { outcome: 'cancelled' });
      }
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

  #positionOf(candidate: number): number | undefined {
    if (this.#candidates.get(candidate)?.phase !== 'queued' || this.#drawings.has(candidate)) return undefined;
    return this.#context.jobs.position({ generationId: this.generation.generationId, candidate });
  }

  async #finish(candidate: number, outcome: Outcome): Promise<void> {
    this.#end(candidate);
    if ('image' in outcome) {
      const { image, extras, result } = outcome;
      const { usage, estimatedCost } = result;
      this.#record(candidate, { outcome: 'generated', ...lengthOf(image), usage, estimatedCost });
      if (this.#shown.has(candidate)) await this.#listener.reported(candidate, image, extras, result);
      else await this.#listener.generated(candidate, [image, ...extras], result);
    } else {
      const { error, upstream } = outcome;
      this.#record(candidate, { outcome: error.code, ...(upstream !== undefined && { upstream }) });
      await this.#listener.failed(candidate, error);
    }
  }

  /** It was reported as cancelled, perhaps after the images had been stored. One that was shown belongs to the session. */
  #discard(candidate: number, outcome: Outcome | undefined): void {
    if (!outcome || !('image' in outcome)) return;
    const images = [outcome.image, ...outcome.extras].filter((one) => one !== this.#shown.get(candidate)?.image);
    for (const { reservation } of images) reservation.release();
    this.#dropStored(images);
  }

  /** Undefined when it was aborted. */
  async #attempt(candidate: number, request: GenerateRequest, signal: AbortSignal): Promise<Outcome | undefined> {
    const { limits, clock, reserveImage } = this.#context;
    let reserved: ReservedImage | undefined;
    const release = () => {
      reserved?.reservation.release();
      reserved?.lease.release();
      reserved = undefined;
    };
    try {
      // Before the service is asked: a candidate without memory costs nothing (rule R7).
      const reserve = () => reserveImage(limits.UPSTREAM_IMAGE_BYTES, signal);
      reserved = await whenAvailable(reserve, clock, () => signal.aborted);
      signal.throwIfAborted();
      if (!reserved) throw GenerationFailed.of('no_memory', {});
      const drawn = this.#generate(candidate, request, signal, (image, revisedPrompt) => {
        if (!reserved) return;
        const { reservation, lease } = reserved;
        reserved = undefined; // The image holds it now.
        this.#show(candidate, this.#create(image, candidate, 'final', 0, reservation), lease, revisedPrompt);
      });
      // A generator may answer late, or never.
      const result = await untilAborted(drawn, signal);
      if (signal.aborted) return undefined;
      const shown = this.#shown.get(candidate);
      if (shown && !(await shown.isTaken)) throw GenerationFailed.of('no_memory', {});
      const image = shown?.image ?? (await this.#keep(result, candidate, reserved));
      reserved = undefined;
      if (image.bytes !== result.image.bytes) throw new Error('the result is not the image that was shown');
      return { result, image, extras: await this.#keepExtras(candidate, result) };
    } catch (error) {
      return signal.aborted ? undefined : this.#failureOf(error);
    } finally {
      release();
    }
  }

  async #generate(
    candidate: number,
    given: GenerateRequest,
    signal: AbortSignal,
    onFinished: (image: GeneratedImage, revisedPrompt: string | undefined) => void,
  ): Promise<GenerateResult> {
    const { clock, generator } = this.#context;
    this.#firstStartedAt ??= clock.monotonic();
    this.#update(candidate, { phase: 'started' });
    const request = { ...given, attempt: given.attempt + candidate };
    const expense = this.#drawings.get(candidate)?.expense;
    const abort = new LinkedAbortController(signal);
    const onProgress = (progress: GeneratorProgress) => {
      if (progress.phase === 'retrying') {
        const retry = () => expense?.retry(progress.mayBeBilled ?? true) ?? Promise.resolve(true);
        void whenAvailable(retry, clock, () => abort.signal.aborted).then(
          (mayTry) => mayTry || abort.abort(noBudget(progress.reason)),
          (error: unknown) => abort.abort(error),
        );
      } else if (progress.phase === 'started') expense?.begin();
      else expense?.drew();
      // An image that comes late, or a second one, is not shown.
      if (!this.#candidates.has(candidate) || this.#shown.has(candidate)) return;
      if (progress.phase === 'finished') onFinished(progress.image, progress.revisedPrompt);
      else this.#onProgress(candidate, progress);
    };
    expense?.begin();
    try {
      const result = await generator.generate(request, { signal: abort.signal, onProgress });
      expense?.succeed(result.estimatedCost?.amount);
      return result;
    } catch (error) {
      expense?.fail(!(error instanceof GenerationFailed) || error.mayBeBilled);
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      abort.dispose();
    }
  }

  #onProgress(candidate: number, progress: Exclude<GeneratorProgress, { phase: 'finished' }>): void {
    const state = this.#candidates.get(candidate);
    if (!state) return;
    switch (progress.phase) {
      case 'started':
      case 'drawing':
        if (state.phase !== progress.phase) this.#update(candidate, { phase: progress.phase });
        return;
      case 'retrying': {
        const { clock, telemetry } = this.#context;
        const retryAt = clock.now() + progress.retryInMs;
        telemetry.candidateRetried({ ...this.#idsOf(candidate), try: progress.try });
        const { reason, reasons } = progress;
        return this.#update(candidate, {
          phase: 'retrying',
          try: progress.try,
          retryAt,
          reason,
          ...(reasons && { reasons: [...reasons] }),
        });
      }
      case 'partial':
        return this.#preview(candidate, progress.image);
    }
  }

  #preview(candidate: number, image: GeneratedImage): void {
    const before = this.#partials.get(candidate);
    const reservation = this.#context.memory.tryReserveSpare(image.bytes.byteLength);
    if (!reservation) return; // A preview that memory has no place for is skipped (rule R7).
    const index = before ? before.reference.index + 1 : 0;
    const partial = this.#create(image, candidate, 'partial', index, reservation);
    this.#setPartial(candidate, partial);
    void this.#publishPartial(candidate, partial);
  }

  #setPartial(candidate: number, image: StoredImage): void {
    this.#partials.get(candidate)?.reservation.release();
    this.#partials.set(candidate, image);
    this.#listener.partialChanged(candidate);
  }

  #show(candidate: number, image: StoredImage, lease: ImageLease, revisedPrompt: string | undefined): void {
    const report = revisedPrompt === undefined ? {} : { revisedPrompt };
    const isTaken = this.#put(image, lease, () => this.#listener.storing(candidate, image, report)).then(
      async (isKept) => {
        if (isKept) await this.#listener.shown(candidate, image, revisedPrompt);
        else {
          image.reservation.release();
          lease.release();
        }
        return isKept;
      },
    );
    this.#shown.set(candidate, { image, isTaken });
    this.#dropPartial(candidate);
  }

  #end(candidate: number): void {
    this.#candidates.delete(candidate);
    this.#drawings.get(candidate)?.expense.fail(true);
    this.#dropPartial(candidate);
  }

  #dropPartial(candidate: number): void {
    const partial = this.#partials.get(candidate);
    if (!partial) return;
    partial.reservation.release();
    this.#partials.delete(candidate);
    if (this.#drawings.has(candidate)) this.#dropStored([partial]);
  }

  /** Of the state before, only the try and its reason stay. */
  #update(candidate: number, change: Pick<Candidate, 'phase'> & Partial<Candidate>): void {
    const before = this.#candidates.get(candidate);
    if (!before) return;
    const { reason, reasons } = before;
    const kept = { ...(reason !== undefined && { reason }), ...(reasons && { reasons }) };
    const state = { try: before.try, ...kept, ...change };
    this.#candidates.set(candidate, state);
    const { generationId } = this.generation;
    const signal: ProgressSignal = { generationId, ...state };
    void this.#context.signals.set(this.#sessionId, progressKey(candidate), signal, KEPT_MS);
    this.#listener.progressChanged(candidate);
  }

  /** For people whose tabs are on other servers. */
  async #publishPartial(candidate: number, { reference, bytes }: StoredImage): Promise<void> {
    const { images, signals } = this.#context;
    const { imageId, generationId } = reference;
    const isKept = await images.put(this.#sessionId, imageId, bytes).catch(() => false);
    if (!isKept) return;
    if (this.#partials.get(candidate)?.reference !== reference) return void this.#dropStored([{ reference }]);
    void signals.set(this.#sessionId, partialKey(candidate), { generationId, reference }, KEPT_MS);
  }

  #create(
    image: GeneratedImage,
    candidate: number,
    kind: 'partial' | 'final',
    index: number,
    reservation: Reservation,
  ): StoredImage {
    const { generationId } = this.generation;
    const imageId = this.#context.newId();
    return createStoredImage(image, { imageId, generationId, candidate, kind, index }, reservation);
  }

  async #keep(result: GenerateResult, candidate: number, reserved: ReservedImage | undefined): Promise<StoredImage> {
    if (!reserved) throw new Error('no memory was reserved');
    const stored = this.#create(result.image, candidate, 'final', 0, reserved.reservation);
    const isKept = await this.#put(stored, reserved.lease, () => this.#listener.storing(candidate, stored, result));
    if (isKept) return stored;
    stored.reservation.release();
    throw GenerationFailed.of('no_memory', {});
  }

  /** Images that nobody asked for are kept as far as there is memory: they may have been billed. */
  async #keepExtras(candidate: number, { moreImages = [] }: GenerateResult): Promise<StoredImage[]> {
    const { memory, telemetry } = this.#context;
    const extras: StoredImage[] = [];
    for (const [index, image] of moreImages.entries()) {
      const reservation = memory.tryReserve(image.bytes.byteLength);
      const extra = reservation && this.#create(image, this.generation.candidates + index, 'final', 0, reservation);
      if (extra && (await this.#put(extra))) extras.push(extra);
      else {
        reservation?.release();
        telemetry.extraImageLost({ ...this.#idsOf(candidate), byteLength: image.bytes.byteLength });
      }
    }
    return extras;
  }

  /**
   * Tries until the store can be reached.
   * @param before called before each try
   * @returns whether it has memory for the bytes
   */
  #put({ reference, bytes }: StoredImage, lease?: ImageLease, before: () => void = () => {}): Promise<boolean> {
    const { images, clock } = this.#context;
    const put = () => {
      before();
      return images.put(this.#sessionId, reference.imageId, bytes, lease);
    };
    return whenAvailable(put, clock, () => this.#abort.signal.aborted).then((isKept) => isKept ?? false);
  }

  #dropStored(images: readonly Pick<StoredImage, 'reference'>[]): void {
    const imageIds = images.map(({ reference }) => reference.imageId);
    this.#context.images.drop(this.#sessionId, imageIds).catch(() => {}); // They expire with the session.
  }

  #idsOf(candidate: number) {
    return { session: this.#sessionId, generationId: this.generation.generationId, candidate };
  }

  #record(
    candidate: number,
    ended: Omit<EndedCandidate, 'session' | 'generationId' | 'candidate' | 'durationMs'>,
  ): void {
    this.#context.telemetry.candidateEnded({ ...this.#idsOf(candidate), durationMs: this.#elapsedMs, ...ended });
  }

  #failureOf(error: unknown): Outcome {
    if (!(error instanceof GenerationFailed)) {
      this.#context.telemetry.fault(error, 'a generation failed through a mistake of ours');
      return { error: { ...failureOf('server_fault') } };
    }
    const { code, message, sentence, retryable, retryAfterMs, cause } = error;
    const retryAt = retryAfterMs === undefined ? undefined : isoTime(this.#context.clock, retryAfterMs);
    return {
      error: { code, message, ...sentence, retryable, ...(retryAt !== undefined && { retryAt }) },
      ...(cause instanceof UpstreamFault && { upstream: cause.message }),
    };
  }
}

const takenOverReasons: RetryReason[] = [{ detail: 'server_stopped', params: {} }];
const takenOver = { reason: retrySentence(takenOverReasons), reasons: takenOverReasons };

/** Rejects as soon as `signal` is aborted. */
function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

const lengthOf = ({ bytes }: StoredImage) => ({ byteLength: bytes.byteLength });

/** A try that may have been billed has used up the budget (rule S9). */
function noBudget(reason: string): GenerationFailed {
  const { code, message, retryable, ...sentence } = failureOf('no_budget');
  return new GenerationFailed(code, `${reason} ${message}`, { retryable, sentence });
}

/** How long signals of a candidate are kept: longer than one may take. */
const KEPT_MS = 15 * 60_000;
