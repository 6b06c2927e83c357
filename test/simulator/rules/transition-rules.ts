/** What must hold of each step that a session's state takes, told from the two states alone. */
import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../../server/session/session.ts';
import type { Generation, Stage } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { Ledger } from '../ledger.ts';
import { limits } from '../server-process.ts';
import type { Upstream } from '../upstream.ts';
import { checkDrawn } from './ask-rules.ts';

type State = Session['state'];

/** Rule M1: the table of the machine, as stages. */
const moves: Record<Command['type'], readonly (readonly [Stage, Stage])[]> = {
  generate: [['initial_input', 'generating']],
  regenerate: [['user_feedback', 'generating']],
  refine: [['user_feedback', 'generating']],
  approve: [['user_feedback', 'final']],
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
};

export class TransitionRules {
  readonly #session: Session;
  readonly #ledger: Ledger;
  readonly #upstream: Upstream;
  readonly #deciders = new Set<string>();
  readonly #cancelled = new Set<string>();

  constructor(session: Session, ledger: Ledger, upstream: Upstream) {
    this.#session = session;
    this.#ledger = ledger;
    this.#upstream = upstream;
  }

  /** A connection that may decide has joined. */
  reviewerJoined(connectionId: string): void {
    this.#deciders.add(connectionId);
  }

