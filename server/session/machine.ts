/** The session's state machine: what may happen, and what follows. Pure: no I/O, no clock, no random. */

import type {
  CommandName,
  Decision,
  Generation,
  GenerationError,
  ImageReference,
  Options,
} from '../../shared/model.ts';
import type { Command, RejectCode } from '../../shared/protocol.ts';
import {
  attemptOf,
  type Drawn,
  find,
  imageIdOf,
  isNonEmpty,
  type Kept,
  type KeptAttempt,
  newest,
  putAside,
  surplus,
  takeBack,
  without,
} from './attempts.ts';
import type { Common, Final, Generating, InitialInput, Resting, State, Unfinished, UserFeedback } from './state.ts';

export interface CommandEvent {
  readonly type: 'command';
  readonly command: Command;
  readonly by: string;
  readonly connectionId: string;
  readonly at: string;
  /** For the generation that the command may start. */
  readonly generationId: string;
}
export interface GeneratedEvent extends Drawn {
  readonly type: 'generated';
  readonly generationId: string;
  readonly candidate: number;
}
export interface FailedEvent {
  readonly type: 'failed';
  readonly generationId: string;
  readonly candidate: number;
  readonly error: GenerationError;
}
/** The server needs the room of attempts that nobody looks at. */
export interface ForgetEvent {
  readonly type: 'forget';
  /** Images that are on their way to somebody, so that nothing would come free. */
  readonly inUse?: readonly string[];
}
export type Event = CommandEvent | GeneratedEvent | FailedEvent | ForgetEvent;

export type Effect =
  | { readonly effect: 'start'; readonly generation: Generation }
  | { readonly effect: 'abort' }
  | { readonly effect: 'keep'; readonly imageId: string }
  | { readonly effect: 'drop'; readonly imageIds: readonly string[] }
  /** The shared text of the prompt field follows an accepted prompt. */
  | { readonly effect: 'draft'; readonly text: string };

export type Rejection = Extract<RejectCode, 'stale' | 'wrong_stage' | 'image_not_found'>;

export type Transition =
  | { readonly accepted: true; readonly state: State; readonly effects: readonly Effect[] }
  | { readonly accepted: false; readonly code: Rejection };

export interface Rules {
  /** With those put aside. */
  readonly ATTEMPTS_PER_SESSION: number;
  /** The last ones. */
  readonly DECISIONS_PER_SESSION: number;
}

export function transition(state: State, event: Event, rules: Rules): Transition {
  switch (event.type) {
    case 'command':
      return decide(state, event, rules);
    case 'generated':
    case 'failed':
      return isCurrent(state, event) ? settle(state, event, rules) : unchanged(state);
    case 'forget':
      return forget(state, event);
  }
}

function decide(state: State, event: CommandEvent, rules: Rules): Transition {
  const { command } = event;
  if (state.stage === 'final' && approvesAgain(state, command) && matches(state.approved, command.sha256)) {
    return unchanged(state);
  }
  if (command.turn !== undefined && command.turn !== state.turn) return reject('stale');
  switch (state.stage) {
    case 'initial_input':
      return begin(state, event);
    case 'generating':
      return command.type === 'cancel' ? cancel(state, event, command.reason) : reject('wrong_stage');
    case 'user_feedback':
      return review(state, event, rules);
    case 'final':
      if (command.type === 'start_over') return startOver(state, event);
      return reject(approvesAgain(state, command) ? 'image_not_found' : 'wrong_stage');
  }
}

function begin(state: InitialInput, event: CommandEvent): Transition {
  const { command } = event;
  switch (command.type) {
    case 'generate':
      return start(state, event, 'generate', { prompt: command.prompt, options: command.options ?? {} });
    case 'restore':
      return rearrange(state, takeBack(state, command.imageId));
    default:
      return reject('wrong_stage');
  }
}

