/** The drawing of one candidate on this server: from the memory for its image to the generator's report on it. */
import type { GenerationError, GenerationErrorCode } from '../../shared/model.ts';
import { failureOf } from '../generators/failure-sentences.ts';
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
import type { CandidateIds, EndedCandidate, Telemetry } from '../platform/telemetry.ts';
import { whenAvailable } from './availability.ts';
import type { ImageMemory, Reservation } from './image-memory.ts';
import type { ImageLease, ImageStore } from './image-store.ts';
import { createStoredImage, type StoredImage } from './session-images.ts';
import type { Expense } from './spending.ts';

export interface DrawingContext {
  readonly generator: Generator;
  readonly memory: ImageMemory;
  readonly images: ImageStore;
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

/** The candidate that is to be drawn. */
export interface DrawnCandidate extends CandidateIds {
  /** How many its generation has. */
  readonly candidates: number;
  /** Aborted when the generation ends before all of them have. */
  readonly signal: AbortSignal;
}

export interface DrawingOptions {
  readonly request: GenerateRequest;
  readonly expense: Expense;
  /** Aborted when the job is withdrawn, or when another server takes it over. */
  readonly signal: AbortSignal;
  /** Takes the results in. */
  readonly results: ResultListener;
}

/**
 * Called exactly once with `generated`, `reported`, `failed` or, after an abort, with `aborted` if there are images. The promises resolve
 * when the session has taken the result in.
 */
export interface ResultListener {
  /** The image is about to be stored: whoever takes the candidate over finds it by what is said here. */
  storing(image: StoredImage, report: Omit<GenerateResult, 'image'>): void;
  /** The image is whole, and the candidate goes on: `reported` or `failed` follows. */
  shown(image: StoredImage, revisedPrompt: string | undefined): Promise<void>;
  /** The last word about the image that was `shown`. `extras` are those that the service sent beside it. */
  reported(shown: StoredImage, extras: readonly StoredImage[], result: GenerateResult): Promise<void>;
  /** `images` are the candidate's own and those that the service sent beside it. */
  generated(images: readonly [StoredImage, ...StoredImage[]], result: GenerateResult): Promise<void>;
  failed(error: GenerationError): Promise<void>;
  /** The images came too late, after they had been stored. */
  aborted(images: readonly StoredImage[]): Promise<void>;
}

/** How a candidate ended, for telemetry. */
export type CandidateEnd = Omit<EndedCandidate, keyof CandidateIds | 'durationMs'>;

/** Follows the drawing while it goes on. */
export interface DrawingListener {
  /** `finished` is told once at most, when the image is about to be shown. */
  progressed(progress: GeneratorProgress): void;
  /** Called once before the result is told, except after an abort. */
  ended(end: CandidateEnd): void;
}

type Outcome =
  | { readonly result: GenerateResult; readonly image: StoredImage; readonly extras: readonly StoredImage[] }
  | { readonly error: GenerationError & { readonly code: GenerationErrorCode }; readonly upstream?: string };

interface KeptImage {
  readonly image: StoredImage;
  /** False when the store has no memory for it. */
  readonly isKept: Promise<boolean>;
}

export class CandidateDrawing {
  readonly #drawn: DrawnCandidate;
  readonly #options: DrawingOptions;
  readonly #context: DrawingContext;
  readonly #listener: DrawingListener;
  readonly #abort: LinkedAbortController;
  /** Memory that no image has taken yet. */
  #reserved: ReservedImage | undefined;
  /** The image that was shown before the report on it. It belongs to the session. */
  #shown: KeptImage | undefined;

  constructor(drawn: DrawnCandidate, options: DrawingOptions, context: DrawingContext, listener: DrawingListener) {
    this.#drawn = drawn;
    this.#options = options;
    this.#context = context;
    this.#listener = listener;
    this.#abort = new LinkedAbortController(drawn.signal, options.signal);
  }

