/** What a person has typed or chosen in one session and not sent: the tab keeps it, so that a reload loses nothing (rule R1). */
import * as v from 'valibot';
import { Options } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';
import { permissionsOf } from './permissions.ts';

export const Unsent = v.object({
  /** Of the prompt field; what has reached the server comes back from there. */
  draft: v.optional(v.string()),
  /** What should change; absent, nobody has touched the field. */
  feedback: v.optional(v.string()),
  /** The same as it was asked for, until it has become a picture. */
  askedFeedback: v.optional(v.string()),
  /** Why to cancel what is being drawn. */
  reason: v.optional(v.string()),
  /** Chosen for the next ask. */
  options: v.optional(Options),
  /** When the ask began that the choice was made after (ISO 8601); absent before the first one. */
  chosenAfter: v.optional(v.string()),
});

export type Unsent = Readonly<v.InferOutput<typeof Unsent>>;

/**
 * What is left of it as the session goes on; the same object where nothing happens to it.
 * @param before undefined where the tab comes to the session, or back to it: then anything may have happened meanwhile
 */
export function followed(unsent: Unsent, before: SessionState | undefined, now: SessionState): Unsent {
  const step = stepOf(before, now);
  if (!step) return unsent;
  return withoutLeftovers(withReasonInPlace(withoutDrawn(unsent, step), step), step);
}

/** What may have come between two states of a session. */
interface Step {
  readonly past: SnapshotMessage | undefined;
  readonly snapshot: SnapshotMessage;
  /** The server has ended the session for good. */
  readonly hasEnded: boolean;
  readonly hasStartedOver: boolean;
  readonly canRefine: boolean;
}

function stepOf(before: SessionState | undefined, now: SessionState): Step | undefined {
  const { snapshot, welcome } = now;
  if (!snapshot) return undefined;
  const past = before?.snapshot;
  const { turn, lastAction } = snapshot;
  const { refines, hasEnded } = permissionsOf(now);
  return {
    past,
    snapshot,
    hasEnded: hasEnded && before !== undefined && before.connection.status !== 'closed',
    // By this person: what others wrote about a picture stays theirs.
    hasStartedOver:
      past !== undefined &&
      past.turn !== turn &&
      lastAction?.action === 'start_over' &&
      lastAction.connectionId === welcome?.connectionId,
    canRefine: refines,
  };
}

/** What was asked for in these words has become a picture; who has typed on since has others. */
function withoutDrawn(unsent: Unsent, { past, snapshot }: Step): Unsent {
  const { feedback, askedFeedback } = unsent;
  const [last, newest] = [past?.attempts.at(-1), snapshot.attempts.at(-1)];
  const isNew = newest?.image.imageId !== last?.image.imageId;
  if (!isNew || askedFeedback === undefined || newest?.feedback?.trim() !== askedFeedback) return unsent;
  const isSame = feedback?.trim() === askedFeedback;
  return { ...unsent, feedback: isSame ? undefined : feedback, askedFeedback: undefined };
}

function withReasonInPlace(unsent: Unsent, step: Step): Unsent {
  const reason = unsent.reason?.trim() ?? '';
  const fate = reason === '' ? 'stays' : fateOf(reason, step);
  if (fate === 'stays') return unsent;
  const feedback = fate === 'is_feedback' ? joined(unsent.feedback, reason) : unsent.feedback;
  return { ...unsent, feedback, reason: undefined };
}

/** What becomes of a reason to cancel, once there is nothing to cancel any more. */
function fateOf(reason: string, { past, snapshot, hasEnded, canRefine }: Step): 'stays' | 'was_sent' | 'is_feedback' {
  const { stage, lastGeneration } = snapshot;
  const isDrawn = stage !== 'generating' && (past === undefined || past.stage === 'generating');
  if (isDrawn && reason === lastGeneration?.cancelReason) return 'was_sent';
  // Nobody sent it, since the drawing ended by itself: it says what to change in what that brought.
  if (isDrawn && stage === 'user_feedback' && canRefine) return 'is_feedback';
  return hasEnded ? 'is_feedback' : 'stays';
}

/** A field that stands empty is nobody's any more, once something else begins. */
function withoutLeftovers(unsent: Unsent, { past, snapshot, hasEnded, hasStartedOver }: Step): Unsent {
  if (unsent.feedback === undefined) return unsent;
  const isLeftEmpty = unsent.feedback.trim() === '' && (hasEnded || past?.turn !== snapshot.turn);
  return hasStartedOver || isLeftEmpty ? { ...unsent, feedback: undefined } : unsent;
}

const joined = (feedback: string | undefined, reason: string): string =>
  [feedback?.trimEnd(), reason].filter(Boolean).join('\n');
