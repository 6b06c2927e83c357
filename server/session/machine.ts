/** The session's state machine: which events are accepted in which state, and what follows. Pure: no I/O, no clock, no randomness. */
import type { ActionName, Attempt, Decision, Generation, GenerationError, ImageReference } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { RejectCode, ReviewCommand } from '../../shared/protocol.ts';
import {
  type Act,
  type AttemptLists,
  createAttempt,
  discardAttempt,
  dropAttempts,
  excessImages,
  type FinishedImage,
  findAttempt,
  imageIdOf,
  isNonEmpty,
  newestAttempt,
  restoreAttempt,
} from './attempts.ts';
import type {
  CommonState,
  Final,
  Generating,
  Idle,
  InitialInput,
  State,
  UnfinishedGeneration,
  UserFeedback,
} from './state.ts';

export interface CommandEvent {
  readonly type: 'command';
  readonly command: ReviewCommand;
  readonly act: Act;
  /** The id of the generation that the command may start. */
  readonly generationId: string;
}
export interface GeneratedEvent extends FinishedImage {
  readonly type: 'generated';
  readonly generationId: string;
  readonly candidate: number;
  /** Images that the service sent beside the one it was asked for. Each becomes an attempt of its own. */
  readonly more?: readonly ImageReference[];
}
export interface FailedEvent {
  readonly type: 'failed';
  readonly generationId: string;
  readonly candidate: number;
  readonly error: GenerationError;
}
/** The server needs the memory of attempts that nobody looks at. */
export interface ForgetEvent {
  readonly type: 'forget';
  /** Images that stay besides the newest and the approved one: on show, or being sent, so that dropping them would free nothing. */
  readonly keep: readonly string[];
}
export type Event = CommandEvent | GeneratedEvent | FailedEvent | ForgetEvent;

export type Effect =
  | { readonly effect: 'start'; readonly generation: Generation }
  | { readonly effect: 'abort' }
  | { readonly effect: 'drop'; readonly imageIds: readonly string[] }
  /** The shared draft becomes this text. */
  | { readonly effect: 'draft'; readonly text: string };

export type MachineRejection = Extract<RejectCode, 'stale' | 'wrong_stage' | 'image_not_found'>;

export type Transition =
  | { readonly accepted: true; readonly state: State; readonly effects: readonly Effect[] }
  | { readonly accepted: false; readonly code: MachineRejection };

export interface MachineLimits {
  /** Kept and discarded attempts together. */
  readonly ATTEMPTS_PER_SESSION: number;
  /** Decisions on record; the oldest go. */
  readonly DECISIONS_PER_SESSION: number;
}

export function transition(state: State, event: Event, limits: MachineLimits): Transition {
  switch (event.type) {
    case 'command':
      return onCommand(state, event, limits);
    case 'generated':
    case 'failed':
      // A result of a cancelled or superseded generation changes nothing (rule M4).
      return isCurrent(state, event) ? onCandidateEnded(state, event, limits) : accept(state);
    case 'forget':
      return onForget(state, event);
  }
}

function onCommand(state: State, event: CommandEvent, limits: MachineLimits): Transition {
  const { command } = event;
  // Approving the approved image again is accepted whatever its turn (rule M10).
  if (state.stage === 'final' && isApprovalOf(state.approved, command) && hasDigest(state.approved, command.sha256)) {
    return accept(state);
  }
  if (command.turn !== undefined && command.turn !== state.turn) return reject('stale');
  switch (state.stage) {
    case 'initial_input':
      return inInitialInput(state, event);
    case 'generating':
      return command.type === 'cancel' ? cancel(state, event, command.reason) : reject('wrong_stage');
    case 'user_feedback':
      return inUserFeedback(state, event, limits);
    case 'final':
      if (command.type === 'start_over') return startOver(state, event);
      return reject(isApprovalOf(state.approved, command) ? 'image_not_found' : 'wrong_stage');
  }
}

function inInitialInput(state: InitialInput, event: CommandEvent): Transition {
  const { command } = event;
  switch (command.type) {
    case 'generate':
      return start(state, event, 'generate', { prompt: command.prompt, options: command.options ?? {} });
    case 'restore':
      return rearrange(state, restoreAttempt(state, command.imageId));
    default:
      return reject('wrong_stage');
  }
}

