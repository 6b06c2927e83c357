/** Where a session can stand: one member per stage, so that what makes no sense can't be written down. */
import type { Decision, Generation, GenerationError, ImageReference, LastAction } from '../../shared/model.ts';
import type { Attempts, KeptAttempt, PutAside } from './attempts.ts';

/** A generation that failed in part or in whole, or, without an error, was cancelled (rule M8). */
export interface Unfinished {
  readonly generation: Generation;
  readonly error?: GenerationError;
}

export interface Common {
  readonly revision: number;
  readonly turn: number;
  readonly decisions: readonly Decision[];
  readonly lastAction?: LastAction;
  /** What was last asked for, whatever became of it: to be asked for again in no other words. */
  readonly lastAsk?: Pick<Generation, 'prompt' | 'options'>;
  /** How many attempts there have been since the last Start over. */
  readonly drawn: number;
  /** Attempts that can be restored, longest put aside first. */
  readonly discarded: readonly PutAside[];
}

export interface InitialInput extends Common {
  readonly stage: 'initial_input';
  readonly attempts: readonly [];
  readonly unfinished?: Unfinished;
}
export interface Generating extends Common {
  readonly stage: 'generating';
  readonly attempts: readonly KeptAttempt[];
  readonly generation: Generation;
  /** The candidates that have ended. */
  readonly settled: readonly number[];
  /** Of the candidate that failed first. */
  readonly error?: GenerationError;
}
export interface UserFeedback extends Common {
  readonly stage: 'user_feedback';
  readonly attempts: Attempts;
  readonly unfinished?: Unfinished;
}
export interface Final extends Common {
  readonly stage: 'final';
  readonly attempts: Attempts;
  readonly approved: ImageReference;
}
/** Nothing runs, and nothing is decided. */
export type Resting = InitialInput | UserFeedback;
export type State = InitialInput | Generating | UserFeedback | Final;

export const initialState: InitialInput = {
  stage: 'initial_input',
  revision: 0,
  turn: 0,
  decisions: [],
  drawn: 0,
  discarded: [],
  attempts: [],
};
