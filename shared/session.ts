/** What a session is: the things that its state, its snapshots and its messages are made of. */
import * as v from 'valibot';

/** A natural number, zero included. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

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
  /** `auto`, or width by height in pixels, such as `1536x1024`. */
  size: v.optional(v.pipe(v.string(), v.regex(/^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$/))),
  quality: v.optional(v.picklist(['auto', 'low', 'medium', 'high', 'xhigh', 'max'])),
  background: v.optional(v.picklist(['auto', 'opaque', 'transparent'])),
  format: v.optional(v.picklist(['png', 'jpeg', 'webp'])),
  /** How many images one generation asks for; 1 when absent. */
  candidates: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4))),
});
export type Options = v.InferOutput<typeof Options>;

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
});
export type Generation = v.InferOutput<typeof Generation>;

/** One finished image kept in the session. */
export const Attempt = v.object({
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
  startedAt: Timestamp,
  finishedAt: Timestamp,
});
export type Attempt = v.InferOutput<typeof Attempt>;

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

/** The last accepted command: who did what, and when. */
export const LastAction = v.object({
  action: CommandName,
  by: v.string(),
  connectionId: v.string(),
  at: Timestamp,
});
export type LastAction = v.InferOutput<typeof LastAction>;

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

/** Why the last generation gave no image. */
export const GenerationError = v.object({
  code: GenerationErrorCode,
  /** A sentence that a person understands and can act on. */
  message: v.string(),
  /** Whether the same prompt may succeed when it is tried again. */
  retryable: v.boolean(),
});
export type GenerationError = v.InferOutput<typeof GenerationError>;
