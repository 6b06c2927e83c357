import { expect, test } from 'vitest';
import { openedAfter } from '../../client/model/selected-attempt.ts';
import { initialState, type SessionState } from '../../client/session/session-state.ts';
import type { LastAction } from '../../shared/model.ts';
import { attempt, generating, image, referenceOf, userFeedback, welcome } from '../support/server-messages.ts';

const first = referenceOf(image('image-1'));
const second = referenceOf(image('image-2', { generationId: 'generation-2' }));
const refined: LastAction = {
  action: 'refine',
  by: 'Ana',
  connectionId: 'connection-1',
  at: '2026-01-01T00:00:00.000Z',
};

const before: SessionState = {
  ...initialState,
  welcome: welcome({ name: 'Ana', connectionId: 'connection-1' }),
  snapshot: userFeedback([first], { turn: 2 }),
  pending: new Set(['refine']),
};
const drawing = generating('generation-2', { turn: 3, attempts: [attempt(first)], lastAction: refined });
const drawn = userFeedback([first, second], { turn: 4, lastAction: refined });

test.each([
  ['what this person has asked for', { ...before, snapshot: drawing }, before, true],
  ['it, though nothing was seen of its drawing', { ...before, snapshot: drawn }, before, true],
  [
    'it, though the line was lost meanwhile',
    { ...before, welcome: welcome({ name: 'Ana', connectionId: 'connection-2' }), snapshot: drawn },
    before,
    true,
  ],
  [
    'what another person of that name has asked for',
    { ...before, welcome: welcome({ name: 'Ana', connectionId: 'connection-2' }), snapshot: drawn },
    { ...before, pending: new Set<never>() },
    false,
  ],
  [
    'what others ask for',
    { ...before, welcome: welcome({ name: 'Bo', connectionId: 'connection-2' }), snapshot: drawing },
    before,
    false,
  ],
])('%s takes the eye off what a person has opened, or does not', (_what, now, past, takes) => {
  expect(openedAfter('image-1', past, now)).toBe(takes ? undefined : 'image-1');
});

test('an opened attempt that goes from the session is no longer open once something new begins', () => {
  const replaced = { ...before, snapshot: userFeedback([second], { turn: 4 }) };
  expect(openedAfter('image-1', before, replaced)).toBeUndefined();
});

test('what others put aside exchanges nobody’s picture', () => {
  const two = { ...before, snapshot: userFeedback([first, second]) };
  expect(openedAfter(undefined, before, two)).toBe('image-1');
  expect(openedAfter(undefined, two, before)).toBeUndefined();
  expect(openedAfter('image-1', two, before)).toBe('image-1');
});
