import { describe, expect, test } from 'vitest';
import { selectedAfter } from '../../../../client/model/selected-attempt.ts';
import { initialState, type SessionState } from '../../../../client/session/session-state.ts';
import {
  attempt,
  final,
  generating,
  image,
  initialInput,
  lastAction,
  referenceOf,
  userFeedback,
  welcome,
} from '../../../support/server-messages.ts';

const first = referenceOf(image('image-1'));
const second = referenceOf(image('image-2', { generationId: 'generation-2' }));

const refinedBy = (participantId: string) => lastAction('refine', { participantId });

const before: SessionState = {
  ...initialState,
  welcome: welcome({ participantId: 'me', name: 'Ana' }),
  snapshot: userFeedback([first], { turn: 2 }),
};
const startedBy = (participantId: string): SessionState => ({
  ...before,
  snapshot: generating('generation-2', { turn: 3, attempts: [attempt(first)], lastAction: refinedBy(participantId) }),
});

describe('the selected attempt', () => {
  test('gives way to a generation that this participant started, on whichever connection', () => {
    expect(selectedAfter('image-1', before, startedBy('me'))).toBeUndefined();
  });

  test('gives way to the end of such a generation, if its start was missed', () => {
    const ended = userFeedback([first, second], { turn: 4, lastAction: refinedBy('me') });
    expect(selectedAfter('image-1', before, { ...before, snapshot: ended })).toBeUndefined();
  });

  test('stays when somebody else starts a generation, even under the same name', () => {
    expect(selectedAfter('image-1', before, startedBy('another'))).toBe('image-1');
  });

  test('gives way to an approval and to a start over', () => {
    const approved = final([first, second], second, { turn: 3 });
    expect(selectedAfter('image-1', before, { ...before, snapshot: approved })).toBeUndefined();
    expect(selectedAfter('image-1', before, { ...before, snapshot: initialInput({ turn: 3 }) })).toBeUndefined();
  });

  test('is none once the session no longer keeps it', () => {
    const replaced = { ...before, snapshot: userFeedback([second], { turn: 4 }) };
    expect(selectedAfter('image-1', before, replaced)).toBeUndefined();
  });

  test('becomes the picture in view when a discard or a restore changes which attempt is the newest', () => {
    const two = { ...before, snapshot: userFeedback([first, second]) };
    expect(selectedAfter(undefined, before, two)).toBe('image-1');
    expect(selectedAfter(undefined, two, before)).toBeUndefined();
    expect(selectedAfter('image-1', two, before)).toBe('image-1');
  });
  test('is the start of a cancelled or failed generation where another picture, or several, would be in view', () => {
    const several = [first, referenceOf(image('image-3', { candidate: 1 }))];
    const lastGeneration = { generationId: 'generation-2', parent: 'image-1', feedback: 'Redder' };
    const running = { ...before, snapshot: generating('generation-2', { turn: 3, attempts: several.map(attempt) }) };
    const ended = (change: object = {}): SessionState => {
      const generation = { prompt: 'a fox', options: {}, candidates: 1, startedAt: '', ...lastGeneration, ...change };
      return { ...before, snapshot: { ...userFeedback(several, { turn: 4 }), lastGeneration: generation } };
    };
    expect(selectedAfter(undefined, running, ended())).toBe('image-1');
    expect(selectedAfter('image-3', running, ended())).toBe('image-3');
    expect(selectedAfter(undefined, running, ended({ parent: 'image-9' }))).toBeUndefined();
    expect(selectedAfter(undefined, running, ended({ generationId: 'generation-1' }))).toBeUndefined();
  });
});
