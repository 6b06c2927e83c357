/** Every message of `proofroom.v1`: its schema, from which its type is inferred. PROTOCOL.md, beside this file, tells it in words. */
import * as v from 'valibot';
import {
  ApprovalsNeeded,
  Attempt,
  Decision,
  DiscardedAttempt,
  Generation,
  GenerationError,
  ImageReference,
  LastAction,
  outcomes,
  Person,
  RecordEntry,
  rejectDetails,
  retryDetails,
  roles,
  SentenceParameters,
  stages,
} from './model.ts';
import { Capabilities, Options } from './options.ts';
import { Count, openEnum, otherThan, Timestamp } from './schemas.ts';

/** The WebSocket subprotocol; a client that does not offer it gets HTTP 400. */
export const SUBPROTOCOL = 'proofroom.v1';
export const PROTOCOL_VERSION = 1;
/** The longest access token that a client may send, in characters. */
export const LONGEST_TOKEN = 512;

// ——— client to server ———

/** Ours are far shorter; a longer one is not looked up, kept or repeated (rule S4). */
const id = v.pipe(v.string(), v.maxLength(256));
const ids = v.array(id);

const command = {
  /** Fresh and unguessable; the same id again gets the first answer again (rule M7). */
  commandId: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  /** The turn that the person was looking at; from another one the command is `stale` (rule M10). */
  turn: v.optional(Count),
};

export const JoinMessage = v.object({
  type: v.literal('join'),
  sessionId: v.optional(id),
  key: v.optional(id),
  token: v.optional(v.pipe(v.string(), v.maxLength(LONGEST_TOKEN))),
  name: v.optional(v.string()),
  /** Who this is, from an earlier `welcome` of this session; without it, or with a wrong secret, the server makes a new participant. */
  participant: v.optional(v.object({ id, secret: id })),
  /** Images whose bytes the client still holds. */
  have: v.optional(ids),
  /** How many entries of the record the client has. */
  record: v.optional(Count),
  images: v.optional(v.picklist(['inline', 'url'])),
  /** `once`: long prompts come in messages of their own, each once; without it every snapshot repeats them. */
  prompts: v.optional(v.picklist(['inline', 'once'])),
  /** How many approvals a new session needs. */
  approvals: v.optional(ApprovalsNeeded),
});
export type JoinMessage = v.InferOutput<typeof JoinMessage>;

export const WantMessage = v.object({ type: v.literal('want'), imageIds: ids });
export type WantMessage = v.InferOutput<typeof WantMessage>;

export const DraftMessage = v.object({
  type: v.literal('draft'),
  text: v.string(),
  /** Of the sender's making: the server then tells the sender too when this text was set. */
  draftId: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64))),
});
export type DraftMessage = v.InferOutput<typeof DraftMessage>;

/** Tells the others which image a participant has open; absent: none. */
export const LookMessage = v.object({ type: v.literal('look'), imageId: v.optional(id) });
export type LookMessage = v.InferOutput<typeof LookMessage>;

/** The digest is that of the bytes that the person saw (rule M3). */
const decision = { ...command, imageId: id, sha256: id, note: v.string() };

/** About the pictures: the session's state decides on them. */
export const ReviewCommand = v.variant('type', [
  v.object({ type: v.literal('generate'), ...command, prompt: v.string(), options: v.optional(Options) }),
  v.object({
    type: v.literal('regenerate'),
    ...command,
    imageId: v.optional(id),
    /** Absent: the same prompt again. */
    prompt: v.optional(v.string()),
    options: v.optional(Options),
  }),
  v.object({
    type: v.literal('refine'),
    ...command,
    imageId: id,
    feedback: v.string(),
    options: v.optional(Options),
  }),
  v.object({
    type: v.literal('approve'),
    ...decision,
    sha256: v.optional(id),
    note: v.optional(v.string()),
  }),
  v.object({ type: v.literal('request_changes'), ...decision }),
  /** Ends the review without a picture. */
  v.object({ type: v.literal('decline'), ...decision }),
  /** Takes a decision of one's own back. */
  v.object({ type: v.literal('withdraw'), ...command, decisionId: id }),
  /** Says how many people must approve the same image. The creator's alone. */
  v.object({ type: v.literal('require_approvals'), ...command, approvals: ApprovalsNeeded }),
  v.object({
    type: v.literal('cancel'),
    ...command,
    /** Why, for the person who asks next. */
    reason: v.optional(v.string()),
  }),
  v.object({ type: v.literal('start_over'), ...command }),
  /** Puts an attempt aside. */
  v.object({ type: v.literal('discard'), ...command, imageId: id }),
  /** Takes a discarded attempt back. */
  v.object({ type: v.literal('restore'), ...command, imageId: id }),
  /** Deletes attempts for good, all of them or none. */
  v.object({ type: v.literal('remove'), ...command, imageIds: v.pipe(ids, v.minLength(1)) }),
]);
export type ReviewCommand = v.InferOutput<typeof ReviewCommand>;

