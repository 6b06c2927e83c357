/** The server's snapshots, against the schema that clients parse them with. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { snapshotOf } from '../../../../server/session/snapshot.ts';
import { approvedIn } from '../../../../server/session/state.ts';
import { stages } from '../../../../shared/model.ts';
import { parseServerMessage } from '../../../../shared/protocol.ts';
import { sequence } from '../../../support/machine-sequences.ts';

// Machines that are busy with other things are slow.
vi.setConfig({ testTimeout: 60_000 });

describe('the snapshot of any state', () => {
  /** Every string is short, so none of them is an image. */
  function checkValues(value: unknown): void {
    expect(value).not.toBeNull();
    if (typeof value === 'string') expect(value.length).toBeLessThan(100);
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) checkValues(part);
  }

  test('W2: is parsed unchanged, and has no bytes and no null', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(sequence, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, 'draft', 256);
          seen.add(snapshot.stage);
          checkValues(snapshot);
          expect(parseServerMessage(JSON.stringify(snapshot))).toStrictEqual({ ok: true, message: snapshot });
          for (const field of ['data', 'url', 'bytes']) expect(JSON.stringify(snapshot)).not.toContain(`"${field}"`);
        }
      }),
      { numRuns: 60 },
    );
    expect([...seen].toSorted()).toEqual(stages.toSorted());
  });

  test('has the newest attempt as image, an approved one in an approved final alone, and no error without its generation', () => {
    fc.assert(
      fc.property(sequence, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, '', 256);
          expect(snapshot.image).toEqual(after.attempts.at(-1)?.image);
          expect(snapshot.stage === 'final' ? snapshot.approved : undefined).toEqual(approvedIn(after));
          expect('approved' in snapshot).toBe(approvedIn(after) !== undefined);
          expect('generation' in snapshot).toBe(after.stage === 'generating');
          if (snapshot.error) expect(snapshot.lastGeneration).toBeDefined();
        }
      }),
      { numRuns: 60 },
    );
  });
});
