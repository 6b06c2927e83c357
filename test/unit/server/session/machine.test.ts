import { describe, expect, test } from 'vitest';
import { newestAttempt } from '../../../../server/session/attempts.ts';
import { transition } from '../../../../server/session/machine.ts';
import { decisionsIn } from '../../../../server/session/record.ts';
import { approvedIn, initialState, type State } from '../../../../server/session/state.ts';
import type { Event } from '../../../../server/session/transition.ts';
import {
  accepted,
  approve,
  at,
  type CommandInput,
  cancel,
  commandEvent,
  discard,
  discardedIds,
  failedEvent,
  generate,
  generatedEvent,
  generateThree,
  imageIds,
  inStage,
  later,
  machineLimits,
  networkError,
  reference,
  regenerate,
  reportedEvent,
  restore,
  sha256Of,
  shownEvent,
  startOver,
  stateAfter,
  stateFrom,
} from '../../../support/machine.ts';

const ana = { by: 'Ana', participantId: 'participant Ana', connectionId: 'connection Ana', at };
const oneAttempt = [generate, generatedEvent('i1')] as const;
const twoAttempts = [...oneAttempt, regenerate, generatedEvent('i2', 'g2')] as const;

describe('a generation starts', () => {
  const options = { quality: 'low' as const };
  const loud = { quality: 'high' as const };
  const drawnTwice = stateAfter(
    commandEvent({ type: 'generate', prompt: 'one', options }),
    generatedEvent('i1'),
    commandEvent({ type: 'regenerate', prompt: 'two', options: loud }, 'g2'),
    generatedEvent('i2', 'g2'),
  );
  const started = (state: State, command: CommandInput) =>
    inStage(stateFrom(state, commandEvent(command, 'g3')), 'generating').generation;

  test('generate starts a generation with the command’s prompt and options, and sets the draft', () => {
    const { state, draft } = accepted(transition(initialState, generateThree, machineLimits));
    const generation = {
      generationId: 'g1',
      prompt: 'a red kite',
      options: { candidates: 3 },
      candidates: 3,
      startedAt: at,
    };
    expect(inStage(state, 'generating').generation).toEqual(generation);
    expect(draft).toBe('a red kite');
    expect(inStage(stateAfter(generate), 'generating').generation.candidates).toBe(1);
  });

  test.each<[string, CommandInput, object]>([
    [
      'neither prompt nor image: the last request again',
      { type: 'regenerate' },
      { prompt: 'two', options: loud, parent: 'i2' },
    ],
    ['an image: that one again', { type: 'regenerate', imageId: 'i1' }, { prompt: 'one', options, parent: 'i1' }],
    [
      'an image and a prompt: the image’s options',
      { type: 'regenerate', imageId: 'i1', prompt: 'three' },
      { prompt: 'three', options, parent: 'i1' },
    ],
    [
      'an image and options: the image’s prompt',
      { type: 'regenerate', imageId: 'i1', options: {} },
      { prompt: 'one', options: {}, parent: 'i1' },
    ],
  ])('M9: regenerate with %s', (_given, command, expected) => {
    expect(started(drawnTwice, command)).toMatchObject(expected);
  });

  test('regenerate repeats the last request though it failed, was cancelled, or its attempt was discarded', () => {
    const lost = { prompt: 'lost', options: { size: 'auto' } };
    const asking = stateFrom(drawnTwice, commandEvent({ type: 'regenerate', ...lost }, 'lost'));
    for (const end of [failedEvent('lost'), cancel]) {
      const unfinished = stateFrom(asking, end);
      expect(started(unfinished, { type: 'regenerate' })).toMatchObject({ ...lost, parent: 'i2' });
      expect(started(unfinished, { type: 'regenerate', imageId: 'i1' })).toMatchObject({ prompt: 'one', options });
    }
    const lastDiscarded = stateFrom(drawnTwice, commandEvent({ type: 'discard', imageId: 'i2' }));
    const otherRestored = stateFrom(lastDiscarded, discard, restore);
    for (const state of [lastDiscarded, otherRestored]) {
      expect(started(state, { type: 'regenerate' })).toMatchObject({ prompt: 'two', options: loud, parent: 'i1' });
      expect(started(state, { type: 'regenerate', prompt: 'three' })).toMatchObject({ options: loud });
    }
  });

  test('M9: refine starts from the image, with its prompt and options and the feedback', () => {
    const command = { type: 'refine', imageId: 'i1', feedback: 'darker' } as const;
    const expected = { prompt: 'one', feedback: 'darker', options, parent: 'i1' };
    expect(started(drawnTwice, command)).toMatchObject(expected);
    const refined = stateFrom(drawnTwice, commandEvent(command, 'g3'), generatedEvent('i3', 'g3'));
    expect(refined.attempts.at(-1)).toMatchObject(expected);
    expect(started(drawnTwice, { ...command, options: loud })).toMatchObject({ prompt: 'one', options: loud });
  });
});

