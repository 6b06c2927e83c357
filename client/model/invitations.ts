/** The invitations of a session as its creator sees them. */
import type { Role } from '../../shared/model.ts';
import type { Invitation } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { moment } from './formats.ts';
import { sessionLink } from './server-address.ts';
import type { Texts } from './texts.ts';

export interface ShownInvitation {
  readonly keyId: string;
  readonly name: string;
  /** Role, state and expiry. */
  readonly summary: string;
  /** The link; absent where it lets nobody in any more. */
  readonly url: string | undefined;
  /** Whether the person who came by it is here. */
  readonly isHere: boolean;
}

/** For how long an invitation may be made to last, in milliseconds. */
export const LIFETIMES = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 } as const;
export type Lifetime = keyof typeof LIFETIMES;

/** The invitation that the creator asks for; without `lifetime`, it lasts as long as the session. */
export interface InvitationInput {
  readonly name: string;
  readonly role: Role;
  readonly lifetime?: Lifetime;
}

/** The newest first, and last those that let nobody in any more. */
export function invitationsOf(t: Texts, state: SessionState, server: string | undefined): readonly ShownInvitation[] {
  const { sessionId = '', invitations, people } = state;
  const shown = invitations.map((invitation): ShownInvitation => {
    const { keyId, name, key, participantId } = invitation;
    const isHere = people.some((person) => person.participantId === participantId);
    return {
      keyId,
      name,
      summary: summaryOf(t, invitation, isHere),
      url: isOver(invitation) ? undefined : sessionLink(server, sessionId, key),
      isHere,
    };
  });
  return shown.toReversed().toSorted((one, other) => Number(one.url === undefined) - Number(other.url === undefined));
}

const isOver = ({ revoked, expired }: Invitation): boolean => revoked === true || expired === true;

function summaryOf(t: Texts, invitation: Invitation, isHere: boolean): string {
  const { role, used, revoked, expired, expiresAt } = invitation;
  const state = revoked ? 'revoked' : expired ? 'expired' : isHere ? 'here' : used ? 'used' : 'unused';
  const parts = [t(`people.role.${role}`), t(`invite.state.${state}`)];
  if (expiresAt !== undefined && !isOver(invitation)) parts.push(t('invite.expires', { when: moment(t, expiresAt) }));
  return parts.join(' · ');
}
