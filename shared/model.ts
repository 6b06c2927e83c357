/** What a session is: the things that its state, its snapshots and its messages are made of. */
import * as v from 'valibot';

/** A natural number, zero included, that can be told from its neighbours: nothing that counts is larger. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A moment, ISO 8601 in UTC, as `Date.prototype.toISOString` writes it. */
export const Timestamp = v.pipe(v.string(), v.isoTimestamp());

export const Stage = v.picklist(['initial_input', 'generating', 'user_feedback', 'final']);
export type Stage = v.InferOutput<typeof Stage>;

export const Role = v.picklist(['reviewer', 'watcher']);
export type Role = v.InferOutput<typeof Role>;

/** The image types that the server keeps and serves (rule S6). */
export const MediaType = v.picklist(['image/png', 'image/jpeg', 'image/webp']);
export type MediaType = v.InferOutput<typeof MediaType>;

/** How an image is to be drawn, in the image tool's own values. What is absent is the generator's choice. */
export const Options = v.object({
  /** The image model, one of those that the server offers. */
  model: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(100))),
  /** `auto`, or width by height in pixels, such as `1536x1024`. */
  size: v.optional(v.pipe(v.string(), v.regex(/^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$/))),
  quality: v.optional(v.picklist(['auto', 'low', 'medium', 'high', 'xhigh', 'max'])),
  background: v.optional(v.picklist(['auto', 'opaque', 'transparent'])),
  format: v.optional(v.picklist(['png', 'jpeg', 'webp'])),
  /** Of JPEG and WebP alone: the image tool's own compression level, in percent. */
  compression: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100))),
  /** How many previews are asked for; fewer may come. */
  partialImages: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3))),
  /** How many images one generation asks for; 1 when absent. */
  candidates: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4))),
});
export type Options = v.InferOutput<typeof Options>;

/** Which options a server's generator knows, and their values besides `auto`. A field that is absent: it does not know that option. */
export const Supports = v.object({
  models: v.optional(v.array(v.string())),
  sizes: v.optional(v.array(v.string())),
  /** The sizes are suggestions: others are drawn as well. */
  anySize: v.optional(v.literal(true)),
  qualities: v.optional(v.array(v.string())),
  backgrounds: v.optional(v.array(v.string())),
  formats: v.optional(v.array(v.string())),
  compression: v.optional(v.literal(true)),
  /** The most previews of one image. */
  partialImages: v.optional(Count),
  /** The most images for one ask. */
  candidates: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Whether an image can be refined in words. */
  refine: v.boolean(),
});
export type Supports = v.InferOutput<typeof Supports>;

/** An image without its bytes: what a snapshot says of it. */
export const ImageReference = v.object({
  imageId: v.string(),
  generationId: v.string(),
  /** Which of the generation's candidates, from 0. */
  candidate: Count,
  kind: v.picklist(['partial', 'final']),
  /** Counts a candidate's partials from 0; 0 for a final image. */
  index: Count,
  mediaType: MediaType,
  byteLength: Count,
  /** Of the bytes, 64 lower-case hex digits. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** In pixels. */
  width: Count,
  /** In pixels. */
  height: Count,
});
export type ImageReference = v.InferOutput<typeof ImageReference>;

export const Usage = v.object({ inputTokens: Count, outputTokens: Count, totalTokens: Count });
export type Usage = v.InferOutput<typeof Usage>;

export const EstimatedCost = v.object({ amount: v.pipe(v.number(), v.minValue(0)), currency: v.literal('USD') });
export type EstimatedCost = v.InferOutput<typeof EstimatedCost>;

export const GenerationErrorCode = v.picklist([
  'moderation_blocked',
  'invalid_api_key',
  'not_verified',
  'quota_exceeded',
  'rate_limited',
  'timeout',
  'network',
  'provider_error',
  'no_image',
]);
export type GenerationErrorCode = v.InferOutput<typeof GenerationErrorCode>;

/** Why a generation, or one candidate of it, gave no image. */
export const GenerationError = v.object({
  code: GenerationErrorCode,
  /** A sentence that a person understands and can act on. */
  message: v.string(),
  /** Whether the same prompt may succeed when it is tried again. */
  retryable: v.boolean(),
});
export type GenerationError = v.InferOutput<typeof GenerationError>;

/** One ask: a prompt with its options. */
export const Generation = v.object({
  generationId: v.string(),
  prompt: v.string(),
  /** What should change, when the generation refines `parent`. */
  feedback: v.optional(v.string()),
  /** The image this one is regenerated or refined from (rule M9). */
  parent: v.optional(v.string()),
  options: Options,
  /** How many images were asked for. */
  candidates: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startedAt: Timestamp,
  /** Candidates that ended without an image. Absent when there are none. */
  failures: v.optional(v.array(v.object({ candidate: Count, error: GenerationError }))),
  /** Why it was cancelled, in the words of whoever did. */
  cancelReason: v.optional(v.string()),
});
export type Generation = v.InferOutput<typeof Generation>;

/** One finished image kept in the session. */
export const Attempt = v.object({
  /** Counts the attempts since the last Start over from 1; it stays when others go. */
  number: v.optional(Count),
  image: ImageReference,
  parent: v.optional(v.string()),
  /** The parent is no longer kept in the session. */
  parentDropped: v.optional(v.literal(true)),
  prompt: v.string(),
  feedback: v.optional(v.string()),
  options: Options,
  /** The prompt as the model rewrote it. */
  revisedPrompt: v.optional(v.string()),
  usage: v.optional(Usage),
  /** What the image cost, as far as its usage and the model's prices are known. */
  estimatedCost: v.optional(EstimatedCost),
  startedAt: Timestamp,
  finishedAt: Timestamp,
});
export type Attempt = v.InferOutput<typeof Attempt>;

/** An attempt put aside, which can be restored. */
export const DiscardedAttempt = v.object({
  ...Attempt.entries,
  discarded: v.object({ by: v.string(), connectionId: v.string(), at: Timestamp }),
});
export type DiscardedAttempt = v.InferOutput<typeof DiscardedAttempt>;

/** An approval on record; the list outlives Start over. */
export const Decision = v.object({
  decision: v.literal('approved'),
  imageId: v.string(),
  sha256: v.string(),
  by: v.string(),
  connectionId: v.string(),
  at: Timestamp,
});
export type Decision = v.InferOutput<typeof Decision>;

export const CommandName = v.picklist(['generate', 'regenerate', 'refine', 'approve', 'cancel', 'start_over']);
export type CommandName = v.InferOutput<typeof CommandName>;

/** The last accepted command of those named: who did what, and when. To discard and to restore leave no trace here. */
export const LastAction = v.object({
  action: CommandName,
  by: v.string(),
  connectionId: v.string(),
  at: Timestamp,
});
export type LastAction = v.InferOutput<typeof LastAction>;
