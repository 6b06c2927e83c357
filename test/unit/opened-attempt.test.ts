import { expect, test } from 'vitest';
import { takesTheEye } from '../../client/opened-attempt.ts';
import { initialState, type SessionState } from '../../client/session-state.ts';
import type { LastAction } from '../../shared/session.ts';
import { generating, image, referenceOf, userFeedback, welcome } from '../support/server-messages.ts';

const first = referenceOf(image('image-1'));
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
const drawing = generating('generation-2', { turn: 3, lastAction: refined });
const drawn = userFeedback([first, referenceOf(image('image-2'))], { turn: 4, lastAction: refined });

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
  expect(takesTheEye(past, now)).toBe(takes);
});