describe('draftRevision', () => {
  const reviewing = stateAfter(...oneAttempt);
  const generating = stateAfter(generate);

  test.each<[string, State, Event, number]>([
    ['generate', initialState, generate, 1],
    ['regenerate with a prompt', reviewing, commandEvent({ type: 'regenerate', prompt: 'a green kite' }), 1],
    ['start_over', reviewing, startOver, 1],
    ['regenerate without a prompt', reviewing, regenerate, 0],
    ['refine', reviewing, commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' }), 0],
    ['approve', reviewing, approve, 0],
    ['discard', reviewing, discard, 0],
    ['cancel', generating, cancel, 0],
    ['a result', generating, generatedEvent('i1'), 0],
    ['a failure', generating, failedEvent(), 0],
  ])('W8: %s sets the draft exactly when it counts draftRevision up', (_what, before, event, growth) => {
    const { state, draft } = accepted(transition(before, event, machineLimits));
    expect(state.draftRevision).toBe(before.draftRevision + growth);
    expect(draft !== undefined).toBe(growth === 1);
  });
});

describe('results', () => {
  test('an attempt carries everything that is known of it', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const reported = { revisedPrompt: 'a scarlet kite', usage, estimatedCost: { amount: 0.04, currency: 'USD' } };
    const options = { quality: 'low' as const };
    const command = commandEvent({ type: 'generate', prompt: 'a red kite', options });
    expect(stateAfter(command, generatedEvent('i1', 'g1', 0, reported)).attempts).toEqual([
      {
        number: 1,
        image: reference('i1'),
        prompt: 'a red kite',
        options,
        ...reported,
        startedAt: at,
        finishedAt: later,
      },
    ]);
  });

  test('each candidate becomes an attempt as it comes, and the last one ends the generation', () => {
    const results = [generatedEvent('i2', 'g1', 2), generatedEvent('i0', 'g1', 0), generatedEvent('i1', 'g1', 1)];
    const passed: State[] = [];
    for (const result of results) passed.push(stateFrom(passed.at(-1) ?? stateAfter(generateThree), result));
    expect(passed.map(({ stage }) => stage)).toEqual(['generating', 'generating', 'user_feedback']);
    expect(passed.at(-1)?.attempts.map(({ image, number }) => [image.imageId, number])).toEqual([
      ['i0', 1],
      ['i1', 2],
      ['i2', 3],
    ]);
  });

  test('the attempt that comes last is the newest, though the clock was set back before it', () => {
    const late = { ...generatedEvent('i2', 'g2'), at: '2000-01-01T00:00:00.000Z' };
    const { attempts } = stateAfter(...oneAttempt, regenerate, late);
    expect(newestAttempt(attempts)?.image.imageId).toBe('i2');
  });

  describe('R10: an image that is whole before its candidate has ended', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const shown = stateAfter(...oneAttempt, regenerate, shownEvent('i2', 'g2'));

    test('is the newest attempt, and nothing can be approved yet', () => {
      expect([shown.stage, imageIds(shown)]).toEqual(['generating', ['i1', 'i2']]);
      expect(transition(shown, approve, machineLimits)).toEqual({ accepted: false, code: 'wrong_stage' });
    });

    test('gets its usage with the end of the generation', () => {
      const state = inStage(stateFrom(shown, reportedEvent('i2', 'g2', 0, { usage })), 'user_feedback');
      expect(state.attempts).toEqual([shown.attempts[0], { ...shown.attempts[1], usage }]);
      expect([state.unfinished, state.turn]).toEqual([undefined, shown.turn + 1]);
    });

    test('brings the others that came beside it', () => {
      const more = [reference('i3', 'g2', 1)];
      const state = stateFrom(shown, { ...reportedEvent('i2', 'g2', 0, { usage }), more });
      expect(state.attempts.map(({ image, number }) => [image.imageId, number])).toEqual([
        ['i1', 1],
        ['i2', 2],
        ['i3', 3],
      ]);
      expect(state.attempts[2]).not.toHaveProperty('usage');
    });

    test('is taken back when moderation refuses it, with the reason', () => {
      const refused = { ...networkError, code: 'moderation_blocked' as const };
      const state = stateFrom(shown, failedEvent('g2', 0, refused));
      expect(inStage(state, 'user_feedback')).toMatchObject({ unfinished: { error: refused }, attemptCount: 2 });
      expect(imageIds(state)).toEqual(['i1']);
      const first = stateAfter(generate, shownEvent('i1'), failedEvent('g1', 0, refused));
      expect(inStage(first, 'initial_input').unfinished?.error).toEqual(refused);
    });

    test('M4: comes once, and stays without a usage when the generation is cancelled', () => {
      expect(stateFrom(shown, shownEvent('other', 'g2'))).toBe(shown);
      const cancelled = inStage(stateFrom(shown, cancel), 'user_feedback');
      expect(cancelled.attempts).toEqual(shown.attempts);
      expect(stateFrom(cancelled, reportedEvent('i2', 'g2', 0, { usage }))).toBe(cancelled);
    });
  });

  test('M4: a second result of the same candidate changes nothing', () => {
    const state = stateAfter(generateThree, generatedEvent('i1', 'g1', 1));
    for (const repeated of [generatedEvent('other', 'g1', 1), failedEvent('g1', 1)]) {
      expect(transition(state, repeated, machineLimits)).toEqual({ accepted: true, state });
    }
  });

  test('M4: a result of a cancelled or superseded generation changes nothing', () => {
    const cancelled = stateAfter(generate, cancel);
    const superseded = stateFrom(cancelled, commandEvent(generate.command, 'g2'));
    for (const state of [cancelled, superseded]) {
      for (const late of [generatedEvent('late'), failedEvent()]) expect(stateFrom(state, late)).toBe(state);
    }
  });

  test('failures are listed in the order of the candidates, and the first in time is the error', () => {
    const blocked = { ...networkError, code: 'moderation_blocked' as const };
    const second = stateAfter(generateThree, failedEvent('g1', 2, blocked), failedEvent('g1', 0));
    const failures = [
      { candidate: 0, error: networkError },
      { candidate: 2, error: blocked },
    ];
    expect(inStage(second, 'generating').generation.failures).toEqual(failures);
    const partly = inStage(stateFrom(second, generatedEvent('i1', 'g1', 1)), 'user_feedback');
    expect(partly.unfinished).toMatchObject({ generation: { failures }, error: blocked });
    expect(imageIds(partly)).toEqual(['i1']);
    const wholly = inStage(stateFrom(second, failedEvent('g1', 1)), 'initial_input');
    expect(wholly.unfinished?.error).toEqual(blocked);
    expect(stateAfter(generateThree, generatedEvent('i1', 'g1', 1))).not.toHaveProperty('generation.failures');
  });

  test('M8: a failure keeps the prompt and the image on show', () => {
    const before = stateAfter(...oneAttempt);
    const asking = commandEvent({ type: 'regenerate', prompt: 'a green kite' }, 'g2');
    const state = inStage(stateFrom(before, asking, failedEvent('g2')), 'user_feedback');
    expect(state.unfinished?.generation.prompt).toBe('a green kite');
    expect(state.attempts).toEqual(before.attempts);
  });

  test('M5: an accepted command clears the old error, and a rejected one does not', () => {
    const failed = stateAfter(...oneAttempt, regenerate, failedEvent('g2'));
    const again = commandEvent(regenerate.command, 'g3');
    for (const events of [[again], [again, generatedEvent('i3', 'g3')], [approve], [startOver]]) {
      expect(stateFrom(failed, ...events)).not.toHaveProperty('unfinished');
    }
    expect(transition(failed, cancel, machineLimits)).toEqual({ accepted: false, code: 'wrong_stage' });
  });
});

