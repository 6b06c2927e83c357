/** The attempt that a person has opened for themselves, whatever the others look at: what takes its place, and the way back. */

import type { LastAction } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { attemptsOf, findAttempt } from './attempt-tree.ts';
import { attemptLookedAt } from './viewer-content.ts';

/** The attempt that is open to this person after the session has gone on; undefined, what is new is on show. */
export function openedAfter(openedId: string | undefined, before: SessionState, now: SessionState): string | undefined {
  const [past, snapshot] = [before.snapshot, now.snapshot];
  if (!past || !snapshot) return openedId;
  if (past.turn !== snapshot.turn) {
    return takesTheEye(before, now) || !findAttempt(snapshot.attempts, openedId) ? undefined : openedId;
  }
  if (snapshot.stage !== 'user_feedback' || openedId !== undefined) return openedId;
  // What others put aside or take back changes which attempt is the newest: nobody's picture is exchanged for that.
  const lookedAt = attemptLookedAt(before)?.image.imageId;
  return lookedAt !== snapshot.image.imageId ? findAttempt(snapshot.attempts, lookedAt)?.image.imageId : undefined;
}

/**
 * Whether what is new takes the place of what this person has opened: a decision, the end of what they looked at, or what they have
 * asked for themselves. What others ask for meanwhile does not.
 */
function takesTheEye(before: SessionState, now: SessionState): boolean {
  const [past, snapshot] = [before.snapshot, now.snapshot];
  if (!past || !snapshot) return false;
  if (snapshot.stage === 'final' || snapshot.stage === 'initial_input') return true;
  // Of a whole drawing nothing may have been seen but its end: the line was lost, or slow.
  const wasAsked = snapshot.stage === 'generating' || snapshot.turn > past.turn + 1;
  return wasAsked && isOwn(snapshot.lastAction, before, now);
}

/** A line that was lost makes another connection of the same person: then it is told by what had no answer yet. */
function isOwn(action: LastAction | undefined, before: SessionState, { welcome }: SessionState): boolean {
  if (!action || !welcome) return false;
  return (
    action.connectionId === welcome.connectionId || (before.pending.has(action.action) && action.by === welcome.name)
  );
}

/** Where the way back from the opened attempt leads; undefined where it is on show anyway. */
export function wayBackWords(snapshot: SnapshotMessage, openedId: string | undefined): string | undefined {
  const { attempts } = snapshot;
  const opened = findAttempt(attempts, openedId);
  if (!opened) return undefined;
  if (snapshot.stage === 'generating') return 'Show what is being drawn';
  if (snapshot.stage === 'final') {
    return openedId === snapshot.approved.imageId ? undefined : 'Show the approved picture';
  }
  const newest = attemptsOf(attempts.at(-1)?.image, attempts);
  if (newest.length > 1) return `Show all ${newest.length} pictures`;
  return newest.includes(opened) ? undefined : 'Show the newest picture';
}
