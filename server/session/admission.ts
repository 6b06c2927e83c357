/** Who may join what, and as whom (rules W5, S2 and S3). */

import type { Role } from '../../shared/model.ts';
import type { JoinMessage, RejectCode } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { sameSecret } from '../platform/secrets.ts';
import { TokenBucket } from '../platform/token-bucket.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface Admitted {
  readonly admitted: true;
  readonly session: Session;
  readonly role: Role;
  /** Made the session, and so is given its key (rule W5). */
  readonly created: boolean;
}

export type Admission = Admitted | { readonly admitted: false; readonly code: RejectCode };

/** Address books larger than this are swept of addresses that have been quiet; then again when twice as many are in them as were left. */
const SWEEP_ABOVE = 1_000;

export class Admissions {
  readonly #sessions: Sessions;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #accessToken: string | undefined;
  readonly #creations = new Map<string, TokenBucket>();
  #sweepAbove = SWEEP_ABOVE;

  /** Without an access token, everybody who gets as far as this may create a session. */
  constructor(sessions: Sessions, limits: Limits, clock: Clock, accessToken?: string) {
    this.#sessions = sessions;
    this.#limits = limits;
    this.#clock = clock;
    this.#accessToken = accessToken;
  }

  /** The checks come in the order of the codes on the wire; a wrong key or token never falls back to watching. */
  admit(join: JoinMessage, address: string): Admission {
    return join.sessionId === undefined ? this.#create(join, address) : this.#attach(join, join.sessionId);
  }

  #create(join: JoinMessage, address: string): Admission {
    if (!this.#bucket(address).take()) return refuse('rate_limited');
    if (this.#accessToken !== undefined && !sameSecret(join.token ?? '', this.#accessToken)) {
      return refuse('not_allowed');
    }
    if (this.#sessions.isFull) return refuse('server_busy');
    return { admitted: true, session: this.#sessions.create(), role: 'reviewer', created: true };
  }

  #attach(join: JoinMessage, sessionId: string): Admission {
    const session = this.#sessions.find(sessionId);
    if (!session) return refuse('session_not_found');
    if (join.key !== undefined && !sameSecret(join.key, session.key)) return refuse('not_allowed');
    if (join.token !== undefined && this.#accessToken !== undefined && !sameSecret(join.token, this.#accessToken)) {
      return refuse('not_allowed');
    }
    const { reviewers, watchers } = session.viewers;
    if (reviewers + watchers >= this.#limits.CONNECTIONS_PER_SESSION) return refuse('server_busy');
    return { admitted: true, session, role: join.key === undefined ? 'watcher' : 'reviewer', created: false };
  }

  #bucket(address: string): TokenBucket {
    if (this.#creations.size > this.#sweepAbove) this.#sweep();
    const { SESSION_BURST_PER_ADDRESS, SESSIONS_PER_MINUTE_PER_ADDRESS } = this.#limits;
    const bucket =
      this.#creations.get(address) ??
      new TokenBucket(SESSION_BURST_PER_ADDRESS, SESSIONS_PER_MINUTE_PER_ADDRESS / 60, this.#clock);
    this.#creations.set(address, bucket);
    return bucket;
  }

  #sweep(): void {
    for (const [address, bucket] of this.#creations) if (bucket.isFull) this.#creations.delete(address);
    this.#sweepAbove = Math.max(SWEEP_ABOVE, 2 * this.#creations.size);
  }
}

const refuse = (code: RejectCode): Admission => ({ admitted: false, code });
