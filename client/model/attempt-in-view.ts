/** The attempt that somebody has before them, and the decision that the review ended with. */
import type { Attempt, Decision } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { findAttempt, newestAttempts } from './attempt-tree.ts';

/**
 * The attempt that this person's decision would be about: the selected one, or else the approved or the newest. Undefined while the
 * newest generation has brought several and none of them is selected: then one has to be selected first.
 */
export function attemptInView({ snapshot }: SessionState, selectedId?: string): Attempt | undefined {
  if (!snapshot) return undefined;
  const { attempts } = snapshot;
  const selected = findAttempt(attempts, selectedId);
  if (selected) return selected;
  if (snapshot.stage === 'final') {
    const ending = findAttempt(attempts, (snapshot.approved ?? endingDecision(snapshot))?.imageId);
    if (ending || snapshot.approved) return ending;
  }
  return newestAttempts(attempts).length > 1 ? undefined : attempts.at(-1);
}

/** The prompt that an image was made from, or the draft where the session no longer keeps the attempt. */
export function promptOf(state: SessionState, imageId: string): string {
  return findAttempt(state.snapshot?.attempts ?? [], imageId)?.prompt ?? state.draft;
}

/** The decision that ended the review; undefined where the session no longer keeps it, or the outcome is one of a newer server. */
export function endingDecision(snapshot: Extract<SnapshotMessage, { stage: 'final' }>): Decision | undefined {
  const { decisions, outcome, approved } = snapshot;
  if (outcome === 'unknown') return undefined;
  return decisions.findLast(
    ({ decision, imageId, withdrawn }) =>
      decision === outcome && !withdrawn && (approved === undefined || imageId === approved.imageId),
  );
}
