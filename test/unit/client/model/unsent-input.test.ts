import { describe, expect, test } from 'vitest';
import {
  feedbackOn,
  type UnsentInput,
  unsentAfter,
  withFeedback,
  withNote,
} from '../../../../client/model/unsent-input.ts';
import { initialState, type SessionState } from '../../../../client/session/session-state.ts';
import type { Attempt, Generation } from '../../../../shared/model.ts';
import type { SnapshotMessage } from '../../../../shared/protocol.ts';
import {
  attempt,
  generating,
  image,
  initialInput,
  lastAction,
  referenceOf,
  userFeedback,
  welcome,
} from '../../../support/server-messages.ts';

const online = (snapshot: SnapshotMessage, change: Partial<SessionState> = {}): SessionState => ({
  ...initialState,
  connection: { status: 'online' },
  welcome: welcome(),
  snapshot,
  ...change,
});

/** One attempt for each feedback; undefined for one that was not refined. */
function attempts(...feedbacks: (string | undefined)[]): Attempt[] {
  return feedbacks.map((feedback, at) => ({
    ...attempt(referenceOf(image(`image-${at}`))),
    ...(feedback !== undefined && { feedback }),
  }));
}

function reviewing(kept: Attempt[], change: { turn?: number; lastGeneration?: Generation } = {}): SessionState {
  return online({ ...userFeedback(kept.map(({ image: reference }) => reference)), ...change, attempts: kept });
}

const running = (kept: Attempt[], turn = 3) => online(generating('generation-2', { attempts: kept, turn }));

const closed = { status: 'closed', reason: 'session_gone' } as const;

const cancelled: Generation = {
  generationId: 'generation-2',
  prompt: 'a fox',
  options: {},
  candidates: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  cancelReason: 'too dark',
};

describe('feedback', () => {
  const one = attempts(undefined);
  const sent: UnsentInput = { feedback: 'Warmer light ', sentFeedback: 'Warmer light' };

  test('is kept until it has become an attempt', () => {
    expect(unsentAfter(sent, reviewing(one), running(one))).toBe(sent);
    expect(unsentAfter(sent, running(one), reviewing(attempts(undefined, 'Warmer light'), { turn: 4 }))).toEqual({});
  });

  test('is kept after a failure, and when the new attempt is somebody else’s', () => {
    expect(unsentAfter(sent, running(one), reviewing(one, { turn: 4 }))).toBe(sent);
    expect(unsentAfter(sent, running(one), reviewing(attempts(undefined, 'Less snow'), { turn: 4 }))).toBe(sent);
  });

  test('is kept when an earlier attempt has the same feedback', () => {
    const kept = attempts(undefined, 'Warmer light');
    expect(unsentAfter(sent, reviewing(kept), running(kept))).toBe(sent);
    const drawn = reviewing(attempts(undefined, 'Warmer light', 'Warmer light'), { turn: 4 });
    expect(unsentAfter(sent, running(kept), drawn)).toEqual({});
  });

  test('is kept if it was edited after it was sent', () => {
    const typedOn = { ...sent, feedback: 'Warmer light, and no boat' };
    const drawn = reviewing(attempts(undefined, 'Warmer light'), { turn: 4 });
    expect(unsentAfter(typedOn, running(one), drawn)).toEqual({ feedback: 'Warmer light, and no boat' });
  });

  test('is dropped when the tab comes back, if it has become an attempt meanwhile', () => {
    expect(unsentAfter(sent, undefined, reviewing(attempts(undefined, 'Warmer light')))).toEqual({});
    expect(unsentAfter(sent, undefined, reviewing(one))).toBe(sent);
  });

  test('is dropped after this participant’s start over, and kept after somebody else’s', () => {
    const startedOver = (participantId: string) =>
      online(initialInput({ turn: 3, lastAction: lastAction('start_over', { participantId }) }));
    const typed = { feedback: 'Warmer light' };
    expect(unsentAfter(typed, reviewing(one), startedOver('participant-1'))).toEqual({});
    expect(unsentAfter(typed, reviewing(one), startedOver('participant-2'))).toBe(typed);
  });

  test('that was emptied stays empty within the turn, and is open to a suggestion in the next one', () => {
    const emptied = { feedback: ' ' };
    expect(unsentAfter(emptied, reviewing(one), reviewing(attempts(undefined, undefined)))).toBe(emptied);
    expect(unsentAfter(emptied, reviewing(one), running(one))).toEqual({});
    expect(unsentAfter(emptied, reviewing(one), { ...reviewing(one), connection: closed })).toEqual({});
  });
});

