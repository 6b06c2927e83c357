/** Rules of each step from one state of a session to the next, by the two states alone. */
import { isDeepStrictEqual } from 'node:util';
import { approvedIn, type Generating, type State } from '../../../server/session/state.ts';
import type { Attempt, Generation, RecordEntry, Stage } from '../../../shared/model.ts';
import type { ReviewCommand } from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { limits } from '../server-process.ts';
import type { SimulatedGenerator } from '../simulated-generator.ts';
import { DecisionRules } from './decision-rules.ts';
import type { ObservedSession } from './observed-session.ts';
import { checkDrawn, newestOf } from './request-rules.ts';

/** Rule M1: from which stage each command leads to which. */
const stageChanges: Record<ReviewCommand['type'], readonly (readonly [Stage, Stage])[]> = {
  generate: [['initial_input', 'generating']],
  regenerate: [['user_feedback', 'generating']],
  refine: [['user_feedback', 'generating']],
  approve: [
    ['user_feedback', 'final'],
    ['user_feedback', 'user_feedback'],
    ['final', 'final'],
  ],
  request_changes: [['user_feedback', 'user_feedback']],
  decline: [['user_feedback', 'final']],
  withdraw: [['final', 'user_feedback']],
  require_approvals: [],
  cancel: [
    ['generating', 'user_feedback'],
    ['generating', 'initial_input'],
  ],
  start_over: [
    ['user_feedback', 'initial_input'],
    ['final', 'initial_input'],
  ],
  discard: [
    ['user_feedback', 'user_feedback'],
    ['user_feedback', 'initial_input'],
  ],
  restore: [
    ['initial_input', 'user_feedback'],
    ['user_feedback', 'user_feedback'],
  ],
  remove: [
    ['initial_input', 'initial_input'],
    ['user_feedback', 'user_feedback'],
    ['user_feedback', 'initial_input'],
  ],
};

/** How a session is used at the moment. */
interface Use {
  /** Somebody is connected. */
  readonly isWatched: boolean;
  /** How long ago somebody joined or gave a command that was accepted. */
  readonly untouchedMs: number;
}

export class TransitionRules {
  readonly #session: ObservedSession;
  readonly #checks: RuleChecks;
  readonly #generator: SimulatedGenerator;
  /** The participant of each connection that may decide. */
  readonly #reviewers = new Map<string, string>();
  readonly #cancelled = new Set<string>();
  readonly decisions: DecisionRules;

  constructor(session: ObservedSession, checks: RuleChecks, generator: SimulatedGenerator) {
    this.#session = session;
    this.#checks = checks;
    this.#generator = generator;
    this.decisions = new DecisionRules(checks);
  }

  joined(connectionId: string, participantId: string, mayDecide: boolean): void {
    if (mayDecide) this.#reviewers.set(connectionId, participantId);
  }

  check(before: State, state: State, use: Use): void {
    this.#checkAttempts(state);
    this.decisions.check(before, state);
    const entry = state.record.length > before.record.length ? state.record.at(-1) : undefined;
    if (state.lastAction !== before.lastAction) this.#onAction(before, state);
    else if (entry?.kind === 'forgotten') this.#onForgotten(before, state, use);
    else if (entry) this.#onRecorded(entry.kind, before, state);
    else if (isRearranged(before, state)) this.#onRearranged(before, state);
    else if (before.stage === 'generating') this.#onCandidate(before, state);
    else this.#onRemoved(before, state);
  }

