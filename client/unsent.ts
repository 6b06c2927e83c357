/** What a person has typed or chosen in one session and not sent: the tab keeps it, so that a reload loses nothing (rule R1). */
import * as v from 'valibot';
import type { SnapshotMessage } from '../shared/protocol.ts';
import { Options } from '../shared/session.ts';

export const Unsent = v.object({
  /** Of the prompt field; what has reached the server comes back from there. */
  draft: v.optional(v.string()),
  /** What should change. */
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

/** What becomes of a reason to cancel, once the drawing has ended. */
export function fateOf(reason: string, { stage, lastGeneration }: SnapshotMessage, canRefine: boolean) {
  if (reason === '' || stage === 'generating') return 'stays';
  if (reason === lastGeneration?.cancelReason) return 'was_sent';
  // Nobody sent it, since the drawing ended by itself: it says what to change in what that brought.
  return stage === 'user_feedback' && canRefine ? 'is_feedback' : 'stays';
}

/** As it is to be found in the session that the tab comes back to: the drawing may have ended meanwhile. */
export function foundAgain(unsent: Unsent, snapshot: SnapshotMessage, canRefine: boolean): Unsent {
  const { reason = '', ...rest } = unsent;
  const fate = fateOf(reason, snapshot, canRefine);
  if (fate === 'stays') return unsent;
  return fate === 'was_sent' ? rest : { ...rest, feedback: joined(rest.feedback, reason) };
}

export const joined = (feedback: string | undefined, reason: string): string =>
  [feedback?.trimEnd(), reason].filter(Boolean).join('\n');