describe('a reason to cancel', () => {
  const one = attempts(undefined);
  const two = attempts(undefined, undefined);
  const typed: UnsentInput = { feedback: 'Warmer light', reason: ' too dark ' };

  test('is kept while the generation runs', () => {
    expect(unsentAfter(typed, reviewing(one), running(one))).toBe(typed);
    expect(unsentAfter(typed, undefined, running(one))).toBe(typed);
  });

  test.each([
    ['in this tab', running(one)],
    ['while the tab was away', undefined],
  ])('is dropped once it was sent: %s', (_where, before) => {
    const now = reviewing(one, { turn: 4, lastGeneration: cancelled });
    expect(unsentAfter(typed, before, now)).toEqual({ feedback: 'Warmer light' });
  });

  test.each([
    ['in this tab', running(one)],
    ['while the tab was away', undefined],
  ])('becomes feedback when the generation has ended by itself: %s', (_where, before) => {
    expect(unsentAfter(typed, before, reviewing(two, { turn: 4 }))).toEqual({ feedback: 'Warmer light\ntoo dark' });
    expect(unsentAfter({ reason: 'too dark' }, before, reviewing(two, { turn: 4 }))).toEqual({ feedback: 'too dark' });
  });

  test('is not appended to feedback that has become an attempt', () => {
    const sent = { ...typed, sentFeedback: 'Warmer light' };
    const drawn = reviewing(attempts(undefined, 'Warmer light'), { turn: 4 });
    expect(unsentAfter(sent, running(one), drawn)).toEqual({ feedback: 'too dark' });
    expect(unsentAfter(sent, undefined, drawn)).toEqual({ feedback: 'too dark' });
  });

  test('is kept where nothing can be refined', () => {
    const withoutAttempt = online(initialInput({ turn: 2 }));
    expect(unsentAfter(typed, running([], 1), withoutAttempt)).toBe(typed);
    const generator = { ...welcome().generator, supports: { refine: false } };
    const cannot = { ...reviewing(two, { turn: 4 }), welcome: welcome({ generator }) };
    expect(unsentAfter(typed, running(one), cannot)).toBe(typed);
  });

  test('R9: becomes feedback when the session has ended, and only once', () => {
    const ended = { ...running(one), connection: closed };
    const kept = unsentAfter(typed, running(one), ended);
    expect(kept).toEqual({ feedback: 'Warmer light\ntoo dark' });
    expect(unsentAfter(kept, ended, ended)).toBe(kept);
  });
});

test('draft and options are left alone', () => {
  const unsent: UnsentInput = { draft: 'a heron', options: { quality: 'high' }, reason: 'too dark' };
  const one = attempts(undefined);
  const after = unsentAfter(unsent, running(one), reviewing(one, { turn: 4, lastGeneration: cancelled }));
  expect(after).toEqual({ draft: 'a heron', options: { quality: 'high' } });
});

describe('words about a picture', () => {
  const isHere = (imageId: string) => imageId !== 'gone';

  test('stay with it when the person writes about another one', () => {
    const first: UnsentInput = withFeedback({}, 'i1', 'Warmer', isHere);
    expect([feedbackOn(first, 'i1', isHere), feedbackOn(first, 'i2', isHere)]).toEqual(['Warmer', undefined]);
    const both = { ...first, ...withFeedback(first, 'i2', 'Less plum', isHere) };
    expect([feedbackOn(both, 'i1', isHere), feedbackOn(both, 'i2', isHere)]).toEqual(['Warmer', 'Less plum']);
    const back = { ...both, ...withFeedback(both, 'i1', 'Much warmer', isHere) };
    expect([feedbackOn(back, 'i1', isHere), feedbackOn(back, 'i2', isHere)]).toEqual(['Much warmer', 'Less plum']);
  });

  test('about one that is gone, or about none, are offered for whichever is in view', () => {
    expect(feedbackOn({ feedback: 'Warmer', about: 'gone' }, 'i2', isHere)).toBe('Warmer');
    expect(feedbackOn({ feedback: 'Warmer' }, 'i2', isHere)).toBe('Warmer');
  });

  test('that were a note go once a decision of this person says them', () => {
    const [one] = attempts(undefined);
    if (!one) throw new Error('There is no attempt.');
    const { imageId, sha256 } = one.image;
    const before = online(userFeedback([one.image]));
    const unsent: UnsentInput = { ...withNote({}, imageId, 'For the cover '), draft: 'a heron' };
    const decidedBy = (participantId: string): SessionState => {
      const act = { by: 'Ana', participantId, connectionId: 'c', at: '' };
      const decision = { decision: 'approved', decisionId: 'd', imageId, sha256, number: 1, role: 'reviewer' } as const;
      return online({ ...userFeedback([one.image]), decisions: [{ ...decision, ...act, note: 'For the cover' }] });
    };
    expect(unsentAfter(unsent, before, decidedBy('another'))).toBe(unsent);
    expect(unsentAfter(unsent, before, decidedBy(welcome().participantId)).notes).toBeUndefined();
    expect(withNote(unsent, imageId, '')).toEqual({ notes: undefined });
  });
});