  #onAction(before: State, state: State): void {
    const { lastAction } = state;
    if (!lastAction || lastAction.action === 'unknown') return;
    const { action, connectionId, participantId } = lastAction;
    this.#checkStages(action, before, state);
    this.#checkActor({ connectionId, participantId }, action);
    const isSameStage = state.stage === before.stage;
    const isNext = state.turn === before.turn + (isSameStage ? 0 : 1);
    this.#checks.check('M10', isNext, () => `${action} led from turn ${before.turn} to ${state.turn}`);
    if (isSameStage) {
      const isKept = isDeepStrictEqual(unfinishedOf(before), unfinishedOf(state));
      this.#checks.check('M8', isKept, () => `${action} changed the unfinished generation or its error`);
    } else if (unfinishedOf(before)) {
      const isCleared = !unfinishedOf(state);
      this.#checks.check('M5', isCleared, () => `${action} kept the old error or the unfinished generation`);
    }
    if (action === 'cancel' && before.stage === 'generating') this.#onCancel(before, state);
    if (action === 'regenerate' || action === 'refine') {
      const parent = state.stage === 'generating' ? state.generation.parent : undefined;
      const hasParent = parent !== undefined && ids(before.attempts).includes(parent);
      this.#checks.check('M9', hasParent, () => `${action} has no parent in the session`);
    }
    const approved = approvedIn(state);
    if (approved) {
      const isOurs = before.attempts.some(({ image }) => isDeepStrictEqual(image, approved));
      this.#checks.check('M3', isOurs, () => 'the approved image is no attempt of the session');
    }
    const discarded = action === 'start_over' ? [] : before.discarded;
    const isKept = isDeepStrictEqual(state.discarded, discarded);
    this.#checks.check('discard', isKept, () => `${action} changed the discarded attempts`);
  }

  /** A decision was withdrawn, or the number of approvals changed: nothing else. */
  #onRecorded(kind: RecordEntry['kind'], before: State, state: State): void {
    const { revision: _revision, record: _record, approvalsNeeded: _needed, ...rest } = state;
    const { revision: _before, record: _recordBefore, approvalsNeeded: _neededBefore, ...restBefore } = before;
    this.#checks.check('M1', isDeepStrictEqual(rest, restBefore), () => `${kind} changed more than the record`);
  }

  #onRemoved(before: State, state: State): void {
    this.#checkStages('remove', before, state);
    const isSame = isDeepStrictEqual(unfinishedOf(before), unfinishedOf(state));
    this.#checks.check('M8', isSame, () => 'remove changed the unfinished generation or its error');
    const isFewer = [...ids(state.attempts), ...ids(state.discarded)].every((imageId) =>
      [...ids(before.attempts), ...ids(before.discarded)].includes(imageId),
    );
    this.#checks.check('R13', isFewer, () => 'attempts went without a command');
  }

  #onCancel(before: Generating, state: State): void {
    this.#cancelled.add(before.generation.generationId);
    const unfinished = unfinishedOf(state);
    const isKept = isSameRequest(before.generation, unfinished?.generation) && !unfinished?.error;
    const hasSameAttempts = isDeepStrictEqual(ids(state.attempts), ids(before.attempts));
    this.#checks.check('M8', isKept && hasSameAttempts, () => 'a cancel lost the generation or an image');
  }

  /** A discard or a restore. */
  #onRearranged(before: State, state: State): void {
    const action = state.discarded.length > before.discarded.length ? 'discard' : 'restore';
    this.#checkStages(action, before, state);
    const isRightTurn = state.turn === before.turn + (state.stage === before.stage ? 0 : 1);
    this.#checks.check('M10', isRightTurn, () => `${action} led from turn ${before.turn} to ${state.turn}`);
    const isSame = isDeepStrictEqual(unfinishedOf(before), unfinishedOf(state));
    this.#checks.check('discard', isSame, () => `${action} changed the unfinished generation or its error`);
    const [more, fewer] = action === 'discard' ? [state, before] : [before, state];
    const moved = more.discarded.filter(({ image }) => !ids(fewer.discarded).includes(image.imageId));
    const isOne = moved.length === 1 && ids(fewer.attempts).length === ids(more.attempts).length + 1;
    this.#checks.check('discard', isOne, () => `${action} moved ${moved.length} attempts`);
    const others = ids(more.discarded).filter((imageId) => !ids(moved).includes(imageId));
    if (others.length > 0) {
      const isLast = action === 'restore' || more.discarded.at(-1) === moved[0];
      const isInOrder = isLast && isDeepStrictEqual(others, ids(fewer.discarded));
      this.#checks.check('discard', isInOrder, () => `${action} changed the order of the discarded attempts`);
    }
    if (action === 'restore') return;
    for (const { discarded } of moved) this.#checkActor(discarded, action);
  }

  #checkStages(action: ReviewCommand['type'], before: State, state: State): void {
    const isAllowed = stageChanges[action].some(([from, to]) => from === before.stage && to === state.stage);
    this.#checks.check('M1', isAllowed, () => `${action} led from ${before.stage} to ${state.stage}`);
  }

  #checkActor({ connectionId, participantId }: { connectionId: string; participantId: string }, action: string): void {
    const reviewer = this.#reviewers.get(connectionId);
    this.#checks.check('W5', reviewer !== undefined, () => `${action} came from a connection that may not decide`);
    this.#checks.check('participant', reviewer === participantId, () => `${action} is recorded for ${participantId}`);
  }

  /** What holds of the attempts in every state. */
  #checkAttempts(state: State): void {
    const bytes = [...state.attempts, ...state.discarded].reduce((sum, { image }) => sum + image.byteLength, 0);
    const { memory } = this.#session;
    this.#checks.check('R7', memory.bytes === bytes, () => `${memory.bytes} bytes are kept for attempts of ${bytes}`);
    const all = ids([...state.attempts, ...state.discarded]);
    if (all.length === 0) return;
    this.#checks.check('discard', new Set(all).size === all.length, () => 'an attempt is in two places');
    const numbers = state.attempts.map(({ number }) => number);
    const isOrdered = numbers.every((number, at) => number > (numbers[at - 1] ?? 0) && number <= state.attemptCount);
    this.#checks.check('discard', isOrdered, () => `attempts ${numbers.join(', ')} of ${state.attemptCount}`);
    const areHere = all.length <= limits.ATTEMPTS_PER_SESSION && all.every((imageId) => this.#session.image(imageId));
    this.#checks.check('R7', areHere, () => `${all.length} attempts are kept, or one lacks its bytes`);
    const approved = approvedIn(state);
    if (!approved) return;
    const isApprovedHere = ids(state.attempts).includes(approved.imageId);
    this.#checks.check('M3', isApprovedHere, () => 'the approved image is no attempt any more');
  }

  /** A candidate has shown its image, has ended, or both. */
  #onCandidate(before: Generating, state: State): void {
    const { generation } = before;
    const settled = state.stage === 'generating' ? state.settled : undefined;
    const isOver = settled === undefined || settled.length === before.settled.length + 1;
    const added = state.attempts.filter(({ image }) => !ids(before.attempts).includes(image.imageId));
    this.#checks.check('M4', added.length <= 1, () => `${added.length} images came at once`);
    for (const attempt of added) this.#checkNewAttempt(attempt, before, state);
    const isNumbered = added.every(({ number, image }) => number === before.countBefore + 1 + image.candidate);
    this.#checks.check('discard', isNumbered, () => `attempts have other numbers than follow ${before.countBefore}`);
    const unfinished = unfinishedOf(state);
    const after = state.stage === 'generating' ? state.generation : unfinished?.generation;
    const failures = after?.failures ?? [];
    const failed = failures.filter((one) => !generation.failures?.some(({ candidate }) => candidate === one.candidate));
    const isListed = failed.length <= (added.length === 0 && isOver ? 1 : 0);
    this.#checks.check('M8', isListed, () => `${failed.length} failures came with ${added.length} images`);
    const isOfFailed = ({ image }: Attempt) =>
      image.generationId === generation.generationId && image.candidate === failed[0]?.candidate;
    const remaining = before.attempts.filter((attempt) => !isOfFailed(attempt));
    const isTakenBack = !state.attempts.some(isOfFailed);
    this.#checks.check('M8', isTakenBack, () => 'a candidate failed, and the image that it had shown is still there');
    const areKept = ids(remaining).every((imageId) => ids(state.attempts).includes(imageId));
    this.#checks.check('R13', areKept, () => 'an attempt was dropped for another');
    if (state.stage === 'generating') return;
    if (failed.length > 0) {
      const hasSameAttempts = isDeepStrictEqual(ids(state.attempts), ids(remaining));
      const isKept = isSameRequest(generation, unfinished?.generation) && hasSameAttempts;
      this.#checks.check('M8', isKept, () => 'a failure lost the generation or an image');
    }
    const own = state.attempts.filter(({ image }) => image.generationId === generation.generationId);
    if (own.length === generation.candidates) {
      this.#checks.check('M5', unfinished === undefined, () => 'an error outlived a success');
    }
    const isRightStage = state.stage === (state.attempts.length > 0 ? 'user_feedback' : 'initial_input');
    this.#checks.check('M1', isRightStage, () => `${state.attempts.length} attempts, and the stage is ${state.stage}`);
    this.#checks.check('M10', state.turn === before.turn + 1, () => 'a generation ended without a new turn');
  }

  #checkNewAttempt(attempt: Attempt, before: Generating, state: State): void {
    const { generation } = before;
    const { image, parent, prompt, feedback, options, parentDropped } = attempt;
    const name = `image ${image.imageId}`;
    const isCurrent = image.generationId === generation.generationId && !this.#cancelled.has(image.generationId);
    this.#checks.check('M4', isCurrent, () => `${name} of another generation was added`);
    const isParentKnown = parent === undefined || ids(state.attempts).includes(parent) || parentDropped === true;
    const isChild = parent === generation.parent && isParentKnown;
    this.#checks.check('M9', isChild, () => `${name} does not know its parent`);
    const isSameText = prompt === generation.prompt && feedback === generation.feedback;
    this.#checks.check('R11', isSameText, () => `${name} is recorded with another text`);
    const areSameOptions = isDeepStrictEqual(options, generation.options);
    this.#checks.check('options', areSameOptions, () => `${name} is recorded with other options`);
    const bytes = this.#session.image(image.imageId)?.bytes;
    checkDrawn(bytes, generation, before, this.#checks);
    const painted = this.#generator.painted.get(image.sha256);
    const isUntouched = bytes !== undefined && painted !== undefined && Buffer.compare(bytes, painted) === 0;
    this.#checks.check('W4', isUntouched, () => `the bytes of ${name} are not those that were drawn`);
  }

  /**
   * The server dropped attempts to free memory: only while nobody is there or does anything, never the newest or the approved one, and
   * none that an open tab shows.
   */
  #onForgotten(before: State, state: State, { isWatched, untouchedMs }: Use): void {
    const isForgetting = isForgotten(before, state);
    this.#checks.check('M1', isForgetting, () => `from ${before.stage} to ${state.stage} without a command`);
    const isUnused = state.stage !== 'generating' && (!isWatched || untouchedMs >= limits.SESSION_UNTOUCHED_MS);
    this.#checks.check('R13', isUnused, () => 'attempts were dropped while somebody was in the session');
    const isNewestKept =
      before.attempts.length === 0 || newestOf(before)?.image.imageId === newestOf(state)?.image.imageId;
    this.#checks.check('R7', isNewestKept, () => 'the newest attempt was dropped before its session');
    const newest = newestOf(before)?.image.generationId;
    const isShown = ({ image }: Attempt) => image.generationId === newest;
    const areKept = !isWatched || before.attempts.filter(isShown).length === state.attempts.filter(isShown).length;
    this.#checks.check('R13', areKept, () => 'an attempt of the newest generation was dropped while a tab showed it');
  }
}

