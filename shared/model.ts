/** What a session is made of: the parts of its state, its snapshots and its messages. */
import * as v from 'valibot';
import { ReportedOptions } from './options.ts';
import { Count, openEnum, otherThan, Timestamp } from './schemas.ts';

export const stages = ['initial_input', 'generating', 'user_feedback', 'final'] as const;
export type Stage = (typeof stages)[number];

export const outcomes = ['approved', 'declined'] as const;

export const roles = ['reviewer', 'watcher'] as const;
export type Role = (typeof roles)[number];

/** The image types that this server keeps and serves (rule S6). */
export type MediaType = 'image/png' | 'image/jpeg' | 'image/webp';

/** An image without its bytes: what a snapshot says of it. */
export const ImageReference = v.object({
  imageId: v.string(),
  generationId: v.string(),
  /** Which of the generation's candidates, from 0. Images that the service sent though nobody asked for them count on from there. */
  candidate: Count,
  kind: openEnum(['partial', 'final']),
  /** Counts a candidate's partials from 0; 0 for a final image. */
  index: Count,
  /** A `MediaType` today; a newer server may send others. */
  mediaType: v.string(),
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

export const EstimatedCost = v.object({ amount: v.pipe(v.number(), v.minValue(0)), currency: v.string() });
export type EstimatedCost = v.InferOutput<typeof EstimatedCost>;

export const generationErrorCodes = [
  'moderation_blocked',
  'invalid_api_key',
  'not_verified',
  'quota_exceeded',
  'rate_limited',
  'timeout',
  'network',
  'provider_error',
  'no_image',
  'server_busy',
] as const;
export type GenerationErrorCode = (typeof generationErrorCodes)[number];

/** Every failure that has a sentence of its own. `server/generators/failures.ts` has the sentences. */
export const failureDetails = [
  'moderation_picture',
  'moderation_prompt',
  'moderation_request',
  'no_credit',
  'unverified_organization',
  'no_such_model',
  'no_such_models',
  'key_lacks_permission',
  'key_refused',
  'key_unusable',
  'region_unsupported',
  'proxy_sign_in',
  'not_allowed',
  'no_edits',
  'redirected',
  'no_such_api',
  'not_the_api',
  'request_too_large',
  'rate_limited',
  'wait_minutes',
  'wait_hours',
  'wait_days',
  'timed_out',
  'silent',
  'unfinished',
  'service_fault',
  'request_refused',
  'unexplained',
  'unexpected',
  'unreachable',
  'cut',
  'too_much_data',
  'not_an_image',
  'image_damaged',
  'image_too_big',
  'only_an_address',
  'no_image',
  'demo_failed',
  'demo_too_large',
  'no_memory',
  'no_budget',
  'server_fault',
  'servers_stopped',
] as const;
export type FailureDetail = (typeof failureDetails)[number];

/** Every sentence that may stand in the `reason` of a `progress`. */
export const retryDetails = [
  'busy',
  'slow',
  'connection_failed',
  'fault',
  'try_had_begun',
  'tries_had_begun',
  'billing_unknown',
  'server_stopped',
] as const;
export type RetryDetail = (typeof retryDetails)[number];

/** Sentences about a rejection that say more than its code. */
export const rejectDetails = [
  'too_many_pictures',
  'fewer_pictures',
  'too_many_waiting',
  'budget_low',
  'budget_used',
  'expiry_past',
] as const;
export type RejectDetail = (typeof rejectDetails)[number];

/** What a sentence speaks of: a name, a count, a duration. */
export const SentenceParameters = v.record(v.string(), v.union([v.string(), v.number()]));
export type SentenceParameters = v.InferOutput<typeof SentenceParameters>;

/** Why a generation, or one candidate of it, gave no image. */
export const GenerationError = v.object({
  code: openEnum(generationErrorCodes),
  /** A sentence in English that a person understands and can act on. */
  message: v.string(),
  /** Names the sentence, for clients that word it in another language. */
  detail: v.optional(openEnum(failureDetails)),
  params: v.optional(SentenceParameters),
  /** Whether the same prompt may succeed when it is tried again. */
  retryable: v.boolean(),
  /** When the service takes requests again, where it said so. */
  retryAt: v.optional(Timestamp),
});
export type GenerationError = v.InferOutput<typeof GenerationError>;

/** Names a long prompt that the connection has got in a message of its own; `prompt` is then empty. */
const promptId = v.optional(v.string());

/** One ask: a prompt with its options. */
export const Generation = v.object({
  generationId: v.string(),
  prompt: v.string(),
  promptId,
  /** What should change, when the generation refines `parent`. */
  feedback: v.optional(v.string()),
  /** The image this one is regenerated or refined from (rule M9). */
  parent: v.optional(v.string()),
  options: ReportedOptions,
  /** How many images were asked for. */
  candidates: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startedAt: Timestamp,
  /** Candidates that ended without an image. Absent when there are none. */
  failures: v.optional(v.array(v.object({ candidate: Count, error: GenerationError }))),
  /** Why it was cancelled, in the words of the person who did. */
  cancelReason: v.optional(v.string()),
});
export type Generation = v.InferOutput<typeof Generation>;

/** One finished image kept in the session. */
export const Attempt = v.object({
  /** Counts from 1 since the last start over; an attempt keeps its number when others go. */
  number: Count,
  image: ImageReference,
  parent: v.optional(v.string()),
  /** The parent is no longer kept in the session. */
  parentDropped: v.optional(v.literal(true)),
  prompt: v.string(),
  promptId,
  feedback: v.optional(v.string()),
  options: ReportedOptions,
  /** The prompt as the model rewrote it. */
  revisedPrompt: v.optional(v.string()),
  usage: v.optional(Usage),
  /** What the image cost, as far as its usage and the model's prices are known. */
  estimatedCost: v.optional(EstimatedCost),
  startedAt: Timestamp,
  finishedAt: Timestamp,
});
export type Attempt = v.InferOutput<typeof Attempt>;

const act = {
  /** The participant's name when they did it. Names are shown, and never compared. */
  by: v.string(),
  /** Who did it: the same over all their connections. */
  participantId: v.string(),
  connectionId: v.string(),
  at: Timestamp,
};

/** An attempt that was discarded and can be restored. */
export const DiscardedAttempt = v.object({ ...Attempt.entries, discarded: v.object(act) });
export type DiscardedAttempt = v.InferOutput<typeof DiscardedAttempt>;

/** The image that a decision is about, by id, digest and number: the number alone may be given again after a start over. */
const subject = {
  imageId: v.string(),
  sha256: v.string(),
  number: Count,
};

const decisionFields = {
  ...subject,
  ...act,
  role: openEnum(roles),
  /** Why. */
  note: v.optional(v.string()),
  /** Where several approvals are needed, only decisions with this mark count: those of the creator and of people who were invited. */
  counts: v.optional(v.literal(true)),
};

export const decisionNames = ['approved', 'changes_requested', 'declined'] as const;
export type DecisionName = (typeof decisionNames)[number];

/** What somebody has decided about an image. Decisions outlive a start over. */
export const Decision = v.object({
  decision: openEnum(decisionNames),
  decisionId: v.string(),
  ...decisionFields,
  /** Its author has taken it back. */
  withdrawn: v.optional(v.object(act)),
  /** Its author was turned out afterwards: it counts no more. */
  revoked: v.optional(v.literal(true)),
});
export type Decision = v.InferOutput<typeof Decision>;

/** The most approvals that a session may need. */
export const MOST_APPROVALS = 16;
/** How many participants must approve the same image. */
export const ApprovalsNeeded = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_APPROVALS));

