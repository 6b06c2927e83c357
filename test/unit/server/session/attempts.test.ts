import { describe, expect, test } from 'vitest';
import { transition } from '../../../../server/session/machine.ts';
import type { State } from '../../../../server/session/state.ts';
import type { Event } from '../../../../server/session/transition.ts';
import {
  approve,
  at,
  commandEvent,
  discard,
  discardedIds,
  failedEvent,
  forgetEvent,
  generate,
  generatedEvent,
  imageIds,
  inStage,
  machineLimits,
  reference,
  restore,
  sha256Of,
  stateAfter,
  stateFrom,
} from '../../../support/machine.ts';

const discardOf = (imageId: string) => commandEvent({ type: 'discard', imageId });
const restoreOf = (imageId: string) => commandEvent({ type: 'restore', imageId });
const regenerateAs = (generationId: string, candidates = 1) =>
  commandEvent({ type: 'regenerate', options: { candidates } }, generationId);
const forget = forgetEvent();

/** Attempts `i1` to `i<count>`, each regenerated from the one before. */
function chainOf(count: number): State {
  const rest = Array.from({ length: count - 1 }, (_, index) => index + 2);
  const events = rest.flatMap((number) => [regenerateAs(`g${number}`), generatedEvent(`i${number}`, `g${number}`)]);
  return stateAfter(generate, generatedEvent('i1'), ...events);
}

const changesOfFirst = commandEvent({ type: 'request_changes', imageId: 'i1', sha256: sha256Of('i1'), note: 'no' });

describe('discard and restore', () => {
  const two = chainOf(2);

  test('a discarded attempt leaves the attempts, and says who discarded it and when', () => {
    const state = stateFrom(two, discard);
    const discarded = { by: 'Ana', participantId: 'participant Ana', connectionId: 'connection Ana', at };
    expect(imageIds(state)).toEqual(['i2']);
    expect(state.discarded).toEqual([{ ...two.attempts[0], discarded }]);
  });

  test('restore undoes discard but for the revision', () => {
    const three = stateFrom(two, regenerateAs('g3'), generatedEvent('i3', 'g3'));
    for (const imageId of imageIds(three)) {
      const restored = stateFrom(three, discardOf(imageId), restoreOf(imageId));
      expect(restored).toEqual({ ...three, revision: three.revision + 2 });
    }
  });

  test('M10: the turn grows only when the last attempt goes or the first comes back', () => {
    expect(stateFrom(two, discard)).toMatchObject({ stage: 'user_feedback', turn: two.turn });
    const none = stateFrom(two, discard, discardOf('i2'));
    expect(none).toMatchObject({ stage: 'initial_input', attempts: [], turn: two.turn + 1 });
    expect(stateFrom(none, restore)).toMatchObject({ stage: 'user_feedback', turn: two.turn + 2 });
  });

  test('restored attempts stand in the order of their numbers', () => {
    const none = stateFrom(two, discard, discardOf('i2'));
    expect(discardedIds(none)).toEqual(['i1', 'i2']);
    const numbers = stateFrom(none, restoreOf('i2'), restore).attempts.map(({ number }) => number);
    expect(numbers).toEqual([1, 2]);
  });

  test('M5 M8: they keep the error, the last generation and the last action', () => {
    const failed = stateFrom(
      two,
      commandEvent({ type: 'regenerate', prompt: 'a green kite' }, 'g3'),
      failedEvent('g3'),
    );
    const { unfinished, lastAction } = inStage(failed, 'user_feedback');
    const discarded = stateFrom(failed, commandEvent({ type: 'discard', imageId: 'i1' }, 'g4', 'Bo'));
    expect(discarded).toMatchObject({ unfinished, lastAction });
    expect(stateFrom(discarded, restore)).toMatchObject({ unfinished, lastAction });
    const none = stateFrom(discarded, discardOf('i2'));
    expect(none).toMatchObject({ stage: 'initial_input', unfinished, lastAction });
  });

  test('a number is not given again when its attempt is discarded', () => {
    const state = stateFrom(two, discardOf('i2'), regenerateAs('g3'), generatedEvent('i3', 'g3'));
    expect(state.attempts.map(({ number }) => number)).toEqual([1, 3]);
  });

  test('with all attempts discarded a new prompt starts again beside them', () => {
    const again = commandEvent(generate.command, 'g3');
    const state = stateFrom(two, discard, discardOf('i2'), again, generatedEvent('i3', 'g3'));
    expect([imageIds(state), discardedIds(state)]).toEqual([['i3'], ['i1', 'i2']]);
  });

  test('M9: a discarded parent is still there, so its child is not marked parentDropped', () => {
    const [child] = stateFrom(two, discard).attempts;
    expect(child).toMatchObject({ parent: 'i1' });
    expect(child).not.toHaveProperty('parentDropped');
  });
});