function inUserFeedback(state: UserFeedback, event: CommandEvent, limits: MachineLimits): Transition {
  const { command } = event;
  switch (command.type) {
    case 'regenerate': {
      const { imageId } = command;
      const parent = imageId === undefined ? newestAttempt(state.attempts) : findAttempt(state.attempts, imageId);
      if (!parent) return reject('image_not_found');
      const source = imageId === undefined ? (state.lastRequest ?? parent) : parent;
      return start(state, event, 'regenerate', {
        prompt: command.prompt ?? source.prompt,
        options: command.options ?? source.options,
        parent: parent.image.imageId,
      });
    }
    case 'refine': {
      const parent = findAttempt(state.attempts, command.imageId);
      if (!parent) return reject('image_not_found');
      return start(state, event, 'refine', {
        prompt: parent.prompt,
        feedback: command.feedback,
        options: command.options ?? parent.options,
        parent: command.imageId,
      });
    }
    case 'approve': {
      const attempt = findAttempt(state.attempts, command.imageId);
      if (!attempt || !hasDigest(attempt.image, command.sha256)) return reject('image_not_found');
      return approve(state, event, attempt.image, limits);
    }
    case 'discard':
      return rearrange(state, discardAttempt(state, command.imageId, event.act));
    case 'restore':
      return rearrange(state, restoreAttempt(state, command.imageId));
    case 'start_over':
      return startOver(state, event);
    case 'generate':
    case 'cancel':
      return reject('wrong_stage');
  }
}

function start(
  state: Idle,
  event: CommandEvent,
  action: 'generate' | 'regenerate' | 'refine',
  request: { prompt: string; feedback?: string; options: Options; parent?: string },
): Transition {
  const { command, generationId, act } = event;
  const { prompt, options } = request;
  const generation: Generation = { generationId, ...request, candidates: options.candidates ?? 1, startedAt: act.at };
  const next: Generating = {
    ...nextTurn(state, event, action),
    lastRequest: { prompt, options },
    stage: 'generating',
    generation,
    settled: [],
    attempts: state.attempts,
  };
  const newDraft = 'prompt' in command ? command.prompt : undefined;
  const started: Effect = { effect: 'start', generation };
  if (newDraft === undefined) return accept(next, [started]);
  return accept({ ...next, draftRevision: state.draftRevision + 1 }, [started, { effect: 'draft', text: newDraft }]);
}

/** Failures of candidates that have ended by then stay on record. */
function cancel(state: Generating, event: CommandEvent, reason = ''): Transition {
  const generation = reason.trim() === '' ? state.generation : { ...state.generation, cancelReason: reason };
  return accept(idle(nextTurn(state, event, 'cancel'), state.attempts, { generation }), [{ effect: 'abort' }]);
}

function approve(
  state: UserFeedback,
  event: CommandEvent,
  approved: ImageReference,
  limits: MachineLimits,
): Transition {
  const { imageId, sha256 } = approved;
  const decision: Decision = { decision: 'approved', imageId, sha256, ...event.act };
  const common = nextTurn(state, event, 'approve');
  const decisions = [...state.decisions, decision].slice(-limits.DECISIONS_PER_SESSION);
  return accept({ ...common, decisions, stage: 'final', attempts: state.attempts, approved });
}

/** Discarding and restoring start no generation and decide nothing: the error, the last generation and the last action stay. */
function rearrange(state: Idle, lists: AttemptLists | undefined): Transition {
  if (!lists) return reject('image_not_found');
  const { attempts, discarded } = lists;
  const next = idle({ ...commonOf(state), revision: state.revision + 1, discarded }, attempts, state.unfinished);
  return accept(next.stage === state.stage ? next : { ...next, turn: state.turn + 1 });
}

function startOver(state: UserFeedback | Final, event: CommandEvent): Transition {
  const { lastRequest: _lastRequest, ...common } = nextTurn(state, event, 'start_over');
  const imageIds = [...state.discarded, ...state.attempts].map(imageIdOf);
  const empty = { stage: 'initial_input', attemptCount: 0, discarded: [], attempts: [] } as const;
  return accept({ ...common, ...empty, draftRevision: state.draftRevision + 1 }, [
    { effect: 'drop', imageIds },
    { effect: 'draft', text: '' },
  ]);
}

