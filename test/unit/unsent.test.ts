import { describe, expect, test } from 'vitest';
import { followed, type Unsent } from '../../client/model/unsent-input.ts';
import { initialState, type SessionState } from '../../client/session/session-state.ts';
import type { Attempt, Generation } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import {
  attempt,
  generating,
  image,
  initialInput,
  referenceOf,
  userFeedback,
  welcome,
} from '../support/server-messages.ts';

const online = (snapshot: SnapshotMessage, change: Partial<SessionState> = {}): SessionState => ({
  ...initialState,
  connection: { status: 'online' },
  welcome: welcome(),
  snapshot,
  ...change,
});

/** One attempt for each of `feedbacks`, in whose words it was asked for. */
function attempts(...feedbacks: (string | undefined)[]): Attempt[] {
  return feedbacks.map((feedback, at) => ({
    ...attempt(referenceOf(image(`image-${at}`))),
    ...(feedback !== undefined && { feedback }),
  }));
}

function looking(kept: Attempt[], change: { turn?: number; lastGeneration?: Generation } = {}): SessionState {
  return online({ ...userFeedback(kept.map(({ image: reference }) => reference)), ...change, attempts: kept });
}

const drawing = (kept: Attempt[], turn = 3) => online(generating('generation-2', { attempts: kept, turn }));

const closed = { status: 'closed', reason: 'session_gone' } as const;

const cancelled: Generation = {
  generationId: 'generation-2',
  prompt: 'a fox',
  options: {},
  candidates: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  cancelReason: 'too dark',
};

describe('words for a refinement', () => {
  const one = attempts(undefined);
  const asked: Unsent = { feedback: 'Warmer light ', askedFeedback: 'Warmer light' };

  test('stay while the picture is drawn, and go once it is there', () => {
    expect(followed(asked, looking(one), drawing(one))).toBe(asked);
    expect(followed(asked, drawing(one), looking(attempts(undefined, 'Warmer light'), { turn: 4 }))).toEqual({});
  });

  test('stay after a failure, and when others get a picture', () => {
    expect(followed(asked, drawing(one), looking(one, { turn: 4 }))).toBe(asked);
    expect(followed(asked, drawing(one), looking(attempts(undefined, 'Less snow'), { turn: 4 }))).toBe(asked);
  });

  test('stay when they are the same as those of the picture before', () => {
    const kept = attempts(undefined, 'Warmer light');
    expect(followed(asked, looking(kept), drawing(kept))).toBe(asked);
    const drawn = looking(attempts(undefined, 'Warmer light', 'Warmer light'), { turn: 4 });
    expect(followed(asked, drawing(kept), drawn)).toEqual({});
  });

  test('stay as far as they were typed on after they were sent', () => {
    const typedOn = { ...asked, feedback: 'Warmer light, and no boat' };
    const drawn = looking(attempts(undefined, 'Warmer light'), { turn: 4 });
    expect(followed(typedOn, drawing(one), drawn)).toEqual({ feedback: 'Warmer light, and no boat' });
  });

  test('that have become a picture while nobody looked are gone when the tab is back, and others are not', () => {
    expect(followed(asked, undefined, looking(attempts(undefined, 'Warmer light')))).toEqual({});
    expect(followed(asked, undefined, looking(one))).toBe(asked);
  });

  test('go with a start over of this person, and stay with one of somebody else', () => {
    const startedOver = (connectionId: string) =>
      online(
        initialInput({
          turn: 3,
          lastAction: { action: 'start_over', by: 'Ana', connectionId, at: '2026-01-01T00:00:00.000Z' },
        }),
      );
    const typed = { feedback: 'Warmer light' };
    expect(followed(typed, looking(one), startedOver('connection-1'))).toEqual({});
    expect(followed(typed, looking(one), startedOver('connection-2'))).toBe(typed);
  });

  test('a field that was emptied stays so within the turn, and is free for a suggestion in the next', () => {
    const emptied = { feedback: ' ' };
    expect(followed(emptied, looking(one), looking(attempts(undefined, undefined)))).toBe(emptied);
    expect(followed(emptied, looking(one), drawing(one))).toEqual({});
    expect(followed(emptied, looking(one), { ...looking(one), connection: closed })).toEqual({});
  });
});

describe('a reason to cancel', () => {
  const one = attempts(undefined);
  const two = attempts(undefined, undefined);
  const typed: Unsent = { feedback: 'Warmer light', reason: ' too dark ' };

  test('stays while the picture is drawn', () => {
    expect(followed(typed, looking(one), drawing(one))).toBe(typed);
    expect(followed(typed, undefined, drawing(one))).toBe(typed);
  });

  test.each([
    ['here', drawing(one)],
    ['while the tab was away', undefined],
  ])('that was sent is everybody’s: %s', (_where, before) => {
    const now = looking(one, { turn: 4, lastGeneration: cancelled });
    expect(followed(typed, before, now)).toEqual({ feedback: 'Warmer light' });
  });

  test.each([
    ['here', drawing(one)],
    ['while the tab was away', undefined],
  ])('of a drawing that ended by itself says what to change in it: %s', (_where, before) => {
    expect(followed(typed, before, looking(two, { turn: 4 }))).toEqual({ feedback: 'Warmer light\ntoo dark' });
    expect(followed({ reason: 'too dark' }, before, looking(two, { turn: 4 }))).toEqual({ feedback: 'too dark' });
  });

  test('follows no words that have become a picture with that drawing', () => {
    const asked = { ...typed, askedFeedback: 'Warmer light' };
    const drawn = looking(attempts(undefined, 'Warmer light'), { turn: 4 });
    expect(followed(asked, drawing(one), drawn)).toEqual({ feedback: 'too dark' });
    expect(followed(asked, undefined, drawn)).toEqual({ feedback: 'too dark' });
  });

  test('stays where there is nothing to refine, or nobody to do it', () => {
    const nothing = online(initialInput({ turn: 2 }));
    expect(followed(typed, drawing([], 1), nothing)).toBe(typed);
    const generator = { ...welcome().generator, supports: { candidates: 1, refine: false } };
    const cannot = { ...looking(two, { turn: 4 }), welcome: welcome({ generator }) };
    expect(followed(typed, drawing(one), cannot)).toBe(typed);
  });

  test('R9: is kept beside the words for the picture when the session has ended, and only once', () => {
    const ended = { ...drawing(one), connection: closed };
    const kept = followed(typed, drawing(one), ended);
    expect(kept).toEqual({ feedback: 'Warmer light\ntoo dark' });
    expect(followed(kept, ended, ended)).toBe(kept);
  });
});

test('what was typed and chosen for the next ask is left alone', () => {
  const unsent: Unsent = { draft: 'a heron', options: { quality: 'high' }, reason: 'too dark' };
  const one = attempts(undefined);
  const left = followed(unsent, drawing(one), looking(one, { turn: 4, lastGeneration: cancelled }));
  expect(left).toEqual({ draft: 'a heron', options: { quality: 'high' } });
});
