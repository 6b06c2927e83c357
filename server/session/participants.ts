/** Who is in a session: a person or a program, the same over all their connections. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret, sign } from '../platform/secrets.ts';

export interface Participant {
  readonly id: string;
  /** As others see it. Nobody else in the session has one that looks like it. */
  readonly name: string;
  /** When they came to the session for the first time, in milliseconds since 1970; 0 for whoever created it. */
  readonly since: number;
}

/** A participant who acts in a session, over one connection. Only the core makes one, in `create` and `join`. */
export interface Caller {
  readonly sessionId: string;
  readonly role: Role;
  readonly participant: Participant;
  /** Whether their approval counts where several are needed: the creator's and that of invited reviewers do. */
  readonly hasVote: boolean;
  /** The open link that they came by; absent for people who were invited, or let in before by a link that is open no longer. */
  readonly linkId?: string;
  readonly connectionId: string;
  /** The address that limits are counted by. */
  readonly address: string;
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export type KnownParticipant = Pick<Participant, 'id' | 'since'> & {
  /** The highest that they ever had. */
  readonly role: Role;
};

export const isCreatorOf = ({ since }: Pick<Participant, 'since'>): boolean => since === 0;

/**
 * The secret that proves that a visitor is that participant. It is a signature of what the session knows of them, so that nothing is kept
 * for those who left.
 */
export function secretOf({ id, since, role }: KnownParticipant, signingKey: string): string {
  return `${since}.${sign(`${since} ${role} ${id}`, signingKey)}`;
}

/** The participant whom the credentials prove; undefined if they prove nobody of this session. */
export function findParticipant(given: Credentials | undefined, signingKey: string): KnownParticipant | undefined {
  if (!given) return undefined;
  const { id, secret } = given;
  const since = Number.parseInt(secret, 10);
  return (['reviewer', 'watcher'] as const)
    .map((role) => ({ id, since, role }))
    .find((known) => isSameSecret(secret, secretOf(known, signingKey)));
}
