import { describe, expect, test } from 'vitest';
import { transition } from '../../server/session/machine.ts';
import {
  accepted,
  again,
  approve,
  asks,
  at,
  cancel,
  draws,
  fails,
  failure,
  follow,
  generate,
  generateThree,
  imageIds,
  inStage,
  later,
  reference,
  rules,
  startOver,
  stateAfter,
} from '../support/machine.ts';

describe('results', () => {
  test('an attempt tells all that is known of it', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const estimatedCost = { amount: 0.04, currency: 'USD' as const };
    const options = { quality: 'low' as const };
    const ask = asks({ type: 'generate', prompt: 'a red kite', options });
    const state = stateAfter(ask, draws('i1', 'g1', 0, { revisedPrompt: 'a scarlet kite', usage, estimatedCost }));
    expect(state.attempts).toEqual([
      {
        number: 1,
        image: reference('i1'),
        prompt: 'a red kite',
        options,
        revisedPrompt: 'a scarlet kite',
        usage,
        estimatedCost,
        startedAt: at,
        finishedAt: later,
      },
    ]);
  });

  test('several candidates: each stays as it comes, and the last one ends the generation', () => {
    const steps = [draws('i2', 'g1', 2), draws('i0', 'g1', 0), draws('i1', 'g1', 1)];
    const stages: string[] = [];
    let state = stateAfter(generateThree);
    for (const step of steps) {
      const result = accepted(transition(state, step, rules));
      expect(result.effects).toEqual([{ effect: 'keep', imageId: step.image.imageId }]);
      ({ state } = result);
      stages.push(state.stage);
    }
    expect(stages).toEqual(['generating', 'generating', 'user_feedback']);
    expect(imageIds(state)).toEqual(['i2', 'i0', 'i1']);
  });

  test('M4 the same candidate reports once: what comes again changes nothing', () => {
    const state = stateAfter(generateThree, draws('i1', 'g1', 1));
    for (const late of [draws('other', 'g1', 1), fails('g1', 1)]) {
      const result = accepted(transition(state, late, rules));
      expect(result.state).toBe(state);
      expect(result.effects).toEqual([]);
    }
  });

  test('all candidates failed, without an attempt: back to initial_input with the first error', () => {
    const first = { ...failure, code: 'quota_exceeded' as const };
    const state = stateAfter(generateThree, fails('g1', 2, first), fails('g1', 0), fails('g1', 1));
    expect(inStage(state, 'initial_input').unfinished?.error).toEqual(first);
  });

  test('some candidates failed: what was drawn is reviewed, and the error is told', () => {
    const state = stateAfter(generateThree, draws('i1', 'g1', 0), fails('g1', 1), fails('g1', 2));
    expect(inStage(state, 'user_feedback').unfinished?.error).toEqual(failure);
    expect(imageIds(state)).toEqual(['i1']);
  });

  test('the candidates that failed are listed as they fail, in the order of the candidates', () => {
    const blocked = { ...failure, code: 'moderation_blocked' as const };
    const two = follow(stateAfter(generateThree), fails('g1', 2, blocked));
    const failures = [{ candidate: 2, error: blocked }];
    expect(inStage(two, 'generating').generation.failures).toEqual(failures);
    const one = follow(two, fails('g1', 0));
    expect(inStage(one, 'generating').generation.failures).toEqual([{ candidate: 0, error: failure }, ...failures]);
    const done = inStage(follow(one, draws('i1', 'g1', 1)), 'user_feedback');
    expect(done.unfinished).toMatchObject({
      generation: { failures: [{ candidate: 0, error: failure }, ...failures] },
      error: blocked,
    });
  });

  test('where none failed there is no list', () => {
    expect(stateAfter(generateThree, draws('i1', 'g1', 1))).not.toHaveProperty('generation.failures');
  });

  test('attempts count from 1 as they come, also those of one generation', () => {
    const three = stateAfter(generateThree, draws('i1', 'g1', 1), draws('i0', 'g1', 0), draws('i2', 'g1', 2));
    expect(three.attempts.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test('M8 a failure keeps the prompt, and the image on show', () => {
    const before = stateAfter(generate, draws('i1'));
    const state = follow(before, asks({ type: 'regenerate', prompt: 'a green kite' }, 'g2'), fails('g2'));
    expect(inStage(state, 'user_feedback').unfinished?.generation.prompt).toBe('a green kite');
    expect(state.attempts).toEqual(before.attempts);
  });

  test('M5 an accepted command clears the old error, and so does a success after it', () => {
    const failed = stateAfter(generate, draws('i1'), again, fails('g2'));
    expect(follow(failed, asks({ type: 'regenerate' }, 'g3'))).not.toHaveProperty('unfinished');
    expect(follow(failed, asks({ type: 'regenerate' }, 'g3'), draws('i3', 'g3'))).not.toHaveProperty('unfinished');
    expect(follow(failed, approve)).not.toHaveProperty('unfinished');
    expect(follow(failed, startOver)).not.toHaveProperty('unfinished');
  });

  test('M5 a rejected command leaves the error where it is', () => {
    const failed = stateAfter(generate, fails());
    expect(transition(failed, cancel, rules)).toEqual({ accepted: false, code: 'wrong_stage' });
    expect(inStage(failed, 'initial_input').unfinished?.error).toEqual(failure);
  });
});

describe('cancel', () => {
  test('keeps what has finished, and aborts the rest', () => {
    const { state, effects } = accepted(
      transition(stateAfter(generateThree, draws('i1', 'g1', 0), fails('g1', 2)), cancel, rules),
    );
    expect(imageIds(inStage(state, 'user_feedback'))).toEqual(['i1']);
    expect(effects).toEqual([{ effect: 'abort' }]);
  });

  test('M8 keeps the prompt as the last generation, without an error', () => {
    const unfinished = inStage(stateAfter(generateThree, fails('g1', 1), cancel), 'initial_input').unfinished;
    expect(unfinished?.generation.prompt).toBe('a red kite');
    expect(unfinished).not.toHaveProperty('error');
    expect(unfinished?.generation.failures).toEqual([{ candidate: 1, error: failure }]);
  });

  test('M8 keeps the reason in the words that were said, and a blank one is none', () => {
    const reasonOf = (reason: string) =>
      inStage(stateAfter(generate, asks({ type: 'cancel', reason })), 'initial_input').unfinished?.generation;
    expect(reasonOf(' Too dark. ')?.cancelReason).toBe(' Too dark. ');
    for (const blank of ['', ' \n']) expect(reasonOf(blank)).not.toHaveProperty('cancelReason');
  });

  test('M4 what the cancelled generation still draws changes nothing', () => {
    const cancelled = stateAfter(generate, cancel);
    expect(follow(cancelled, draws('late'))).toBe(cancelled);
    expect(follow(cancelled, fails())).toBe(cancelled);
    const superseded = follow(cancelled, asks({ type: 'generate', prompt: 'another' }, 'g2'));
    expect(follow(superseded, draws('late'))).toBe(superseded);
  });
});
