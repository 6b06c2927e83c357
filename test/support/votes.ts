/** What the record of a session says of its images, worked out without the product's own rules. */
import { isDecision } from '../../server/session/record.ts';
import type { State } from '../../server/session/state.ts';
import type { DecisionEntry } from '../../shared/model.ts';

type Recorded = Pick<State, 'record'>;

const withdrawnIds = ({ record }: Recorded): Set<string> =>
  new Set(record.flatMap((entry) => (entry.kind === 'withdrawn' ? [entry.decisionId] : [])));

/** What each participant thinks of each image: their last decision about it, unless that one was withdrawn. */
export function opinionsIn(state: Recorded): DecisionEntry[] {
  const withdrawn = withdrawnIds(state);
  return state.record.filter(isDecision).filter((entry, at, decisions) => {
    const isLast = decisions.findLastIndex((one) => isSameOpinion(one, entry)) === at;
    return isLast && !withdrawn.has(entry.entryId);
  });
}

const isSameOpinion = (one: DecisionEntry, other: DecisionEntry): boolean =>
  one.participantId === other.participantId && one.imageId === other.imageId;

/** The participants whose approval of that image counts. */
export function approversOf(state: Pick<State, 'record' | 'approvalsNeeded'>, imageId: string): string[] {
  const mayCount = (entry: DecisionEntry) =>
    !isRevoked(state, entry.participantId) && (state.approvalsNeeded === 1 || entry.counts);
  return opinionsIn(state)
    .filter((entry) => entry.kind === 'approved' && entry.imageId === imageId && mayCount(entry))
    .map(({ participantId }) => participantId);
}

/** Whether a participant was turned out. */
export const isRevoked = ({ record }: Recorded, participantId: string): boolean =>
  record.some((entry) => entry.kind === 'revoked' && entry.invitee.participantId === participantId);

/** Images with a decision that was not withdrawn, superseded or not. */
export function decidedImagesIn(state: Recorded): Set<string> {
  const withdrawn = withdrawnIds(state);
  const standing = state.record.filter(isDecision).filter(({ entryId }) => !withdrawn.has(entryId));
  return new Set(standing.map(({ imageId }) => imageId));
}