const { commandId } = command;

/** About who may be in the session: possible at every stage. Of the session's state they change the record at most. */
export const AccessCommand = v.variant('type', [
  /** Closes the open link of this role: nobody comes in by it any more, and watchers who came by it are sent away. */
  v.object({ type: v.literal('close_link'), commandId, role: v.picklist(roles) }),
  /** The same, and another link takes its place. */
  v.object({ type: v.literal('replace_link'), commandId, role: v.picklist(roles) }),
  /** Invites somebody by name: a link of their own. The creator's alone, as `revoke` is. */
  v.object({
    type: v.literal('invite'),
    commandId,
    name: v.string(),
    role: v.picklist(roles),
    /** From then on the link lets nobody in, and people who came by it are sent away. */
    expiresAt: v.optional(Timestamp),
  }),
  /** Turns a participant out for good, named by their id or by their invitation. */
  v.object({ type: v.literal('revoke'), commandId, participantId: id }),
  v.object({ type: v.literal('revoke'), commandId, keyId: id }),
  /** Ends the session for everybody. */
  v.object({ type: v.literal('end_session'), commandId }),
]);
export type AccessCommand = v.InferOutput<typeof AccessCommand>;

export const Command = v.variant('type', [ReviewCommand, AccessCommand]);
export type Command = v.InferOutput<typeof Command>;

export const accessCommandTypes = [
  'close_link',
  'replace_link',
  'invite',
  'revoke',
  'end_session',
] as const satisfies AccessCommand['type'][];

export const isAccessCommand = <Given extends { readonly type: string }>(
  command: Given,
): command is Extract<Given, { type: AccessCommand['type'] }> =>
  accessCommandTypes.some((type) => type === command.type);

export const ClientMessage = v.variant('type', [JoinMessage, WantMessage, DraftMessage, LookMessage, Command]);
export type ClientMessage = v.InferOutput<typeof ClientMessage>;

// ——— server to client ———

/** The rows of the server's limits that a client needs, by their names in `server/platform/limits.ts`. */
export const ClientLimits = v.object({
  INBOUND_MESSAGE_BYTES: Count,
  PROMPT_CHARACTERS: Count,
  FEEDBACK_CHARACTERS: Count,
  NAME_CHARACTERS: Count,
  HAVE_IDS: Count,
  WANT_IDS: Count,
  ATTEMPTS_PER_SESSION: Count,
  DRAFTS_PER_SECOND: Count,
});
export type ClientLimits = v.InferOutput<typeof ClientLimits>;

/** Which images people are offered to save: any, or those that are approved. */
export const downloads = ['always', 'approved'] as const;
export type DownloadPolicy = (typeof downloads)[number];

const linkStates = ['open', 'closed'] as const;

/** The open links to the session, as the reviewer who is told of them may use them (rule W5). */
export const Links = v.object({
  watch: openEnum(linkStates),
  /** Stands in the open watch link. Absent: the session id alone lets one watch. */
  watchKey: v.optional(v.string()),
  /** Whether the key that this reviewer came with lets others in. For the creator, whether there is an open review link. */
  review: openEnum(linkStates),
  /** Stands in the open review link. For the session's creator alone. */
  reviewKey: v.optional(v.string()),
  /** The roles whose link this reviewer may close and replace: any reviewer the watch link, the creator the review link as well. */
  manages: v.array(openEnum(roles)),
});
export type Links = v.InferOutput<typeof Links>;

