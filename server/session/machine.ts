/** The session's state machine: which events are accepted in which state, and what follows. Pure: no I/O, no clock, no randomness. */
import type { ActionName, Attempt, Generation } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import {
  type AttemptLists,
  allAttempts,
  createAttempt,
  discardAttempt,
  dropAttempts,
  type FinishedImage,
  findAttempt,
  imageIdOf,
  inOrder,
  isNonEmpty,
  newestAttempt,
  restoreAttempt,
} from './attempts.ts';
import { approveAgain, decide, requireApprovals, withdraw } from './decide.ts';
import { decidedImages } from './record.ts';
import {
  approvedIn,
  type CommonState,
  commonOf,
  type Final,
  type Generating,
  type Idle,
  type InitialInput,
  idle,
  type State,
  type UserFeedback,
} from './state.ts';
import {
  accept,
  type CandidateEvent,
  type CommandEvent,
  type Event,
  type FailedEvent,
  type ForgetEvent,
  type GeneratedEvent,
  hasDigest,
  isFull,
  type MachineLimits,
  type ReportedEvent,
  recorded,
  reject,
  type Transition,
} from './transition.ts';

export function transition(state: State, event: Event, limits: MachineLimits): Transition {
  switch (event.type) {
    case 'command':
      return onCommand(state, event, limits);
    case 'generated':
    case 'reported':
    case 'failed':
      // A result of a cancelled or superseded generation changes nothing (rule M4).
      return isCurrent(state, event) ? onCandidate(state, event) : accept(state);
    case 'forget':
      return onForget(state, event);
    case 'invitation':
      return event.entry.kind === 'invited' && isFull(state, limits)
        ? reject('record_full')
        : accept(recorded(state, event.entry));
  }
}

function onCommand(state: State, event: CommandEvent, limits: MachineLimits): Transition {
  const { command } = event;
  const approved = approvedIn(state);
  const isApproval = approved !== undefined && command.type === 'approve' && command.imageId === approved.imageId;
  // Approving the approved image again is accepted whatever its turn (rule M10).
  if (isApproval && hasDigest(approved, command.sha256)) return approveAgain(state, event, limits);
  if (command.turn !== undefined && command.turn !== state.turn) return reject('stale');
  if (command.type === 'withdraw') return withdraw(state, event, command.decisionId);
  switch (state.stage) {
    case 'initial_input':
      return inInitialInput(state, event, limits);
    case 'generating':
      if (command.type === 'require_approvals') return requireApprovals(state, event, command.approvals, limits);
      return command.type === 'cancel' ? cancel(state, event, command.reason) : reject('wrong_stage');
    case 'user_feedback':
      return inUserFeedback(state, event, limits);
    case 'final':
      if (command.type === 'start_over') return startOver(state, event);
      return reject(isApproval ? 'image_not_found' : 'wrong_stage');
  }
}

function inInitialInput(state: InitialInput, event: CommandEvent, limits: MachineLimits): Transition {
  const { command } = event;
  switch (command.type) {
    case 'generate':
      return start(state, event, limits, {
        action: command.type,
        prompt: command.prompt,
        options: command.options ?? {},
      });
    case 'remove':
      return remove(state, event, command.imageIds);
    case 'require_approvals':
      return requireApprovals(state, event, command.approvals, limits);
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
      return start(state, event, limits, {
        action: command.type,
        prompt: command.prompt ?? source.prompt,
        options: command.options ?? source.options,
        parent: parent.image.imageId,
      });
    }
    case 'refine': {
      const parent = findAttempt(state.attempts, command.imageId);
      if (!parent) return reject('image_not_found');
      return start(state, event, limits, {
        action: command.type,
        prompt: parent.prompt,
        feedback: command.feedback,
        options: command.options ?? parent.options,
        parent: command.imageId,
      });
    }
    case 'approve':
    case 'request_changes':
    case 'decline':
      return decide(state, event, command, limits);
    case 'remove':
      return remove(state, event, command.imageIds);
    case 'require_approvals':
      return requireApprovals(state, event, command.approvals, limits);
    case 'discard':
      return rearrange(state, discardAttempt(state, command.imageId, event.act));
    case 'restore':
      return rearrange(state, restoreAttempt(state, command.imageId));
    case 'start_over':
      return startOver(state, event);
    case 'generate':
    case 'cancel':
    case 'withdraw':
      return reject('wrong_stage');
  }
}

