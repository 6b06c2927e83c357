/** The decisions about pictures: which stand, which count, and which this person may take back. */
import type { Decision, ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { approvalsOf, opinionsOn } from '../../shared/votes.ts';
import type { SessionState } from '../session/session-state.ts';

type Named = Pick<ImageReference, 'imageId' | 'sha256'>;

/** For so long, a decision can be undone without a question. */
export const UNDO_MS = 10_000;

/** Everything that was decided about an image, withdrawn or not, oldest first. */
export const decisionsOn = ({ decisions }: SnapshotMessage, { imageId, sha256 }: Named): Decision[] =>
  decisions.filter((decision) => decision.imageId === imageId && decision.sha256 === sha256);

/** This participant's decision about an image; undefined while they have not decided, or have taken it back. */
export const ownOpinion = (
  { decisions }: SnapshotMessage,
  image: Named,
  participantId: string | undefined,
): Decision | undefined => (participantId === undefined ? undefined : opinionsOn(image, decisions).get(participantId));

/** The newest request for changes of an image that stands. */
export const changesRequested = ({ decisions }: SnapshotMessage, image: Named): Decision | undefined =>
  [...opinionsOn(image, decisions).values()].findLast(({ decision }) => decision === 'changes_requested');

/** `now` is by the server's clock, in milliseconds since 1970. */
export const isJustDecided = ({ at }: Decision, now: number): boolean => now - Date.parse(at) < UNDO_MS;

/** How far an image is from being final where several have to agree. */
export interface ApprovalStatus {
  readonly count: number;
  readonly needed: number;
  /** The people whose approval is still missing and would count, this participant first. */
  readonly waitsFor: readonly { readonly participantId: string | undefined; readonly name: string }[];
}

/** Undefined where one approval is enough. */
export function approvalStatus(
  { snapshot, people, record, welcome }: Pick<SessionState, 'snapshot' | 'people' | 'record' | 'welcome'>,
  image: Named,
): ApprovalStatus | undefined {
  const needed = snapshot?.approvalsNeeded ?? 1;
  if (!snapshot || needed === 1) return undefined;
  const approvers = new Set(approvalsOf(image, snapshot.decisions, needed).map(({ participantId }) => participantId));
  const voters = new Map<string, { participantId: string | undefined; name: string }>();
  if (welcome?.counts) voters.set(welcome.participantId, welcome);
  for (const { counts, participantId, name } of people) if (counts) voters.set(participantId, { participantId, name });
  for (const entry of record) {
    if (entry.kind !== 'invited' && entry.kind !== 'revoked') continue;
    const { participantId, invitationId, name, role } = entry.invitee;
    const key = participantId ?? invitationId ?? name;
    if (entry.kind === 'revoked') voters.delete(key);
    else if (role === 'reviewer' && !voters.has(key)) voters.set(key, { participantId, name });
  }
  const waitsFor = [...voters].filter(([key]) => !approvers.has(key)).map(([, voter]) => voter);
  return { count: approvers.size, needed, waitsFor };
}

/** Whether this participant's approval would bring the image nearer to being final. */
export function wouldCount(
  state: Pick<SessionState, 'snapshot' | 'welcome'>,
  image: Named,
): 'yes' | 'not_invited' | 'already' {
  const { snapshot, welcome } = state;
  const needed = snapshot?.approvalsNeeded ?? 1;
  if (!snapshot || needed === 1) return 'yes';
  if (!welcome?.counts) return 'not_invited';
  const approvals = approvalsOf(image, snapshot.decisions, needed);
  const isAmongThem = approvals.some(({ participantId }) => participantId === welcome.participantId);
  // A number that was lowered since makes nothing final: the next approval does.
  return isAmongThem && approvals.length < needed ? 'already' : 'yes';
}
