/** The port between a session and whatever draws the images. */
import type {
  EstimatedCost,
  FailureDetail,
  GenerationErrorCode,
  MediaType,
  SentenceParameters,
  Usage,
} from '../../shared/model.ts';
import type { Capabilities, Options } from '../../shared/options.ts';
import { failureOf, failures, type RetryReason } from './failure-sentences.ts';

export interface GenerateRequest {
  readonly prompt: string;
  /** The image to start from, if the request refines one. Its bytes must not be changed. */
  readonly parent?: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** What should change in `parent`. */
  readonly feedback?: string;
  readonly options: Options;
  /** Counts all images that the session has requested, from 0. The same prompt with another number gives another image. */
  readonly attempt: number;
}

export interface GeneratedImage {
  /** As the generator returned them, untouched (rule W4). */
  readonly bytes: Uint8Array;
  /** Of the bytes, in hexadecimal, if the generator has computed it. */
  readonly sha256?: string;
  readonly mediaType: MediaType;
  /** In pixels, as browsers show the image: an Exif orientation may swap width and height. */
  readonly width: number;
  /** In pixels, as browsers show the image. */
  readonly height: number;
}

export interface GenerateResult {
  readonly image: GeneratedImage;
  /** Further images that the service sent, at most 3, though one was asked for. They may have been billed. Absent if there are none. */
  readonly moreImages?: readonly GeneratedImage[];
  /** The prompt as the model rewrote it. */
  readonly revisedPrompt?: string;
  /** Of all images together. */
  readonly usage?: Usage;
  /** The price of `usage`. Absent if the model's prices are unknown. */
  readonly estimatedCost?: EstimatedCost;
}

export type GeneratorProgress =
  /** The request has reached the model. */
  | { readonly phase: 'started' }
  /** The model has begun to draw: from here on a try may be billed. */
  | { readonly phase: 'drawing' }
  | { readonly phase: 'partial'; readonly image: GeneratedImage }
  /**
   * The image is whole, and can be shown. What it took, or that the service refuses it, is still to come: the result is then this image, or
   * a failure takes it back. Reported once at most.
   */
  | { readonly phase: 'finished'; readonly image: GeneratedImage; readonly revisedPrompt?: string }
  /**
   * A try failed; try number `try` (from 2) begins in `retryInMs`. `reason` tells people why, in English; `reasons` are its sentences
   * where they are ones that clients know. Unless `mayBeBilled` is false, the failed try counts as what it may have cost (rule S9).
   */
  | {
      readonly phase: 'retrying';
      readonly try: number;
      readonly retryInMs: number;
      readonly reason: string;
      readonly reasons?: readonly RetryReason[];
      readonly mayBeBilled?: boolean;
    };

export interface GenerateContext {
  /** Aborted by a cancel or by the session's end. The generator then closes its upstream request at once (rule R2). */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: GeneratorProgress) => void;
}

/** What a generator can do. The number of candidates is missing: the server limits it, not the generator. */
export type GeneratorCapabilities = Readonly<Omit<Capabilities, 'candidates'>>;

export interface Generator {
  /** The name that people read at the beginning of a sentence: `OpenAI`, or `The image server`. */
  readonly name: string;
  readonly model: string;
  readonly demo: boolean;
  /** How many tries `generate` makes at most, including the first. */
  readonly maxTries: number;
  /** The core rejects commands that go beyond these, so `generate` need not check its options. */
  readonly capabilities: GeneratorCapabilities;
  /** The longest prompt that it takes, in UTF-16 units; absent: 4,000. A server that sets `PROMPT_CHARACTERS` overrides it. */
  readonly promptCharacters?: number;
  /**
   * What one try of this request may cost at most, in US dollars; 0 where images are free. Absent where prices are unknown: then no
   * ceiling in dollars can hold (rule S9).
   */
  readonly mostDollars?: (request: GenerateRequest) => number;
  /**
   * Draws one image.
   * @throws {GenerationFailed} for every failure but an abort
   * @throws {DOMException} `AbortError` when `signal` is aborted
   */
  generate(request: GenerateRequest, context: GenerateContext): Promise<GenerateResult>;
}

/** A duration within a sentence, in seconds. */
export const inSeconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));

/** Details of a failure that an immediate retry may overcome. */
export interface Transient {
  /** The shortest wait that the service asked for, in milliseconds. */
  readonly retryAfterMs?: number;
  /** It is unknown whether the service drew the image, and billed it, before the failure. */
  readonly mayBeDrawn?: true;
}

/** A generation that ended without an image. Its message is a sentence for people. */
export class GenerationFailed extends Error {
  override readonly name = 'GenerationFailed';
  readonly code: GenerationErrorCode;
  /** Whether the same request may succeed when a person sends it again. */
  readonly retryable: boolean;
  /** Set if the generator should retry by itself. */
  readonly transient: Transient | undefined;
  /** The shortest wait that the service asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The name and parameters of the message, where it is one that clients know. */
  readonly sentence: { readonly detail: FailureDetail; readonly params: SentenceParameters } | undefined;
  /** False if the service certainly drew nothing in the last try. Otherwise it counts as what it may have cost (rule S9). */
  readonly mayBeBilled: boolean;

  constructor(
    code: GenerationErrorCode,
    message: string,
    options: {
      retryable: boolean;
      transient?: Transient | undefined;
      sentence?: GenerationFailed['sentence'];
      mayBeBilled?: boolean | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.transient = options.transient;
    this.mayBeBilled = options.mayBeBilled ?? true;
    this.sentence = options.sentence;
    this.retryAfterMs = options.retryAfterMs ?? options.transient?.retryAfterMs;
  }

  /** A failure that clients know; `params` are those of its sentence. */
  static of(
    known: FailureDetail,
    params: Parameters<typeof failureOf>[1],
    { transient, mayBeBilled, cause }: { transient?: Transient; mayBeBilled?: boolean; cause?: unknown } = {},
  ): GenerationFailed {
    const { code, message, retryable, ...sentence } = failureOf(known, params);
    const isAutomatic = failures[known].retry === 'automatic';
    return new GenerationFailed(code, message, {
      retryable,
      transient: isAutomatic ? (transient ?? {}) : undefined,
      sentence,
      mayBeBilled,
      retryAfterMs: transient?.retryAfterMs,
      cause,
    });
  }
}

/** The technical cause of a `GenerationFailed`, for the log. Its message never contains a key, a prompt or a text of the service (rules S3, S7). */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
}
