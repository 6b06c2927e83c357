/** Which attempt a person has selected. Others neither see the selection nor change it. */
import type { Attempt, DiscardedAttempt } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { attemptInView } from './attempt-in-view.ts';
import { attemptsOf, findAttempt, newestAttempts } from './attempt-tree.ts';
import { permissionsOf } from './permissions.ts';

/**
 * The selection after the session has gone on from `before` to `now`; undefined: the latest is shown.
 * @param isChosen the person has selected the attempt; otherwise it is in view because of what happened before, until the next drawing
 */
export function selectedAfter(
  selectedId: string | undefined,
  before: SessionState,
  now: SessionState,
  isChosen = true,
): string | undefined {
  const [past, snapshot] = [before.snapshot, now.snapshot];
  if (!past || !snapshot) return selectedId;
  if (selectedId === undefined) return keptInView(before, now);
  const isFollowing = !isChosen && findAttempt(snapshot.attempts, selectedId) !== undefined;
  if (isFollowing && snapshot.stage === 'generating') return undefined;
  if (past.turn !== snapshot.turn && endsSelection(before, now)) return startOfUnfinished(now);
  return selectedId;
}

/** Nothing was selected. What others discard, restore or withdraw does not change which picture is in view all the same. */
function keptInView(before: SessionState, now: SessionState): string | undefined {
  const [past, snapshot] = [before.snapshot, now.snapshot];
  if (!past || !snapshot) return undefined;
  const inView = past.stage === 'generating' ? undefined : attemptInView(before)?.image.imageId;
  if (past.turn !== snapshot.turn && !(past.stage === 'final' && snapshot.stage === 'user_feedback')) {
    const isDiscarded = heldAttempt(now, inView) && findAttempt(snapshot.discarded ?? [], inView);
    return isDiscarded && !permissionsOf(now).watches ? inView : startOfUnfinished(now);
  }
  if (snapshot.stage !== 'user_feedback' || inView === snapshot.image.imageId) return undefined;
  if (findAttempt(snapshot.attempts, inView)) return inView;
  return heldAttempt(now, inView) && !permissionsOf(now).watches ? inView : undefined;
}

/**
 * An attempt that the session does not keep any more, and that this person has not discarded: it stays on show where it is open.
 * @param known the attempt as it was, for when the session has lost it altogether
 */
export function heldAttempt(
  { snapshot, welcome }: SessionState,
  selectedId: string | undefined,
  known?: Attempt,
): Attempt | DiscardedAttempt | undefined {
  if (selectedId === undefined || findAttempt(snapshot?.attempts ?? [], selectedId)) return undefined;
  const discarded = findAttempt(snapshot?.discarded ?? [], selectedId);
  if (discarded) return discarded.discarded.participantId === welcome?.participantId ? undefined : discarded;
  return known?.image.imageId === selectedId ? known : undefined;
}

/** What somebody looks at: ids of images, or nothing to decide about. Where it changes, another picture was put before them. */
export function subjectInView(state: SessionState, selectedId: string | undefined, held: Attempt | undefined): string {
  const { snapshot } = state;
  if (held) return held.image.imageId;
  if (!snapshot || (snapshot.stage === 'generating' && selectedId === undefined)) return '';
  const attempt = attemptInView(state, selectedId);
  const attempts = attempt ? [attempt] : newestAttempts(snapshot.attempts);
  return attempts.map(({ image }) => image.imageId).join(' ');
}

/** Whether something went from view because this person discarded it. */
export function hasDiscardedFrom(subject: string, { snapshot, welcome }: SessionState): boolean {
  const ids = subject.split(' ');
  return (snapshot?.discarded ?? []).some(
    ({ image, discarded }) => ids.includes(image.imageId) && discarded.participantId === welcome?.participantId,
  );
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

/** Whether the new turn takes the place of the selection: the review's end, or an act of this person's own. */
function endsSelection(before: SessionState, { welcome, snapshot }: SessionState): boolean {
  const past = before.snapshot;
  if (!past || !snapshot) return false;
  if (snapshot.stage === 'final') return true;
  const isOwn = isBy(snapshot, welcome?.participantId);
  if (snapshot.stage === 'initial_input') return isOwn && snapshot.lastAction?.action === 'start_over';
  // After a lost connection, the end of a generation may be the first that arrives of it.
  const hasGenerated = snapshot.stage === 'generating' || snapshot.turn > past.turn + 1;
  return hasGenerated && isOwn;
}

const isBy = ({ lastAction }: SnapshotMessage, participantId: string | undefined): boolean =>
  lastAction !== undefined && lastAction.participantId === participantId;
