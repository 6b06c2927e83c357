/** The invitations to a session: each a key for one participant, until it is revoked or expires (rule W11). */
import type { Role } from '../../shared/model.ts';
import type { Clock } from '../platform/clock.ts';
import type { Participant } from './participants.ts';

export interface Invitation {
  readonly keyId: string;
  readonly key: string;
  readonly role: Role;
  /** The participant that everybody who comes by it is. */
  readonly participant: Participant;
  /** ISO 8601 in UTC. */
  readonly expiresAt?: string;
  /** A person has come by it. */
  readonly isUsed?: true;
  /** Stays true, though the clock may be set back. */
  readonly isExpired?: true;
}

export const isOver = (invitation: Invitation, now: number): boolean =>
  invitation.isExpired === true || expiryOf(invitation) <= now;

/** The invitations whose time has come and that are not marked as expired yet. */
export const newlyOver = (invitations: readonly Invitation[], now: number): readonly Invitation[] =>
  invitations.filter((one) => !one.isExpired && isOver(one, now));

const expiryOf = ({ expiresAt }: Invitation): number =>
  expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);

/** Timers hold for 24 days at most, and clocks are set: so often it is looked at whether an invitation has expired. */
const LONGEST_WAIT_MS = 60_000;

/** Calls back when the time of an invitation has come, at the latest a minute after it. */
export class ExpiryTimer {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #onDue: () => void;
  #cancel: () => void = () => {};

  constructor(clock: Pick<Clock, 'now' | 'after'>, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Waits for the first of these, in place of those before. */
  wait(invitations: readonly Invitation[]): void {
    this.stop();
    const next = Math.min(...invitations.filter(({ isExpired }) => !isExpired).map(expiryOf));
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(0, next - this.#clock.now()), LONGEST_WAIT_MS);
    this.#cancel = this.#clock.after(waitMs, () => {
      if (newlyOver(invitations, this.#clock.now()).length === 0) return this.wait(invitations);
      this.#cancel = this.#clock.after(LONGEST_WAIT_MS, () => this.wait(invitations));
      this.#onDue();
    });
  }

  /** May be called twice. */
  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }
}
