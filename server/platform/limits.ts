/** Every limit of the server. The unit is part of the name; the environment sets each as `PROOFROOM_` and the name. */
import { totalmem } from 'node:os';

const MiB = 1024 * 1024;
const MINUTE = 60_000;

/**
 * The default budget for images: half of the memory that the process may use, at least 128 MiB and at most 4 GiB.
 * @param constrained the limit of the process's container in bytes; 0, or more than there is, without one
 * @param total the machine's memory in bytes
 */
export function imageMemoryBytes(constrained: number, total: number): number {
  const usable = constrained > 0 ? Math.min(constrained, total) : total;
  return Math.min(4096 * MiB, Math.max(128 * MiB, Math.floor(usable / 2)));
}

export const defaultLimits = {
  /** One inbound WebSocket message; a bigger one closes the connection (1009). Where prompts may be longer, more, as `limitsOf` says. */
  INBOUND_MESSAGE_BYTES: 64 * 1024,
  /** Frames of one inbound message; more close the connection (1008). Each frame keeps the chunk of the stream that it came in. */
  INBOUND_FRAGMENTS: 32,
  /** Chunks in which one inbound frame arrives; more close the connection (1008). A chunk takes more memory than the bytes in it. */
  INBOUND_CHUNKS: 1_024,
  /**
   * Rejected messages of one connection, each with 512 bytes for its answer: beyond a burst of INBOUND_MESSAGE_BYTES the next message
   * waits.
   */
  REJECTED_BYTES_PER_SECOND: 8 * 1024,
  /** Messages that wait to be handled before the socket is paused; rejected messages before a `join` until the connection is closed. */
  HELD_MESSAGES: 16,
  /** From the open socket to the `join`. */
  JOIN_DEADLINE_MS: 5_000,
  /** Where the generator does not say what it takes. */
  PROMPT_CHARACTERS: 4_000,
  FEEDBACK_CHARACTERS: 2_000,
  NAME_CHARACTERS: 40,
  HAVE_IDS: 32,
  WANT_IDS: 12,
  /** Kept and discarded attempts together; a generation that would bring more is rejected. */
  ATTEMPTS_PER_SESSION: 24,
  /** How many people must approve the same image, 1 to 16, in sessions whose creator does not say. */
  APPROVALS: 1,
  /** Invitations that are made in one session, those that were revoked or have expired included. */
  INVITATIONS_PER_SESSION: 100,
  /** Entries of a session's record; beyond them a decision is rejected. */
  RECORD_ENTRIES: 1_000,
  /** The last decisions, which stand in every snapshot. */
  DECISIONS_PER_SNAPSHOT: 256,
  /** One message of the record; an entry is never divided. */
  RECORD_MESSAGE_CHARACTERS: 32 * 1024,
  /** How many watchers are named to the others, beside all reviewers. */
  NAMED_WATCHERS: 20,
  /** Images of one generation. The protocol allows no more, so the environment can only lower it. */
  CANDIDATES_PER_GENERATION: 4,
  /** Command ids whose answers a session remembers (rule M7). */
  REMEMBERED_COMMANDS: 256,
  /** Candidates that are drawn at once by the whole server. */
  CONCURRENT_CANDIDATES: 4,
  /** Candidates that wait for their turn; beyond them a command is rejected with `server_busy`. */
  QUEUED_CANDIDATES: 100,
  QUEUED_CANDIDATES_PER_ADDRESS: 24,
  QUEUED_CANDIDATES_PER_SESSION: 4,
  /** Images asked for in one session (rule S9): a token bucket of this size, which fills within a minute. */
  ASKS_PER_MINUTE_PER_SESSION: 30,
  /** The same for one address … */
  ASKS_PER_MINUTE_PER_ADDRESS: 60,
  /** … and for the whole server. */
  ASKS_PER_MINUTE: 240,
  /** Images asked of the generator in a day of UTC, and retries of those that may have been billed (rule S9). */
  DAILY_ASKS: 10_000,
  /** What images may cost in a day of UTC, in whole US dollars (rule S9). Needs a generator whose prices are known. */
  DAILY_DOLLARS: Number.POSITIVE_INFINITY,
  /** Commands and `want` of one participant: a token bucket of this size … */
  COMMAND_BURST: 20,
  /** … refilled at this rate. */
  COMMANDS_PER_SECOND: 10,
  /** Drafts of one connection; faster ones are reduced to the last. */
  DRAFTS_PER_SECOND: 10,
  /** An IPv6 address counts as its /64, here and below. */
  CONNECTIONS_PER_ADDRESS: 200,
  CONNECTIONS_PER_SESSION: 200,
  CONNECTIONS: 20_000,
  /** Of each of these three, what is kept for reviewers: watchers can't take it. */
  PERCENT_OF_CONNECTIONS_FOR_REVIEWERS: 20,
  /** Connections that are no WebSocket; more are closed at once. Behind a trusted proxy only the number in all counts. */
  HTTP_CONNECTIONS_PER_ADDRESS: 200,
  HTTP_CONNECTIONS: 5_000,
  /** Requests of one connection that are not answered yet; more close it. */
  REQUESTS_PER_HTTP_CONNECTION: 16,
  /** Requests of one address that read the same image at once; more are answered with 429. */
  IMAGE_READERS_PER_ADDRESS: 32,
  /** Wrong tokens and keys from one address: a token bucket of this size … */
  WRONG_SECRETS_BURST_PER_ADDRESS: 30,
  /** … refilled at this rate. Beyond it they are answered with `rate_limited`; the right secret still passes. */
  WRONG_SECRETS_PER_MINUTE_PER_ADDRESS: 10,
  /** Sessions created from one address: a token bucket of this size … */
  SESSION_BURST_PER_ADDRESS: 30,
  /** … refilled at this rate. */
  SESSIONS_PER_MINUTE_PER_ADDRESS: 30,
  SESSIONS: 10_000,
  /** One image from upstream. */
  UPSTREAM_IMAGE_BYTES: 20 * MiB,
  UPSTREAM_IMAGE_PIXELS: 40_000_000,
  /** One upstream response with all its partials. */
  UPSTREAM_STREAM_BYTES: 128 * MiB,
  /** A try is given up when the upstream sends no byte for so long (rule R10). */
  UPSTREAM_SILENCE_MS: 3 * MINUTE,
  /** The longest that one image may take upstream, over all its tries and the waits between them (rule R10). */
  UPSTREAM_TOTAL_MS: 10 * MINUTE,
  /** All images, reservations of running generations and frames that are being sent (rule R7). */
  IMAGE_MEMORY_BYTES: imageMemoryBytes(process.constrainedMemory(), totalmem()),
  /** The same for all servers that share a Redis, in its memory. Less than its `maxmemory`: the rest is for sessions and jobs. */
  REDIS_IMAGE_BYTES: 1024 * MiB,
  /** A session in which nobody did anything for so long gives up attempts that it does not show, when their memory is needed. */
  SESSION_UNTOUCHED_MS: 15 * MINUTE,
  /** A session without connections ends so long after its last connection or its last generation, whichever was later. */
  SESSION_IDLE_MS: 24 * 60 * MINUTE,
  /** Bytes that one connection's socket may hold before progress and snapshots are reduced to the latest (rule R3). */
  OUTBOX_BYTES: 256 * 1024,
  /** Snapshots and drafts to one connection: beyond a burst of OUTBOX_BYTES, those that come faster are reduced to the latest. */
  UPDATE_BYTES_PER_SECOND: 64 * 1024,
} as const satisfies Record<string, number>;