  /** Looks at one step from a state to the next. */
  check(before: State, state: State): void {
    this.#checkKept(state);
    if (state.lastAction !== before.lastAction) this.#acted(before, state);
    else if (isRearranging(before, state)) this.#rearranged(before, state);
    else if (before.stage === 'generating' && !isForgetting(before, state)) this.#settled(before, state);
    else {
      this.#ledger.check(
        'M1',
        isForgetting(before, state),
        () => `from ${before.stage} to ${state.stage} without a command`,
      );
    }
  }

  #acted(before: State, state: State): void {
    const { lastAction } = state;
    if (!lastAction) return;
    const { action, connectionId } = lastAction;
    const isMove = moves[action].some(([from, to]) => from === before.stage && to === state.stage);
    this.#ledger.check('M1', isMove, () => `${action} led from ${before.stage} to ${state.stage}`);
    this.#ledger.check(
      'W5',
      this.#deciders.has(connectionId),
      () => `${action} came from a connection that may not decide`,
    );
    this.#ledger.check(
      'M10',
      state.turn === before.turn + 1,
      () => `${action} led from turn ${before.turn} to ${state.turn}`,
    );
    if ('unfinished' in before && before.unfinished) {
      const isCleared = !('unfinished' in state && state.unfinished);
      this.#ledger.check('M5', isCleared, () => `${action} left the old error or generation`);
    }
    if (action === 'cancel' && before.stage === 'generating') {
      this.#cancelled.add(before.generation.generationId);
      const isKept = isOf(before.generation, unfinishedOf(state)?.generation) && !unfinishedOf(state)?.error;
      const isSame = isDeepStrictEqual(ids(state), ids(before));
      this.#ledger.check('M8', isKept && isSame, () => 'a cancel lost the generation or an image');
    }
    if (action === 'regenerate' || action === 'refine') {
      const parent = state.stage === 'generating' ? state.generation.parent : undefined;
      this.#ledger.check(
        'M9',
        parent !== undefined && ids(before).includes(parent),
        () => `${action} has no parent in the session`,
      );
    }
    if (state.stage === 'final') {
      const isOurs = before.attempts.some(({ image }) => isDeepStrictEqual(image, state.approved));
      this.#ledger.check('M3', isOurs, () => 'what was approved is no attempt of the session');
    }
    const aside = action === 'start_over' ? [] : before.discarded;
    this.#ledger.check(
      'discard',
      isDeepStrictEqual(state.discarded, aside),
      () => `${action} changed what was put aside`,
    );
    const isOnRecord = isDeepStrictEqual(before.decisions, state.decisions.slice(0, before.decisions.length));
    this.#ledger.check('M1', isOnRecord, () => `${action} changed the decisions on record`);
  }

  /** An attempt was put aside, or taken back: nothing else changes. */
  #rearranged(before: State, state: State): void {
    const action = state.discarded.length > before.discarded.length ? 'discard' : 'restore';
    const isMove = moves[action].some(([from, to]) => from === before.stage && to === state.stage);
    this.#ledger.check('M1', isMove, () => `${action} led from ${before.stage} to ${state.stage}`);
    this.#ledger.check(
      'M10',
      state.turn === before.turn + (state.stage === before.stage ? 0 : 1),
      () => `${action} led from turn ${before.turn} to ${state.turn}`,
    );
    const isSame = isDeepStrictEqual(unfinishedOf(before), unfinishedOf(state));
    this.#ledger.check('discard', isSame, () => `${action} changed the last generation or its error`);
    const [more, fewer] = action === 'discard' ? [state, before] : [before, state];
    const moved = more.discarded.filter(({ image }) => !asideIds(fewer).includes(image.imageId));
    const isMovedId = (imageId: string | undefined) => moved.some(({ image }) => image.imageId === imageId);
    const [still, longest] = [asideIds(fewer), asideIds(more).filter((imageId) => !isMovedId(imageId))];
    if (still.length > 0) {
      const isInOrder = isDeepStrictEqual(still, longest) && (action === 'restore' || isMovedId(asideIds(more).at(-1)));
      this.#ledger.check('discard', isInOrder, () => `${action} changed the order of what was put aside`);
    }
    const isOne = moved.length === 1 && ids(fewer).length === ids(more).length + 1;
    this.#ledger.check('discard', isOne, () => `${action} moved ${moved.length} attempts`);
    if (action === 'restore') return;
    this.#ledger.check(
      'W5',
      moved.every(({ discarded }) => this.#deciders.has(discarded.connectionId)),
      () => 'an attempt was discarded by a connection that may not decide',
    );
  }

  /** What holds of the kept attempts in every state. */
  #checkKept(state: State): void {
    const bytes = [...state.attempts, ...state.discarded].reduce((sum, { image }) => sum + image.byteLength, 0);
    const { imageBytes } = this.#session;
    this.#ledger.check('R7', imageBytes === bytes, () => `${imageBytes} bytes are kept for attempts of ${bytes}`);
    const all = [...ids(state), ...asideIds(state)];
    if (all.length === 0) return;
    this.#ledger.check('discard', new Set(all).size === all.length, () => 'an attempt is in two places');
    const numbers = state.attempts.map(({ number }) => number);
    const isOrdered = numbers.every((number, at) => number > (numbers[at - 1] ?? 0) && number <= state.drawn);
    this.#ledger.check('discard', isOrdered, () => `the attempts stand as ${numbers.join(', ')} of ${state.drawn}`);
    this.#ledger.check(
      'R7',
      all.length <= limits.ATTEMPTS_PER_SESSION && all.every((imageId) => this.#session.image(imageId)),
      () => `${all.length} attempts are kept, or one without its bytes`,
    );
    if (state.stage !== 'final') return;
    const isOnShow = ids(state).includes(state.approved.imageId);
    this.#ledger.check('M3', isOnShow, () => 'the approved image is no attempt any more');
  }

  /** A candidate has ended. */
  #settled(before: Extract<State, { stage: 'generating' }>, state: State): void {
    const { generation } = before;
    const added = state.attempts.filter(({ image }) => !ids(before).includes(image.imageId));
    for (const { image, parent, prompt, feedback, options, parentDropped } of added) {
      const isCurrent = image.generationId === generation.generationId && !this.#cancelled.has(image.generationId);
      this.#ledger.check('M4', isCurrent, () => `an image of generation ${image.generationId} joined in another`);
      const isChild = parent === generation.parent;
      const isRooted = parent === undefined || ids(state).includes(parent) || parentDropped === true;
      this.#ledger.check('M9', isChild && isRooted, () => `image ${image.imageId} does not know its parent`);
      const isNoted = prompt === generation.prompt && feedback === generation.feedback;
      this.#ledger.check('R11', isNoted, () => `image ${image.imageId} is said to be of other words`);
      const isSoMade = isDeepStrictEqual(options, generation.options);
      this.#ledger.check('options', isSoMade, () => `image ${image.imageId} is said to be of other options`);
      const bytes = this.#session.image(image.imageId)?.bytes;
      checkDrawn(bytes, generation, before, this.#ledger);
      const painted = this.#upstream.painted.get(image.sha256);
      const isTrue = bytes !== undefined && painted !== undefined && Buffer.compare(bytes, painted) === 0;
      this.#ledger.check('W4', isTrue, () => `the bytes of ${image.imageId} are not those that were drawn`);
    }
    this.#ledger.check('M4', added.length <= 1, () => `${added.length} images came at once`);
    this.#ledger.check(
      'discard',
      added.every(({ number }) => number === before.drawn + 1 && number === state.drawn),
      () => `attempt ${state.drawn} came after ${before.drawn}`,
    );
    const isSpared = ids(before).every((imageId) => ids(state).includes(imageId));
    const asideFirst = state.discarded.every(({ image }) => image.imageId === generation.parent);
    if (!isSpared) this.#ledger.check('discard', asideFirst, () => 'an attempt went before one that was put aside');
    const failures =
      state.stage === 'generating' ? state.generation.failures : unfinishedOf(state)?.generation.failures;
    const hasFailed = added.length === 0 ? 1 : 0;
    this.#ledger.check(
      'M8',
      (failures?.length ?? 0) === (generation.failures?.length ?? 0) + hasFailed,
      () => `${failures?.length ?? 0} failures are listed`,
    );
    if (state.stage === 'generating') return;
    const own = state.attempts.filter(({ image }) => image.generationId === generation.generationId).length;
    const unfinished = unfinishedOf(state);
    if (added.length === 0) {
      const isKept = isOf(generation, unfinished?.generation) && isDeepStrictEqual(ids(state), ids(before));
      this.#ledger.check('M8', isKept, () => 'a failure lost the generation or an image');
    }
    if (own === generation.candidates) {
      this.#ledger.check('M5', unfinished === undefined, () => 'an error outlived a success');
    }
    const isRest = state.stage === (state.attempts.length > 0 ? 'user_feedback' : 'initial_input');
    this.#ledger.check(
      'M1',
      isRest,
      () => `a generation ended in ${state.stage} with ${state.attempts.length} attempts`,
    );
    this.#ledger.check('M10', state.turn === before.turn + 1, () => 'a generation ended in its own turn');
  }
}

const ids = ({ attempts }: State) => attempts.map(({ image }) => image.imageId);
const asideIds = ({ discarded }: State) => discarded.map(({ image }) => image.imageId);
const unfinishedOf = (state: State) => ('unfinished' in state ? state.unfinished : undefined);

/** The same ask, whatever has become of it. */
function isOf({ failures: _earlier, ...ask }: Generation, later: Generation | undefined): boolean {
  if (!later) return false;
  const { failures: _failures, cancelReason: _reason, ...same } = later;
  return isDeepStrictEqual(same, ask);
}

function isRearranging(before: State, state: State): boolean {
  const [was, is] = [before, state].map((one) => [...ids(one), ...asideIds(one)].toSorted());
  return before.stage !== 'generating' && isDeepStrictEqual(was, is);
}

/** The server gave up attempts that nobody looked at: nothing else changes. */
function isForgetting(before: State, state: State): boolean {
  const isFewer = state.attempts.length < before.attempts.length || before.discarded.length > 0;
  return (
    isFewer &&
    state.discarded.length === 0 &&
    state.stage === before.stage &&
    state.turn === before.turn &&
    ids(before).at(-1) === ids(state).at(-1)
  );
}
