import { describe, expect, test } from 'vitest';
import { transition } from '../../server/session/machine.ts';
import type { State } from '../../server/session/state.ts';
import {
  accepted,
  again,
  approve,
  asks,
  at,
  discard,
  discardedIds,
  draws,
  fails,
  follow,
  generate,
  imageIds,
  inStage,
  restore,
  rules,
  stateAfter,
} from '../support/machine.ts';

describe('discard and restore', () => {
  const two = stateAfter(generate, draws('i1'), again, draws('i2', 'g2'));

  test('a discarded attempt says who put it aside, and when, and is no attempt any more', () => {
    const state = follow(two, discard);
    expect(imageIds(state)).toEqual(['i2']);
    expect(state.discarded).toEqual([
      { ...two.attempts[0], discarded: { by: 'Ana', connectionId: 'connection of Ana', at } },
    ]);
    expect(accepted(transition(two, discard, rules)).effects).toEqual([]);
  });

  test('M10 within the same stage the turn stays, so nobody else’s decision is too late for it', () => {
    const state = follow(two, discard);
    expect(state).toMatchObject({ turn: two.turn, revision: two.revision + 1 });
    expect(follow(state, restore)).toMatchObject({ turn: two.turn, revision: two.revision + 2 });
  });

  test('M10 the last one’s going is a change of stage, and so is its return', () => {
    const one = stateAfter(generate, draws('i1'));
    const none = follow(one, discard);
    expect(none).toMatchObject({ stage: 'initial_input', attempts: [], turn: one.turn + 1 });
    expect(follow(none, restore)).toMatchObject({ stage: 'user_feedback', turn: one.turn + 2 });
  });

  test('restore undoes discard but for the revision and the turn', () => {
    const three = follow(two, asks({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g3'), draws('i3', 'g3'));
    for (const imageId of imageIds(three)) {
      const undone = follow(three, asks({ type: 'discard', imageId }), asks({ type: 'restore', imageId }));
      expect(undone).toEqual({ ...three, revision: three.revision + 2 });
    }
  });

  test('what is restored stands where its number says, whatever the order', () => {
    const empty = follow(two, discard, asks({ type: 'discard', imageId: 'i2' }));
    expect(discardedIds(empty)).toEqual(['i1', 'i2']);
    const back = follow(empty, asks({ type: 'restore', imageId: 'i2' }), restore);
    expect(back.attempts.map(({ image, number }) => [image.imageId, number])).toEqual([
      ['i1', 1],
      ['i2', 2],
    ]);
  });

  test('M5 M8 they leave the error, the last generation and the last action as they are', () => {
    const failed = follow(two, asks({ type: 'regenerate', prompt: 'a green kite' }, 'g3'), fails('g3'));
    const { unfinished, lastAction } = inStage(failed, 'user_feedback');
    const bo = asks({ type: 'discard', imageId: 'i1' }, 'g4', 'Bo');
    expect(follow(failed, bo)).toMatchObject({ unfinished, lastAction });
    expect(follow(failed, bo, restore)).toMatchObject({ unfinished, lastAction });
    const none = follow(failed, bo, asks({ type: 'discard', imageId: 'i2' }));
    expect(none).toMatchObject({ stage: 'initial_input', unfinished, lastAction });
  });

  test('a number is not given again when its attempt has gone', () => {
    const state = follow(two, asks({ type: 'discard', imageId: 'i2' }), asks({ type: 'regenerate' }, 'g3'));
    expect(follow(state, draws('i3', 'g3')).attempts.map(({ number }) => number)).toEqual([1, 3]);
  });

  test('M9 a discarded parent is still kept, so its child does not say that it is dropped', () => {
    expect(follow(two, discard).attempts[0]).toMatchObject({ parent: 'i1' });
    expect(follow(two, discard).attempts[0]).not.toHaveProperty('parentDropped');
  });

  test('with all attempts discarded a new prompt starts again beside them', () => {
    const none = follow(stateAfter(generate, draws('i1'), discard), asks(generate.command, 'g2'), draws('i2', 'g2'));
    expect([imageIds(none), discardedIds(none)]).toEqual([['i2'], ['i1']]);
    expect(none.attempts[0]).toMatchObject({ number: 2 });
  });
});

describe('the attempts that a session keeps', () => {
  /** `i1` to `i<count>`, each regenerated from the one before. */
  const chain = (count: number): State => {
    const rest = Array.from({ length: count - 1 }, (_, index) => index + 2);
    const steps = rest.flatMap((n) => [asks({ type: 'regenerate' }, `g${n}`), draws(`i${n}`, `g${n}`)]);
    return stateAfter(generate, draws('i1'), ...steps);
  };

  test('the thirteenth drops the oldest, whose child keeps its parent and knows that it is gone', () => {
    const { state, effects } = accepted(
      transition(follow(chain(12), asks({ type: 'regenerate' }, 'g13')), draws('i13', 'g13'), rules),
    );
    expect(imageIds(state)).toEqual(Array.from({ length: 12 }, (_, index) => `i${index + 2}`));
    expect(state.attempts[0]).toMatchObject({ parent: 'i1', parentDropped: true });
    expect(state.attempts.slice(1).some(({ parentDropped }) => parentDropped)).toBe(false);
    expect(effects).toEqual([
      { effect: 'keep', imageId: 'i13' },
      { effect: 'drop', imageIds: ['i1'] },
    ]);
  });

  test('the one that is being refined stays, though it is the oldest', () => {
    const refining = follow(chain(12), asks({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g13'));
    const state = follow(refining, draws('i13', 'g13'));
    expect(imageIds(state)).toContain('i1');
    expect(imageIds(state)).not.toContain('i2');
    expect(state.attempts.at(-1)).not.toHaveProperty('parentDropped');
  });

  test('several candidates at the limit drop one each', () => {
    const asking = follow(chain(12), asks({ type: 'regenerate', options: { candidates: 3 } }, 'g13'));
    const state = follow(asking, draws('a', 'g13', 0), draws('b', 'g13', 1), draws('c', 'g13', 2));
    expect(imageIds(state)).toHaveLength(12);
    expect(imageIds(state).slice(-3)).toEqual(['a', 'b', 'c']);
    expect(imageIds(state)[0]).toBe('i4');
  });

  test('the newest is never dropped, even where the limit is one', () => {
    const one = { ...rules, ATTEMPTS_PER_SESSION: 1 };
    const asking = follow(stateAfter(generate, draws('i1')), again);
    expect(imageIds(accepted(transition(asking, draws('i2', 'g2'), one)).state)).toEqual(['i1', 'i2']);
  });

  test('what was discarded counts, and goes first, the one longest put aside before the others', () => {
    const state = follow(
      chain(12),
      asks({ type: 'discard', imageId: 'i5' }),
      asks({ type: 'discard', imageId: 'i3' }),
      asks({ type: 'regenerate', options: { candidates: 3 } }, 'g13'),
    );
    const first = accepted(transition(state, draws('a', 'g13', 0), rules));
    expect(first.effects).toContainEqual({ effect: 'drop', imageIds: ['i5'] });
    expect(first.state.attempts.find(({ image }) => image.imageId === 'i6')).toMatchObject({ parentDropped: true });
    const second = accepted(transition(first.state, draws('b', 'g13', 1), rules));
    expect(second.effects).toContainEqual({ effect: 'drop', imageIds: ['i3'] });
    expect(discardedIds(second.state)).toEqual([]);
    const third = accepted(transition(second.state, draws('c', 'g13', 2), rules));
    expect(third.effects).toContainEqual({ effect: 'drop', imageIds: ['i1'] });
  });

  test('M9 a discarded child knows too that its parent is dropped, and brings that along when it is restored', () => {
    const asking = follow(
      chain(3),
      discard,
      asks({ type: 'discard', imageId: 'i2' }),
      asks({ type: 'regenerate' }, 'g4'),
    );
    const { state } = accepted(transition(asking, draws('i4', 'g4'), { ...rules, ATTEMPTS_PER_SESSION: 3 }));
    expect(state.discarded).toMatchObject([{ image: { imageId: 'i2' }, parent: 'i1', parentDropped: true }]);
    const back = follow(state, asks({ type: 'restore', imageId: 'i2' }));
    expect(back.attempts[0]).toMatchObject({ number: 2, parent: 'i1', parentDropped: true });
  });

  test('forget drops all that was discarded, in every stage', () => {
    const aside = follow(chain(2), asks({ type: 'discard', imageId: 'i2' }));
    const none = follow(aside, discard);
    const asking = follow(none, asks(generate.command, 'g3'));
    const approved = follow(aside, approve);
    for (const state of [aside, none, asking, approved]) {
      const { state: after, effects } = accepted(transition(state, { type: 'forget' }, rules));
      expect(after).toEqual({ ...state, revision: state.revision + 1, discarded: [] });
      expect(effects).toEqual([{ effect: 'drop', imageIds: discardedIds(state) }]);
    }
  });

  test('forget drops all but the newest, and says which', () => {
    const { state, effects } = accepted(transition(chain(3), { type: 'forget' }, rules));
    expect(imageIds(state)).toEqual(['i3']);
    expect(state.attempts[0]).toMatchObject({ parent: 'i2', parentDropped: true });
    expect(effects).toEqual([{ effect: 'drop', imageIds: ['i1', 'i2'] }]);
  });

  test('forget keeps the approved image too', () => {
    const state = follow(chain(3), asks({ type: 'approve', imageId: 'i2' }), { type: 'forget' });
    expect(imageIds(state)).toEqual(['i2', 'i3']);
  });

  test('forget keeps what is being refined', () => {
    const refining = follow(chain(3), asks({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g4'));
    expect(imageIds(follow(refining, { type: 'forget' }))).toEqual(['i1', 'i3']);
  });

  test('M10 forget changes no turn, so nobody who decides is told that they were too late', () => {
    const state = chain(3);
    expect(follow(state, { type: 'forget' })).toMatchObject({ turn: state.turn, revision: state.revision + 1 });
  });
});
