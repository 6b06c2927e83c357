import { describe, expect, test } from 'vitest';
import { ImageMemory } from '../../server/session/image-memory.ts';
import { ImageFrames } from '../../server/ws/image-frames.ts';
import { Board, CAP, joined, picture, stall } from '../support/outbox-harness.ts';
import { imageOf } from '../support/scripted-generator.ts';

describe('R3 a slow connection', () => {
  test('R3 snapshots, progress, viewers and drafts collapse to the latest', () => {
    const connection = joined();
    const { board, outbox, all } = connection;
    board.runningCandidates = [0];
    stall(connection);
    for (let n = 1; n <= 50; n++) {
      board.revision = n;
      board.viewers = { reviewers: n, watchers: 0 };
      board.phase = n % 2 ? 'started' : 'drawing';
      outbox.snapshotIsDue();
      outbox.viewersAreDue();
      outbox.progressIsDue(0);
      outbox.draftIsDue(`draft ${n}`, 'Bo');
    }
    expect(all()).toMatchObject([
      { type: 'snapshot', revision: 50 },
      { type: 'viewers', reviewers: 50 },
      { type: 'progress', phase: 'drawing' },
    ]);
    stall(connection);
    for (let n = 1; n <= 50; n++) outbox.draftIsDue(`draft ${n}`, 'Bo');
    expect(all()).toEqual([{ type: 'draft', text: 'draft 50', by: 'Bo' }]);
  });

  test('R3 superseded partials are dropped', () => {
    const connection = joined();
    const { board, outbox, socket, all } = connection;
    board.runningCandidates = [0];
    for (let index = 0; index < 5; index++) {
      board.partials.set(0, picture(`p${index}`, 'partial', index));
      outbox.partialIsDue(0);
    }
    socket.flush();
    expect(all().map(({ imageId }) => imageId)).toEqual(['p0', 'p4']);
  });

  test('R3 a partial of what is no longer drawn is not sent', () => {
    const connection = joined();
    const { board, outbox, types, socket } = connection;
    stall(connection);
    board.partials.set(0, picture('p', 'partial'));
    outbox.partialIsDue(0);
    board.partials.clear();
    socket.flush();
    expect(types()).toEqual([]);
  });

  test('one image is in flight at a time, and a snapshot need not wait for it', () => {
    const { board, outbox, socket, types } = joined();
    for (const imageId of ['a', 'b']) board.images.set(imageId, picture(imageId));
    outbox.want(['a', 'b']);
    expect(types()).toEqual(['image']);
    socket.flush(1);
    expect(types()).toEqual(['image']);
    outbox.snapshotIsDue();
    socket.flush();
    expect(types()).toEqual(['snapshot']);
  });

  test('a heartbeat is skipped while there is no room', () => {
    const connection = joined();
    stall(connection);
    connection.outbox.heartbeatIsDue();
    expect(connection.all()).toEqual([]);
    connection.outbox.heartbeatIsDue();
    expect(connection.types()).toEqual(['heartbeat']);
  });

  test('R6 the last message waits for no room, but never stands within another', () => {
    const goodbye = { type: 'goodbye', reason: 'restart' } as const;
    const slow = joined();
    stall(slow);
    slow.outbox.sendLast(goodbye);
    expect(slow.types()).toEqual(['goodbye']);
    const inPieces = joined(new Board(), new ImageFrames(new ImageMemory(0)));
    inPieces.board.images.set('big', { ...picture('big'), bytes: imageOf('big', 200_000).bytes });
    inPieces.outbox.want(['big']);
    inPieces.outbox.sendLast(goodbye);
    expect(inPieces.all().map(({ type }) => type)).toEqual(['heartbeat', 'image']);
  });

  test('whoever asks on without reading waits until the first answers are gone', async () => {
    const connection = joined();
    stall(connection);
    for (let count = 0; count < 15; count += 1)
      connection.outbox.send({ type: 'ack', commandId: `${count}`, revision: 0 });
    await connection.outbox.ready();
    connection.outbox.send({ type: 'ack', commandId: '15', revision: 0 });
    let isReady = false;
    const ready = connection.outbox.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    connection.socket.flush();
    await ready;
    expect(isReady).toBe(true);
  });

  test('nobody waits for an image on a thin line: the next command is taken at once', async () => {
    const connection = joined();
    stall(connection);
    await connection.outbox.ready();
    connection.outbox.send({ type: 'ack', commandId: 'cancelled', revision: 1 });
    expect(connection.types()).toEqual([]);
    expect(connection.all().at(-1)).toMatchObject({ type: 'ack', commandId: 'cancelled' });
  });

  describe('R3 a long snapshot on its way holds up the next', () => {
    function onItsWay() {
      const connection = joined();
      const { board, outbox, all } = connection;
      board.prompt = 'p'.repeat(CAP / 2);
      const changed = (revision: number) => {
        board.revision = revision;
        outbox.snapshotIsDue();
      };
      const revisions = () => all().map(({ type, revision }) => (type === 'snapshot' ? revision : type));
      changed(1);
      expect(revisions()).toEqual([1]);
      return { ...connection, changed, revisions };
    }

    test('R3 M6 until it has arrived, and then the latest goes', () => {
      const { socket, changed, revisions } = onItsWay();
      changed(2);
      changed(3);
      expect(revisions()).toEqual([]);
      socket.pong();
      expect(revisions()).toEqual([3]);
      socket.pong();
      expect(revisions()).toEqual([]);
    });

    test('W6 not where an ack waits for it', () => {
      const { socket, outbox, changed, revisions } = onItsWay();
      changed(2);
      outbox.send({ type: 'ack', commandId: 'c', revision: 2 });
      expect(revisions()).toEqual([2, 'ack']);
      changed(3);
      outbox.send({ type: 'reject', commandId: 'd', code: 'stale', message: '' });
      expect(revisions()).toEqual(['reject']);
      socket.pong();
      expect(revisions()).toEqual([3]);
    });

    test('W1 what belongs to it waits with it, all else goes on', () => {
      const { socket, board, outbox, changed, revisions } = onItsWay();
      changed(2);
      board.runningCandidates = [0];
      outbox.progressIsDue(0);
      outbox.viewersAreDue();
      outbox.draftIsDue('text', 'Bo');
      outbox.heartbeatIsDue();
      expect(revisions()).toEqual(['viewers', 'draft', 'heartbeat']);
      socket.pong();
      expect(revisions()).toEqual([2, 'progress']);
    });
  });
});
