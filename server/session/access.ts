/** Who may be in a session, and by which key: open links, invitations, and participants who were let in before (rules W5 and W11). Pure. */
import type { InvitationEntry, Person, RecordEntry, Role } from '../../shared/model.ts';
import type { AccessCommand, Links, RejectCode, Invitation as SentInvitation } from '../../shared/protocol.ts';
import { isSameSecret } from '../platform/secrets.ts';
import { type Invitation, isOver, newlyOver } from './invitations.ts';
import { findLink, firstLinks, newLink, type OpenLinks } from './links.ts';
import { Names, noNames, type TakenNames } from './names.ts';
import { type Caller, type Credentials, findParticipant, isCreatorOf, secretOf } from './participants.ts';
import { isCreator } from './places.ts';
import { revokedIn } from './record.ts';
import { type Rejection, reject } from './rejections.ts';

/** Plain JSON, never changed in place. */
export interface AccessState {
  readonly links: OpenLinks;
  /** Oldest first, revoked and expired ones included. */
  readonly invitations: readonly Invitation[];
  /** Those that reviewers have had: watchers do nothing that their names are told with. */
  readonly names: TakenNames;
  /** Signs what participants prove themselves with. */
  readonly signingKey: string;
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
export type AccessChange = Exclude<AccessCommand, { type: 'end_session' }>;
type LinkCommand = Extract<AccessChange, { type: 'close_link' | 'replace_link' }>;
type InviteCommand = Extract<AccessChange, { type: 'invite' }>;
type RevokeCommand = Extract<AccessChange, { type: 'revoke' }>;

/** The result of a command about access. */
export interface AccessDecision {
  readonly access: AccessState;
  /** The entry that goes on record. */
  readonly entry?: InvitationEntry;
}

export interface AccessContext {
  readonly limits: {
    readonly INVITATIONS_PER_SESSION: number;
    readonly NAME_CHARACTERS: number;
    readonly RECORD_ENTRIES: number;
  };
  readonly newId: () => string;
  /** In milliseconds since 1970. */
  readonly now: number;
}

export const firstAccess = (newId: () => string): AccessState => ({
  links: firstLinks(newId),
  invitations: [],
  names: noNames,
  signingKey: newId(),
});

/** The access to a session at one moment. */
export class Access {
  readonly state: AccessState;
  readonly #record: readonly RecordEntry[];

  constructor(state: AccessState, record: readonly RecordEntry[]) {
    this.state = state;
    this.#record = record;
  }

  get links(): OpenLinks {
    return this.state.links;
  }

  get invitations(): readonly Invitation[] {
    return this.state.invitations;
  }

  /** The invitation of a participant. */
  invitationOf(participantId: string): Invitation | undefined {
    return this.invitations.find(({ participant }) => participant.id === participantId);
  }

  /**
   * Finds the key that lets a visitor in. An invitation makes them the participant whom it is for, whoever they were, but for the creator, who
   * stays the creator. A participant who was turned out is refused by every other key as well.
   */
  grant({ key, participant: credentials }: Shown, now: number): Grant | Refusal {
    const known = findParticipant(credentials, this.state.signingKey);
    const isOwn = known !== undefined && isCreatorOf(known);
    const invitation = key === undefined || isOwn ? undefined : this.#invitationWith(key);
    if (invitation) return this.#standing(invitation.participant.id, now) ?? { role: invitation.role, invitation };
    const standing = known && this.#standing(known.id, now);
    if (standing === 'revoked') return standing;
    const link = findLink(this.links, key);
    // A person whose invitation has expired may come by an open link, as anybody else.
    if (link) return { role: link.role, linkId: link.id, credentials: standing ? undefined : credentials };
    if (key === undefined) return 'link_closed';
    if (standing) return standing;
    // A participant whose key lets nobody in any more still decides, or learns what has become of the link.
    if (known?.role === 'reviewer') return { role: 'reviewer', credentials };
    return known && !findLink(this.links, undefined) ? 'link_closed' : 'not_allowed';
  }