/** An invitation as its session's creator sees it. Nobody else is told of keys. */
export const Invitation = v.object({
  keyId: v.string(),
  /** The invited person's name, which nobody else can take. */
  name: v.string(),
  role: openEnum(roles),
  /** Stands in the invitation's link. */
  key: v.string(),
  /** The participant that everybody who comes by it is, in any number of tabs. */
  participantId: v.string(),
  expiresAt: v.optional(Timestamp),
  /** A person has come by it. */
  used: v.optional(v.literal(true)),
  revoked: v.optional(v.literal(true)),
  expired: v.optional(v.literal(true)),
});
export type Invitation = v.InferOutput<typeof Invitation>;

const invitations = v.array(Invitation);

export const WelcomeMessage = v.object({
  type: v.literal('welcome'),
  protocol: v.literal(PROTOCOL_VERSION),
  connectionId: v.string(),
  /** Who this is in the session, the same over all their connections. */
  participantId: v.string(),
  /** Proves it on the next `join`; told to nobody else. */
  participantSecret: v.string(),
  sessionId: v.string(),
  /** Given to the session's creator alone (rule W5). */
  key: v.optional(v.string()),
  /** For reviewers. */
  links: v.optional(Links),
  /** For the session's creator, oldest first; absent when there are none. */
  invitations: v.optional(invitations),
  /** This participant was invited: the name is theirs for good. */
  invited: v.optional(v.literal(true)),
  /** When their invitation expires. */
  expiresAt: v.optional(Timestamp),
  role: openEnum(roles),
  /** This participant has created the session. */
  creator: v.optional(v.literal(true)),
  /** Their approvals count where several are needed. */
  counts: v.optional(v.literal(true)),
  /** What others see; send it back as `name` on a reconnect. */
  name: v.string(),
  /** By the server's clock. Older servers don't tell it. */
  now: v.optional(Timestamp),
  generator: v.object({
    name: v.string(),
    model: v.string(),
    demo: v.boolean(),
    supports: Capabilities,
  }),
  limits: ClientLimits,
  /** How long the session is kept after the last person has left, in milliseconds. */
  keptForMs: v.optional(Count),
  /** Which images people are offered to save. Absent, as from older servers: any. */
  download: v.optional(openEnum(downloads)),
});
export type WelcomeMessage = v.InferOutput<typeof WelcomeMessage>;

const snapshot = {
  type: v.literal('snapshot'),
  /** Grows by one with each change of state (rule M6). */
  revision: Count,
  /** Grows with each change of stage (rule M10). */
  turn: Count,
  draft: v.string(),
  /** Names the long prompt that is the draft; `draft` is then empty. */
  draftPromptId: v.optional(v.string()),
  /** Grows by one each time that a command sets `draft`: an accepted prompt, or a start over, which empties it. */
  draftRevision: Count,
  /** A generation that failed or was cancelled, until a command is accepted (rule M8). */
  lastGeneration: v.optional(Generation),
  /** Of the attempt that was finished last. */
  image: v.optional(ImageReference),
  /** In the order of their numbers. */
  attempts: v.array(Attempt),
  /** The longest discarded first; absent when there are none. */
  discarded: v.optional(v.array(DiscardedAttempt)),
  /** Oldest first. */
  decisions: v.array(Decision),
  /** How many people must approve the same image; absent: one. */
  approvalsNeeded: v.optional(Count),
  /** How many entries the record has; absent: none. */
  recordLength: v.optional(Count),
  error: v.optional(GenerationError),
  lastAction: v.optional(LastAction),
};

const unknownStage = otherThan(stages);
const unknownOutcome = otherThan(outcomes);

/** Whatever stands there: only the outcome `approved` has an approved image. */
const nothingApproved = v.optional(
  v.pipe(
    v.unknown(),
    v.transform((): undefined => undefined),
  ),
);
const final = { stage: v.literal('final'), ...snapshot, image: ImageReference };

