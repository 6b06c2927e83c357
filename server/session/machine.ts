/** The session's state machine: what may happen, and what follows. Pure: no I/O, no clock, no random. */
import type { Command, RejectCode } from '../../shared/protocol.ts';
import type {
  Attempt,
  Decision,
  Generation,
  GenerationError,
  ImageReference,
  LastAction,
  Options,
  Usage,
} from '../../shared/session.ts';

/** Oldest first; there is a newest one. */
export type Attempts = readonly [Attempt, ...Attempt[]];

/** A generation that failed, or, without an error, was cancelled (rule M8). */
export interface Unfinished {
  readonly generation: Generation;
  readonly error?: GenerationError;
}

/** How one candidate of the running generation ended. */
interface Settled {
  readonly candidate: number;
  readonly error?: GenerationError;
}

interface Common {
  readonly revision: number;
  readonly turn: number;
  readonly decisions: readonly Decision[];
  readonly lastAction?: LastAction;
}

export interface InitialInput extends Common {
  readonly stage: 'initial_input';
  readonly attempts: readonly [];
  readonly unfinished?: Unfinished;
}
export interface Generating extends Common {
  readonly stage: 'generating';
  readonly attempts: readonly Attempt[];
  readonly generation: Generation;
  readonly settled: readonly Settled[];
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
export type State = InitialInput | Generating | UserFeedback | Final;

export interface CommandEvent {
  readonly type: 'command';
  readonly command: Command;
  readonly by: string;
  readonly connectionId: string;
  readonly at: string;
  /** For the generation that the command may start. */
  readonly generationId: string;
}
export interface GeneratedEvent {
  readonly type: 'generated';
  readonly generationId: string;
  readonly candidate: number;
  readonly image: ImageReference;
  readonly revisedPrompt?: string;
  readonly usage?: Usage;
  readonly at: string;
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
  readonly ATTEMPTS_PER_SESSION: number;
}

export const initialState: InitialInput = {
  stage: 'initial_input',
  revision: 0,
  turn: 0,
  decisions: [],
  attempts: [],
};

export function transition(state: State, event: Event, rules: Rules): Transition {
  switch (event.type) {
    case 'command':
      return decide(state, event);
    case 'generated':
    case 'failed':
      return isCurrent(state, event) ? settle(state, event, rules) : unchanged(state);
    case 'forget':
      return forget(state);
  }
}

function decide(state: State, event: CommandEvent): Transition {
  const { command } = event;
  if (state.stage === 'final' && approvesAgain(state, command) && matches(state.approved, command.sha256)) {
    return unchanged(state);
  }
  if (command.turn !== undefined && command.turn !== state.turn) return reject('stale');
  switch (state.stage) {
    case 'initial_input':
      return command.type === 'generate'
        ? start(state, event, { prompt: command.prompt, options: command.options ?? {} })
        : reject('wrong_stage');
    case 'generating':
      return command.type === 'cancel' ? cancel(state, event) : reject('wrong_stage');
    case 'user_feedback':
      return review(state, event);
    case 'final':
      if (command.type === 'start_over') return startOver(state, event);
      return reject(approvesAgain(state, command) ? 'image_not_found' : 'wrong_stage');
  }
}

function review(state: UserFeedback, event: CommandEvent): Transition {
  const { command } = event;
  switch (command.type) {
    case 'regenerate': {
      const named = command.imageId === undefined ? newest(state) : find(state, command.imageId);
      if (!named) return reject('image_not_found');
      const source = command.imageId === undefined ? (state.unfinished?.generation ?? named) : named;
      return start(state, event, {
        prompt: command.prompt ?? source.prompt,
        options: command.options ?? source.options,
        parent: named.image.imageId,
      });
    }
    case 'refine': {
      const parent = find(state, command.imageId);
      if (!parent) return reject('image_not_found');
      return start(state, event, {
        prompt: parent.prompt,
        feedback: command.feedback,
        options: command.options ?? parent.options,
        parent: command.imageId,
      });
    }
    case 'approve': {
      const attempt = find(state, command.imageId);
      if (!attempt || !matches(attempt.image, command.sha256)) return reject('image_not_found');
      return approve(state, event, attempt.image);
    }
    case 'start_over':
      return startOver(state, event);
    case 'generate':
    case 'cancel':
      return reject('wrong_stage');
  }
}

function start(
  state: InitialInput | UserFeedback,
  event: CommandEvent,
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
  return accept({ ...nextTurn(state, event), stage: 'generating', generation, settled: [], attempts }, effects);
}

function cancel(state: Generating, event: CommandEvent): Transition {
  const unfinished = { generation: state.generation };
  return accept(resting(nextTurn(state, event), state.attempts, unfinished), [{ effect: 'abort' }]);
}

function approve(state: UserFeedback, event: CommandEvent, approved: ImageReference): Transition {
  const { imageId, sha256 } = approved;
  const { by, connectionId, at } = event;
  const decision: Decision = { decision: 'approved', imageId, sha256, by, connectionId, at };
  const common = nextTurn(state, event);
  const decisions = [...state.decisions, decision];
  return accept({ ...common, decisions, stage: 'final', attempts: state.attempts, approved });
}

function startOver(state: UserFeedback | Final, event: CommandEvent): Transition {
  const imageIds = state.attempts.map(({ image }) => image.imageId);
  return accept({ ...nextTurn(state, event), stage: 'initial_input', attempts: [] }, [
    { effect: 'drop', imageIds },
    { effect: 'draft', text: '' },
  ]);
}

/** One candidate has ended; with the last of them the generation ends. */
function settle(state: Generating, event: GeneratedEvent | FailedEvent, rules: Rules): Transition {
  const effects: Effect[] = [];
  let attempts = state.attempts;
  if (event.type === 'generated') {
    const kept = [...attempts, attemptOf(state.generation, event)];
    const dropped = surplus(kept, state.generation, rules.ATTEMPTS_PER_SESSION);
    attempts = without(kept, dropped);
    effects.push({ effect: 'keep', imageId: event.image.imageId });
    if (dropped.size > 0) effects.push({ effect: 'drop', imageIds: [...dropped] });
  }
  const settled = [...state.settled, settledBy(event)];
  const { candidates } = state.generation;
  if (settled.length < candidates) {
    return accept({ ...state, revision: state.revision + 1, attempts, settled }, effects);
  }
  const error = settled.find((one) => one.error)?.error;
  const common = { ...commonOf(state), revision: state.revision + 1, turn: state.turn + 1 };
  return accept(resting(common, attempts, error && { generation: state.generation, error }), effects);
}

function forget(state: State): Transition {
  const kept = new Set<string | undefined>([newest(state)?.image.imageId]);
  if (state.stage === 'final') kept.add(state.approved.imageId);
  if (state.stage === 'generating') kept.add(state.generation.parent);
  const dropped = new Set(state.attempts.map(({ image }) => image.imageId).filter((imageId) => !kept.has(imageId)));
  const attempts = without(state.attempts, dropped);
  if (dropped.size === 0 || state.stage === 'initial_input' || !isNonEmpty(attempts)) return unchanged(state);
  return accept({ ...state, revision: state.revision + 1, attempts }, [{ effect: 'drop', imageIds: [...dropped] }]);
}

/** The stage between two generations: with an attempt there is something to review. */
function resting(common: Common, attempts: readonly Attempt[], unfinished?: Unfinished): State {
  const last = unfinished && { unfinished };
  return isNonEmpty(attempts)
    ? { ...common, stage: 'user_feedback', attempts, ...last }
    : { ...common, stage: 'initial_input', attempts: [], ...last };
}

/** What a command leaves of a state: the old error and the unfinished generation are gone (rules M5 and M8). */
function nextTurn(state: State, { command, by, connectionId, at }: CommandEvent): Common {
  return {
    revision: state.revision + 1,
    turn: state.turn + 1,
    decisions: state.decisions,
    lastAction: { action: command.type, by, connectionId, at },
  };
}

function commonOf({ revision, turn, decisions, lastAction }: State): Common {
  return { revision, turn, decisions, ...(lastAction && { lastAction }) };
}

function attemptOf(generation: Generation, event: GeneratedEvent): Attempt {
  const { prompt, feedback, parent, options, startedAt } = generation;
  const { image, revisedPrompt, usage, at } = event;
  return {
    image,
    ...(parent !== undefined && { parent }),
    prompt,
    ...(feedback !== undefined && { feedback }),
    options,
    ...(revisedPrompt !== undefined && { revisedPrompt }),
    ...(usage && { usage }),
    startedAt,
    finishedAt: at,
  };
}

function settledBy(event: GeneratedEvent | FailedEvent): Settled {
  const { candidate } = event;
  return event.type === 'failed' ? { candidate, error: event.error } : { candidate };
}

/** The oldest attempts over the limit that are neither shown nor being refined. */
function surplus(attempts: readonly Attempt[], { parent }: Generation, limit: number): Set<string> {
  const droppable = attempts.slice(0, -1).filter(({ image }) => image.imageId !== parent);
  return new Set(droppable.slice(0, Math.max(0, attempts.length - limit)).map(({ image }) => image.imageId));
}

function without(attempts: readonly Attempt[], dropped: ReadonlySet<string>): Attempt[] {
  return attempts
    .filter(({ image }) => !dropped.has(image.imageId))
    .map((attempt) =>
      attempt.parent !== undefined && dropped.has(attempt.parent) ? { ...attempt, parentDropped: true } : attempt,
    );
}

function isCurrent(state: State, event: GeneratedEvent | FailedEvent): state is Generating {
  return (
    state.stage === 'generating' &&
    state.generation.generationId === event.generationId &&
    event.candidate < state.generation.candidates &&
    !state.settled.some(({ candidate }) => candidate === event.candidate)
  );
}

function newest(state: UserFeedback): Attempt;
function newest(state: State): Attempt | undefined;
function newest({ attempts }: State): Attempt | undefined {
  return attempts.at(-1);
}

const find = ({ attempts }: State, imageId: string) => attempts.find(({ image }) => image.imageId === imageId);
const approvesAgain = ({ approved }: Final, command: Command): command is Extract<Command, { type: 'approve' }> =>
  command.type === 'approve' && command.imageId === approved.imageId;
const matches = (image: ImageReference, sha256?: string) => sha256 === undefined || sha256 === image.sha256;
const isNonEmpty = (attempts: readonly Attempt[]): attempts is Attempts => attempts.length > 0;
const accept = (state: State, effects: readonly Effect[] = []): Transition => ({ accepted: true, state, effects });
const unchanged = (state: State): Transition => accept(state);
const reject = (code: Rejection): Transition => ({ accepted: false, code });
