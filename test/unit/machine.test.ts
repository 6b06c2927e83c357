import { describe, expect, test } from 'vitest';
import { type Event, transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import {
  accepted,
  asks,
  at,
  discardedIds,
  draws,
  fails,
  failure,
  follow,
  frozen,
  imageIds,
  inStage,
  later,
  reference,
  rules,
  sha256Of,
  stateAfter,
} from '../support/machine.ts';

const generate = asks({ type: 'generate', prompt: 'a red kite' });
const generateThree = asks({ type: 'generate', prompt: 'a red kite', options: { candidates: 3 } });
const again = asks({ type: 'regenerate' }, 'g2');
const againTwice = asks({ type: 'regenerate', options: { candidates: 2 } }, 'g2');
const cancel = asks({ type: 'cancel' });
const approve = asks({ type: 'approve', imageId: 'i1', sha256: sha256Of('i1') });
const startOver = asks({ type: 'start_over' });
const discard = asks({ type: 'discard', imageId: 'i1' });
const restore = asks({ type: 'restore', imageId: 'i1' });

/** In each of them the current generation, where one runs, is `now`; `i1` is the oldest attempt, where there is one. */
const states = {
  'initial_input, fresh': initialState,
  'initial_input, after a failure': stateAfter(generate, fails()),
  'initial_input, after a cancel': stateAfter(generate, cancel),
  'initial_input, after Start over': stateAfter(generate, draws('i1'), approve, startOver),
  'initial_input, all attempts discarded': stateAfter(generate, draws('i1'), discard),
  'generating, nothing drawn yet': stateAfter(asks(generate.command, 'now')),
  'generating, all attempts discarded': stateAfter(generate, draws('i1'), discard, asks(generate.command, 'now')),
  'generating, with an attempt': stateAfter(generate, draws('i1'), asks(again.command, 'now')),
  'generating, one of three candidates drawn': stateAfter(asks(generateThree.command, 'now'), draws('i1', 'now', 1)),
  'generating, one of two candidates failed': stateAfter(
    generate,
    draws('i1'),
    asks(againTwice.command, 'now'),
    fails('now', 1),
  ),
  'user_feedback, one attempt': stateAfter(generate, draws('i1')),
  'user_feedback, several attempts': stateAfter(generate, draws('i1'), again, draws('i2', 'g2')),
  'user_feedback, one of two discarded': stateAfter(generate, draws('i1'), again, draws('i2', 'g2'), discard),
  'user_feedback, after a failure': stateAfter(generate, draws('i1'), again, fails('g2')),
  'user_feedback, after a cancel': stateAfter(generate, draws('i1'), again, cancel),
  final: stateAfter(generate, draws('i1'), approve),
  'final, an older attempt approved': stateAfter(generate, draws('i1'), again, draws('i2', 'g2'), approve),
  'final, the other attempt discarded': stateAfter(
    generate,
    draws('i1'),
    again,
    draws('i2', 'g2'),
    asks({ type: 'discard', imageId: 'i2' }),
    approve,
  ),
} as const satisfies Record<string, State>;

const events = {
  generate: asks({ type: 'generate', prompt: 'a blue kite' }, 'next'),
  regenerate: asks({ type: 'regenerate' }, 'next'),
  'regenerate i1': asks({ type: 'regenerate', imageId: 'i1' }, 'next'),
  'regenerate an unknown image': asks({ type: 'regenerate', imageId: 'nowhere' }, 'next'),
  'refine i1': asks({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'next'),
  'refine an unknown image': asks({ type: 'refine', imageId: 'nowhere', feedback: 'darker' }, 'next'),
  'approve i1': asks({ type: 'approve', imageId: 'i1' }),
  'approve i1 by its digest': approve,
  'approve i1 by another digest': asks({ type: 'approve', imageId: 'i1', sha256: sha256Of('i2') }),
  'approve an unknown image': asks({ type: 'approve', imageId: 'nowhere' }),
  'approve i2': asks({ type: 'approve', imageId: 'i2' }),
  cancel,
  'cancel with a reason': asks({ type: 'cancel', reason: 'too dark' }),
  start_over: startOver,
  'discard i1': discard,
  'discard an unknown image': asks({ type: 'discard', imageId: 'nowhere' }),
  'restore i1': restore,
  'restore an unknown image': asks({ type: 'restore', imageId: 'nowhere' }),
  'generated, by the current generation': draws('new', 'now'),
  'generated, by another generation': draws('new', 'gone'),
  'generated, by a candidate that was never asked for': draws('new', 'now', 7),
  'failed, by the current generation': fails('now'),
  'failed, by another generation': fails('gone'),
  forget: { type: 'forget' },
} as const satisfies Record<string, Event>;

type EventName = keyof typeof events;
/** A stage that is entered or kept with a new revision, `same` (accepted, nothing changed) or a rejection. */
type Outcome = State['stage'] | 'same' | 'stale' | 'wrong_stage' | 'image_not_found';

const nothingRuns = {
  'generated, by the current generation': 'same',
  'generated, by another generation': 'same',
  'generated, by a candidate that was never asked for': 'same',
  'failed, by the current generation': 'same',
  'failed, by another generation': 'same',
} as const satisfies Partial<Record<EventName, Outcome>>;

const initial = {
  generate: 'generating',
  regenerate: 'wrong_stage',
  'regenerate i1': 'wrong_stage',
  'regenerate an unknown image': 'wrong_stage',
  'refine i1': 'wrong_stage',
  'refine an unknown image': 'wrong_stage',
  'approve i1': 'wrong_stage',
  'approve i1 by its digest': 'wrong_stage',
  'approve i1 by another digest': 'wrong_stage',
  'approve an unknown image': 'wrong_stage',
  'approve i2': 'wrong_stage',
  cancel: 'wrong_stage',
  'cancel with a reason': 'wrong_stage',
  start_over: 'wrong_stage',
  'discard i1': 'wrong_stage',
  'discard an unknown image': 'wrong_stage',
  'restore i1': 'image_not_found',
  'restore an unknown image': 'image_not_found',
  ...nothingRuns,
  forget: 'same',
} as const satisfies Record<EventName, Outcome>;

const generating = {
  ...initial,
  generate: 'wrong_stage',
  'restore i1': 'wrong_stage',
  'restore an unknown image': 'wrong_stage',
  'generated, by the current generation': 'user_feedback',
} as const satisfies Record<EventName, Outcome>;

const reviewing = {
  generate: 'wrong_stage',
  regenerate: 'generating',
  'regenerate i1': 'generating',
  'regenerate an unknown image': 'image_not_found',
  'refine i1': 'generating',
  'refine an unknown image': 'image_not_found',
  'approve i1': 'final',
  'approve i1 by its digest': 'final',
  'approve i1 by another digest': 'image_not_found',
  'approve an unknown image': 'image_not_found',
  'approve i2': 'image_not_found',
  cancel: 'wrong_stage',
  'cancel with a reason': 'wrong_stage',
  start_over: 'initial_input',
  'discard i1': 'initial_input',
  'discard an unknown image': 'image_not_found',
  'restore i1': 'image_not_found',
  'restore an unknown image': 'image_not_found',
  ...nothingRuns,
  forget: 'same',
} as const satisfies Record<EventName, Outcome>;

const decided = {
  ...initial,
  generate: 'wrong_stage',
  'restore i1': 'wrong_stage',
  'restore an unknown image': 'wrong_stage',
  'approve i1': 'same',
  'approve i1 by its digest': 'same',
  'approve i1 by another digest': 'image_not_found',
  start_over: 'initial_input',
} as const satisfies Record<EventName, Outcome>;

const table: Record<keyof typeof states, Record<EventName, Outcome>> = {
  'initial_input, fresh': initial,
  'initial_input, after a failure': initial,
  'initial_input, after a cancel': initial,
  'initial_input, after Start over': initial,
  'initial_input, all attempts discarded': { ...initial, 'restore i1': 'user_feedback', forget: 'initial_input' },
  'generating, nothing drawn yet': {
    ...generating,
    cancel: 'initial_input',
    'cancel with a reason': 'initial_input',
    'failed, by the current generation': 'initial_input',
  },
  'generating, all attempts discarded': {
    ...generating,
    cancel: 'initial_input',
    'cancel with a reason': 'initial_input',
    'failed, by the current generation': 'initial_input',
    forget: 'generating',
  },
  'generating, with an attempt': {
    ...generating,
    cancel: 'user_feedback',
    'cancel with a reason': 'user_feedback',
    'failed, by the current generation': 'user_feedback',
  },
  'generating, one of three candidates drawn': {
    ...generating,
    cancel: 'user_feedback',
    'cancel with a reason': 'user_feedback',
    'generated, by the current generation': 'generating',
    'failed, by the current generation': 'generating',
  },
  'generating, one of two candidates failed': {
    ...generating,
    cancel: 'user_feedback',
    'cancel with a reason': 'user_feedback',
    'failed, by the current generation': 'user_feedback',
  },
  'user_feedback, one attempt': reviewing,
  'user_feedback, several attempts': {
    ...reviewing,
    'approve i2': 'final',
    'discard i1': 'user_feedback',
    forget: 'user_feedback',
  },
  'user_feedback, one of two discarded': {
    ...reviewing,
    'regenerate i1': 'image_not_found',
    'refine i1': 'image_not_found',
    'approve i1': 'image_not_found',
    'approve i1 by its digest': 'image_not_found',
    'approve i2': 'final',
    'discard i1': 'image_not_found',
    'restore i1': 'user_feedback',
    forget: 'user_feedback',
  },
  'user_feedback, after a failure': reviewing,
  'user_feedback, after a cancel': reviewing,
  final: decided,
  'final, an older attempt approved': decided,
  'final, the other attempt discarded': { ...decided, forget: 'final' },
};

function outcomeOf(state: State, event: Event): Outcome {
  const result = transition(state, event, rules);
  if (!result.accepted) return result.code;
  return result.state === state ? 'same' : result.state.stage;
}

const pairs = Object.entries(table).flatMap(([stateName, row]) =>
  Object.entries(row).map(([eventName, outcome]) => ({ stateName, eventName, outcome })),
);

describe('the table: every stage with every event', () => {
  for (const [stateName, state] of Object.entries(states)) {
    describe(stateName, () => {
      for (const { eventName, outcome } of pairs.filter((pair) => pair.stateName === stateName)) {
        const event = Object.entries(events).find(([name]) => name === eventName)?.[1];
        const rule = outcome === 'wrong_stage' ? 'M1 ' : outcome === 'image_not_found' ? 'M3 ' : '';
        test(`${rule}${eventName}: ${outcome}`, () => {
          if (!event) throw new Error(`no event is called ${eventName}`);
          const before = structuredClone(state);
          expect(outcomeOf(frozen(state), event)).toBe(outcome);
          expect(state).toEqual(before);
        });
      }
    });
  }

  test('M6 whatever is accepted and changes the state raises the revision by one', () => {
    for (const state of Object.values(states)) {
      for (const event of Object.values(events)) {
        const result = transition(state, event, rules);
        if (!result.accepted) continue;
        expect(result.state.revision).toBe(state.revision + (result.state === state ? 0 : 1));
      }
    }
  });

  test('M10 the turn grows by one with each change of stage, and with nothing else', () => {
    for (const state of Object.values(states)) {
      for (const event of Object.values(events)) {
        const result = transition(state, event, rules);
        if (!result.accepted) continue;
        expect(result.state.turn).toBe(state.turn + (result.state.stage === state.stage ? 0 : 1));
      }
    }
  });

  test('M10 every command from another turn is stale, in every stage and before its stage is looked at', () => {
    for (const state of Object.values(states)) {
      for (const { type, ...rest } of Object.values(events)) {
        if (type !== 'command' || !('command' in rest)) continue;
        const { command } = rest;
        const isApproved = state.stage === 'final' && command.type === 'approve' && command.imageId === 'i1';
        if (isApproved) continue;
        for (const turn of [state.turn - 1, state.turn + 1]) {
          expect(outcomeOf(state, { ...rest, type, command: { ...command, turn } })).toBe('stale');
        }
      }
    }
  });

  test('M10 a command that names the present turn is decided like one that names none', () => {
    for (const state of Object.values(states)) {
      for (const event of Object.values(events)) {
        if (event.type !== 'command') continue;
        const present = { ...event, command: { ...event.command, turn: state.turn } };
        expect(outcomeOf(state, present)).toBe(outcomeOf(state, event));
      }
    }
  });
});

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
    const wrong = { type: 'approve' as const, imageId: 'i1', sha256: sha256Of('i2') };
    expect(outcomeOf(state, asks(wrong))).toBe('image_not_found');
    expect(outcomeOf(state, asks({ ...wrong, turn: state.turn }))).toBe('image_not_found');
    expect(outcomeOf(state, asks({ ...wrong, turn: state.turn - 1 }))).toBe('stale');
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
