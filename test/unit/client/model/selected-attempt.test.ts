import { describe, expect, test } from 'vitest';
import { heldAttempt, selectedAfter } from '../../../../client/model/selected-attempt.ts';
import { initialState, type SessionState } from '../../../../client/session/session-state.ts';
import {
  attempt,
  discarded,
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

  test('gives way to anybody’s generation where the person has not chosen it', () => {
    expect(selectedAfter('image-1', before, startedBy('another'), false)).toBeUndefined();
  });

  test('gives way to the end of the review, and to a start over of this participant', () => {
    const approved = final([first, second], second, { turn: 3 });
    expect(selectedAfter('image-1', before, { ...before, snapshot: approved })).toBeUndefined();
    const startedOver = (participantId: string) => ({
      ...before,
      snapshot: initialInput({ turn: 3, lastAction: lastAction('start_over', { participantId }) }),
    });
    expect(selectedAfter('image-1', before, startedOver('me'))).toBeUndefined();
    expect(selectedAfter('image-1', before, startedOver('another'))).toBe('image-1');
    expect(selectedAfter(undefined, before, startedOver('another'))).toBeUndefined();
  });

  test('stays with a picture that the session no longer keeps, and that this participant has not discarded', () => {
    const known = attempt(first);
    const discardedBy = (participantId: string) => {
      const one = discarded(first);
      const own = { ...one, discarded: { ...one.discarded, participantId } };
      return { ...before, snapshot: userFeedback([second], { discarded: [own] }) };
    };
    expect(selectedAfter('image-1', before, discardedBy('another'))).toBe('image-1');
    expect(selectedAfter(undefined, before, discardedBy('another'))).toBe('image-1');
    expect(selectedAfter(undefined, before, discardedBy('me'))).toBeUndefined();
    expect(heldAttempt(discardedBy('another'), 'image-1')).toMatchObject({ image: first });
    expect(heldAttempt(discardedBy('me'), 'image-1', known)).toBeUndefined();
    const gone = { ...before, snapshot: userFeedback([second]) };
    expect(heldAttempt(gone, 'image-1', known)).toBe(known);
    expect(heldAttempt(before, 'image-1', known)).toBeUndefined();
  });

  test('is the picture in view when an approval of an older one is withdrawn', () => {
    const approved = { ...before, snapshot: final([first, second], first, { turn: 3 }) };
    const again = { ...before, snapshot: userFeedback([first, second], { turn: 4 }) };
    expect(selectedAfter(undefined, approved, again)).toBe('image-1');
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
