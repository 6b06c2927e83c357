import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { snapshotOf } from '../../server/session/snapshot.ts';
import { parseServerMessage, SnapshotMessage } from '../../shared/protocol.ts';
import { story } from '../support/machine-sequences.ts';

// Far more than it takes, for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

describe('snapshots', () => {
  /** No value of a snapshot is null; every string of it is short, so no image hides in it. */
  function survey(value: unknown): void {
    expect(value).not.toBeNull();
    if (typeof value === 'string') expect(value.length).toBeLessThan(100);
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) survey(part);
  }

  test('W2 of whatever a session has come to: it parses as what it is, without bytes and without null', () => {
    const stages = new Set<string>();
    fc.assert(
      fc.property(story, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, 'draft');
          stages.add(snapshot.stage);
          survey(snapshot);
          expect(parseServerMessage(JSON.stringify(snapshot))).toStrictEqual({ ok: true, message: snapshot });
          for (const field of ['data', 'url', 'bytes']) expect(JSON.stringify(snapshot)).not.toContain(`"${field}"`);
        }
      }),
      { numRuns: 60 },
    );
    expect([...stages].toSorted()).toEqual(
      SnapshotMessage.options.map(({ entries }) => entries.stage.literal).toSorted(),
    );
  });

  test('image is the newest attempt, approved the approved one, and the error comes with its generation', () => {
    fc.assert(
      fc.property(story, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, '');
          expect(snapshot.image).toEqual(after.attempts.at(-1)?.image);
          expect('approved' in snapshot).toBe(after.stage === 'final');
          expect('generation' in snapshot).toBe(after.stage === 'generating');
          if (snapshot.error) expect(snapshot.lastGeneration).toBeDefined();
        }
      }),
      { numRuns: 60 },
    );
  });
});