  /** Resolves when the session has taken in what became of the candidate, or when the drawing was aborted. Called once. */
  async draw(): Promise<void> {
    try {
      const outcome = await this.#attempt();
      if (this.#abort.signal.aborted) await this.#discard(outcome);
      else if (outcome) await this.#finish(outcome);
    } finally {
      this.#abort.dispose();
    }
  }

  /** Closes the upstream request at once (rule R2). A try that was begun counts as what it may have cost (rule S9). */
  abort(): CandidateEnd {
    this.#abort.abort();
    this.#options.expense.fail(true);
    return this.#shown ? generated(this.#shown.image) : { outcome: 'cancelled' };
  }

  async #finish(outcome: Outcome): Promise<void> {
    const { results } = this.#options;
    if ('image' in outcome) {
      const { image, extras, result } = outcome;
      const { usage, estimatedCost } = result;
      this.#listener.ended({ ...generated(image), usage, estimatedCost });
      if (this.#shown) await results.reported(image, extras, result);
      else await results.generated([image, ...extras], result);
    } else {
      const { error, upstream } = outcome;
      this.#listener.ended({ outcome: error.code, ...(upstream !== undefined && { upstream }) });
      await results.failed(error);
    }
  }

  /** It was reported as cancelled. An image that was shown belongs to the session. */
  async #discard(outcome: Outcome | undefined): Promise<void> {
    if (!outcome || !('image' in outcome)) return;
    await this.#options.results.aborted(this.#shown ? outcome.extras : [outcome.image, ...outcome.extras]);
  }

