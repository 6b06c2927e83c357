/** Who may be in a session, and by which key: open links, invitations, and participants who were let in before (rules W5 and W11). */
import type { InvitationEntry, RecordEntry, Role } from '../../shared/model.ts';
import type { AccessCommand, Links, RejectCode, Invitation as SentInvitation } from '../../shared/protocol.ts';
import { type Clock, isoTime } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { type Invitation, Invitations } from './invitations.ts';
import { OpenLinks } from './links.ts';
import { type Caller, type Credentials, Participants } from './participants.ts';
import { isCreator } from './places.ts';
import { revokedIn } from './record.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import type { Subscribers } from './subscribers.ts';

export interface AccessContext {
  readonly sessionId: string;
  readonly limits: Pick<Limits, 'INVITATIONS_PER_SESSION' | 'NAME_CHARACTERS' | 'RECORD_ENTRIES'>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  readonly subscribers: Subscribers;
  /** The session's record. */
  readonly record: () => readonly RecordEntry[];
  /** Puts on record that somebody was invited or turned out. Rejected with `record_full`, but for a revocation. */
  readonly enter: (entry: InvitationEntry) => Answer;
}

/** What a visitor shows. */
interface Shown {
  readonly key?: string | undefined;
  readonly participant?: Credentials | undefined;
}

/** What lets a visitor in. */
export interface Grant {
  readonly role: Role;
  readonly linkId?: string;
  /** Of a participant who was let in before. */
  readonly credentials?: Credentials | undefined;
  /** The visitor has its key. */
  readonly invitation?: Invitation;
}

export type Admission = Pick<Caller, 'role' | 'participant' | 'hasVote' | 'linkId'> & {
  /** Proves on the next join that this is the same participant. */
  readonly secret: string;
};

/** Why somebody may not be in the session. */
type Refusal = Extract<RejectCode, 'not_allowed' | 'link_closed' | 'revoked' | 'invitation_expired'>;

/** The commands that change who may be here. */
type ChangeCommand = Exclude<AccessCommand, { type: 'end_session' }>;
type LinkCommand = Extract<ChangeCommand, { type: 'close_link' | 'replace_link' }>;
type InviteCommand = Extract<ChangeCommand, { type: 'invite' }>;
type RevokeCommand = Extract<ChangeCommand, { type: 'revoke' }>;

export class Access {
  readonly links: OpenLinks;
  readonly invitations: Invitations;
  readonly #participants: Participants;
  readonly #context: AccessContext;