const ids = (attempts: readonly Attempt[]): string[] => attempts.map(({ image }) => image.imageId);
const unfinishedOf = (state: State) => ('unfinished' in state ? state.unfinished : undefined);

/** Whether two generations are of the same request, however they ended. */
function isSameRequest({ failures: _earlier, ...request }: Generation, later: Generation | undefined): boolean {
  if (!later) return false;
  const { failures: _failures, cancelReason: _reason, ...same } = later;
  return isDeepStrictEqual(same, request);
}

/** Whether the same attempts are kept or discarded in both states. */
function isRearranged(before: State, state: State): boolean {
  const [was, is] = [before, state].map((one) => ids([...one.attempts, ...one.discarded]).toSorted());
  return before.stage !== 'generating' && isDeepStrictEqual(was, is);
}

/** Whether attempts were dropped and nothing else changed. */
function isForgotten(before: State, state: State): boolean {
  const isFewer = state.attempts.length < before.attempts.length || state.discarded.length < before.discarded.length;
  const isAnyNew = ids(state.attempts).some((imageId) => !ids(before.attempts).includes(imageId));
  const isNoneSettled = !('settled' in before && 'settled' in state) || before.settled.length === state.settled.length;
  return isFewer && !isAnyNew && isNoneSettled && state.stage === before.stage && state.turn === before.turn;
}