interface StartRequest {
  readonly action: 'generate' | 'regenerate' | 'refine';
  readonly prompt: string;
  readonly feedback?: string;
  readonly options: Options;
  readonly parent?: string;
}

function start(
  state: Idle,
  event: CommandEvent,
  { ATTEMPTS_PER_SESSION }: MachineLimits,
  { action, ...request }: StartRequest,
): Transition {
  const { command, generationId, act } = event;
  const { prompt, options } = request;
  const generation: Generation = { generationId, ...request, candidates: options.candidates ?? 1, startedAt: act.at };
  const { attempts, discarded } = state;
  if (attempts.length + discarded.length + generation.candidates > ATTEMPTS_PER_SESSION) return reject('attempts_full');
  const next: Generating = {
    ...nextTurn(state, event, action),
    lastRequest: { prompt, options },
    stage: 'generating',
    generation,
    settled: [],
    countBefore: state.attemptCount,
    attempts: state.attempts,
  };
  const draft = 'prompt' in command ? command.prompt : undefined;
  return draft === undefined ? accept(next) : acceptWithDraft(next, draft);
}

/** Failures of candidates that have ended by then stay on record. */
function cancel(state: Generating, event: CommandEvent, reason = ''): Transition {
  const generation = reason.trim() === '' ? state.generation : { ...state.generation, cancelReason: reason };
  return accept(idle(nextTurn(state, event, 'cancel'), state.attempts, { generation }));
}

/** All of the attempts or none: what somebody has decided about or has open stays. */
function remove(state: Idle, { lookedAt }: CommandEvent, imageIds: readonly string[]): Transition {
  const all = [...state.attempts, ...state.discarded];
  if (imageIds.some((imageId) => !findAttempt(all, imageId))) return reject('image_not_found');
  const decided = decidedImages(state.record);
  if (imageIds.some((imageId) => decided.has(imageId) || lookedAt.includes(imageId))) return reject('image_in_use');
  return rearrange(state, dropAttempts(state, new Set(imageIds)));
}

/** Discarding, restoring and removing start no generation and decide nothing: the error, the last generation and the last action stay. */
function rearrange(state: Idle, lists: AttemptLists | undefined): Transition {
  if (!lists) return reject('image_not_found');
  const { attempts, discarded } = lists;
  const next = idle({ ...commonOf(state), revision: state.revision + 1, discarded }, attempts, state.unfinished);
  return accept(next.stage === state.stage ? next : { ...next, turn: state.turn + 1 });
}

function startOver(state: UserFeedback | Final, event: CommandEvent): Transition {
  const { lastRequest: _lastRequest, ...common } = nextTurn(state, event, 'start_over');
  const empty = { stage: 'initial_input', attemptCount: 0, discarded: [], attempts: [] } as const;
  return acceptWithDraft({ ...common, ...empty }, '');
}

const acceptWithDraft = (state: State, draft: string): Transition => ({
  accepted: true,
  state: { ...state, draftRevision: state.draftRevision + 1 },
  draft,
});

/** The generation ends with its last candidate. */
function onCandidate(before: Generating, event: CandidateEvent): Transition {
  const isProvisional = event.type === 'generated' && event.isProvisional;
  const settled = isProvisional ? before.settled : [...before.settled, event.candidate];
  const next = { ...afterCandidate(before, event), revision: before.revision + 1, settled };
  const { generation, attempts, error } = next;
  if (settled.length < generation.candidates) return accept(next);
  const common = { ...commonOf(next), turn: next.turn + 1 };
  return accept(idle(common, attempts, error && { generation, error }));
}

function afterCandidate(state: Generating, event: CandidateEvent): Generating {
  switch (event.type) {
    case 'generated':
      return addAttempts(state, [event, ...extrasOf(state, event)]);
    case 'reported':
      return addAttempts(addReport(state, event), extrasOf(state, event));
    case 'failed':
      return addFailure(state, event);
  }
}

