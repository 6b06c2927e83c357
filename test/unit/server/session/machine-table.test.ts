import { describe, expect, test } from 'vitest';
import { transition } from '../../../../server/session/machine.ts';
import { initialState, type State } from '../../../../server/session/state.ts';
import type { Event, MachineRejection } from '../../../../server/session/transition.ts';
import { type Stage, stages } from '../../../../shared/model.ts';
import {
  approve,
  cancel,
  commandEvent,
  decline,
  deepFreeze,
  discard,
  failedEvent,
  forgetEvent,
  generate,
  generatedEvent,
  generateThree,
  guest,
  machineLimits,
  regenerate,
  requestChanges,
  restore,
  sha256Of,
  startOver,
  stateAfter,
} from '../../../support/machine.ts';

const oneAttempt = [generate, generatedEvent('i1')] as const;
const needTwo = commandEvent({ type: 'require_approvals', approvals: 2 });
/** By somebody else than `approve`. */
const approveToo = commandEvent(approve.command, 'g1', 'Bo');
const twoAttempts = [...oneAttempt, regenerate, generatedEvent('i2', 'g2')] as const;

describe('every event in every state', () => {
  const regenerateTwo = commandEvent({ type: 'regenerate', options: { candidates: 2 } }, 'now');

  const withdrawal = commandEvent({ type: 'withdraw', decisionId: approve.entryId });

  /** Where a generation runs it is `now`; `i1` is the oldest attempt, where there is one. */
  const states = {
    'initial_input, fresh': initialState,
    'initial_input, after a failure': stateAfter(generate, failedEvent()),
    'initial_input, after a cancel': stateAfter(generate, cancel),
    'initial_input, after a start over': stateAfter(...oneAttempt, approve, startOver),
    'initial_input, all attempts discarded': stateAfter(...oneAttempt, discard),
    'generating, no attempt': stateAfter(commandEvent(generate.command, 'now')),
    'generating, all attempts discarded': stateAfter(...oneAttempt, discard, commandEvent(generate.command, 'now')),
    'generating, one attempt': stateAfter(...oneAttempt, commandEvent(regenerate.command, 'now')),
    'generating, one of three candidates finished': stateAfter(
      commandEvent(generateThree.command, 'now'),
      generatedEvent('i1', 'now', 1),
    ),
    'generating, one of two candidates failed': stateAfter(...oneAttempt, regenerateTwo, failedEvent('now', 1)),
    'user_feedback, one attempt': stateAfter(...oneAttempt),
    'user_feedback, two attempts': stateAfter(...twoAttempts),
    'user_feedback, one of two discarded': stateAfter(...twoAttempts, discard),
    'user_feedback, after a failure': stateAfter(...oneAttempt, regenerate, failedEvent('g2')),
    'user_feedback, after a cancel': stateAfter(...oneAttempt, regenerate, cancel),
    final: stateAfter(...oneAttempt, approve),
    'final, an older attempt approved': stateAfter(...twoAttempts, approve),
    'final, the other attempt discarded': stateAfter(
      ...twoAttempts,
      commandEvent({ type: 'discard', imageId: 'i2' }),
      approve,
    ),
    'user_feedback, changes requested': stateAfter(...twoAttempts, requestChanges),
    'user_feedback, the approval withdrawn': stateAfter(...twoAttempts, approve, withdrawal),
    'user_feedback, approved by one of two': stateAfter(...twoAttempts, needTwo, approve),
    'final, approved by two of two': stateAfter(...oneAttempt, needTwo, approve, approveToo),
    'final, declined': stateAfter(...twoAttempts, decline),
  } as const satisfies Record<string, State>;

  const events = {
    generate: commandEvent({ type: 'generate', prompt: 'a blue kite' }, 'next'),
    regenerate: commandEvent({ type: 'regenerate' }, 'next'),
    'regenerate i1': commandEvent({ type: 'regenerate', imageId: 'i1' }, 'next'),
    'regenerate unknown image': commandEvent({ type: 'regenerate', imageId: 'unknown' }, 'next'),
    'refine i1': commandEvent({ type: 'refine', imageId: 'i1', feedback: 'darker' }, 'next'),
    'refine unknown image': commandEvent({ type: 'refine', imageId: 'unknown', feedback: 'darker' }, 'next'),
    'approve i1': commandEvent({ type: 'approve', imageId: 'i1' }),
    'approve i1 with its digest': approve,
    'approve i1 with another digest': commandEvent({ type: 'approve', imageId: 'i1', sha256: sha256Of('i2') }),
    'approve i2': commandEvent({ type: 'approve', imageId: 'i2' }),
    'approve unknown image': commandEvent({ type: 'approve', imageId: 'unknown' }),
    'approve i1 as another': commandEvent({ type: 'approve', imageId: 'i1' }, 'next', 'Bo'),
    'approve i1 as a guest': commandEvent({ type: 'approve', imageId: 'i1' }, 'next', 'Guest', guest),
    'request changes of i1': requestChanges,
    'request changes of unknown image': commandEvent({
      type: 'request_changes',
      imageId: 'unknown',
      sha256: sha256Of('i1'),
      note: 'no',
    }),
    'decline i1': decline,
    'decline i1 as a guest': commandEvent(decline.command, 'next', 'Guest', guest),
    'withdraw own approval': withdrawal,
    'withdraw that of another': commandEvent(withdrawal.command, 'next', 'Bo'),
    'withdraw unknown decision': commandEvent({ type: 'withdraw', decisionId: 'unknown' }),
    'require one approval': commandEvent({ type: 'require_approvals', approvals: 1 }),
    'remove i1': commandEvent({ type: 'remove', imageIds: ['i1'] }),
    'remove i1, which another has open': {
      ...commandEvent({ type: 'remove', imageIds: ['i1'] }),
      lookedAt: ['i1'],
    },
    'remove i1 and unknown image': commandEvent({ type: 'remove', imageIds: ['i1', 'unknown'] }),
    cancel,
    'cancel with a reason': commandEvent({ type: 'cancel', reason: 'too dark' }),
    start_over: startOver,
    'discard i1': discard,
    'discard unknown image': commandEvent({ type: 'discard', imageId: 'unknown' }),
    'restore i1': restore,
    'restore unknown image': commandEvent({ type: 'restore', imageId: 'unknown' }),
    'generated by the current generation': generatedEvent('new', 'now'),
    'generated by another generation': generatedEvent('new', 'gone'),
    'generated by a candidate beyond the last': generatedEvent('new', 'now', 7),
    'failed by the current generation': failedEvent('now'),
    'failed by another generation': failedEvent('gone'),
    forget: forgetEvent(),
  } as const satisfies Record<string, Event>;

  type EventName = keyof typeof events;
  /** The next stage when the state changes, `same` when the event is accepted without a change, or the code of the rejection. */
  type Outcome = Stage | 'same' | MachineRejection;
  type Row = Readonly<Record<EventName, Outcome>>;

  const inInitialInput: Row = {
    generate: 'generating',
    regenerate: 'wrong_stage',
    'regenerate i1': 'wrong_stage',
    'regenerate unknown image': 'wrong_stage',
    'refine i1': 'wrong_stage',
    'refine unknown image': 'wrong_stage',
    'approve i1': 'wrong_stage',
    'approve i1 with its digest': 'wrong_stage',
    'approve i1 with another digest': 'wrong_stage',
    'approve i2': 'wrong_stage',
    'approve unknown image': 'wrong_stage',
    'approve i1 as another': 'wrong_stage',
    'approve i1 as a guest': 'wrong_stage',
    'request changes of i1': 'wrong_stage',
    'request changes of unknown image': 'wrong_stage',
    'decline i1': 'wrong_stage',
    'decline i1 as a guest': 'wrong_stage',
    'withdraw own approval': 'decision_not_found',
    'withdraw that of another': 'decision_not_found',
    'withdraw unknown decision': 'decision_not_found',
    'require one approval': 'same',
    'remove i1': 'image_not_found',
    'remove i1, which another has open': 'image_not_found',
    'remove i1 and unknown image': 'image_not_found',
    cancel: 'wrong_stage',
    'cancel with a reason': 'wrong_stage',
    start_over: 'wrong_stage',
    'discard i1': 'wrong_stage',
    'discard unknown image': 'wrong_stage',
    'restore i1': 'image_not_found',
    'restore unknown image': 'image_not_found',
    'generated by the current generation': 'same',
    'generated by another generation': 'same',
    'generated by a candidate beyond the last': 'same',
    'failed by the current generation': 'same',
    'failed by another generation': 'same',
    forget: 'same',
  };

  /** Ends in `stage` when the generation is cancelled or fails. */
  const whileGenerating = (stage: Stage): Row => ({
    ...inInitialInput,
    generate: 'wrong_stage',
    cancel: stage,
    'cancel with a reason': stage,
    'restore i1': 'wrong_stage',
    'restore unknown image': 'wrong_stage',
    'remove i1': 'wrong_stage',
    'remove i1, which another has open': 'wrong_stage',
    'remove i1 and unknown image': 'wrong_stage',
    'generated by the current generation': 'user_feedback',
    'failed by the current generation': stage,
  });

  const inUserFeedback: Row = {
    ...inInitialInput,
    generate: 'wrong_stage',
    regenerate: 'generating',
    'regenerate i1': 'generating',
    'regenerate unknown image': 'image_not_found',
    'refine i1': 'generating',
    'refine unknown image': 'image_not_found',
    'approve i1': 'final',
    'approve i1 with its digest': 'final',
    'approve i1 with another digest': 'image_not_found',
    'approve i2': 'image_not_found',
    'approve unknown image': 'image_not_found',
    'approve i1 as another': 'final',
    'approve i1 as a guest': 'final',
    'request changes of i1': 'user_feedback',
    'request changes of unknown image': 'image_not_found',
    'decline i1': 'final',
    'decline i1 as a guest': 'final',
    'remove i1': 'initial_input',
    'remove i1, which another has open': 'image_in_use',
    start_over: 'initial_input',
    'discard i1': 'initial_input',
    'discard unknown image': 'image_not_found',
  };

  const inFinal: Row = {
    ...inInitialInput,
    generate: 'wrong_stage',
    'approve i1': 'same',
    'approve i1 with its digest': 'same',
    'approve i1 with another digest': 'image_not_found',
    start_over: 'initial_input',
    'restore i1': 'wrong_stage',
    'restore unknown image': 'wrong_stage',
    'approve i1 as another': 'same',
    'approve i1 as a guest': 'same',
    'withdraw own approval': 'user_feedback',
    'withdraw that of another': 'not_allowed',
    'require one approval': 'wrong_stage',
    'remove i1': 'wrong_stage',
    'remove i1, which another has open': 'wrong_stage',
    'remove i1 and unknown image': 'wrong_stage',
  };

  const withTwo = {
    ...inUserFeedback,
    'approve i2': 'final',
    'discard i1': 'user_feedback',
    'remove i1': 'user_feedback',
  } as const;

  const table: Readonly<Record<keyof typeof states, Row>> = {
    'initial_input, fresh': inInitialInput,
    'initial_input, after a failure': inInitialInput,
    'initial_input, after a cancel': inInitialInput,
    'initial_input, after a start over': {
      ...inInitialInput,
      'withdraw own approval': 'initial_input',
      'withdraw that of another': 'not_allowed',
    },
    'initial_input, all attempts discarded': {
      ...inInitialInput,
      'remove i1': 'initial_input',
      'remove i1, which another has open': 'image_in_use',
      'restore i1': 'user_feedback',
      forget: 'initial_input',
    },
    'generating, no attempt': whileGenerating('initial_input'),
    'generating, all attempts discarded': { ...whileGenerating('initial_input'), forget: 'generating' },
    'generating, one attempt': whileGenerating('user_feedback'),
    'generating, one of three candidates finished': {
      ...whileGenerating('user_feedback'),
      'generated by the current generation': 'generating',
      'failed by the current generation': 'generating',
    },
    'generating, one of two candidates failed': whileGenerating('user_feedback'),
    'user_feedback, one attempt': inUserFeedback,
    'user_feedback, two attempts': { ...withTwo, forget: 'user_feedback' },
    'user_feedback, one of two discarded': {
      ...inUserFeedback,
      'regenerate i1': 'image_not_found',
      'refine i1': 'image_not_found',
      'approve i1': 'image_not_found',
      'approve i1 with its digest': 'image_not_found',
      'approve i1 as another': 'image_not_found',
      'approve i1 as a guest': 'image_not_found',
      'request changes of i1': 'image_not_found',
      'decline i1': 'image_not_found',
      'decline i1 as a guest': 'image_not_found',
      'remove i1': 'user_feedback',
      'approve i2': 'final',
      'discard i1': 'image_not_found',
      'restore i1': 'user_feedback',
      forget: 'user_feedback',
    },
    'user_feedback, after a failure': inUserFeedback,
    'user_feedback, after a cancel': inUserFeedback,
    final: inFinal,
    'final, an older attempt approved': inFinal,
    'final, the other attempt discarded': { ...inFinal, forget: 'final' },
    'user_feedback, changes requested': {
      ...withTwo,
      // The same once more.
      'request changes of i1': 'same',
      'remove i1': 'image_in_use',
    },
    'user_feedback, the approval withdrawn': {
      ...withTwo,
      'withdraw own approval': 'same',
      'withdraw that of another': 'not_allowed',
      forget: 'user_feedback',
    },
    'user_feedback, approved by one of two': {
      ...withTwo,
      'approve i1': 'same',
      'approve i1 with its digest': 'same',
      'approve i2': 'user_feedback',
      'approve i1 as a guest': 'user_feedback',
      'decline i1 as a guest': 'not_allowed',
      'withdraw own approval': 'user_feedback',
      'withdraw that of another': 'not_allowed',
      'require one approval': 'user_feedback',
      'remove i1': 'image_in_use',
    },
    'final, approved by two of two': inFinal,
    'final, declined': {
      ...inFinal,
      'approve i1': 'wrong_stage',
      'approve i1 with its digest': 'wrong_stage',
      'approve i1 with another digest': 'wrong_stage',
      'approve i1 as another': 'wrong_stage',
      'approve i1 as a guest': 'wrong_stage',
      'withdraw own approval': 'decision_not_found',
      'withdraw that of another': 'decision_not_found',
    },
  };

  const stateEntries = Object.entries(states).map(([name, state]) => ({ name, state: deepFreeze(state as State) }));
  const eventEntries = Object.entries(events).map(([name, event]) => ({ name, event: event as Event }));

  function outcomeOf(state: State, event: Event): Outcome {
    const result = transition(state, event, machineLimits);
    if (!result.accepted) return result.code;
    return result.state === state ? 'same' : result.state.stage;
  }

  test.each(stages)('M1 M3: each event has the outcome of the table in %s', (stage) => {
    const rows = stateEntries.filter(({ state }) => state.stage === stage);
    const outcomes = Object.fromEntries(
      rows.map(({ name, state }) => [
        name,
        Object.fromEntries(eventEntries.map((entry) => [entry.name, outcomeOf(state, entry.event)])),
      ]),
    );
    expect(outcomes).toEqual(Object.fromEntries(Object.entries(table).filter(([name]) => name in outcomes)));
    expect(rows.length).toBeGreaterThanOrEqual(3);
  });

  test('M6 M10: revision counts changes, and turn counts changes of stage', () => {
    for (const { name, state } of stateEntries) {
      for (const { name: eventName, event } of eventEntries) {
        const result = transition(state, event, machineLimits);
        if (!result.accepted) continue;
        const { revision, turn, stage } = result.state;
        expect({ revision, turn }, `${eventName} in ${name}`).toEqual({
          revision: state.revision + (result.state === state ? 0 : 1),
          turn: state.turn + (stage === state.stage ? 0 : 1),
        });
      }
    }
  });

  test('M10: a command from another turn is stale in every state, whatever its stage would say', () => {
    for (const { name, state } of stateEntries) {
      for (const { name: eventName, event } of eventEntries) {
        if (event.type !== 'command') continue;
        const isApproved =
          state.stage === 'final' && eventName.startsWith('approve i1') && outcomeOf(state, event) === 'same';
        for (const turn of [state.turn - 1, state.turn + 1]) {
          const late = { ...event, command: { ...event.command, turn } };
          expect(outcomeOf(state, late), `${eventName} in ${name}`).toBe(isApproved ? 'same' : 'stale');
        }
        const timely = { ...event, command: { ...event.command, turn: state.turn } };
        expect(outcomeOf(state, timely), `${eventName} in ${name}`).toBe(outcomeOf(state, event));
      }
    }
  });
});