describe('cancel', () => {
  test('keeps finished candidates and the failures so far', () => {
    const state = stateAfter(generateThree, generatedEvent('i1', 'g1', 0), failedEvent('g1', 2), cancel);
    expect(imageIds(inStage(state, 'user_feedback'))).toEqual(['i1']);
    expect(inStage(state, 'user_feedback').unfinished?.generation.failures).toMatchObject([{ candidate: 2 }]);
  });

  test('M8: keeps the prompt and the reason, without an error', () => {
    const cancelled = (reason?: string) => {
      const event = commandEvent({ type: 'cancel', ...(reason !== undefined && { reason }) });
      return inStage(stateAfter(generateThree, failedEvent('g1', 1), event), 'initial_input').unfinished;
    };
    expect(cancelled()).not.toHaveProperty('error');
    expect(cancelled(' Too dark. ')?.generation).toMatchObject({ prompt: 'a red kite', cancelReason: ' Too dark. ' });
    for (const blank of [undefined, '', ' \n']) expect(cancelled(blank)?.generation).not.toHaveProperty('cancelReason');
  });
});

describe('approve', () => {
  const reviewing = stateAfter(...twoAttempts);

  test('M3: records the image’s id and digest, and who approved it and when', () => {
    const state = inStage(stateFrom(reviewing, approve), 'final');
    const about = { imageId: 'i1', sha256: sha256Of('i1'), number: 1 };
    const recorded = { ...about, ...ana, role: 'reviewer', counts: true };
    expect(approvedIn(state)).toEqual(reference('i1'));
    expect(decisionsIn(state.record)).toEqual([{ decision: 'approved', decisionId: approve.entryId, ...recorded }]);
    expect(state.lastAction).toEqual({ action: 'approve', ...ana, imageId: 'i1', number: 1 });
  });

  test('M10: approving the approved image again changes nothing, whatever its turn', () => {
    const state = stateFrom(reviewing, approve);
    for (const turn of [0, state.turn - 1, state.turn, state.turn + 5]) {
      expect(stateFrom(state, { ...approve, command: { ...approve.command, turn } })).toBe(state);
    }
  });

  test('M3: approving the approved image with another digest is stale from another turn, else not found', () => {
    const state = stateFrom(reviewing, approve);
    const codeFrom = (turn: number) => {
      const command = commandEvent({ type: 'approve', imageId: 'i1', sha256: sha256Of('i2'), turn });
      const result = transition(state, command, machineLimits);
      return result.accepted ? 'accepted' : result.code;
    };
    expect([codeFrom(state.turn), codeFrom(state.turn - 1)]).toEqual(['image_not_found', 'stale']);
  });
});

describe('start over', () => {
  test('keeps only the record and how many must agree, and drops all images and the draft', () => {
    const before = stateAfter(...twoAttempts, commandEvent({ type: 'discard', imageId: 'i2' }), approve);
    const { state, draft } = accepted(transition(before, startOver, machineLimits));
    expect(state).toEqual({
      ...initialState,
      revision: before.revision + 1,
      turn: before.turn + 1,
      draftRevision: before.draftRevision + 1,
      record: before.record,
      lastAction: { action: 'start_over', ...ana },
    });
    expect(draft).toBe('');
  });

  test('attempts count from 1 again', () => {
    const again = stateAfter(
      ...twoAttempts,
      startOver,
      commandEvent(generate.command, 'g3'),
      generatedEvent('i3', 'g3'),
    );
    expect(again.attempts).toMatchObject([{ number: 1 }]);
    expect(discardedIds(again)).toEqual([]);
  });
});
