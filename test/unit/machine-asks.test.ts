import { describe, expect, test } from 'vitest';
import { transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import {
  accepted,
  asks,
  at,
  cancel,
  draws,
  fails,
  follow,
  generate,
  generateThree,
  inStage,
  rules,
  stateAfter,
} from '../support/machine.ts';

describe('generate', () => {
  test('starts one candidate, with the prompt as the draft', () => {
    const { state, effects } = accepted(transition(initialState, generate, rules));
    const generation = {
      generationId: 'g1',
      prompt: 'a red kite',
      options: {},
      candidates: 1,
      startedAt: at,
    };
    expect(inStage(state, 'generating').generation).toEqual(generation);
    expect(effects).toEqual([
      { effect: 'start', generation },
      { effect: 'draft', text: 'a red kite' },
    ]);
  });

  test('asks for as many candidates as its options say', () => {
    expect(inStage(stateAfter(generateThree), 'generating').generation.candidates).toBe(3);
  });
});

describe('regenerate', () => {
  const options = { quality: 'low' as const };
  const first = asks({ type: 'generate', prompt: 'one', options });
  const second = asks({ type: 'regenerate', prompt: 'two', options: { quality: 'high' } }, 'g2');
  const two = stateAfter(first, draws('i1'), second, draws('i2', 'g2'));
  const asked = (state: State, ask: Parameters<typeof asks>[0]) =>
    inStage(follow(state, asks(ask, 'g3')), 'generating').generation;

  test('with nothing said: the last generation again, from the newest image', () => {
    expect(asked(two, { type: 'regenerate' })).toMatchObject({
      prompt: 'two',
      options: { quality: 'high' },
      parent: 'i2',
    });
  });

  test('with an image: its prompt and its options', () => {
    expect(asked(two, { type: 'regenerate', imageId: 'i1' })).toMatchObject({ prompt: 'one', options, parent: 'i1' });
  });

  test('what is said counts, each for itself', () => {
    expect(asked(two, { type: 'regenerate', imageId: 'i1', prompt: 'three' })).toMatchObject({
      prompt: 'three',
      options,
    });
    expect(asked(two, { type: 'regenerate', imageId: 'i1', options: {} })).toMatchObject({
      prompt: 'one',
      options: {},
    });
  });

  test('after a failure or a cancel the last generation counts, not the last image', () => {
    const asking = follow(two, asks({ type: 'regenerate', prompt: 'lost', options: { size: 'auto' } }, 'lost'));
    for (const end of [fails('lost'), cancel]) {
      const unfinished = follow(asking, end);
      expect(asked(unfinished, { type: 'regenerate' })).toMatchObject({ prompt: 'lost', options: { size: 'auto' } });
      expect(asked(unfinished, { type: 'regenerate', imageId: 'i1' })).toMatchObject({ prompt: 'one', options });
    }
  });

  test('the last generation counts though its attempt was discarded, or all were and another was restored', () => {
    const lastGone = follow(two, asks({ type: 'discard', imageId: 'i2' }));
    const allGone = follow(
      lastGone,
      asks({ type: 'discard', imageId: 'i1' }),
      asks({ type: 'restore', imageId: 'i1' }),
    );
    for (const state of [lastGone, allGone]) {
      expect(asked(state, { type: 'regenerate' })).toMatchObject({
        prompt: 'two',
        options: { quality: 'high' },
        parent: 'i1',
      });
      expect(asked(state, { type: 'regenerate', prompt: 'three' })).toMatchObject({ options: { quality: 'high' } });
    }
  });

  test('a prompt that is said becomes the draft; without one the draft stays', () => {
    const effectsOf = (ask: Parameters<typeof asks>[0]) =>
      accepted(transition(two, asks(ask, 'g3'), rules)).effects.filter(({ effect }) => effect === 'draft');
    expect(effectsOf({ type: 'regenerate', prompt: 'three' })).toEqual([{ effect: 'draft', text: 'three' }]);
    expect(effectsOf({ type: 'regenerate' })).toEqual([]);
    expect(effectsOf({ type: 'refine', imageId: 'i1', feedback: 'darker' })).toEqual([]);
  });
});

describe('refine', () => {
  test('M9 starts from the image and the words, with its prompt and options', () => {
    const options = { size: '1024x1024' };
    const drawn = stateAfter(asks({ type: 'generate', prompt: 'one', options }), draws('i1'));
    const refining = follow(drawn, asks({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'g2'));
    const told = { prompt: 'one', feedback: 'darker', options, parent: 'i1' };
    expect(inStage(refining, 'generating').generation).toMatchObject(told);
    expect(follow(refining, draws('i2', 'g2')).attempts.at(-1)).toMatchObject(told);
  });
});