/** They count on from the candidates. Usage and cost are of all images together: the first one carries them. */
function extrasOf(
  { generation, attemptCount, countBefore }: Generating,
  { revisedPrompt, at, more = [] }: GeneratedEvent | ReportedEvent,
): FinishedImage[] {
  const first = Math.max(generation.candidates, attemptCount - countBefore);
  return more.map((image, index) => ({
    image: { ...image, candidate: first + index },
    at,
    ...(revisedPrompt !== undefined && { revisedPrompt }),
  }));
}

function addAttempts(state: Generating, finished: readonly FinishedImage[]): Generating {
  const { generation, countBefore } = state;
  // By candidate, so that pictures which are shown side by side stand in the order of their numbers, whichever is finished first.
  const added = finished.map((one) =>
    createAttempt(generation, { ...one, at: notBefore(state, one.at) }, countBefore + 1 + one.image.candidate),
  );
  const attemptCount = Math.max(state.attemptCount, ...added.map(({ number }) => number));
  return { ...state, attempts: inOrder([...state.attempts, ...added]), attemptCount };
}

/** `at`, or the end of the last attempt if a clock was set back since: the attempt that ended last counts as the newest. */
const notBefore = (lists: AttemptLists, at: string): string =>
  allAttempts(lists).reduce((latest, { finishedAt }) => (finishedAt > latest ? finishedAt : latest), at);

function addReport(state: Generating, { imageId, usage, estimatedCost }: ReportedEvent): Generating {
  const report = { ...(usage && { usage }), ...(estimatedCost && { estimatedCost }) };
  const attempts = state.attempts.map((one) => (imageIdOf(one) === imageId ? { ...one, ...report } : one));
  return { ...state, attempts };
}

/** An image that the candidate has shown is taken back. Its number is not given again. */
function addFailure(state: Generating, { candidate, error }: FailedEvent): Generating {
  const { generation } = state;
  const failures = [...(generation.failures ?? []), { candidate, error }];
  const sorted = failures.toSorted((one, other) => one.candidate - other.candidate);
  const shown = new Set(attemptsOfCandidate(state, candidate).map(imageIdOf));
  const lists = dropAttempts(state, shown);
  return { ...state, ...lists, generation: { ...generation, failures: sorted }, error: state.error ?? error };
}

/** The attempts that are given up go on record, so that people who come back can be told. */
function onForget(state: State, { keep, entryId, at }: ForgetEvent): Transition {
  const needed = new Set([...keep, ...decidedImages(state.record), newestAttempt(state.attempts)?.image.imageId]);
  needed.add(approvedIn(state)?.imageId);
  if (state.stage === 'generating') needed.add(state.generation.parent);
  const forgotten = [...state.discarded, ...state.attempts].filter((attempt) => !needed.has(imageIdOf(attempt)));
  if (forgotten.length === 0) return accept(state);
  const { attempts, discarded } = dropAttempts(state, new Set(forgotten.map(imageIdOf)));
  const numbers = forgotten.map(({ number }) => number).toSorted((one, other) => one - other);
  const next = { ...recorded(state, { kind: 'forgotten', entryId, at, numbers }), discarded };
  const hasAttempts = next.stage !== 'initial_input' && isNonEmpty(attempts);
  return accept(hasAttempts ? { ...next, attempts } : next);
}

/** The part of a state that outlives a command: the old error and the unfinished generation do not (rules M5, M8). */
function nextTurn(state: State, { act }: CommandEvent, action: ActionName): CommonState {
  return { ...commonOf(state), revision: state.revision + 1, turn: state.turn + 1, lastAction: { action, ...act } };
}

function isCurrent(state: State, event: CandidateEvent): state is Generating {
  return (
    state.stage === 'generating' &&
    state.generation.generationId === event.generationId &&
    event.candidate < state.generation.candidates &&
    !state.settled.includes(event.candidate) &&
    (event.type !== 'generated' || attemptsOfCandidate(state, event.candidate).length === 0)
  );
}

function attemptsOfCandidate({ generation, attempts }: Generating, candidate: number): Attempt[] {
  return attempts.filter(
    ({ image }) => image.generationId === generation.generationId && image.candidate === candidate,
  );
}
