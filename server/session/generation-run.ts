/** One generation while it runs: a queued task for each candidate, what each last reported, and one way to end them all. */
import type { Generation, GenerationError, GenerationErrorCode } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { Estimates } from '../generators/estimates.ts';
import { failureOf, type RetryReason } from '../generators/failure-sentences.ts';
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
import type { GenerationQueue } from './generation-queue.ts';
import type { ImageMemory, Reservation } from './image-memory.ts';
import { createStoredImage, type StoredImage } from './session-images.ts';
import type { Expense } from './spending.ts';
import type { Requester } from './turn-order.ts';

export interface GenerationContext {
  readonly generator: Generator;
  readonly queue: GenerationQueue;
  readonly estimates: Estimates;
  readonly memory: ImageMemory;
  /**
   * Sets memory aside for an image to come. It may end sessions that nobody is in; undefined when even that is not enough, or when
   * `signal` was aborted before its turn.
   */
  readonly reserveImage: (bytes: number, signal: AbortSignal) => Promise<Reservation | undefined>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  readonly limits: Limits;
}

/** Called for each candidate exactly once with `generated`, `reported` or `failed`, except after `abort`. */
export interface GenerationListener {
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** The image is whole, and the candidate goes on: `reported` or `failed` follows. */
  shown(candidate: number, image: StoredImage, revisedPrompt: string | undefined): void;
  /** The last word about the image that was `shown`. `extras` are those that the service sent beside it. */
  reported(candidate: number, shown: StoredImage, extras: readonly StoredImage[], result: GenerateResult): void;
  /** `images` are the candidate's own and those that the service sent beside it. */
  generated(candidate: number, images: readonly [StoredImage, ...StoredImage[]], result: GenerateResult): void;
  failed(candidate: number, error: GenerationError): void;
  /** All candidates have ended, or were aborted. */
  ended(): void;
}

interface Candidate {
  phase: ProgressMessage['phase'];
  try: number;
  queuePosition?: number;
  /** On the monotonic clock. */
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

export class GenerationRun {
  readonly generation: Generation;
  readonly #requester: Requester;
  readonly #request: GenerateRequest;
  /** By candidate. */
  readonly #expenses: readonly Expense[];
  readonly #context: GenerationContext;
  readonly #listener: GenerationListener;
  readonly #abort = new AbortController();
  /** Candidates that have not ended. */
  readonly #candidates = new Map<number, Candidate>();
  readonly #partials = new Map<number, StoredImage>();
  /** Images of candidates that go on. They belong to the session. */
  readonly #shown = new Map<number, StoredImage>();
  readonly #startedAt: number;
  /** When the first candidate left the queue. */
  #firstStartedAt: number | undefined;
  #generated = 0;
  /** The number of the next image that the service sends beside those it was asked for: they count on from the candidates. */
  #nextExtra: number;

  /** `request.attempt` is that of the first candidate; the others count on from it. There is one of the `expenses` for each. */
  constructor(
    requester: Requester,
    generation: Generation,
    request: GenerateRequest,
    expenses: readonly Expense[],
    context: GenerationContext,
    listener: GenerationListener,
  ) {
    this.#requester = requester;
    this.generation = generation;
    this.#request = request;
    this.#expenses = expenses;
    this.#context = context;
    this.#listener = listener;
    this.#startedAt = context.clock.monotonic();
    this.#nextExtra = generation.candidates;
    for (let candidate = 0; candidate < generation.candidates; candidate += 1) {
      this.#candidates.set(candidate, { phase: 'queued', try: 1 });
    }
  }

