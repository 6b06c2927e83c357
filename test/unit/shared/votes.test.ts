import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../shared/model.ts';
import { approvalsOf, opinionsOn } from '../../../shared/votes.ts';
import { at, reference } from '../../support/machine.ts';

const image = reference('i1');
let decisionIds = 0;

function decisionBy(by: string, decision: Decision['decision'], change: Partial<Decision> = {}): Decision {
  const { imageId, sha256 } = image;
  const act = { by, participantId: by, connectionId: by, at };
  const decisionId = `d${++decisionIds}`;
  return { decision, decisionId, imageId, sha256, number: 1, ...act, role: 'reviewer', counts: true, ...change };
}

const withdrawn = { by: 'Ana', participantId: 'Ana', connectionId: 'Ana', at };
const approversOf = (decisions: readonly Decision[], needed?: number) =>
  approvalsOf(image, decisions, needed).map(({ participantId }) => participantId);

describe('M11: whose approval counts', () => {
  test('each participant has one vote, which is their last decision about the image', () => {
    const twice = [decisionBy('Ana', 'approved'), decisionBy('Bo', 'approved'), decisionBy('Ana', 'approved')];
    expect(approversOf(twice, 2)).toEqual(['Ana', 'Bo']);
    expect(approversOf([...twice, decisionBy('Bo', 'changes_requested')], 2)).toEqual(['Ana']);
  });

  test('an approval that was withdrawn does not count, nor one before it', () => {
    const changed = [decisionBy('Ana', 'approved'), decisionBy('Ana', 'changes_requested', { withdrawn })];
    expect(approversOf(changed)).toEqual([]);
    expect(opinionsOn(image, changed).size).toBe(0);
    expect(approversOf([...changed, decisionBy('Ana', 'approved')])).toEqual(['Ana']);
  });

  test('where several are needed, only those of the creator and of invited reviewers count', () => {
    const { counts: _counts, ...guest } = decisionBy('Cy', 'approved');
    expect(approversOf([decisionBy('Ana', 'approved'), guest], 2)).toEqual(['Ana']);
    expect(approversOf([guest], 1)).toEqual(['Cy']);
  });

  test('those of somebody who was turned out do not count, not even where one is enough', () => {
    expect(approversOf([decisionBy('Ana', 'approved', { revoked: true })])).toEqual([]);
  });

  test('decisions about another image, or other bytes, do not count', () => {
    const other = decisionBy('Ana', 'approved', { imageId: 'i2' });
    expect(approversOf([other, decisionBy('Bo', 'approved', { sha256: 'other' })])).toEqual([]);
  });
});
