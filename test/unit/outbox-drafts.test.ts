import { describe, expect, test } from 'vitest';
import type { Outbox } from '../../server/ws/outbox.ts';
import { joined, type PaperConnection, stall } from '../support/outbox-harness.ts';

describe('W8 the last text that its author hears is the one that is set', () => {
  const drafts = (sent: Record<string, unknown>[]) =>
    sent.flatMap(({ type, text, draftId, revision }) => {
      if (type === 'draft') return draftId === undefined ? `theirs: ${text}` : `${draftId}: ${text}`;
      if (type === 'snapshot') return `snapshot ${revision}`;
      return type === 'ack' ? 'ack' : [];
    });
  const own = (outbox: Outbox, draftId: string) => outbox.draftIsDue('mine', 'Ana', draftId);
  const others = (outbox: Outbox) => outbox.draftIsDue('theirs', 'Bo');

  test.each<[string, (connection: PaperConnection) => void, string[]]>([
    [
      'one’s own comes before what was set after it',
      ({ outbox }) => {
        own(outbox, 'd1');
        others(outbox);
      },
      ['d1: mine', 'theirs: theirs'],
    ],
    [
      'one’s own stands for what was set before it',
      ({ outbox }) => {
        own(outbox, 'd1');
        others(outbox);
        own(outbox, 'd2');
      },
      ['d2: mine'],
    ],
    [
      'no snapshot stands for one’s own, and none comes before it',
      ({ board, outbox }) => {
        own(outbox, 'd1');
        board.revision = 1;
        outbox.snapshotIsDue();
      },
      ['d1: mine', 'snapshot 1'],
    ],
    [
      'a snapshot stands for what others have set, before or after it was due',
      ({ board, outbox }) => {
        others(outbox);
        own(outbox, 'd1');
        board.revision = 1;
        outbox.snapshotIsDue();
        others(outbox);
      },
      ['d1: mine', 'snapshot 1'],
    ],
    [
      'all goes out before the ack of a command that followed',
      ({ board, outbox }) => {
        own(outbox, 'd1');
        board.revision = 1;
        outbox.snapshotIsDue();
        outbox.send({ type: 'ack', commandId: 'go', revision: 1 });
      },
      ['d1: mine', 'snapshot 1', 'ack'],
    ],
  ])('W8 %s', (_what, happen, expected) => {
    const connection = joined();
    stall(connection);
    happen(connection);
    expect(drafts(connection.all())).toEqual(expected);
  });

  test('W8 while a snapshot waits for its images, texts go out, and it says the last one again', () => {
    const { board, outbox, socket, all } = joined();
    board.shows('one');
    board.shows('two');
    board.shownImages = ['one', 'two'];
    outbox.snapshotIsDue();
    own(outbox, 'd1');
    others(outbox);
    expect(drafts(socket.take())).toEqual(['d1: mine', 'theirs: theirs']);
    expect(drafts(all())).toEqual(['snapshot 2']);
  });
});
