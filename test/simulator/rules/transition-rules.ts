/** What must hold of each step that a session's state takes, told from the two states alone. */
import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../../server/session/session.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { Stage } from '../../../shared/session.ts';
import type { Ledger } from '../ledger.ts';
import type { Upstream } from '../upstream.ts';

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
    if (state.lastAction !== before.lastAction) this.#acted(before, state);
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
      const isKept = 'unfinished' in state && state.unfinished?.generation === before.generation;
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
    const isOnRecord = isDeepStrictEqual(before.decisions, state.decisions.slice(0, before.decisions.length));
    this.#ledger.check('M1', isOnRecord, () => `${action} changed the decisions on record`);
  }

  /** A candidate has ended. */
  #settled(before: Extract<State, { stage: 'generating' }>, state: State): void {
    const { generation } = before;
    const added = state.attempts.filter(({ image }) => !ids(before).includes(image.imageId));
    for (const { image, parent, prompt, parentDropped } of added) {
      const isCurrent = image.generationId === generation.generationId && !this.#cancelled.has(image.generationId);
      this.#ledger.check('M4', isCurrent, () => `an image of generation ${image.generationId} joined in another`);
      const isChild = parent === generation.parent;
      const isRooted = parent === undefined || ids(state).includes(parent) || parentDropped === true;
      this.#ledger.check('M9', isChild && isRooted, () => `image ${image.imageId} does not know its parent`);
      const painted = this.#upstream.painted.get(image.sha256);
      this.#ledger.check(
        'R11',
        painted?.prompt === generation.prompt && prompt === generation.prompt,
        () => `image ${image.imageId} was drawn for another prompt`,
      );
      const bytes = this.#session.image(image.imageId)?.bytes;
      const isTrue = !bytes || !painted || Buffer.compare(bytes, painted.bytes) === 0;
      this.#ledger.check('W4', isTrue, () => `the bytes of ${image.imageId} are not those that were drawn`);
    }
    this.#ledger.check('M4', added.length <= 1, () => `${added.length} images came at once`);
    if (state.stage === 'generating') return;
    const own = state.attempts.filter(({ image }) => image.generationId === generation.generationId).length;
    const unfinished = 'unfinished' in state ? state.unfinished : undefined;
    if (added.length === 0) {
      const isKept = unfinished?.generation === generation && isDeepStrictEqual(ids(state), ids(before));
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

/** The server gave up attempts that nobody looked at: nothing else changes. */
function isForgetting(before: State, state: State): boolean {
  const isFewer = state.attempts.length < before.attempts.length;
  return (
    isFewer && state.stage === before.stage && state.turn === before.turn && ids(before).at(-1) === ids(state).at(-1)
  );
}