  constructor(context: AccessContext) {
    const { newId, limits, clock } = context;
    this.#context = context;
    this.links = new OpenLinks(newId);
    this.#participants = new Participants(newId, limits.NAME_CHARACTERS);
    this.invitations = new Invitations(clock, (expired) => this.#onExpired(expired));
  }

  /**
   * Finds the key that lets a visitor in. An invitation makes them the participant whom it is for, whoever they were, but for the creator, who
   * stays the creator. A participant who was turned out is refused by every other key as well.
   */
  grant({ key, participant: credentials }: Shown): Grant | Refusal {
    this.invitations.expire();
    const known = this.#participants.find(credentials);
    const invitation = key === undefined || known?.number === 1 ? undefined : this.invitations.find(key);
    if (invitation) return this.#standing(invitation.participant.id) ?? { role: invitation.role, invitation };
    const standing = known && this.#standing(known.id);
    if (standing === 'revoked') return standing;
    const link = this.links.find(key);
    // A person whose invitation has expired may come by an open link, as anybody else.
    if (link) return { role: link.role, linkId: link.id, credentials: standing ? undefined : credentials };
    if (key === undefined) return 'link_closed';
    if (standing) return standing;
    // A participant whose key lets nobody in any more still decides, or learns what has become of the link.
    if (known?.role === 'reviewer') return { role: 'reviewer', credentials };
    return known && !this.links.find(undefined) ? 'link_closed' : 'not_allowed';
  }

  /** The participant that a visitor became when they were let in. */
  admit({ role, linkId, credentials, invitation }: Grant, wantedName: string): Admission {
    const { id, number, secret } = invitation
      ? this.#participants.prove(invitation.participant, role)
      : this.#participants.identify(credentials, role);
    const invited = this.invitations.of(id);
    const name = invited?.participant.name ?? this.#participants.names.nameFor(id, wantedName, role === 'reviewer');
    return {
      role,
      participant: { id, number, name },
      hasVote: role === 'reviewer' && (number === 1 || invited?.role === 'reviewer'),
      ...(linkId !== undefined && { linkId }),
      secret,
    };
  }

  /** Why a caller who was let in may be here no longer; undefined while they may. */
  refusal({ role, linkId, participant }: Caller): Refusal | undefined {
    this.invitations.expire();
    const isByClosedLink = role === 'watcher' && linkId !== undefined && linkId !== this.links.of('watcher')?.id;
    return this.#standing(participant.id) ?? (isByClosedLink ? 'link_closed' : undefined);
  }

  /** A caller has a connection. */
  entered({ participant }: Caller): void {
    if (this.invitations.use(participant.id)) this.#reportInvitations();
  }

  /** The open links, as this caller may use them: for reviewers (rule W5). */
  linksFor(caller: Caller): Links | undefined {
    if (caller.role !== 'reviewer') return undefined;
    const [watch, review] = [this.links.of('watcher'), this.links.of('reviewer')];
    const isOwn = isCreator(caller);
    const mayInvite = review && (isOwn || caller.linkId === review.id);
    return {
      watch: watch ? 'open' : 'closed',
      ...(watch?.key !== undefined && { watchKey: watch.key }),
      review: mayInvite ? 'open' : 'closed',
      ...(isOwn && review?.key !== undefined && { reviewKey: review.key }),
      manages: isOwn ? ['watcher', 'reviewer'] : ['watcher'],
    };
  }

  /** The invitations with their keys: for the creator (rule W11). */
  invitationsFor(caller: Caller): SentInvitation[] | undefined {
    if (!isCreator(caller)) return undefined;
    const revoked = revokedIn(this.#context.record());
    return this.invitations.all.map(({ keyId, key, role, participant, expiresAt, isUsed, isExpired }) => ({
      ...{ keyId, key, role, name: participant.name, participantId: participant.id },
      ...(expiresAt !== undefined && { expiresAt }),
      ...(isUsed && { used: true }),
      ...(revoked.has(participant.id) && { revoked: true }),
      ...(isExpired && { expired: true }),
    }));
  }

  /** Undefined when that is done. */
  execute(caller: Caller, command: ChangeCommand): Rejection | undefined {
    const isOwn = (command.type === 'close_link' || command.type === 'replace_link') && command.role === 'watcher';
    if (!isOwn && !isCreator(caller)) return reject('not_allowed', NOT_CREATOR);
    switch (command.type) {
      case 'invite':
        return this.#invite(caller, command);
      case 'revoke':
        return this.#revoke(caller, command);
      default:
        return this.#changeLink(caller, command);
    }
  }

  close(): void {
    this.invitations.close();
  }

  #standing(participantId: string): 'revoked' | 'invitation_expired' | undefined {
    if (revokedIn(this.#context.record()).has(participantId)) return 'revoked';
    return this.invitations.of(participantId)?.isExpired ? 'invitation_expired' : undefined;
  }

  /** Watchers who came by the link leave. Reviewers stay: they may have something to decide, and are let in without the link. */
  #changeLink({ participant }: Caller, { type, role }: LinkCommand): undefined {
    const { telemetry, sessionId, subscribers } = this.#context;
    const before = this.links.of(role);
    if (type === 'close_link') this.links.close(role);
    else this.links.replace(role);
    telemetry.linkChanged({ session: sessionId, change: type, role, participant: participant.id });
    if (before) subscribers.dismiss('link_closed', (one) => one.role === 'watcher' && one.linkId === before.id);
    subscribers.notify((one, caller) => {
      const links = this.linksFor(caller);
      if (links) one.linksChanged(links);
    });
  }

  #invite(caller: Caller, { name: wanted, role, expiresAt }: InviteCommand): Rejection | undefined {
    const { clock, limits, newId, enter } = this.#context;
    const { names } = this.#participants;
    const time = expiresAt === undefined ? undefined : Date.parse(expiresAt);
    if (time !== undefined && !(time > clock.now())) {
      return reject('invitation_expired', EXPIRY_IS_PAST, { detail: 'expiry_past', params: {} });
    }
    if (!names.isPossible(wanted)) return reject('name_invalid');
    if (this.invitations.all.length >= limits.INVITATIONS_PER_SESSION) return reject('invitations_full');
    const { id, number } = this.#participants.identify(undefined, role);
    const name = names.reserve(id, wanted);
    const expiry = time !== undefined && { expiresAt: new Date(time).toISOString() };
    const keyId = newId();
    const invitee = { name, role, invitationId: keyId, participantId: id, ...expiry };
    const answer = enter({ kind: 'invited', ...this.#entryOf(caller), invitee });
    if (!answer.accepted) {
      names.release(id);
      return answer;
    }
    this.invitations.add({ keyId, key: newId(), role, participant: { id, number, name }, ...expiry });
    this.#log('invited', caller, { role, invitation: keyId });
    this.#reportInvitations();
    return undefined;
  }

  /** The participant never comes back. Only the name of an invitation that nobody has used may be given again. */
  #revoke(caller: Caller, command: RevokeCommand): Rejection | undefined {
    const { limits, subscribers, record, enter } = this.#context;
    const found = this.#find(command);
    if (!found) return reject('participant_not_found');
    const { participantId, invitationId, role } = found;
    if (participantId === caller.participant.id) return reject('not_allowed', IS_CREATOR);
    const revoked = revokedIn(record());
    if (revoked.has(participantId)) return undefined;
    if (revoked.size >= limits.RECORD_ENTRIES) return reject('record_full');
    // First, so that they are told of nothing more. A revocation is never refused.
    subscribers.dismiss('revoked', ({ participant }) => participant.id === participantId);
    const answer = enter({ kind: 'revoked', ...this.#entryOf(caller), invitee: found });
    if (!answer.accepted) return answer;
    if (this.invitations.of(participantId)?.isUsed === false) this.#participants.names.release(participantId);
    this.#log('revoked', caller, { role, ...(invitationId !== undefined && { invitation: invitationId }) });
    this.#reportInvitations();
    return undefined;
  }

  /** Whom a revocation means: somebody who was invited, is here, or was here to decide. */
  #find(command: RevokeCommand): (InvitationEntry['invitee'] & { participantId: string; role: Role }) | undefined {
    const invitation =
      'keyId' in command
        ? this.invitations.all.find(({ keyId }) => keyId === command.keyId)
        : this.invitations.of(command.participantId);
    if (invitation) {
      const { keyId, role, participant } = invitation;
      return { name: participant.name, role, invitationId: keyId, participantId: participant.id };
    }
    if ('keyId' in command) return undefined;
    const { participantId } = command;
    const present = this.#context.subscribers.find(participantId);
    const name = present?.participant.name ?? this.#participants.names.nameOf(participantId);
    return name === undefined ? undefined : { name, role: present?.role ?? 'reviewer', participantId };
  }

  #entryOf({ participant, connectionId, role }: Caller): Omit<InvitationEntry, 'kind' | 'invitee'> {
    const { newId, clock } = this.#context;
    const act = { by: participant.name, participantId: participant.id, connectionId, at: isoTime(clock) };
    return { entryId: newId(), ...act, role };
  }

  #onExpired(expired: readonly Invitation[]): void {
    const { subscribers, sessionId, telemetry } = this.#context;
    const ids = new Set(expired.map(({ participant }) => participant.id));
    for (const { role, participant, keyId } of expired) {
      const common = { session: sessionId, change: 'expired', role } as const;
      telemetry.invitationChanged({ ...common, participant: participant.id, invitation: keyId });
    }
    subscribers.dismiss('invitation_expired', ({ participant }) => ids.has(participant.id));
    this.#reportInvitations();
  }

  #reportInvitations(): void {
    this.#context.subscribers.notify((one, caller) => {
      const invitations = this.invitationsFor(caller);
      if (invitations) one.invitationsChanged(invitations);
    });
  }

  #log(
    change: 'invited' | 'revoked',
    { participant }: Caller,
    what: { readonly role: Role; readonly invitation?: string },
  ): void {
    const { sessionId, telemetry } = this.#context;
    telemetry.invitationChanged({ session: sessionId, change, participant: participant.id, ...what });
  }
}

export const NOT_CREATOR = 'Only whoever opened the session can do that.';
const IS_CREATOR = 'Whoever opened the session stays in it.';
const EXPIRY_IS_PAST = 'The invitation would have expired already.';
