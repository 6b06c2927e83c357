import { describe, expect, test } from 'vitest';
import { transition } from '../../../../server/session/machine.ts';
import type { State } from '../../../../server/session/state.ts';
import {
  accepted,
  approve,
  at,
  commandEvent,
  discard,
  discardedIds,
  failedEvent,
  generate,
  generatedEvent,
  imageIds,
  inStage,
  machineLimits,
  regenerate,
  restore,
  stateAfter,
  stateFrom,
} from '../../../support/machine.ts';

const discardOf = (imageId: string) => commandEvent({ type: 'discard', imageId });
const restoreOf = (imageId: string) => commandEvent({ type: 'restore', imageId });
const regenerateAs = (generationId: string, candidates = 1) =>
  commandEvent({ type: 'regenerate', options: { candidates } }, generationId);
const forget = { type: 'forget', keep: [] } as const;

/** Attempts `i1` to `i<count>`, each regenerated from the one before. */
function chainOf(count: number): State {
  const rest = Array.from({ length: count - 1 }, (_, index) => index + 2);
  const events = rest.flatMap((number) => [regenerateAs(`g${number}`), generatedEvent(`i${number}`, `g${number}`)]);
  return stateAfter(generate, generatedEvent('i1'), ...events);
}

describe('discard and restore', () => {
  const two = chainOf(2);

  test('a discarded attempt leaves the attempts, and says who discarded it and when', () => {
    const { state, effects } = accepted(transition(two, discard, machineLimits));
    const discarded = { by: 'Ana', participantId: 'participant Ana', connectionId: 'connection Ana', at };
    expect(imageIds(state)).toEqual(['i2']);
    expect(state.discarded).toEqual([{ ...two.attempts[0], discarded }]);
    expect(effects).toEqual([]);
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

describe('more attempts than the limit', () => {
  const full = chainOf(machineLimits.ATTEMPTS_PER_SESSION);

  test('M9: the oldest is dropped, and its child is marked parentDropped', () => {
    const running = stateFrom(full, regenerateAs('g13'));
    const { state, effects } = accepted(transition(running, generatedEvent('i13', 'g13'), machineLimits));
    expect(imageIds(state)).toEqual([...imageIds(full).slice(1), 'i13']);
    expect(state.attempts[0]).toMatchObject({ parent: 'i1', parentDropped: true });
    expect(state.attempts.filter(({ parentDropped }) => parentDropped)).toHaveLength(1);
    expect(effects).toEqual([{ effect: 'drop', imageIds: ['i1'] }]);
  });

  test('the parent of the running generation is kept, though it is the oldest', () => {
    const refining = stateFrom(full, commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g13'));
    const state = stateFrom(refining, generatedEvent('i13', 'g13'));
    expect(imageIds(state)).toEqual(['i1', ...imageIds(full).slice(2), 'i13']);
    expect(state.attempts.at(-1)).not.toHaveProperty('parentDropped');
  });

  test('discarded attempts are dropped first, the one discarded first before the others', () => {
    const running = stateFrom(full, discardOf('i5'), discardOf('i3'), regenerateAs('g13', 3));
    let state = running;
    const dropped = ['a', 'b', 'c'].map((imageId, candidate) => {
      const result = accepted(transition(state, generatedEvent(imageId, 'g13', candidate), machineLimits));
      ({ state } = result);
      return result.effects;
    });
    expect(dropped).toEqual(['i5', 'i3', 'i1'].map((imageId) => [{ effect: 'drop', imageIds: [imageId] }]));
    expect(state.attempts.find(({ image }) => image.imageId === 'i6')).toMatchObject({ parentDropped: true });
    expect(imageIds(state).slice(-3)).toEqual(['a', 'b', 'c']);
  });

  test('M9: a discarded child of a dropped parent is marked too, and stays so when it is restored', () => {
    const three = stateFrom(chainOf(3), discard, discardOf('i2'), regenerateAs('g4'));
    const limits = { ...machineLimits, ATTEMPTS_PER_SESSION: 3 };
    const { state } = accepted(transition(three, generatedEvent('i4', 'g4'), limits));
    const child = { image: { imageId: 'i2' }, number: 2, parent: 'i1', parentDropped: true };
    expect(state.discarded).toMatchObject([child]);
    expect(stateFrom(state, restoreOf('i2')).attempts[0]).toMatchObject(child);
  });

  test('the newest is never dropped, even with a limit of one', () => {
    const running = stateAfter(generate, generatedEvent('i1'), regenerate);
    const limits = { ...machineLimits, ATTEMPTS_PER_SESSION: 1 };
    const { state } = accepted(transition(running, generatedEvent('i2', 'g2'), limits));
    expect(imageIds(state)).toEqual(['i1', 'i2']); // `i1` is the parent.
  });
});

describe('R7: forget drops attempts to free their memory', () => {
  const three = chainOf(3);

  test('all but the newest go, with a new revision and the same turn', () => {
    const { state, effects } = accepted(transition(three, forget, machineLimits));
    expect(imageIds(state)).toEqual(['i3']);
    expect(state.attempts[0]).toMatchObject({ parent: 'i2', parentDropped: true });
    expect(state).toMatchObject({ turn: three.turn, revision: three.revision + 1 });
    expect(effects).toEqual([{ effect: 'drop', imageIds: ['i1', 'i2'] }]);
  });

  test('the approved image, the parent of the running generation and images in use stay', () => {
    const approved = stateFrom(three, commandEvent({ type: 'approve', imageId: 'i2' }));
    expect(imageIds(stateFrom(approved, forget))).toEqual(['i2', 'i3']);
    const refining = stateFrom(three, commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g4'));
    expect(imageIds(stateFrom(refining, forget))).toEqual(['i1', 'i3']);
    expect(imageIds(stateFrom(three, { ...forget, keep: ['i2'] }))).toEqual(['i2', 'i3']);
    const inUse = stateFrom(three, discard, { ...forget, keep: ['i1'] });
    expect([imageIds(inUse), discardedIds(inUse)]).toEqual([['i3'], ['i1']]);
  });

  test('discarded attempts go in every stage', () => {
    const one = stateFrom(chainOf(2), discardOf('i2'));
    const none = stateFrom(one, discard);
    const running = stateFrom(none, commandEvent(generate.command, 'g3'));
    for (const state of [one, none, running, stateFrom(one, approve)]) {
      const result = accepted(transition(state, forget, machineLimits));
      expect(result.state).toEqual({ ...state, revision: state.revision + 1, discarded: [] });
      expect(result.effects).toEqual([{ effect: 'drop', imageIds: discardedIds(state) }]);
    }
  });
});