  /** Undefined when it was aborted. */
  async #attempt(): Promise<Outcome | undefined> {
    const { limits, clock, reserveImage } = this.#context;
    const { signal } = this.#abort;
    try {
      // Before the service is asked: a candidate without memory costs nothing (rule R7).
      const reserve = () => reserveImage(limits.UPSTREAM_IMAGE_BYTES, signal);
      this.#reserved = await whenAvailable(reserve, clock, () => signal.aborted);
      signal.throwIfAborted();
      if (!this.#reserved) throw GenerationFailed.of('no_memory', {});
      // A generator may answer late, or never.
      const result = await untilAborted(this.#generate(), signal);
      if (signal.aborted) return undefined;
      const { image, isKept } = this.#shown ?? this.#keep(result.image, result);
      if (!(await isKept)) throw GenerationFailed.of('no_memory', {});
      if (image.bytes !== result.image.bytes) throw new Error('the result is not the image that was shown');
      return { result, image, extras: await this.#keepExtras(result) };
    } catch (error) {
      return signal.aborted ? undefined : this.#failureOf(error);
    } finally {
      this.#options.expense.fail(true);
      this.#reserved?.reservation.release();
      this.#reserved?.lease.release();
    }
  }

  async #generate(): Promise<GenerateResult> {
    const { request, expense } = this.#options;
    const abort = new LinkedAbortController(this.#abort.signal);
    const onProgress = (progress: GeneratorProgress) => this.#onProgress(progress, abort);
    this.#listener.progressed({ phase: 'started' });
    expense.begin();
    try {
      const result = await this.#context.generator.generate(request, { signal: abort.signal, onProgress });
      expense.succeed(result.estimatedCost?.amount);
      return result;
    } catch (error) {
      expense.fail(!(error instanceof GenerationFailed) || error.mayBeBilled);
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      abort.dispose();
    }
  }

  #onProgress(progress: GeneratorProgress, abort: AbortController): void {
    const { expense } = this.#options;
    if (progress.phase === 'retrying') {
      const retry = () => expense.retry(progress.mayBeBilled ?? true);
      void whenAvailable(retry, this.#context.clock, () => abort.signal.aborted).then(
        (mayTry) => mayTry || abort.abort(noBudget(progress.reason)),
        (error: unknown) => abort.abort(error),
      );
    } else if (progress.phase === 'started') expense.begin();
    else expense.drew();
    // An image that comes late, or a second one, is not shown.
    if (this.#shown) return;
    if (progress.phase === 'finished') {
      if (!this.#reserved || this.#abort.signal.aborted) return;
      this.#show(progress.image, progress.revisedPrompt);
    }
    this.#listener.progressed(progress);
  }

  #show(given: GeneratedImage, revisedPrompt: string | undefined): void {
    const { image, isKept } = this.#keep(given, revisedPrompt === undefined ? {} : { revisedPrompt });
    const show = async () => {
      if (await isKept) await this.#options.results.shown(image, revisedPrompt);
      return isKept;
    };
    this.#shown = { image, isKept: show() };
  }

  /** Keeps the candidate's image in the memory that was reserved for it. */
  #keep(given: GeneratedImage, report: Omit<GenerateResult, 'image'>): KeptImage {
    if (!this.#reserved) throw new Error('no memory was reserved');
    const { reservation, lease } = this.#reserved;
    const image = this.#create(given, this.#drawn.candidate, reservation);
    this.#reserved = undefined; // The image has it now.
    return { image, isKept: this.#put(image, lease, () => this.#options.results.storing(image, report)) };
  }

  /** Images that nobody asked for are kept as far as there is memory: they may have been billed. */
  async #keepExtras({ moreImages = [] }: GenerateResult): Promise<StoredImage[]> {
    const { memory, telemetry } = this.#context;
    const { session, generationId, candidate, candidates } = this.#drawn;
    const extras: StoredImage[] = [];
    for (const [index, image] of moreImages.entries()) {
      const { byteLength } = image.bytes;
      const reservation = memory.tryReserve(byteLength);
      const extra = reservation && this.#create(image, candidates + index, reservation);
      if (extra && (await this.#put(extra))) extras.push(extra);
      else telemetry.extraImageLost({ session, generationId, candidate, byteLength });
    }
    return extras;
  }

  #create(image: GeneratedImage, candidate: number, reservation: Reservation): StoredImage {
    const { generationId } = this.#drawn;
    const identity = { imageId: this.#context.newId(), generationId, candidate, kind: 'final', index: 0 } as const;
    return createStoredImage(image, identity, reservation);
  }

  /**
   * Tries until the store can be reached. An image that it does not take gives back its memory.
   * @param before called before each try
   * @returns whether the store has taken it
   */
  async #put(image: StoredImage, lease?: ImageLease, before: () => void = () => {}): Promise<boolean> {
    const { images, clock } = this.#context;
    const { session, signal } = this.#drawn;
    const { reference, bytes, reservation } = image;
    const put = () => {
      before();
      return images.put(session, reference.imageId, bytes, lease);
    };
    let isKept: boolean | undefined;
    try {
      isKept = await whenAvailable(put, clock, () => signal.aborted);
    } finally {
      if (!isKept) {
        reservation.release();
        lease?.release();
      }
    }
    return isKept ?? false;
  }

  #failureOf(error: unknown): Outcome {
    const { telemetry, clock } = this.#context;
    if (!(error instanceof GenerationFailed)) {
      telemetry.fault(error, 'a generation failed through a mistake of ours');
      return { error: { ...failureOf('server_fault') } };
    }
    const { code, message, sentence, retryable, retryAfterMs, cause } = error;
    const retryAt = retryAfterMs === undefined ? undefined : isoTime(clock, retryAfterMs);
    return {
      error: { code, message, ...sentence, retryable, ...(retryAt !== undefined && { retryAt }) },
      ...(cause instanceof UpstreamFault && { upstream: cause.message }),
    };
  }
}

const generated = ({ bytes }: StoredImage) => ({ outcome: 'generated', byteLength: bytes.byteLength }) as const;

/** Rejects as soon as `signal` is aborted. */
function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** A try that may have been billed has used up the budget (rule S9). */
function noBudget(reason: string): GenerationFailed {
  const { code, message, retryable, ...sentence } = failureOf('no_budget');
  return new GenerationFailed(code, `${reason} ${message}`, { retryable, sentence });
}