/** Whom an invitation is for, or who lost the right to take part. */
export const Invitee = v.object({
  name: v.string(),
  role: openEnum(roles),
  /** The `keyId` of the invitation; absent for somebody who came by an open link. */
  invitationId: v.optional(v.string()),
  /** Their participant id. */
  participantId: v.optional(v.string()),
  expiresAt: v.optional(Timestamp),
});
export type Invitee = v.InferOutput<typeof Invitee>;

const entryId = v.string();
const decided = {
  entryId,
  ...decisionFields,
  /** The attempt that this is about and its ancestors, each in the first entry that has to do with it. */
  attempts: v.optional(v.array(Attempt)),
};
const byCreator = { entryId, ...act, role: openEnum(roles) };

export const DecisionEntry = v.object({ kind: v.picklist(decisionNames), ...decided });
export type DecisionEntry = v.InferOutput<typeof DecisionEntry>;

export const InvitationEntry = v.object({ kind: v.picklist(['invited', 'revoked']), ...byCreator, invitee: Invitee });
export type InvitationEntry = v.InferOutput<typeof InvitationEntry>;

const recordKinds = [
  ...decisionNames,
  ...(['withdrawn', 'approvals_changed', 'invited', 'revoked', 'forgotten'] as const),
] as const;

/** One line of a session's record, which only grows. A decision's `entryId` is its `decisionId`. */
export const RecordEntry = v.variant('kind', [
  DecisionEntry,
  v.object({
    kind: v.literal('withdrawn'),
    entryId,
    ...subject,
    ...act,
    role: openEnum(roles),
    decisionId: v.string(),
    decision: openEnum(decisionNames),
  }),
  v.object({ kind: v.literal('approvals_changed'), ...byCreator, approvals: Count }),
  InvitationEntry,
  /** The server needed the memory of attempts of a session that everybody had left. */
  v.object({ kind: v.literal('forgotten'), entryId, at: Timestamp, numbers: v.array(Count) }),
  /** A kind of a newer server. */
  v.object({
    kind: otherThan(recordKinds),
    entryId,
    at: Timestamp,
  }),
]);
export type RecordEntry = v.InferOutput<typeof RecordEntry>;

/** A participant who is here, over one connection or several. */
export const Person = v.object({
  participantId: v.string(),
  name: v.string(),
  role: openEnum(roles),
  /** Their approvals count where several are needed. */
  counts: v.optional(v.literal(true)),
  /** The image that they have open. */
  lookingAt: v.optional(v.string()),
});
export type Person = v.InferOutput<typeof Person>;

/** The commands that a `lastAction` may name: those that lead to another stage, and decisions. */
export const actionNames = [
  ...(['generate', 'regenerate', 'refine', 'approve', 'cancel', 'start_over'] as const),
  ...(['request_changes', 'decline', 'withdraw'] as const),
] as const;
export type ActionName = (typeof actionNames)[number];

/** The last accepted command of those: who did what, and when. */
export const LastAction = v.object({
  action: openEnum(actionNames),
  ...act,
  /** The images that a decision was about. */
  imageId: v.optional(v.string()),
  number: v.optional(Count),
});
export type LastAction = v.InferOutput<typeof LastAction>;
