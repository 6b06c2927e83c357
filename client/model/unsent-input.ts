/** What a person has typed or chosen in a session and not sent yet. The tab keeps it, so that a reload loses nothing (rule R1). */
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { permissionsOf } from './permissions.ts';
import type { UnsentInput } from './stored-input.ts';

export type { UnsentInput } from './stored-input.ts';

/**
 * What is left of `unsent` after a change of the session's state; the same object where nothing changes.
 * @param before undefined when the tab joins the session or comes back to it: anything may have happened meanwhile
 */
export function unsentAfter(unsent: UnsentInput, before: SessionState | undefined, now: SessionState): UnsentInput {
  const change = changeOf(before, now);
  if (!change) return unsent;
  return withoutStale(withReasonMoved(withoutDrawn(withoutDecided(unsent, now), change), change), change);
}

/** What should change in an image. Words about an image that is gone belong to whichever is in view. */
export function feedbackOn(
  { feedback, about, otherFeedback = {} }: UnsentInput,
  imageId: string | undefined,
  isHere: (imageId: string) => boolean,
): string | undefined {
  const isElsewhere = about !== undefined && about !== imageId && isHere(about);
  if (!isElsewhere && feedback !== undefined) return feedback;
  return imageId === undefined ? undefined : otherFeedback[imageId];
}

/** The words about another image stay with it. */
export function withFeedback(
  unsent: UnsentInput,
  imageId: string,
  text: string,
  isHere: (imageId: string) => boolean,
): Pick<UnsentInput, 'feedback' | 'about' | 'otherFeedback'> {
  const { feedback, about } = unsent;
  const { [imageId]: _before, ...others } = unsent.otherFeedback ?? {};
  const staysWith = about !== undefined && about !== imageId && isHere(about) && feedback ? about : undefined;
  const otherFeedback = staysWith === undefined || !feedback ? others : { ...others, [staysWith]: feedback };
  const hasOthers = Object.keys(otherFeedback).length > 0;
  return { feedback: text, about: imageId, otherFeedback: hasOthers ? otherFeedback : undefined };
}

export function withNote({ notes }: UnsentInput, imageId: string, text: string): Pick<UnsentInput, 'notes'> {
  const { [imageId]: _before, ...others } = notes ?? {};
  if (text !== '') return { notes: { ...others, [imageId]: text } };
  return { notes: Object.keys(others).length > 0 ? others : undefined };
}

interface Change {
  readonly past: SnapshotMessage | undefined;
  readonly snapshot: SnapshotMessage;
  /** The server has just ended the session for good. */
  readonly hasEnded: boolean;
  /** This person has just started over; after somebody else's start over their text stays. */
  readonly hasStartedOver: boolean;
  readonly canRefine: boolean;
}

function changeOf(before: SessionState | undefined, now: SessionState): Change | undefined {
  const { snapshot, welcome } = now;
  if (!snapshot) return undefined;
  const past = before?.snapshot;
  const { turn, lastAction } = snapshot;
  const { refines, hasEnded } = permissionsOf(now);
  return {
    past,
    snapshot,
    hasEnded: hasEnded && before !== undefined && before.connection.status !== 'closed',
    hasStartedOver:
      past !== undefined &&
      past.turn !== turn &&
      lastAction?.action === 'start_over' &&
      lastAction.participantId === welcome?.participantId,
    canRefine: refines,
  };
}

/** Feedback that has become an attempt goes, unless it was edited after it was sent. */
function withoutDrawn(unsent: UnsentInput, { past, snapshot }: Change): UnsentInput {
  const { feedback, sentFeedback } = unsent;
  const [last, newest] = [past?.attempts.at(-1), snapshot.attempts.at(-1)];
  const isNew = newest?.image.imageId !== last?.image.imageId;
  if (!isNew || sentFeedback === undefined || newest?.feedback?.trim() !== sentFeedback) return unsent;
  const isSame = feedback?.trim() === sentFeedback;
  return { ...unsent, feedback: isSame ? undefined : feedback, sentFeedback: undefined };
}

/** A note goes once a decision of this person says it. */
function withoutDecided(unsent: UnsentInput, { snapshot, welcome }: SessionState): UnsentInput {
  const notes = Object.entries(unsent.notes ?? {});
  const left = notes.filter(
    ([noted, text]) =>
      !snapshot?.decisions.some(
        ({ imageId, participantId, note }) =>
          imageId === noted && participantId === welcome?.participantId && note?.trim() === text.trim(),
      ),
  );
  if (left.length === notes.length) return unsent;
  return { ...unsent, notes: left.length > 0 ? Object.fromEntries(left) : undefined };
}

/** A reason to cancel goes when it was sent, and becomes feedback when there is nothing left to cancel. */
function withReasonMoved(unsent: UnsentInput, change: Change): UnsentInput {
  const reason = unsent.reason?.trim() ?? '';
  const place = reason === '' ? 'reason' : placeOf(reason, change);
  if (place === 'reason') return unsent;
  if (place === 'sent') return { ...unsent, reason: undefined };
  // It is about what comes next, whichever picture that is.
  return { ...unsent, feedback: joined(unsent.feedback, reason), about: undefined, reason: undefined };
}

function placeOf(reason: string, { past, snapshot, hasEnded, canRefine }: Change): 'reason' | 'sent' | 'feedback' {
  const { stage, lastGeneration } = snapshot;
  const isDone = stage !== 'generating' && (past === undefined || past.stage === 'generating');
  if (isDone && reason === lastGeneration?.cancelReason) return 'sent';
  // The generation ended by itself: the reason says what to change in what it brought.
  if (isDone && stage === 'user_feedback' && canRefine) return 'feedback';
  return hasEnded ? 'feedback' : 'reason';
}

/** After a start over, and once an emptied field's turn is over, the feedback field counts as untouched again. */
function withoutStale(unsent: UnsentInput, { past, snapshot, hasEnded, hasStartedOver }: Change): UnsentInput {
  if (unsent.feedback === undefined) return unsent;
  const wasEmptied = unsent.feedback.trim() === '' && (hasEnded || past?.turn !== snapshot.turn);
  return hasStartedOver || wasEmptied ? { ...unsent, feedback: undefined } : unsent;
}

const joined = (feedback: string | undefined, reason: string): string =>
  [feedback?.trimEnd(), reason].filter(Boolean).join('\n');