/** One shape per stage and outcome: an approval without its image is no snapshot. */
export const SnapshotMessage = v.variant('stage', [
  v.object({ stage: v.literal('initial_input'), ...snapshot }),
  v.object({ stage: v.literal('generating'), ...snapshot, generation: Generation }),
  v.object({ stage: v.literal('user_feedback'), ...snapshot, image: ImageReference }),
  v.variant('outcome', [
    v.object({ ...final, outcome: v.literal('approved'), approved: ImageReference }),
    v.object({ ...final, outcome: v.literal('declined'), approved: nothingApproved }),
    /** An outcome of a newer server. */
    v.object({ ...final, outcome: unknownOutcome, approved: nothingApproved }),
  ]),
  /** A stage of a newer server: the rest of the snapshot still holds. */
  v.object({ stage: unknownStage, ...snapshot }),
]);
export type SnapshotMessage = v.InferOutput<typeof SnapshotMessage>;

export const DraftUpdateMessage = v.object({
  type: v.literal('draft'),
  text: v.string(),
  by: v.string(),
  participantId: v.string(),
  /** To its author alone, who gave it. */
  draftId: v.optional(v.string()),
});
export type DraftUpdateMessage = v.InferOutput<typeof DraftUpdateMessage>;

/** To reviewers, when a link has changed. */
export const LinksMessage = v.object({ type: v.literal('links'), ...Links.entries });
export type LinksMessage = v.InferOutput<typeof LinksMessage>;

/** To the session's creator, when an invitation was made, used for the first time or revoked, or has expired. */
export const InvitationsMessage = v.object({ type: v.literal('invitations'), invitations });
export type InvitationsMessage = v.InferOutput<typeof InvitationsMessage>;

/** How many connections are in the session, by role, and who they are. */
export const ViewersMessage = v.object({
  type: v.literal('viewers'),
  reviewers: Count,
  watchers: Count,
  /** All reviewers and the first watchers, each once; absent from a server that names nobody. */
  people: v.optional(v.array(Person)),
});
export type ViewersMessage = v.InferOutput<typeof ViewersMessage>;

/** Entries of the record that the client does not have. */
export const RecordMessage = v.object({
  type: v.literal('record'),
  /** The place of the first of them in the record, from 0. What the client has from there on, these replace. */
  from: Count,
  entries: v.array(RecordEntry),
});
export type RecordMessage = v.InferOutput<typeof RecordMessage>;

/** For a connection that joined with `prompts: 'once'`: a long prompt, before the first snapshot that names it. */
export const PromptMessage = v.object({ type: v.literal('prompt'), promptId: v.string(), text: v.string() });
export type PromptMessage = v.InferOutput<typeof PromptMessage>;

export const ProgressMessage = v.object({
  type: v.literal('progress'),
  generationId: v.string(),
  candidate: Count,
  phase: openEnum(['queued', 'started', 'drawing', 'retrying']),
  /** The try under way, or the next one while `retrying`; from 1. */
  try: Count,
  maxTries: Count,
  /** Since the generation's `startedAt`, computed when sent. */
  elapsedMs: Count,
  /** An estimate from past generations, of the whole duration. */
  expectedMs: v.optional(Count),
  /** 1 is the next to start. */
  queuePosition: v.optional(Count),
  retryInMs: v.optional(Count),
  /** Why it is tried again, or was: sentences in English, which stay in the phases that follow. */
  reason: v.optional(v.string()),
  /** Names the sentences of `reason`, in order, for clients that word them in another language. */
  reasons: v.optional(v.array(v.object({ detail: openEnum(retryDetails), params: v.optional(SentenceParameters) }))),
});
export type ProgressMessage = v.InferOutput<typeof ProgressMessage>;

const image = { type: v.literal('image'), ...ImageReference.entries };
const InlineImageMessage = v.object({
  ...image,
  /** The bytes in base64. */
  data: v.string(),
});
export type InlineImageMessage = v.InferOutput<typeof InlineImageMessage>;
const ImageUrlMessage = v.object({
  ...image,
  /** For a connection that joined with `images: 'url'`: a path on the WebSocket's origin. */
  url: v.string(),
});
export type ImageUrlMessage = v.InferOutput<typeof ImageUrlMessage>;

export const AckMessage = v.object({ type: v.literal('ack'), commandId: v.string(), revision: Count });
export type AckMessage = v.InferOutput<typeof AckMessage>;