  /** The participant that a visitor becomes when they are let in, and the access afterwards. */
  admit(
    { role, linkId, credentials, invitation }: Grant,
    wantedName: string,
    { limits, newId, now }: AccessContext,
    since = Math.max(1, now),
  ): { readonly admission: Admission; readonly access: AccessState } {
    const { signingKey } = this.state;
    const person = invitation?.participant ?? findParticipant(credentials, signingKey) ?? { id: newId(), since };
    const { id } = person;
    // A reviewer who watches in another tab can still decide in the first.
    const proven = 'role' in person && person.role === 'reviewer' ? person.role : role;
    const invited = this.invitationOf(id);
    const names = new Names(limits.NAME_CHARACTERS, this.state.names);
    const name = invited?.participant.name ?? names.nameFor(id, wantedName, role === 'reviewer');
    const admission = {
      role,
      participant: { id, since: person.since, name },
      hasVote: role === 'reviewer' && (isCreatorOf(person) || invited?.role === 'reviewer'),
      ...(linkId !== undefined && { linkId }),
      secret: secretOf({ id, since: person.since, role: proven }, signingKey),
    };
    return { admission, access: this.#used(invited).#with({ names: names.taken }).state };
  }

  /** Why a caller who was let in may be here no longer; undefined while they may. */
  refusal({ role, linkId, participant }: Caller, now: number): Refusal | undefined {
    const isByClosedLink = role === 'watcher' && linkId !== undefined && linkId !== this.links.watcher?.id;
    return this.#standing(participant.id, now) ?? (isByClosedLink ? 'link_closed' : undefined);
  }

  /** The open links, as this caller may use them: for reviewers (rule W5). */
  linksFor(caller: Caller): Links | undefined {
    if (caller.role !== 'reviewer') return undefined;
    const { watcher: watch, reviewer: review } = this.links;
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
    const revoked = revokedIn(this.#record);
    return this.invitations.map(({ keyId, key, role, participant, expiresAt, isUsed, isExpired }) => ({
      ...{ keyId, key, role, name: participant.name, participantId: participant.id },
      ...(expiresAt !== undefined && { expiresAt }),
      ...(isUsed && { used: true }),
      ...(revoked.has(participant.id) && { revoked: true }),
      ...(isExpired && { expired: true }),
    }));
  }

  /** Marks the invitations whose time has come. */
  expire(now: number): AccessState {
    const due = new Set(newlyOver(this.invitations, now));
    if (due.size === 0) return this.state;
    const invitations = this.invitations.map((one) => (due.has(one) ? { ...one, isExpired: true as const } : one));
    return this.#with({ invitations }).state;
  }

  /** @param present that participant, if they are here */
  decide(
    caller: Caller,
    command: AccessChange,
    context: AccessContext,
    present: (participantId: string) => Pick<Person, 'name' | 'role'> | undefined,
  ): AccessDecision | Rejection {
    const isOwn = (command.type === 'close_link' || command.type === 'replace_link') && command.role === 'watcher';
    if (!isOwn && !isCreator(caller)) return reject('not_allowed', NOT_CREATOR);
    switch (command.type) {
      case 'invite':
        return this.#invite(caller, command, context);
      case 'revoke':
        return this.#revoke(caller, command, context, present);
      default:
        return { access: this.#changeLink(command, context) };
    }
  }

  #with(change: Partial<AccessState>): Access {
    const isSame = Object.entries(change).every(([key, value]) => this.state[key as keyof AccessState] === value);
    return isSame ? this : new Access({ ...this.state, ...change }, this.#record);
  }

  #used(invitation: Invitation | undefined): Access {
    if (!invitation || invitation.isUsed) return this;
    const used = { ...invitation, isUsed: true as const };
    return this.#with({ invitations: this.invitations.map((one) => (one === invitation ? used : one)) });
  }

  #invitationWith(key: string): Invitation | undefined {
    return this.invitations.find((one) => isSameSecret(key, one.key));
  }

  #standing(participantId: string, now: number): 'revoked' | 'invitation_expired' | undefined {
    if (revokedIn(this.#record).has(participantId)) return 'revoked';
    const invitation = this.invitationOf(participantId);
    return invitation && isOver(invitation, now) ? 'invitation_expired' : undefined;
  }

  #changeLink({ type, role }: LinkCommand, { newId }: AccessContext): AccessState {
    const { [role]: _before, ...others } = this.links;
    return { ...this.state, links: type === 'close_link' ? others : { ...others, [role]: newLink(role, newId) } };
  }

  #invite(
    caller: Caller,
    { name: wanted, role, expiresAt }: InviteCommand,
    context: AccessContext,
  ): AccessDecision | Rejection {
    const { limits, newId, now } = context;
    const time = expiresAt === undefined ? undefined : Date.parse(expiresAt);
    if (time !== undefined && !(time > now)) {
      return reject('invitation_expired', EXPIRY_IS_PAST, { detail: 'expiry_past', params: {} });
    }
    const names = new Names(limits.NAME_CHARACTERS, this.state.names);
    if (!names.isPossible(wanted)) return reject('name_invalid');
    if (this.invitations.length >= limits.INVITATIONS_PER_SESSION) return reject('invitations_full');
    const participantId = newId();
    const name = names.reserve(participantId, wanted);
    const expiry = time !== undefined && { expiresAt: new Date(time).toISOString() };
    const keyId = newId();
    const participant = { id: participantId, since: now, name };
    const invitation = { keyId, key: newId(), role, participant, ...expiry };
    const invitee = { name, role, invitationId: keyId, participantId, ...expiry };
    return {
      access: { ...this.state, names: names.taken, invitations: [...this.invitations, invitation] },
      entry: { kind: 'invited', ...entryOf(caller, context), invitee },
    };
  }

