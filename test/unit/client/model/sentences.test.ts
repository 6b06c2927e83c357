import { expect, test } from 'vitest';
import { connectionLabel } from '../../../../client/model/bar-sentences.ts';
import {
  announcement,
  endedActions,
  failureSentence,
  forgottenNumbers,
  forgottenSentence,
  keptSentence,
  keptUntil,
  phaseLabel,
  rejectionSentence,
  retrySentence,
  watchSentence,
} from '../../../../client/model/sentences.ts';
import { type CommandRejection, initialState } from '../../../../client/session/session-state.ts';
import type { DiscardedAttempt } from '../../../../shared/model.ts';
import {
  attempt,
  discarded,
  image,
  initialInput,
  lastAction,
  referenceOf,
  welcome,
} from '../../../support/server-messages.ts';
import { english, german, withoutIsolates } from '../../../support/texts.ts';

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
  const sentence = (participantId: string, texts = english) =>
    withoutIsolates(rejectionSentence(texts, rejection, participantId, now).text);
  expect(sentence('me')).toBe('Ana approved this image 2 seconds ago.');
  expect(sentence('ana')).toBe('You approved this image 2 seconds ago.');
  expect(sentence('me', german)).toBe('Ana hat vor 2 Sekunden dieses Bild freigegeben.');
});

test('M2: somebody whose decision lost a race is told what became of it', () => {
  const about = { imageId: 'i1', number: 1 };
  const lost = (change: Partial<CommandRejection>, texts = english, discarded: readonly DiscardedAttempt[] = []) => {
    const rejection = { command: 'approve', code: 'stale', message: 'Too late.', about, at: now, ...change } as const;
    return withoutIsolates(rejectionSentence(texts, rejection, 'me', now, discarded).text);
  };
  const approved = lastAction('approve', { by: 'Jonas', imageId: 'i2', number: 2 });
  expect(lost({ lastAction: approved })).toBe('Your approval of No. 1 did not count: Jonas approved No. 2.');
  expect(lost({ lastAction: approved }, german)).toBe(
    'Deine Freigabe von Nr. 1 hat nicht gezählt: Jonas hat Nr. 2 freigegeben.',
  );
  expect(lost({ command: 'request_changes', code: 'wrong_stage', lastAction: lastAction('refine') })).toBe(
    'Your request for changes to No. 1 did not count: Ana asked for a change.',
  );
  expect(lost({ command: 'decline', lastAction: lastAction('start_over') })).toBe(
    'Your decline of No. 1 did not count: Ana started over.',
  );
  const putAside = discarded(referenceOf(image('i1')));
  expect(lost({ code: 'image_not_found' }, english, [putAside])).toBe(
    'Your approval of No. 1 did not count: Ana discarded it.',
  );
  expect(lost({ code: 'image_not_found' })).toBe(
    'Your approval of No. 1 did not count: the picture is no longer in the session.',
  );
});

test('R13: whoever comes back is told which pictures were given up, until they have read it', () => {
  const entry = (entryId: string, numbers: number[]) => ({ kind: 'forgotten', entryId, at: '', numbers }) as const;
  const record = [entry('e1', [2, 1]), entry('e2', [4])];
  expect(forgottenNumbers(record, [], undefined)).toEqual([1, 2, 4]);
  expect(forgottenNumbers(record, [], 'e1')).toEqual([4]);
  expect(forgottenNumbers(record, [], 'e2')).toEqual([]);
  expect(forgottenNumbers(record, [attempt(referenceOf(image('i1')))], undefined)).toEqual([]);
  expect(withoutIsolates(forgottenSentence(english, [1, 2]))).toBe(
    'Pictures No. 1 and 2 had to be given up for memory while nobody was here.',
  );
});

test('a code of a rejection is worded in the language of the page; one that it does not know stays in English', () => {
  const rejection = { command: 'generate', code: 'server_busy', message: 'As the server says it.', at: now } as const;
  expect(rejectionSentence(german, rejection, 'me', now)).toEqual({
    text: german('reject.server_busy'),
    language: 'de',
  });
  expect(rejectionSentence(german, { ...rejection, code: 'unknown' }, 'me', now)).toEqual({
    text: 'As the server says it.',
    language: 'en',
  });
});

