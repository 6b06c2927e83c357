import { describe, expect, test } from 'vitest';
import { transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import {
  accepted,
  again,
  approve,
  asks,
  at,
  discard,
  discardedIds,
  draws,
  follow,
  generate,
  imageIds,
  inStage,
  reference,
  rules,
  sha256Of,
  startOver,
  stateAfter,
} from '../support/machine.ts';

describe('approve', () => {
  const tree = stateAfter(generate, draws('i1'), again, draws('i2', 'g2'));

  test('M3 records id and digest, who and when', () => {
    const state = inStage(follow(tree, approve), 'final');
    expect(state.approved).toEqual(reference('i1'));
    expect(state.decisions).toEqual([
      { decision: 'approved', imageId: 'i1', sha256: sha256Of('i1'), by: 'Ana', connectionId: 'connection of Ana', at },
    ]);
  });

  test('the last decisions are kept, oldest first', () => {
    let state: State = initialState;
    for (let round = 1; round <= rules.DECISIONS_PER_SESSION + 2; round++) {
      const drawing = draws(`image ${round}`);
      const { imageId } = drawing.image;
      for (const event of [generate, drawing, asks({ type: 'approve', imageId }), startOver])
        state = follow(state, event);
    }
    expect(state.decisions.map(({ imageId }) => imageId)).toEqual(['image 3', 'image 4', 'image 5']);
  });

  test('M9 any attempt of the tree can be approved', () => {
    for (const imageId of imageIds(tree)) {
      const state = follow(tree, asks({ type: 'approve', imageId, sha256: sha256Of(imageId) }));
      expect(inStage(state, 'final').approved.imageId).toBe(imageId);
    }
  });

  test('M10 of the image already approved: acked whatever the turn, without a second decision', () => {
    const state = follow(tree, approve);
    for (const turn of [undefined, 0, state.turn - 1, state.turn, state.turn + 5]) {
      const command = { ...approve.command, ...(turn !== undefined && { turn }) };
      expect(follow(state, { ...approve, command })).toBe(state);
    }
  });

  test('M3 of the image already approved, by a digest it does not have: stale from another turn, else not found', () => {
    const state = follow(tree, approve);
    const notFound = { accepted: false, code: 'image_not_found' };
    const wrong = { type: 'approve' as const, imageId: 'i1', sha256: sha256Of('i2') };
    expect(transition(state, asks(wrong), rules)).toEqual(notFound);
    expect(transition(state, asks({ ...wrong, turn: state.turn }), rules)).toEqual(notFound);
    expect(transition(state, asks({ ...wrong, turn: state.turn - 1 }), rules)).toEqual({
      accepted: false,
      code: 'stale',
    });
  });
});

describe('start over', () => {
  test('nothing is kept but the list of decisions', () => {
    const before = stateAfter(generate, draws('i1'), again, draws('i2', 'g2'), approve);
    const { state, effects } = accepted(transition(before, startOver, rules));
    expect(state).toEqual({
      stage: 'initial_input',
      revision: before.revision + 1,
      turn: before.turn + 1,
      drawn: 0,
      discarded: [],
      attempts: [],
      decisions: before.decisions,
      lastAction: { action: 'start_over', by: 'Ana', connectionId: 'connection of Ana', at },
    });
    expect(effects).toEqual([
      { effect: 'drop', imageIds: ['i1', 'i2'] },
      { effect: 'draft', text: '' },
    ]);
  });

  test('what was discarded is dropped too, and attempts count from 1 again', () => {
    const before = stateAfter(generate, draws('i1'), again, draws('i2', 'g2'), discard);
    const { state, effects } = accepted(transition(before, startOver, rules));
    expect(discardedIds(state)).toEqual([]);
    expect(effects).toContainEqual({ effect: 'drop', imageIds: ['i1', 'i2'] });
    expect(follow(state, asks(generate.command, 'g3'), draws('i3', 'g3')).attempts[0]).toMatchObject({ number: 1 });
  });
});