  /** The participant never comes back. Only the name of an invitation that nobody has used may be given again. */
  #revoke(
    caller: Caller,
    command: RevokeCommand,
    context: AccessContext,
    present: (participantId: string) => Pick<Person, 'name' | 'role'> | undefined,
  ): AccessDecision | Rejection {
    const names = new Names(context.limits.NAME_CHARACTERS, this.state.names);
    const invitee = this.#find(command, names, present);
    if (!invitee) return reject('participant_not_found');
    const { participantId } = invitee;
    if (participantId === caller.participant.id) return reject('not_allowed', IS_CREATOR);
    const revoked = revokedIn(this.#record);
    if (revoked.has(participantId)) return { access: this.state };
    if (revoked.size >= context.limits.RECORD_ENTRIES) return reject('record_full');
    const invitation = this.invitationOf(participantId);
    if (invitation && !invitation.isUsed) names.release(participantId);
    const entry = { kind: 'revoked', ...entryOf(caller, context), invitee } as const;
    return { access: this.#with({ names: names.taken }).state, entry };
  }

  /** Whom a revocation means: somebody who was invited, is here, or was here to decide. */
  #find(
    command: RevokeCommand,
    names: Names,
    present: (participantId: string) => Pick<Person, 'name' | 'role'> | undefined,
  ): (InvitationEntry['invitee'] & { participantId: string; role: Role }) | undefined {
    const invitation =
      'keyId' in command
        ? this.invitations.find(({ keyId }) => keyId === command.keyId)
        : this.invitationOf(command.participantId);
    if (invitation) {
      const { keyId, role, participant } = invitation;
      return { name: participant.name, role, invitationId: keyId, participantId: participant.id };
    }
    if ('keyId' in command) return undefined;
    const { participantId } = command;
    const here = present(participantId);
    const name = here?.name ?? names.nameOf(participantId);
    return name === undefined
      ? undefined
      : { name, role: here?.role === 'watcher' ? here.role : 'reviewer', participantId };
  }
}

function entryOf(
  { participant, connectionId, role }: Caller,
  { newId, now }: AccessContext,
): Omit<InvitationEntry, 'kind' | 'invitee'> {
  const act = { by: participant.name, participantId: participant.id, connectionId, at: new Date(now).toISOString() };
  return { entryId: newId(), ...act, role };
}

export const NOT_CREATOR = 'Only whoever opened the session can do that.';
const IS_CREATOR = 'Whoever opened the session stays in it.';
const EXPIRY_IS_PAST = 'The invitation would have expired already.';
