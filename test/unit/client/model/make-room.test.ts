import { expect, test } from 'vitest';
import { type AskIntent, roomNeeded } from '../../../../client/model/make-room.ts';
import { initialState, type SessionState } from '../../../../client/session/session-state.ts';
import type { Decision } from '../../../../shared/model.ts';
import { discarded, image, limits, referenceOf, userFeedback, welcome } from '../../../support/server-messages.ts';

const images = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6'].map((imageId) => referenceOf(image(imageId)));
const [putAside, ...kept] = images;
if (!putAside) throw new Error('There is no image.');

const decision = (imageId: string, change: Partial<Decision> = {}): Decision => ({
  decision: 'changes_requested',
  decisionId: `on ${imageId}`,
  imageId,
  sha256: '',
  number: 1,
  role: 'reviewer',
  by: 'Ana',
  participantId: 'ana',
  connectionId: 'c',
  at: '2026-01-01T00:00:00.000Z',
  ...change,
});

const full = (change: Partial<SessionState> = {}, decisions: Decision[] = []): SessionState => ({
  ...initialState,
  welcome: welcome({ limits: { ...limits, ATTEMPTS_PER_SESSION: 6 } }),
  snapshot: { ...userFeedback(kept, { discarded: [discarded(putAside)] }), decisions },
  ...change,
});

const refine: AskIntent = { type: 'refine', imageId: 'i6', feedback: 'Warmer', options: { candidates: 2 } };
const removable = (state: SessionState, ask: AskIntent = refine, openId?: string, unsent = {}) => {
  const { count, removable } = roomNeeded(state, ask, { openId, unsent });
  return [count, ...removable.map((attempt) => attempt.image.imageId)];
};

test('R13: what was discarded goes first, then the oldest, and never what the ask begins from', () => {
  expect(removable(full())).toEqual([2, 'i1', 'i2', 'i3', 'i4', 'i5']);
  expect(removable(full(), { type: 'generate', prompt: 'a fox', options: {} })).toEqual([
    1,
    'i1',
    'i2',
    'i3',
    'i4',
    'i5',
    'i6',
  ]);
});

test('R13: nothing is offered that is decided about, open, or written about', () => {
  const reviewer = { participantId: 'p', name: 'Mira', role: 'reviewer' } as const;
  const withdrawn = { by: 'Ana', participantId: 'ana', connectionId: 'c', at: '' };
  const state = full({ people: [{ ...reviewer, lookingAt: 'i3' }, reviewer] }, [
    decision('i2'),
    decision('i4', { withdrawn }),
  ]);
  expect(removable(state, refine, 'i5', { notes: { i1: 'Nice' } })).toEqual([2, 'i4']);
  expect(removable(state, refine, undefined, { about: 'i4', otherFeedback: { i5: 'Less' } })).toEqual([2, 'i1']);
});

test('R13: a retry needs as much room as the generation that failed, and keeps its parent', () => {
  const state = full();
  const lastGeneration = {
    generationId: 'g',
    prompt: 'a fox',
    options: { candidates: 3 },
    candidates: 3,
    parent: 'i2',
    startedAt: '',
  };
  const failed = { ...state, ...(state.snapshot && { snapshot: { ...state.snapshot, lastGeneration } }) };
  expect(removable(failed, { type: 'retry' })).toEqual([3, 'i1', 'i3', 'i4', 'i5', 'i6']);
});
