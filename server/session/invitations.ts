/** The invitations to a session: each a key for one participant, until it is revoked or expires (rule W11). */
import type { Role } from '../../shared/model.ts';
import type { Clock } from '../platform/clock.ts';
import { digestOfSecret } from '../platform/secrets.ts';
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
  readonly isUsed: boolean;
  /** Stays true, though the clock may be set back. */
  readonly isExpired: boolean;
}

/** Timers hold for 24 days at most, and clocks are set: so often it is looked at whether an invitation has expired. */
const LONGEST_WAIT_MS = 60_000;

export class Invitations {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #onExpired: (expired: readonly Invitation[]) => void;
  /** By participant id, oldest first. */
  readonly #all = new Map<string, Invitation>();
  /** Participant ids by the digest of the key. */
  readonly #byKey = new Map<string, string>();
  #cancelWait: () => void = () => {};

  /** @param onExpired is told of each invitation once, at the latest a minute after its time */
  constructor(clock: Pick<Clock, 'now' | 'after'>, onExpired: (expired: readonly Invitation[]) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Oldest first, revoked and expired ones included. */
  get all(): readonly Invitation[] {
    return [...this.#all.values()];
  }

  add(made: Omit<Invitation, 'isUsed' | 'isExpired'>): Invitation {
    const invitation = { ...made, isUsed: false, isExpired: false };
    this.#all.set(made.participant.id, invitation);
    this.#byKey.set(digestOfSecret(made.key), made.participant.id);
    this.#wait();
    return invitation;
  }

  find(key: string): Invitation | undefined {
    return this.of(this.#byKey.get(digestOfSecret(key)) ?? '');
  }

  of(participantId: string): Invitation | undefined {
    return this.#all.get(participantId);
  }

  /** Returns whether this is the first use. */
  use(participantId: string): boolean {
    const invitation = this.of(participantId);
    if (!invitation || invitation.isUsed) return false;
    this.#all.set(participantId, { ...invitation, isUsed: true });
    return true;
  }

  /** Ends those whose time has come. */
  expire(): void {
    const due = this.all.filter((one) => !one.isExpired && this.#expiryOf(one) <= this.#clock.now());
    for (const one of due) this.#all.set(one.participant.id, { ...one, isExpired: true });
    this.#wait();
    if (due.length > 0) this.#onExpired(due);
  }

  /** Stops the timer of the expiries. */
  close(): void {
    this.#cancelWait();
    this.#all.clear();
  }

  #expiryOf({ expiresAt }: Invitation): number {
    return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
  }

  #wait(): void {
    this.#cancelWait();
    this.#cancelWait = () => {};
    const next = Math.min(...this.all.filter(({ isExpired }) => !isExpired).map((one) => this.#expiryOf(one)));
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(0, next - this.#clock.now()), LONGEST_WAIT_MS);
    this.#cancelWait = this.#clock.after(waitMs, () => this.expire());
  }
}