test('a failure is worded by its detail; without one, or without what its sentence speaks of, it stays in English', () => {
  const error = { code: 'network', message: 'OpenAI could not be reached.', retryable: true } as const;
  const known = failureSentence(german, { ...error, detail: 'unreachable', params: { service: 'OpenAI' } });
  expect(known.language).toBe('de');
  expect(withoutIsolates(known.text)).toMatch(/^OpenAI war nicht zu erreichen\./);
  const asSent = { text: error.message, language: 'en' };
  expect(failureSentence(german, error)).toEqual(asSent);
  expect(failureSentence(german, { ...error, detail: 'unknown' })).toEqual(asSent);
  expect(failureSentence(german, { ...error, detail: 'unreachable', params: {} })).toEqual(asSent);
});

test('the reasons of a retry are worded one after the other, or stay in English if one of them is unknown', () => {
  const params = { service: 'image_server' };
  const reasons = [
    { detail: 'busy' as const, params },
    { detail: 'try_had_begun' as const, params: { try: 1 } },
  ];
  const worded = retrySentence(german, { reason: 'Busy. Begun.', reasons });
  expect(worded?.text).toBe(
    'Der Bildserver ist ausgelastet. Beim ersten Versuch hatte das Zeichnen begonnen; vielleicht wird er berechnet.',
  );
  expect(retrySentence(german, { reason: 'Busy. New.', reasons: [...reasons, { detail: 'unknown' }] })).toEqual({
    text: 'Busy. New.',
    language: 'en',
  });
});

test('a cancel that lost against the end of the generation says so', () => {
  const rejection = { command: 'cancel', code: 'wrong_stage', message: 'Not now.', at: now } as const;
  expect(rejectionSentence(english, rejection, 'me', now).text).toBe(
    'It was too late to cancel: the drawing had ended.',
  );
});

test('values of a newer server that this version does not know are told neutrally', () => {
  const progress = { type: 'progress', generationId: 'g1', candidate: 0, try: 1, maxTries: 3, elapsedMs: 0 } as const;
  expect(phaseLabel(english, { ...progress, phase: 'unknown' })).toBe('In progress');
  expect(watchSentence(english, 'generating', 'unknown')).toContain('This page does not know your role here.');
  const snapshot = { ...initialInput(), stage: 'unknown' } as const;
  const online = { ...initialState, connection: { status: 'online' } } as const;
  expect(announcement(english, { ...online, snapshot })).toBe(english('stage.unknown.text'));
});

test('a blocked connection says what the owner of the site has to do, and can be tried again', () => {
  expect(connectionLabel(english, { status: 'closed', reason: 'blocked' })).toBe('Not connected');
  expect(english('ended.blocked.text')).toContain('https');
  expect(endedActions.blocked).toBe('reconnect');
});

test.each([
  [24 * 3_600_000, '24 hours', '24 Stunden'],
  [7 * 86_400_000, '7 days', '7 Tage'],
  [5_400_000, '90 minutes', '90 Minuten'],
  [30_000, '1 minute', '1 Minute'],
])('how long a session is kept is told in a unit that fits: %i ms', (keptForMs, inEnglish, inGerman) => {
  expect(keptSentence(english, welcome({ keptForMs }))).toBe(
    `This session is kept for ${inEnglish} after the last person has left.`,
  );
  expect(keptSentence(german, welcome({ keptForMs }))).toContain(`bleibt ${inGerman} erhalten`);
});

test('until when a session would be kept is told in the language of the reader', () => {
  const keptForMs = 24 * 3_600_000;
  const at = new Date('2026-11-28T15:30').getTime();
  expect(keptUntil(english, welcome({ keptForMs }), at)).toMatch(/until Nov 29, 2026, 3:30\sPM\.$/);
  expect(keptUntil(german, welcome({ keptForMs }), at)).toMatch(/bis 29\.11\.2026, 15:30\.$/);
  expect(keptSentence(english, welcome())).toBeUndefined();
});
