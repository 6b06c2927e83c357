/** What a client does after the server has closed its connection. */
export interface ClosePolicy {
  /** What happened, for logs and for people who read a capture. */
  readonly meaning: string;
  /** Whether the client comes back by itself. */
  readonly reconnect: boolean;
  /** The least time to wait before coming back, in milliseconds. */
  readonly waitMs?: number;
}

/** Every close code with a meaning here (rule W7): the one table that both ends read. */
export const closeCodes = {
  /** Proxies and balancers that restart send it, too. */
  1001: { meaning: 'going away', reconnect: true },
  1008: { meaning: 'misuse of the protocol', reconnect: false },
  /** A relay in between may take only small messages, so the client asks for the addresses of images in place of their bytes. */
  1009: { meaning: 'message too big', reconnect: true },
  1011: { meaning: 'internal error', reconnect: true },
  1012: { meaning: 'server restarts', reconnect: true },
  4403: { meaning: 'not allowed', reconnect: false },
  4404: { meaning: 'session gone', reconnect: false },
  4408: { meaning: 'join deadline or silence', reconnect: true },
  4429: { meaning: 'limited', reconnect: true, waitMs: 60_000 },
} as const satisfies Record<number, ClosePolicy>;

export type CloseCode = keyof typeof closeCodes;

/** The policy of any close code; one that is not in the table (1006, say, a lost line) means coming back. */
export function closePolicy(code: number): ClosePolicy {
  return (closeCodes as Record<number, ClosePolicy>)[code] ?? { meaning: 'connection lost', reconnect: true };
}
