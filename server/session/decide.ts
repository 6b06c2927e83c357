/** Decisions about images: how a review comes to its end, and how it is taken up again. Pure. */
import type { Attempt, DecisionName, ImageReference, RecordEntry } from '../../shared/model.ts';
import type { ReviewCommand } from '../../shared/protocol.ts';
import { approvalsOf, opinionsOn } from '../../shared/votes.ts';
import { findAttempt } from './attempts.ts';
import { decisionEntry, decisionsIn } from './record.ts';
import { approvedIn, commonOf, type Final, idle, type State, type UserFeedback } from './state.ts';
import {
  accept,
  type CommandEvent,
  hasDigest,
  isFull,
  type MachineLimits,
  recorded,
  reject,
  type Transition,
} from './transition.ts';

type Decide = Extract<ReviewCommand, { type: 'approve' | 'request_changes' | 'decline' }>;

const decisionOf = {
  approve: 'approved',
  request_changes: 'changes_requested',
  decline: 'declined',
} as const satisfies Record<Decide['type'], DecisionName>;

/** An image is final by an approval of somebody who has it in view, once as many approvals count as are needed. */
export function decide(state: UserFeedback, event: CommandEvent, command: Decide, limits: MachineLimits): Transition {
  const { approvalsNeeded } = state;
  const attempt = findAttempt(state.attempts, command.imageId);
  if (!attempt || !hasDigest(attempt.image, command.sha256)) return reject('image_not_found');
  if (command.type === 'decline' && approvalsNeeded > 1 && !event.author.hasVote) return reject('not_allowed');
  const { image } = attempt;
  const decided = withDecision(state, event, command, attempt);
  const approvals = approvalsOf(image, decisionsIn(decided.record), approvalsNeeded);
  const isOwnCounted = approvals.some(({ participantId }) => participantId === event.act.participantId);
  const isFinal = command.type === 'decline' || (isOwnCounted && approvals.length >= approvalsNeeded);
  if (!isFinal && isRepeated(state, event, command, image)) return accept(state);
  if (isFull(state, limits)) return reject('record_full');
  if (!isFinal) return accept(decided);
  const { unfinished: _unfinished, ...rest } = decided;
  const ended = { ...rest, turn: state.turn + 1, stage: 'final' } as const;
  return accept(
    command.type === 'decline'
      ? { ...ended, outcome: 'declined', decisionId: event.entryId }
      : { ...ended, outcome: 'approved', approved: image },
  );
}

/** Changes nothing, unless several have to agree: then each of their approvals goes on record. */
export function approveAgain(state: State, event: CommandEvent, limits: MachineLimits): Transition {
  const approved = approvedIn(state);
  const { command, author } = event;
  const attempt = approved && findAttempt(state.attempts, approved.imageId);
  if (!attempt || command.type !== 'approve' || state.approvalsNeeded === 1 || !author.hasVote) return accept(state);
  if (isRepeated(state, event, command, approved) || isFull(state, limits)) return accept(state);
  return accept(withDecision(state, event, command, attempt));
}

/** The state with the decision on record, at the same stage. */
function withDecision<Before extends State>(
  state: Before,
  event: CommandEvent,
  { type, imageId, note = '' }: Decide,
  attempt: Attempt,
): Before {
  const { act } = event;
  const entry = decisionEntry(state, decisionOf[type], attempt, {
    ...event,
    note: note.trim() === '' ? undefined : note,
  });
  return { ...recorded(state, entry), lastAction: { action: type, ...act, imageId, number: attempt.number } };
}

/** The participant has decided the same about the image before, and still thinks so. */
function isRepeated(
  state: State,
  { act, author }: CommandEvent,
  { type, note }: Decide,
  image: ImageReference,
): boolean {
  const opinion = opinionsOn(image, decisionsIn(state.record)).get(act.participantId);
  const isSame = opinion?.decision === decisionOf[type] && (opinion.counts ?? false) === author.hasVote;
  return isSame && (note === undefined || note === opinion.note);
}

/** Only its author takes a decision back. An image that has too few approvals left by that is not final any more. */
export function withdraw(state: State, event: CommandEvent, decisionId: string): Transition {
  const { act, author, entryId } = event;
  const decision = decisionsIn(state.record).find((one) => one.decisionId === decisionId);
  if (!decision) return reject('decision_not_found');
  if (decision.participantId !== act.participantId) return reject('not_allowed');
  if (decision.withdrawn) return accept(state);
  const { decision: name, imageId, sha256, number } = decision;
  const subject = { imageId, sha256, number };
  const entry: RecordEntry = {
    kind: 'withdrawn',
    entryId,
    ...subject,
    ...act,
    role: author.role,
    decisionId,
    decision: name,
  };
  const next = recorded(state, entry);
  if (next.stage !== 'final' || isUpheld(next, state, decisionId)) return accept(next);
  const common = { ...commonOf(next), turn: state.turn + 1 };
  return accept(idle({ ...common, lastAction: { action: 'withdraw', ...act, imageId, number } }, next.attempts));
}

/** Whether the outcome stands without that decision. What did not count towards it does not end it, though approvers were turned out since. */
function isUpheld(state: Final, before: State, withdrawnId: string): boolean {
  if (state.outcome === 'declined') return state.decisionId !== withdrawnId;
  const { approved, approvalsNeeded } = state;
  const approvals = ({ record }: State) => approvalsOf(approved, decisionsIn(record), approvalsNeeded);
  const wasCounted = approvals(before).some(({ decisionId }) => decisionId === withdrawnId);
  return !wasCounted || approvals(state).length >= approvalsNeeded;
}

/** Makes nothing final: only an approval does. */
export function requireApprovals(
  state: Exclude<State, Final>,
  { entryId, act, author }: CommandEvent,
  approvals: number,
  limits: MachineLimits,
): Transition {
  if (approvals === state.approvalsNeeded) return accept(state);
  if (isFull(state, limits)) return reject('record_full');
  const entry: RecordEntry = { kind: 'approvals_changed', entryId, ...act, role: author.role, approvals };
  return accept({ ...recorded(state, entry), approvalsNeeded: approvals });
}
