import { describe, expect, test } from 'vitest';
import { recordedPictures, recordedPrompt, recordFile, withdrawnIn } from '../../../../client/model/session-record.ts';
import type { RecordEntry } from '../../../../shared/model.ts';
import { attemptOf, recorded } from '../../../support/component-states.ts';
import { reference } from '../../../support/machine.ts';

const image = { ...reference('i1'), mediaType: 'image/png' };
const picture = { reference: image, blob: new Blob(), url: 'blob:1', display: 'possible' } as const;
const session = recorded(picture);
const { record, snapshot } = session;
if (!snapshot) throw new Error('The state has no snapshot.');

describe('recordedPictures', () => {
  test('M12: names each picture once, with what it was made from and whether it is still here', () => {
    expect(recordedPictures(session)).toMatchObject([
      { attempt: { number: 1 }, state: 'gone' },
      { attempt: { number: 2 }, state: 'here', picture, origin: { verb: 'refined', number: 1 } },
    ]);
  });

  test('tells a picture whose bytes are on their way from one that can’t be had or shown', () => {
    const stateOf = (change: Partial<typeof session>) => recordedPictures({ ...session, ...change })[1]?.state;
    expect(stateOf({ images: new Map() })).toBe('coming');
    expect(stateOf({ images: new Map([['i1', { ...picture, display: 'undecodable' }]]) })).toBe('missing');
    expect(stateOf({ images: new Map(), imageProblems: new Map([['i1', 'damaged']]) })).toBe('missing');
  });

  test('a parent that the record does not know has no number', () => {
    const orphan = { ...attemptOf(image), parent: 'i0' };
    const entries = record.map((entry) => (entry.entryId === 'e8' ? { ...entry, attempts: [orphan] } : entry));
    const [, second] = recordedPictures({ ...session, record: entries as RecordEntry[] });
    expect(second?.origin).toEqual({ verb: 'regenerated' });
  });
});

test('M12: a decision that was withdrawn is known by its id', () => {
  expect([...withdrawnIn(record)]).toEqual(['e4']);
});

test('the record is named after the approved picture, or else the last one that was decided about', () => {
  const named = record.map((entry) =>
    entry.kind === 'changes_requested'
      ? { ...entry, attempts: entry.attempts?.map((attempt) => ({ ...attempt, prompt: 'A stork' })) }
      : entry,
  );
  expect(recordedPrompt({ ...session, record: named })).toMatch(/^A heron/);
  expect(recordedPrompt({ ...session, record: named.slice(0, 5) })).toBe('A stork');
  expect(recordedPrompt({ ...session, record: [] })).toBe('');
});

describe('recordFile', () => {
  const now = Date.parse('2026-11-22T20:00:00.000Z');
  const file = recordFile({ snapshot, record }, { now, session: '3fa9c01b7d2e' });

  test('M12: has every entry in its order, and each attempt once with prompt, options and digest', () => {
    expect(file).toMatchObject({
      format: 'proofroom.record',
      version: 1,
      exportedAt: '2026-11-22T20:00:00.000Z',
      session: '3fa9c01b7d2e',
      stage: 'final',
      outcome: 'approved',
      approved: { imageId: 'i1', sha256: image.sha256 },
      approvalsNeeded: 2,
      complete: true,
    });
    expect(file.entries.map(({ entryId }) => entryId)).toEqual(record.map(({ entryId }) => entryId));
    expect(file.entries.filter((entry) => 'attempts' in entry)).toEqual([]);
    expect(file.entries[2]).toMatchObject({ kind: 'changes_requested', note: 'The heron has three legs.' });
    expect(file.attempts).toMatchObject([
      { number: 1, options: { size: '1536x1024' } },
      { number: 2, parent: 'gone', feedback: 'Warmer light, and no boat', image: { sha256: image.sha256 } },
    ]);
    expect(JSON.parse(JSON.stringify(file))).toEqual(file);
  });

  test('W10: says when entries are missing', () => {
    expect(recordFile({ snapshot, record: record.slice(1) }, { now, session: undefined }).complete).toBe(false);
  });
});
