/** The record of a session: who decided what about which image, when and why. It only grows. Pure. */
import type { Attempt, Decision, DecisionEntry, DecisionName, RecordEntry, Role } from '../../shared/model.ts';
import { type Act, type AttemptLists, findAttempt, imageIdOf } from './attempts.ts';

type Record = readonly RecordEntry[];

/** The author of a command. */
export interface Author {
  readonly role: Role;
  /** Whether their approval counts where several are needed: the creator's and that of invited reviewers do. */
  readonly hasVote: boolean;
}

/** A record is never changed in place, and its decisions are asked for at each change of state. */
const decisionsOf = new WeakMap<Record, readonly Decision[]>();

const revokedOf = new WeakMap<Record, ReadonlySet<string>>();

/** The participants who were turned out, by id. They never take part again. */
export function revokedIn(record: Record): ReadonlySet<string> {
  const known = revokedOf.get(record);
  if (known) return known;
  const ids = record.flatMap((entry) => (entry.kind === 'revoked' ? (entry.invitee.participantId ?? []) : []));
  const revoked = new Set(ids);
  revokedOf.set(record, revoked);
  return revoked;
}

/** All decisions, oldest first. Those of participants who were turned out count no more. */
export function decisionsIn(record: Record): readonly Decision[] {
  const known = decisionsOf.get(record);
  if (known) return known;
  const decisions: Decision[] = [];
  const withdrawals = new Map<string, Act>();
  const revoked = revokedIn(record);
  for (const entry of record.toReversed()) {
    if (entry.kind === 'withdrawn') withdrawals.set(entry.decisionId, actOf(entry));
    else if (isDecision(entry)) {
      const { kind: decision, entryId: decisionId, attempts: _attempts, counts, ...rest } = entry;
      const withdrawn = withdrawals.get(decisionId);
      const isRevoked = revoked.has(entry.participantId);
      decisions.push({
        decision,
        decisionId,
        ...rest,
        ...(counts && !isRevoked && { counts }),
        ...(withdrawn && { withdrawn }),
        ...(isRevoked && { revoked: true }),
      });
    }
  }
  decisions.reverse();
  decisionsOf.set(record, decisions);
  return decisions;
}

/** The ids of the images that somebody has decided about, unless they have withdrawn it. */
export function decidedImages(record: Record): ReadonlySet<string> {
  return new Set(decisionsIn(record).flatMap(({ imageId, withdrawn }) => (withdrawn ? [] : [imageId])));
}

/** The entry of a decision about `attempt`, with what the record does not say yet of the attempt and its ancestors. */
export function decisionEntry(
  { record, attempts, discarded }: AttemptLists & { readonly record: Record },
  kind: DecisionName,
  { image: { imageId, sha256 }, number }: Attempt,
  { entryId, act, author, note }: { entryId: string; act: Act; author: Author; note: string | undefined },
): DecisionEntry {
  const recorded = new Set(record.flatMap((entry) => (isDecision(entry) ? (entry.attempts ?? []) : [])).map(imageIdOf));
  const fresh = lineage([...attempts, ...discarded], imageId).filter((one) => !recorded.has(imageIdOf(one)));
  return {
    kind,
    entryId,
    imageId,
    sha256,
    number,
    ...act,
    role: author.role,
    ...(note !== undefined && { note }),
    ...(author.hasVote && { counts: true }),
    ...(fresh.length > 0 && { attempts: fresh }),
  };
}

/** The attempt and its ancestors as far as they are here, the oldest first. */
function lineage(attempts: readonly Attempt[], imageId: string): Attempt[] {
  const ancestors: Attempt[] = [];
  for (let one = findAttempt(attempts, imageId); one; one = findAttempt(attempts, one.parent ?? ''))
    ancestors.unshift(one);
  return ancestors;
}

export const isDecision = (entry: RecordEntry): entry is DecisionEntry =>
  entry.kind === 'approved' || entry.kind === 'changes_requested' || entry.kind === 'declined';

const actOf = ({ by, participantId, connectionId, at }: Act): Act => ({ by, participantId, connectionId, at });