function review(state: UserFeedback, event: CommandEvent, rules: Rules): Transition {
  const { command } = event;
  switch (command.type) {
    case 'regenerate': {
      const named = command.imageId === undefined ? newest(state.attempts) : find(state.attempts, command.imageId);
      if (!named) return reject('image_not_found');
      const source = command.imageId === undefined ? (state.lastAsk ?? named) : named;
      return start(state, event, 'regenerate', {
        prompt: command.prompt ?? source.prompt,
        options: command.options ?? source.options,
        parent: named.image.imageId,
      });
    }
    case 'refine': {
      const parent = find(state.attempts, command.imageId);
      if (!parent) return reject('image_not_found');
      return start(state, event, 'refine', {
        prompt: parent.prompt,
        feedback: command.feedback,
        options: command.options ?? parent.options,
        parent: command.imageId,
      });
    }
    case 'approve': {
      const attempt = find(state.attempts, command.imageId);
      if (!attempt || !matches(attempt.image, command.sha256)) return reject('image_not_found');
      return approve(state, event, attempt.image, rules);
    }
    case 'discard':
      return rearrange(state, putAside(state, command.imageId, event));
    case 'restore':
      return rearrange(state, takeBack(state, command.imageId));
    case 'start_over':
      return startOver(state, event);
    case 'generate':
    case 'cancel':
      return reject('wrong_stage');
  }
}

function start(
  state: Resting,
  event: CommandEvent,
  action: 'generate' | 'regenerate' | 'refine',
  ask: { prompt: string; feedback?: string; options: Options; parent?: string },
): Transition {
  const generation: Generation = {
    generationId: event.generationId,
    ...ask,
    candidates: ask.options.candidates ?? 1,
    startedAt: event.at,
  };
  const { attempts } = state;
  const effects: Effect[] = [{ effect: 'start', generation }];
  if ('prompt' in event.command && event.command.prompt !== undefined) {
    effects.push({ effect: 'draft', text: event.command.prompt });
  }
  const { prompt, options } = ask;
  const common = { ...nextTurn(state, event, action), lastAsk: { prompt, options } };
  return accept({ ...common, stage: 'generating', generation, settled: [], attempts }, effects);
}

/** What has failed by then stays on record. */
function cancel(state: Generating, event: CommandEvent, reason = ''): Transition {
  const generation = reason.trim() === '' ? state.generation : { ...state.generation, cancelReason: reason };
  return accept(resting(nextTurn(state, event, 'cancel'), state.attempts, { generation }), [{ effect: 'abort' }]);
}

function approve(state: UserFeedback, event: CommandEvent, approved: ImageReference, rules: Rules): Transition {
  const { imageId, sha256 } = approved;
  const { by, connectionId, at } = event;
  const decision: Decision = { decision: 'approved', imageId, sha256, by, connectionId, at };
  const common = nextTurn(state, event, 'approve');
  const decisions = [...state.decisions, decision].slice(-rules.DECISIONS_PER_SESSION);
  return accept({ ...common, decisions, stage: 'final', attempts: state.attempts, approved });
}

/** To discard and to restore is bookkeeping, no new ask: the error, the last generation and the last action stay. */
function rearrange(state: Resting, kept: Kept | undefined): Transition {
  if (!kept) return reject('image_not_found');
  const { attempts, discarded } = kept;
  const next = resting({ ...commonOf(state), revision: state.revision + 1, discarded }, attempts, state.unfinished);
  return accept(next.stage === state.stage ? next : { ...next, turn: state.turn + 1 });
}

function startOver(state: UserFeedback | Final, event: CommandEvent): Transition {
  const { lastAsk: _asked, ...common } = nextTurn(state, event, 'start_over');
  const imageIds = [...state.discarded, ...state.attempts].map(imageIdOf);
  const fresh = { stage: 'initial_input', drawn: 0, discarded: [], attempts: [] } as const;
  return accept({ ...common, ...fresh }, [
    { effect: 'drop', imageIds },
    { effect: 'draft', text: '' },
  ]);
}

