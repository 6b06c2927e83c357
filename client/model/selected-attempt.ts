/** Which attempt a person has selected. Others neither see the selection nor change it. */
import type { SessionState } from '../session/session-state.ts';
import { attemptsOf, findAttempt } from './attempt-tree.ts';
import { attemptInView } from './viewer-content.ts';

/** The selection after the session has gone on from `before` to `now`; undefined: the latest is shown. */
export function selectedAfter(
  selectedId: string | undefined,
  before: SessionState,
  now: SessionState,
): string | undefined {
  const [past, snapshot] = [before.snapshot, now.snapshot];
  if (!past || !snapshot) return selectedId;
  if (past.turn !== snapshot.turn) {
    const isOver = endsSelection(before, now) || !findAttempt(snapshot.attempts, selectedId);
    return isOver ? startOfUnfinished(now) : selectedId;
  }
  if (snapshot.stage !== 'user_feedback' || selectedId !== undefined) return selectedId;
  // Others who discard or restore change which attempt is the newest. The picture in view stays all the same.
  const inView = attemptInView(before)?.image.imageId;
  return inView !== snapshot.image.imageId ? findAttempt(snapshot.attempts, inView)?.image.imageId : undefined;
}

/** The attempt that a generation without any result began from, where another one would be in view: the person goes on from it. */
function startOfUnfinished(now: SessionState): string | undefined {
  const { snapshot } = now;
  const { lastGeneration, attempts = [] } = snapshot ?? {};
  if (snapshot?.stage !== 'user_feedback' || !lastGeneration || attemptsOf(lastGeneration, attempts).length > 0)
    return undefined;
  const start = findAttempt(attempts, lastGeneration.parent);
  return start === attemptInView(now) ? undefined : start?.image.imageId;
}

/** Whether the new turn takes the place of the selection: by a decision, a start over, or a generation of this person's own. */
function endsSelection(before: SessionState, { welcome, snapshot }: SessionState): boolean {
  const past = before.snapshot;
  if (!past || !snapshot) return false;
  if (snapshot.stage === 'final' || snapshot.stage === 'initial_input') return true;
  // After a lost connection, the end of a generation may be the first that arrives of it.
  const hasGenerated = snapshot.stage === 'generating' || snapshot.turn > past.turn + 1;
  return (
    hasGenerated && snapshot.lastAction !== undefined && snapshot.lastAction.participantId === welcome?.participantId
  );
}