/** In the order in which they are checked. */
export const rejectCodes = [
  'invalid_message',
  'not_joined',
  'session_not_found',
  'rate_limited',
  'not_allowed',
  'link_closed',
  'revoked',
  'invitation_expired',
  'prompt_empty',
  'prompt_too_long',
  'name_invalid',
  'stale',
  'wrong_stage',
  'image_not_found',
  'decision_not_found',
  'participant_not_found',
  'image_in_use',
  'attempts_full',
  'invitations_full',
  'record_full',
  'server_busy',
  'budget_exhausted',
  'internal_error',
] as const;
export type RejectCode = (typeof rejectCodes)[number];

export const RejectMessage = v.object({
  type: v.literal('reject'),
  commandId: v.optional(v.string()),
  /** The id in `want` that is not here. */
  imageId: v.optional(v.string()),
  code: openEnum(rejectCodes),
  /** In English. */
  message: v.string(),
  /** Names the sentence where it says more than the code, for clients that word it in another language. */
  detail: v.optional(openEnum(rejectDetails)),
  params: v.optional(SentenceParameters),
  lastAction: v.optional(LastAction),
});
export type RejectMessage = v.InferOutput<typeof RejectMessage>;

export const HeartbeatMessage = v.object({
  type: v.literal('heartbeat'),
  /** The length of the whole next message, which comes directly after this one (rule R4). */
  nextBytes: v.optional(Count),
});
export type HeartbeatMessage = v.InferOutput<typeof HeartbeatMessage>;

export const GoodbyeMessage = v.object({
  type: v.literal('goodbye'),
  /** A sentence. */
  reason: v.string(),
  /** Why the client is not to come back. */
  code: v.optional(openEnum(['link_closed', 'session_ended', 'revoked', 'invitation_expired'])),
  reconnectInMs: v.optional(Count),
});
export type GoodbyeMessage = v.InferOutput<typeof GoodbyeMessage>;

export const ServerMessage = v.variant('type', [
  WelcomeMessage,
  SnapshotMessage,
  DraftUpdateMessage,
  ViewersMessage,
  RecordMessage,
  LinksMessage,
  InvitationsMessage,
  PromptMessage,
  ProgressMessage,
  InlineImageMessage,
  ImageUrlMessage,
  AckMessage,
  RejectMessage,
  HeartbeatMessage,
  GoodbyeMessage,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessage>;

export type Parsed<Message> =
  | { readonly ok: true; readonly message: Message }
  | {
      readonly ok: false;
      /** Names the first field that is wrong; never quotes the input. */
      readonly problem: string;
      /** What the message said it was, where that can be read. */
      readonly type?: string;
      /** The refused command's, where it can be read. */
      readonly commandId?: string;
    };

export const parseClientMessage = (text: string): Parsed<ClientMessage> => parse(ClientMessage, text);
/** The bytes of an image are most of its message and stand at its end, so they are cut out of it instead of being parsed. */
export function parseServerMessage(text: string): Parsed<ServerMessage> {
  const start = text.indexOf(DATA);
  const data = text.slice(start + DATA.length, -2);
  if (start < 0 || !text.endsWith('"}') || data.includes('"') || data.includes('\\')) return parse(ServerMessage, text);
  const parsed = parse(ServerMessage, `${text.slice(0, start)}${DATA}"}`);
  if (!parsed.ok || !('data' in parsed.message)) return parse(ServerMessage, text);
  return { ok: true, message: { ...parsed.message, data } };
}

/** No string of JSON contains it, since quotes in strings are escaped. */
const DATA = ',"data":"';

/** What can be told of a message that is otherwise wrong. */
const Envelope = v.object({
  type: v.fallback(v.optional(v.string()), undefined),
  commandId: v.fallback(v.optional(command.commandId), undefined),
});

function parse<Schema extends v.GenericSchema>(schema: Schema, text: string): Parsed<v.InferOutput<Schema>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'The message is not JSON in a text frame.' };
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return { ok: true, message: result.output };
  const path = v.getDotPath(result.issues[0]);
  const problem = path ? `The field "${path}" is missing or wrong.` : 'The message is not a JSON object.';
  const envelope = v.safeParse(Envelope, json);
  const { type, commandId } = envelope.success ? envelope.output : {};
  return { ok: false, problem, ...(type !== undefined && { type }), ...(commandId !== undefined && { commandId }) };
}