/** The generation ends with its last candidate. */
function onCandidateEnded(before: Generating, event: GeneratedEvent | FailedEvent, limits: MachineLimits): Transition {
  const settled = [...before.settled, event.candidate];
  const [state, effects] =
    event.type === 'generated' ? addAttempt(before, event, limits) : [addFailure(before, event), []];
  const next = { ...state, revision: state.revision + 1, settled };
  const { generation, attempts, error } = next;
  if (settled.length < generation.candidates) return accept(next, effects);
  const common = { ...commonOf(next), turn: next.turn + 1 };
  return accept(idle(common, attempts, error && { generation, error }), effects);
}

function addAttempt(state: Generating, event: GeneratedEvent, limits: MachineLimits): [Generating, Effect[]] {
  const { generation, discarded, attemptCount } = state;
  const { revisedPrompt, at, more = [] } = event;
  // Usage and cost are of all images together: the first one carries them.
  const extras = more.map((image) => ({ image, at, ...(revisedPrompt !== undefined && { revisedPrompt }) }));
  const added = [event, ...extras].map((one, index) => createAttempt(generation, one, attemptCount + 1 + index));
  const all = { attempts: [...state.attempts, ...added], discarded };
  const dropped = excessImages(all, generation, limits.ATTEMPTS_PER_SESSION);
  const effects: Effect[] = dropped.size > 0 ? [{ effect: 'drop', imageIds: [...dropped] }] : [];
  return [{ ...state, ...dropAttempts(all, dropped), attemptCount: attemptCount + added.length }, effects];
}

function addFailure(state: Generating, { candidate, error }: FailedEvent): Generating {
  const failures = [...(state.generation.failures ?? []), { candidate, error }];
  const inOrder = failures.toSorted((one, other) => one.candidate - other.candidate);
  return { ...state, generation: { ...state.generation, failures: inOrder }, error: state.error ?? error };
}

function onForget(state: State, { keep }: ForgetEvent): Transition {
  const needed = new Set([...keep, newestAttempt(state.attempts)?.image.imageId]);
  if (state.stage === 'final') needed.add(state.approved.imageId);
  if (state.stage === 'generating') needed.add(state.generation.parent);
  const imageIds = [...state.discarded, ...state.attempts].map(imageIdOf).filter((imageId) => !needed.has(imageId));
  if (imageIds.length === 0) return accept(state);
  const { attempts, discarded } = dropAttempts(state, new Set(imageIds));
  const next = { ...state, revision: state.revision + 1, discarded };
  const hasAttempts = next.stage !== 'initial_input' && isNonEmpty(attempts);
  return accept(hasAttempts ? { ...next, attempts } : next, [{ effect: 'drop', imageIds }]);
}

/** The stage without a running generation: `user_feedback` when there is an attempt to review. */
function idle(common: CommonState, attempts: readonly Attempt[], unfinished?: UnfinishedGeneration): Idle {
  const last = unfinished && { unfinished };
  return isNonEmpty(attempts)
    ? { ...common, stage: 'user_feedback', attempts, ...last }
    : { ...common, stage: 'initial_input', attempts: [], ...last };
}

/** The part of a state that outlives a command: the old error and the unfinished generation do not (rules M5, M8). */
function nextTurn(state: State, { act }: CommandEvent, action: ActionName): CommonState {
  return { ...commonOf(state), revision: state.revision + 1, turn: state.turn + 1, lastAction: { action, ...act } };
}

function commonOf(state: State): CommonState {
  const { revision, turn, draftRevision, decisions, lastAction, lastRequest, attemptCount, discarded } = state;
  return {
    revision,
    turn,
    draftRevision,
    decisions,
    ...(lastAction && { lastAction }),
    ...(lastRequest && { lastRequest }),
    attemptCount,
    discarded,
  };
}

function isCurrent(state: State, event: GeneratedEvent | FailedEvent): state is Generating {
  return (
    state.stage === 'generating' &&
    state.generation.generationId === event.generationId &&
    event.candidate < state.generation.candidates &&
    !state.settled.includes(event.candidate)
  );
}

const isApprovalOf = (
  image: ImageReference,
  command: ReviewCommand,
): command is Extract<ReviewCommand, { type: 'approve' }> =>
  command.type === 'approve' && command.imageId === image.imageId;
const hasDigest = (image: ImageReference, sha256?: string) => sha256 === undefined || sha256 === image.sha256;
const accept = (state: State, effects: readonly Effect[] = []): Transition => ({ accepted: true, state, effects });
const reject = (code: MachineRejection): Transition => ({ accepted: false, code });