  /** Queues every candidate. Call it once. */
  start(): void {
    const runs = this.candidates.map((candidate) => this.#run(candidate));
    void Promise.all(runs)
      .catch((error: unknown) => this.#context.telemetry.fault(error, 'a result could not be applied'))
      .finally(() => {
        if (this.#abort.signal.aborted) return;
        this.#recordDuration();
        this.#listener.ended();
      });
  }

  /** Of a generation of which every candidate succeeded: another one says nothing of how long it takes. */
  #recordDuration(): void {
    const { estimates, clock } = this.#context;
    const { options, candidates } = this.generation;
    if (this.#firstStartedAt === undefined || this.#generated < candidates) return;
    estimates.record(options, candidates, clock.monotonic() - this.#firstStartedAt);
  }

  /** Ends what runs or waits and closes the upstream requests (rule R2). May be called twice. */
  abort(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    for (const candidate of this.candidates) {
      this.#end(candidate);
      const shown = this.#shown.get(candidate);
      this.#record(candidate, shown ? { outcome: 'generated', ...lengthOf(shown) } : { outcome: 'cancelled' });
    }
    this.#listener.ended();
  }

  /** It is not started: what was set aside for it is free again. */
  giveUp(): void {
    for (const expense of this.#expenses) expense.fail(false);
  }

  /** Those that have not ended. */
  get candidates(): readonly number[] {
    return [...this.#candidates.keys()];
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
    const { phase, queuePosition, retryAt, reason, reasons } = state;
    return {
      type: 'progress',
      generationId,
      candidate,
      phase,
      try: state.try,
      maxTries: generator.maxTries,
      elapsedMs: this.#elapsedMs,
      ...(expectedMs !== undefined && { expectedMs }),
      ...(queuePosition !== undefined && { queuePosition }),
      ...(retryAt !== undefined && { retryInMs: Math.max(0, Math.round(retryAt - clock.monotonic())) }),
      ...(reason !== undefined && { reason }),
      ...(reasons && { reasons }),
    };
  }

  /** Of the whole generation since it was asked for: the time in the queue, as far as it is known or foreseen, and the drawing. */
  get #expectedMs(): number | undefined {
    const { estimates } = this.#context;
    const { options, candidates } = this.generation;
    const drawing = estimates.expectedMs(options, candidates);
    if (drawing === undefined) return undefined;
    if (this.#firstStartedAt !== undefined) return Math.round(this.#firstStartedAt - this.#startedAt) + drawing;
    const positions = [...this.#candidates.values()].map(({ queuePosition = 0 }) => queuePosition);
    return this.#elapsedMs + estimates.waitMs(options, Math.min(...positions)) + drawing;
  }

  get #elapsedMs(): number {
    return Math.round(this.#context.clock.monotonic() - this.#startedAt);
  }

  async #run(candidate: number): Promise<void> {
    const outcome = await this.#draw(candidate);
    if (this.#abort.signal.aborted) {
      // It was reported as cancelled, perhaps after the image had been stored.
      if (outcome && 'image' in outcome) {
        for (const image of [outcome.image, ...outcome.extras]) {
          if (image !== this.#shown.get(candidate)) image.reservation.release();
        }
      }
      return;
    }
    if (!outcome) return;
    this.#end(candidate);
    if ('image' in outcome) {
      const { image, extras, result } = outcome;
      this.#generated += 1;
      const { usage, estimatedCost } = result;
      this.#record(candidate, { outcome: 'generated', ...lengthOf(image), usage, estimatedCost });
      if (this.#shown.has(candidate)) this.#listener.reported(candidate, image, extras, result);
      else this.#listener.generated(candidate, [image, ...extras], result);
    } else {
      const { error, upstream } = outcome;
      this.#record(candidate, { outcome: error.code, ...(upstream !== undefined && { upstream }) });
      this.#listener.failed(candidate, error);
    }
  }

  /** Undefined when the generation was aborted. */
  async #draw(candidate: number): Promise<Outcome | undefined> {
    const { queue, limits, reserveImage } = this.#context;
    const { signal } = this.#abort;
    let reservation: Reservation | undefined;
    try {
      const result = await queue.run(
        async () => {
          // Before the service is asked: a candidate without memory costs nothing (rule R7).
          const reserved = await reserveImage(limits.UPSTREAM_IMAGE_BYTES, signal);
          // After an abort nobody waits for this task, so nobody else would release what it has just reserved.
          if (signal.aborted) reserved?.release();
          signal.throwIfAborted();
          if (!reserved) throw GenerationFailed.of('no_memory', {});
          reservation = reserved;
          return this.#generate(candidate, (image, revisedPrompt) => {
            this.#show(candidate, this.#store(image, candidate, 'final', 0, reserved), revisedPrompt);
            reservation = undefined; // The image holds it now.
          });
        },
        {
          requester: this.#requester,
          signal,
          onPosition: (queuePosition) => this.#update(candidate, { phase: 'queued', queuePosition }),
        },
      );
      if (signal.aborted) return undefined;
      const image =
        this.#shown.get(candidate) ?? (reservation && this.#store(result.image, candidate, 'final', 0, reservation));
      reservation = undefined; // The image holds it now.
      if (image?.bytes !== result.image.bytes) throw new Error('the result is not the image that was shown');
      return { result, image, extras: this.#storeExtras(candidate, result) };
    } catch (error) {
      return signal.aborted ? undefined : this.#failureOf(error);
    } finally {
      reservation?.release();
    }
  }

  async #generate(
    candidate: number,
    onFinished: (image: GeneratedImage, revisedPrompt: string | undefined) => void,
  ): Promise<GenerateResult> {
    const { clock, generator } = this.#context;
    this.#firstStartedAt ??= clock.monotonic();
    this.#update(candidate, { phase: 'started' });
    const request = { ...this.#request, attempt: this.#request.attempt + candidate };
    const expense = this.#expenses[candidate];
    const abort = new LinkedAbortController(this.#abort.signal);
    const onProgress = (progress: GeneratorProgress) => {
      if (progress.phase === 'retrying') {
        const mayTry = expense?.retry(progress.mayBeBilled ?? true) ?? false;
        if (!mayTry) return abort.abort(noBudget(progress.reason));
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
        const retryAt = clock.monotonic() + progress.retryInMs;
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
    before?.reservation.release();
    const index = before ? before.reference.index + 1 : 0;
    this.#partials.set(candidate, this.#store(image, candidate, 'partial', index, reservation));
    this.#listener.partialChanged(candidate);
  }

  #show(candidate: number, image: StoredImage, revisedPrompt: string | undefined): void {
    this.#shown.set(candidate, image);
    this.#dropPartial(candidate);
    this.#listener.shown(candidate, image, revisedPrompt);
  }

  #end(candidate: number): void {
    this.#candidates.delete(candidate);
    this.#expenses[candidate]?.fail(true);
    this.#dropPartial(candidate);
  }

  #dropPartial(candidate: number): void {
    this.#partials.get(candidate)?.reservation.release();
    this.#partials.delete(candidate);
  }

  /** Of the state before, only the try and its reason stay. */
  #update(candidate: number, change: Pick<Candidate, 'phase'> & Partial<Candidate>): void {
    const before = this.#candidates.get(candidate);
    if (!before) return;
    const { reason, reasons } = before;
    const kept = { ...(reason !== undefined && { reason }), ...(reasons && { reasons }) };
    this.#candidates.set(candidate, { try: before.try, ...kept, ...change });
    this.#listener.progressChanged(candidate);
  }

  #store(
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

  /** Images that nobody asked for are kept as far as there is memory: they may have been billed. */
  #storeExtras(candidate: number, { moreImages = [] }: GenerateResult): StoredImage[] {
    const { memory, telemetry } = this.#context;
    return moreImages.flatMap((image) => {
      const reservation = memory.tryReserve(image.bytes.byteLength);
      if (reservation) return [this.#store(image, this.#nextExtra++, 'final', 0, reservation)];
      telemetry.extraImageLost({ ...this.#idsOf(candidate), byteLength: image.bytes.byteLength });
      return [];
    });
  }

  #idsOf(candidate: number) {
    return { session: this.#requester.sessionId, generationId: this.generation.generationId, candidate };
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

const lengthOf = ({ bytes }: StoredImage) => ({ byteLength: bytes.byteLength });

/** A try that may have been billed has used up the budget (rule S9). */
function noBudget(reason: string): GenerationFailed {
  const { code, message, retryable, ...sentence } = failureOf('no_budget');
  return new GenerationFailed(code, `${reason} ${message}`, { retryable, sentence });
}
