/** The states of a session: one type for each stage, so that a state that makes no sense can't be written down. */
import type {
  Attempt,
  DiscardedAttempt,
  Generation,
  GenerationError,
  ImageReference,
  LastAction,
  RecordEntry,
} from '../../shared/model.ts';
import { isNonEmpty, type NonEmptyAttempts } from './attempts.ts';

/** A generation that was cancelled or, with an error, failed in part or as a whole (rule M8). */
export interface UnfinishedGeneration {
  readonly generation: Generation;
  readonly error?: GenerationError;
}

export interface CommonState {
  readonly revision: number;
  readonly turn: number;
  /** Counts the commands that have set the shared draft. */
  readonly draftRevision: number;
  /** How many participants must approve the same image. */
  readonly approvalsNeeded: number;
  /** The record of decisions. It only grows. */
  readonly record: readonly RecordEntry[];
  readonly lastAction?: LastAction;
  /** The prompt and options of the last generation, whatever became of it: a `regenerate` without a prompt repeats them. */
  readonly lastRequest?: Pick<Generation, 'prompt' | 'options'>;
  /** The highest number of an attempt since the last start over; the next generation's begin one higher. */
  readonly attemptCount: number;
  /** In the order in which they were discarded. */
  readonly discarded: readonly DiscardedAttempt[];
}

export interface InitialInput extends CommonState {
  readonly stage: 'initial_input';
  readonly attempts: readonly [];
  readonly unfinished?: UnfinishedGeneration;
}
export interface Generating extends CommonState {
  readonly stage: 'generating';
  readonly attempts: readonly Attempt[];
  readonly generation: Generation;
  /** `attemptCount` when it began: the number of a candidate's attempt follows from it. */
  readonly countBefore: number;
  /** Candidates that have ended. */
  readonly settled: readonly number[];
  /** The error of the candidate that failed first. */
  readonly error?: GenerationError;
}
export interface UserFeedback extends CommonState {
  readonly stage: 'user_feedback';
  readonly attempts: NonEmptyAttempts;
  readonly unfinished?: UnfinishedGeneration;
}
interface Ended extends CommonState {
  readonly stage: 'final';
  readonly attempts: NonEmptyAttempts;
}
export interface Approved extends Ended {
  readonly outcome: 'approved';
  readonly approved: ImageReference;
}
export interface Declined extends Ended {
  readonly outcome: 'declined';
  /** The decision that ended the review. */
  readonly decisionId: string;
}
export type Final = Approved | Declined;
/** A stage from which a generation can start. */
export type Idle = InitialInput | UserFeedback;
export type State = InitialInput | Generating | UserFeedback | Final;

export const initialState: InitialInput = {
  stage: 'initial_input',
  revision: 0,
  turn: 0,
  draftRevision: 0,
  approvalsNeeded: 1,
  record: [],
  attemptCount: 0,
  discarded: [],
  attempts: [],
};

/** The approved image, if there is one. */
export const approvedIn = (state: State): ImageReference | undefined =>
  state.stage === 'final' && state.outcome === 'approved' ? state.approved : undefined;

/** The stage without a running generation: `user_feedback` when there is an attempt to review. */
export function idle(common: CommonState, attempts: readonly Attempt[], unfinished?: UnfinishedGeneration): Idle {
  const last = unfinished && { unfinished };
  return isNonEmpty(attempts)
    ? { ...common, stage: 'user_feedback', attempts, ...last }
    : { ...common, stage: 'initial_input', attempts: [], ...last };
}

/** What a state has at every stage. */
export function commonOf(state: State): CommonState {
  const { revision, turn, draftRevision, approvalsNeeded, record, lastAction, lastRequest } = state;
  const { attemptCount, discarded } = state;
  return {
    revision,
    turn,
    draftRevision,
    approvalsNeeded,
    record,
    ...(lastAction && { lastAction }),
    ...(lastRequest && { lastRequest }),
    attemptCount,
    discarded,
  };
}
