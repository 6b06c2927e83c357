import { expect, test } from 'vitest';
import {
  actionPhrase,
  announcement,
  connectionLabel,
  endedNotices,
  phaseLabel,
  rejectionSentence,
  unknownStage,
  watchSentence,
} from '../../../../client/model/sentences.ts';
import { initialState } from '../../../../client/session/session-state.ts';
import { initialInput, lastAction } from '../../../support/server-messages.ts';

const now = Date.parse('2026-01-01T00:00:10.000Z');

test('M2: a command that came too late is explained by who did what, and when', () => {
  const action = lastAction('approve', { participantId: 'ana', at: '2026-01-01T00:00:07.500Z' });
  const rejection = {
    command: 'regenerate',
    code: 'stale',
    message: 'Too late.',
    lastAction: action,
    at: now,
  } as const;
  expect(rejectionSentence(rejection, 'me', now)).toBe('\u2068Ana\u2069 approved this image 2 s ago.');
  expect(rejectionSentence(rejection, 'ana', now)).toBe('You approved this image 2 s ago.');
  expect(rejectionSentence({ ...rejection, code: 'server_busy' }, 'me', now)).toBe('Too late.');
});

test('a cancel that lost against the end of the generation says so', () => {
  const rejection = { command: 'cancel', code: 'wrong_stage', message: 'Not now.', at: now } as const;
  expect(rejectionSentence(rejection, 'me', now)).toBe('It was too late to cancel: the drawing had ended.');
});

test('values of a newer server that this version does not know are told neutrally', () => {
  expect(actionPhrase(lastAction('unknown'))).toBe('changed something');
  const progress = { type: 'progress', generationId: 'g1', candidate: 0, try: 1, maxTries: 3, elapsedMs: 0 } as const;
  expect(phaseLabel({ ...progress, phase: 'unknown' })).toBe('In progress');
  expect(watchSentence('generating', 'unknown')).toContain('This page does not know your role here.');
  const snapshot = { ...initialInput(), stage: 'unknown' } as const;
  const online = { ...initialState, connection: { status: 'online' } } as const;
  expect(announcement({ ...online, snapshot })).toBe(unknownStage.text);
});

test('a blocked connection says what the owner of the site has to do, and can be tried again', () => {
  expect(connectionLabel({ status: 'closed', reason: 'blocked' })).toBe('Not connected');
  expect(endedNotices.blocked).toMatchObject({ text: expect.stringContaining('https'), action: 'reconnect' });
});
