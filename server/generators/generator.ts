/** The port between a session and whatever draws. */
import type { EstimatedCost, GenerationErrorCode, MediaType, Usage } from '../../shared/model.ts';
import type { Capabilities, Options } from '../../shared/options.ts';

export interface GenerateRequest {
  readonly prompt: string;
  /** The image to start from, when the request refines one; its bytes are not to be changed. */
  readonly parent?: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** What should change in `parent`. */
  readonly feedback?: string;
  readonly options: Options;
  /** Counts the session's asks from 0 over all candidates: the same prompt with another attempt number is another picture. */
  readonly attempt: number;
}

export interface GeneratedImage {
  /** As the generator returned them, untouched (rule W4). */
  readonly bytes: Uint8Array;
  readonly mediaType: MediaType;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

export interface GenerateResult {
  readonly image: GeneratedImage;
  readonly revisedPrompt?: string;
  readonly usage?: Usage;
  /** What `usage` costs, where the model's prices are known. */
  readonly estimatedCost?: EstimatedCost;
}

export type GeneratorProgress =
  /** The request has reached the model. */
  | { readonly phase: 'started' }
  /** The model has begun to draw: from here on a try may be billed. */
  | { readonly phase: 'drawing' }
  | { readonly phase: 'partial'; readonly image: GeneratedImage }
  /** A try failed; try number `try` (from 2) begins in `retryInMs`. `reason` is a sentence for people. */
  | { readonly phase: 'retrying'; readonly try: number; readonly retryInMs: number; readonly reason: string };

export interface GenerateContext {
  /** Aborted by a cancel or by the session's end: the upstream request is closed at once (rule R2). */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: GeneratorProgress) => void;
}

/** What a generator can do. How many candidates one generation may have is the server's limit, not the generator's. */
export type GeneratorCapabilities = Readonly<Omit<Capabilities, 'candidates'>>;

export interface Generator {
  /** What draws, in words that a person knows, such as `OpenAI`. */
  readonly name: string;
  readonly model: string;
  readonly demo: boolean;
  /** How many tries `generate` makes at the most, the first included. */
  readonly maxTries: number;
  /** The core rejects a command that goes beyond them, so `generate` need not check its options. */
  readonly capabilities: GeneratorCapabilities;
  /**
   * Draws one image.
   * @throws {GenerationFailed} for every failure but an abort
   * @throws {DOMException} `AbortError` when `signal` is aborted
   */
  generate(request: GenerateRequest, context: GenerateContext): Promise<GenerateResult>;
}

/** What is known of a failure that may well not come again. */
export interface Transient {
  /** The least wait that the service asked for, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The service may have drawn all the same, and nothing was heard of it. */
  readonly mayBeDrawn?: true;
}

/** A generation that ended without an image. Its message is a sentence that a person may read. */
export class GenerationFailed extends Error {
  override readonly name = 'GenerationFailed';
  readonly code: GenerationErrorCode;
  /** Whether a person may usefully ask again. */
  readonly retryable: boolean;
  /** Set when another try right away is worth it. */
  readonly transient: Transient | undefined;

  constructor(
    code: GenerationErrorCode,
    message: string,
    options: { retryable: boolean; transient?: Transient; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.transient = options.transient;
  }
}

/** For debugging: what is known of a failure, in words that hold no key, prompt or text of the service (rules S3, S7). */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
}