/** One candidate has ended; with the last of them the generation ends. */
function settle(before: Generating, event: GeneratedEvent | FailedEvent, rules: Rules): Transition {
  const settled = [...before.settled, event.candidate];
  const [state, effects] = event.type === 'generated' ? keep(before, event, rules) : [failed(before, event), []];
  const next = { ...state, revision: state.revision + 1, settled };
  const { generation, attempts, error } = next;
  if (settled.length < generation.candidates) return accept(next, effects);
  const common = { ...commonOf(next), turn: next.turn + 1 };
  return accept(resting(common, attempts, error && { generation, error }), effects);
}

function keep(state: Generating, event: GeneratedEvent, rules: Rules): [Generating, Effect[]] {
  const number = state.drawn + 1;
  const { generation, discarded } = state;
  const all = { attempts: [...state.attempts, attemptOf(generation, event, number)], discarded };
  const dropped = surplus(all, generation, rules.ATTEMPTS_PER_SESSION);
  const effects: Effect[] = [{ effect: 'keep', imageId: event.image.imageId }];
  if (dropped.size > 0) effects.push({ effect: 'drop', imageIds: [...dropped] });
  return [{ ...state, ...without(all, dropped), drawn: number }, effects];
}

function failed(state: Generating, { candidate, error }: FailedEvent): Generating {
  const failures = [...(state.generation.failures ?? []), { candidate, error }];
  const inOrder = failures.toSorted((one, other) => one.candidate - other.candidate);
  return { ...state, generation: { ...state.generation, failures: inOrder }, error: state.error ?? error };
}

function forget(state: State, { inUse = [] }: ForgetEvent): Transition {
  const needed = new Set([...inUse, newest(state.attempts)?.image.imageId]);
  if (state.stage === 'final') needed.add(state.approved.imageId);
  if (state.stage === 'generating') needed.add(state.generation.parent);
  const imageIds = [...state.discarded, ...state.attempts].map(imageIdOf).filter((imageId) => !needed.has(imageId));
  if (imageIds.length === 0) return unchanged(state);
  const { attempts, discarded } = without(state, new Set(imageIds));
  const rest = { revision: state.revision + 1, discarded };
  const isOnShow = state.stage !== 'initial_input' && isNonEmpty(attempts);
  return accept(isOnShow ? { ...state, ...rest, attempts } : { ...state, ...rest }, [{ effect: 'drop', imageIds }]);
}

/** The stage between two generations: with an attempt there is something to review. */
function resting(common: Common, attempts: readonly KeptAttempt[], unfinished?: Unfinished): Resting {
  const last = unfinished && { unfinished };
  return isNonEmpty(attempts)
    ? { ...common, stage: 'user_feedback', attempts, ...last }
    : { ...common, stage: 'initial_input', attempts: [], ...last };
}

/** What an ask or a decision leaves of a state: the old error and the unfinished generation are gone (rules M5 and M8). */
function nextTurn(state: State, { by, connectionId, at }: CommandEvent, action: CommandName): Common {
  const lastAction = { action, by, connectionId, at };
  return { ...commonOf(state), revision: state.revision + 1, turn: state.turn + 1, lastAction };
}

function commonOf({ revision, turn, decisions, lastAction, lastAsk, drawn, discarded }: State): Common {
  return {
    revision,
    turn,
    decisions,
    ...(lastAction && { lastAction }),
    ...(lastAsk && { lastAsk }),
    drawn,
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

const approvesAgain = ({ approved }: Final, command: Command): command is Extract<Command, { type: 'approve' }> =>
  command.type === 'approve' && command.imageId === approved.imageId;
const matches = (image: ImageReference, sha256?: string) => sha256 === undefined || sha256 === image.sha256;
const accept = (state: State, effects: readonly Effect[] = []): Transition => ({ accepted: true, state, effects });
const unchanged = (state: State): Transition => accept(state);
const reject = (code: Rejection): Transition => ({ accepted: false, code });
