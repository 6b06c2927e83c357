/** The attempt that somebody has before them. */
import type { Attempt } from '../../shared/model.ts';
import type { SessionState } from '../session/session-state.ts';
import { findAttempt, newestAttempts } from './attempt-tree.ts';
import { endingDecision } from './decisions.ts';

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