describe('R13: at the limit of attempts', () => {
  const limit = machineLimits.ATTEMPTS_PER_SESSION;
  const full = stateFrom(chainOf(limit), discardOf('i3'), discardOf('i2'));
  const removeOf = (...ids: string[]) => commandEvent({ type: 'remove', imageIds: ids });
  const codeOf = (state: State, event: Event) => {
    const result = transition(state, event, machineLimits);
    return result.accepted ? 'accepted' : result.code;
  };

  test('a generation is attempts_full when kept and discarded attempts and its candidates are too many', () => {
    const asked = [regenerateAs('g', 1), commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' })];
    for (const event of asked) expect(codeOf(full, event)).toBe('attempts_full');
    const freed = stateFrom(full, removeOf('i3', 'i2'));
    expect([1, 2, 3].map((count) => codeOf(freed, regenerateAs('g', count)))).toEqual([
      'accepted',
      'accepted',
      'attempts_full',
    ]);
    const noneKept = imageIds(full).reduce((state, imageId) => stateFrom(state, discardOf(imageId)), full);
    expect(codeOf(noneKept, generate)).toBe('attempts_full');
  });

  test('images that the service sent beside those it was asked for are kept all the same', () => {
    const running = stateFrom(chainOf(limit - 1), regenerateAs('g'));
    const extra = { ...generatedEvent('i12', 'g'), more: [reference('extra', 'g', 1)] };
    expect(imageIds(stateFrom(running, extra))).toEqual([...imageIds(running), 'i12', 'extra']);
  });

  test('M9: remove deletes kept and discarded attempts for good, and marks their children parentDropped', () => {
    const state = stateFrom(full, removeOf('i1', 'i3'));
    expect([imageIds(state).slice(0, 2), discardedIds(state)]).toEqual([['i4', 'i5'], ['i2']]);
    for (const child of [state.attempts[0], state.discarded[0]]) expect(child).toMatchObject({ parentDropped: true });
    expect(state).toMatchObject({ turn: full.turn, revision: full.revision + 1, lastAction: full.lastAction });
    expect(stateFrom(chainOf(1), removeOf('i1'))).toMatchObject({ stage: 'initial_input', attempts: [] });
  });

  test('remove is refused as a whole: for what is not there, is decided about, or is open to somebody else', () => {
    const decided = stateFrom(full, changesOfFirst);
    expect(codeOf(decided, removeOf('i4', 'unknown'))).toBe('image_not_found');
    expect(codeOf(decided, removeOf('i4', 'i1'))).toBe('image_in_use');
    expect(codeOf(decided, { ...removeOf('i4', 'i5'), lookedAt: ['i5'] })).toBe('image_in_use');
    const { entryId: decisionId } = changesOfFirst;
    const withdrawn = stateFrom(decided, commandEvent({ type: 'withdraw', decisionId }));
    expect(codeOf(withdrawn, removeOf('i4', 'i1'))).toBe('accepted');
  });
});

describe('R7: forget drops attempts to free their memory', () => {
  const three = chainOf(3);

  test('all but the newest go, with a new revision and the same turn', () => {
    const state = stateFrom(three, forget);
    expect(imageIds(state)).toEqual(['i3']);
    expect(state.attempts[0]).toMatchObject({ parent: 'i2', parentDropped: true });
    expect(state).toMatchObject({ turn: three.turn, revision: three.revision + 1 });
  });

  test('R13: what was given up goes on record', () => {
    const { record } = stateFrom(stateFrom(three, discardOf('i2')), forget);
    expect(record).toEqual([{ kind: 'forgotten', entryId: forget.entryId, at: forget.at, numbers: [1, 2] }]);
  });

  test('R13: what somebody has decided about stays until they withdraw it', () => {
    const decided = stateFrom(three, changesOfFirst);
    expect(imageIds(stateFrom(decided, forget))).toEqual(['i1', 'i3']);
    const withdrawal = commandEvent({ type: 'withdraw', decisionId: changesOfFirst.entryId });
    expect(imageIds(stateFrom(decided, withdrawal, forget))).toEqual(['i3']);
  });

  test('the approved image, the parent of the running generation and images in use stay', () => {
    const approved = stateFrom(three, commandEvent({ type: 'approve', imageId: 'i2' }));
    expect(imageIds(stateFrom(approved, forget))).toEqual(['i2', 'i3']);
    const refining = stateFrom(three, commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g4'));
    expect(imageIds(stateFrom(refining, forget))).toEqual(['i1', 'i3']);
    expect(imageIds(stateFrom(three, forgetEvent('i2')))).toEqual(['i2', 'i3']);
    const inUse = stateFrom(three, discard, forgetEvent('i1'));
    expect([imageIds(inUse), discardedIds(inUse)]).toEqual([['i3'], ['i1']]);
  });

  test('discarded attempts go in every stage', () => {
    const one = stateFrom(chainOf(2), discardOf('i2'));
    const none = stateFrom(one, discard);
    const running = stateFrom(none, commandEvent(generate.command, 'g3'));
    for (const state of [one, none, running, stateFrom(one, approve)]) {
      const record = [...state.record, expect.objectContaining({ kind: 'forgotten' })];
      expect(stateFrom(state, forget)).toEqual({ ...state, revision: state.revision + 1, discarded: [], record });
    }
  });
});