export type LimitName = keyof typeof defaultLimits;
export type Limits = Readonly<Record<LimitName, number>>;

/** Almost every UTF-16 unit takes three bytes or fewer in a JSON text in UTF-8. */
const BYTES_PER_CHARACTER = 3;
/** For what a message holds besides its text. */
const ENVELOPE_BYTES = 4 * 1024;

/** The bytes of a message whose text has so many UTF-16 units. */
export const messageBytes = (characters: number): number => characters * BYTES_PER_CHARACTER + ENVELOPE_BYTES;

/**
 * The limits that hold: those that were set, or else the default ones. Prompts may be as long as the generator takes them, and a message
 * as long as the longest text needs.
 */
export function limitsOf(
  set: Partial<Limits>,
  { promptCharacters }: { readonly promptCharacters?: number | undefined } = {},
): Limits {
  const prompts = promptCharacters !== undefined && { PROMPT_CHARACTERS: promptCharacters };
  const limits = { ...defaultLimits, ...prompts, ...set };
  const longestText = Math.max(limits.PROMPT_CHARACTERS, limits.FEEDBACK_CHARACTERS);
  const bytes = Math.max(defaultLimits.INBOUND_MESSAGE_BYTES, messageBytes(longestText));
  return { ...limits, INBOUND_MESSAGE_BYTES: set.INBOUND_MESSAGE_BYTES ?? bytes };
}

/** How many of so many connections watchers may have (rule S4). */
export function placesOfWatchers(
  connections: number,
  { PERCENT_OF_CONNECTIONS_FOR_REVIEWERS: percent }: Pick<Limits, 'PERCENT_OF_CONNECTIONS_FOR_REVIEWERS'>,
): number {
  return Math.floor((connections * (100 - percent)) / 100);
}
