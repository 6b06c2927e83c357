import { describe, expect, test } from 'vitest';
import { type Event, transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import {
  again,
  approve,
  asks,
  cancel,
  discard,
  draws,
  fails,
  frozen,
  generate,
  generateThree,
  restore,
  rules,
  sha256Of,
  startOver,
  stateAfter,
} from '../support/machine.ts';

const againTwice = asks({ type: 'regenerate', options: { candidates: 2 } }, 'g2');

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
