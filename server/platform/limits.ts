/** Every limit of the server, in one place. The unit stands in the name; the environment may set each as `PROOFROOM_` and the name. */
const MiB = 1024 * 1024;
const MINUTE = 60_000;

export const defaultLimits = {
  /** One inbound WebSocket message; a bigger one closes the connection (1009). */
  INBOUND_MESSAGE_BYTES: 64 * 1024,
  /** The frames of one inbound message; more close the connection (1008). Each holds the piece of the stream that it came in. */
  INBOUND_FRAGMENTS: 32,
  /** The pieces in which one inbound frame arrives; more close the connection (1008). A piece costs more than the bytes in it. */
  INBOUND_CHUNKS: 1_024,
  /** Messages held while a `join` is being answered, and rejected ones before it until the connection is closed. */
  HELD_MESSAGES: 16,
  /** From the open socket to the `join`, absolute. */
  JOIN_DEADLINE_MS: 5_000,
  PROMPT_CHARACTERS: 4_000,
  FEEDBACK_CHARACTERS: 2_000,
  NAME_CHARACTERS: 40,
  HAVE_IDS: 32,
  WANT_IDS: 12,
  ATTEMPTS_PER_SESSION: 12,
  /** Approvals on record in a session that is started over again and again: the last ones stand in each snapshot. */
  DECISIONS_PER_SESSION: 256,
  /** Images that one ask may bring; the protocol knows no more than these. */
  CANDIDATES_PER_GENERATION: 4,
  /** Command ids whose answers a session remembers (rule M7). */
  REMEMBERED_COMMANDS: 256,
  /** Candidates drawn at once by the whole server. */
  CONCURRENT_CANDIDATES: 4,
  /** Candidates that may wait their turn; then `server_busy`. */
  QUEUED_CANDIDATES: 100,
  /** Whose turn it is waits so long for room in memory, and fails then: what holds the room may be its own session. */
  MEMORY_WAIT_MS: 3 * MINUTE,
  /** Commands and `want` of one connection: a token bucket of this size … */
  COMMAND_BURST: 20,
  /** … refilled at this rate. */
  COMMANDS_PER_SECOND: 10,
  /** Drafts of one connection; what comes faster collapses to the last. */
  DRAFTS_PER_SECOND: 10,
  /** An IPv6 address counts by its /64, here and below. */
  CONNECTIONS_PER_ADDRESS: 200,
  CONNECTIONS_PER_SESSION: 200,
  CONNECTIONS: 20_000,
  /** Sessions created from one address: a token bucket of this size … */
  SESSION_BURST_PER_ADDRESS: 30,
  /** … refilled at this rate. */
  SESSIONS_PER_MINUTE_PER_ADDRESS: 30,
  SESSIONS: 10_000,
  /** One image from upstream. */
  UPSTREAM_IMAGE_BYTES: 20 * MiB,
  UPSTREAM_IMAGE_PIXELS: 40_000_000,
  /** One upstream response, partials and all. */
  UPSTREAM_STREAM_BYTES: 128 * MiB,
  /** Without a byte from upstream for so long, the try is given up (rule R10). */
  UPSTREAM_SILENCE_MS: 3 * MINUTE,
  /** One upstream request in all (rule R10). */
  UPSTREAM_TOTAL_MS: 10 * MINUTE,
  /** All images, with the room reserved for running generations and the frames being sent. */
  IMAGE_MEMORY_BYTES: 1024 * MiB,
  /** A session without connections, from the last connection or the last generation's end, whichever is later. */
  SESSION_IDLE_MS: 30 * MINUTE,
  /** What one connection's socket may hold before progress and snapshots collapse to the latest. */
  OUTBOX_BYTES: 256 * 1024,
} as const satisfies Record<string, number>;

export type LimitName = keyof typeof defaultLimits;
export type Limits = Readonly<Record<LimitName, number>>;
