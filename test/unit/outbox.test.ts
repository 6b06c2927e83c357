import { describe, expect, test } from 'vitest';
import { Board, joined, outboxOn, picture, stall } from '../support/outbox-harness.ts';

describe('W1 on joining', () => {
  test('W1 welcome, snapshot, viewers, then the images that are shown', () => {
    const board = new Board();
    board.shows('new');
    board.images.set('approved', picture('approved'));
    board.shownImages.push('approved');
    const { join, all } = outboxOn(board);
    join();
    const messages = all();
    expect(messages.map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers', 'image', 'image']);
    expect(messages.slice(3).map(({ imageId }) => imageId)).toEqual(['new', 'approved']);
  });

  test('W1 not those that it has', () => {
    const board = new Board();
    board.shows('new');
    const { join, all } = outboxOn(board, undefined, ['new']);
    join();
    expect(all().map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers']);
  });

  test('W1 with a generation running also its last progress and last partial', () => {
    const board = new Board();
    board.runningCandidates = [0, 1];
    board.partials.set(1, picture('p', 'partial', 2));
    const { join, all } = outboxOn(board);
    join();
    const messages = all();
    expect(messages.map(({ type }) => type)).toEqual([
      'welcome',
      'snapshot',
      'viewers',
      'progress',
      'progress',
      'image',
    ]);
    expect(messages.at(-1)).toMatchObject({ imageId: 'p', kind: 'partial', index: 2 });
  });

  test('W1 nothing of the session goes out before', () => {
    const { outbox, types } = outboxOn(new Board());
    outbox.send({ type: 'reject', code: 'not_joined', message: 'Join a session first.' });
    outbox.snapshotIsDue();
    outbox.viewersAreDue();
    outbox.progressIsDue(0);
    expect(types()).toEqual(['reject']);
  });
});

describe('W2 bytes cross once', () => {
  test('W2 however often the image is shown', () => {
    const { board, outbox, all } = joined();
    board.shows('one');
    outbox.snapshotIsDue();
    expect(all().map(({ type }) => type)).toEqual(['image', 'snapshot']);
    board.revision += 1;
    outbox.snapshotIsDue();
    expect(all().map(({ type }) => type)).toEqual(['snapshot']);
  });

  test('W2 unless want asks again; what is queued already, or on its way, is not queued twice', () => {
    const { board, outbox, socket, all } = joined();
    board.shows('one');
    board.images.set('two', picture('two'));
    outbox.snapshotIsDue();
    outbox.want(['two', 'one']);
    outbox.want(['two', 'one']);
    socket.flush();
    expect(
      all()
        .filter(({ type }) => type === 'image')
        .map(({ imageId }) => imageId),
    ).toEqual(['one', 'two']);
    outbox.want(['one']);
    expect(all().map(({ imageId }) => imageId)).toEqual(['one']);
  });

  test('images come in the order in which they were asked for', () => {
    const { board, outbox, all } = joined();
    for (const imageId of ['a', 'b', 'c']) board.images.set(imageId, picture(imageId));
    outbox.want(['c', 'a']);
    outbox.want(['b']);
    expect(all().map(({ imageId }) => imageId)).toEqual(['c', 'a', 'b']);
  });

  test('of one that has gone while it waited its connection hears, which refuses it', () => {
    const { board, outbox, gone, all } = joined();
    board.images.set('a', picture('a'));
    board.images.set('b', picture('b'));
    outbox.want(['a', 'b']);
    board.images.delete('b');
    expect(all()).toMatchObject([{ imageId: 'a' }]);
    expect(gone).toEqual(['b']);
  });

  test('with images by url, a path stands in place of the bytes', () => {
    const board = new Board();
    board.shows('one');
    const { join, all } = outboxOn(board);
    join((imageId) => `/images/${imageId}`);
    const image = all().find(({ type }) => type === 'image');
    expect(image).toMatchObject({ imageId: 'one', url: '/images/one' });
    expect(image).not.toHaveProperty('data');
  });

  test('W4 the message carries the very bytes', () => {
    const { board, outbox, all } = joined();
    board.shows('one');
    outbox.snapshotIsDue();
    const [image] = all();
    expect(Buffer.from(String(image?.data), 'base64').equals(picture('one').bytes)).toBe(true);
    expect(image).toEqual({ type: 'image', ...picture('one').reference, data: image?.data });
  });
});

describe('W3 an image comes before the snapshot that shows it', () => {
  test('W3 also when another image is still in flight', () => {
    const { board, outbox, socket, types } = joined();
    board.runningCandidates = [0];
    board.partials.set(0, picture('p', 'partial'));
    outbox.partialIsDue(0);
    expect(types()).toEqual(['image']);
    board.shows('one');
    outbox.snapshotIsDue();
    expect(types()).toEqual([]);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W3 a snapshot that waits shows the latest state when it goes', () => {
    const { board, outbox, socket } = joined();
    board.images.set('other', picture('other'));
    outbox.want(['other']);
    board.shows('one');
    outbox.snapshotIsDue();
    board.shows('two');
    outbox.snapshotIsDue();
    socket.take();
    socket.flush();
    expect(socket.take()).toMatchObject([{ imageId: 'two' }, { type: 'snapshot', revision: 2, image: 'two' }]);
  });
});

describe('W6 answers', () => {
  const ack = { type: 'ack', commandId: 'x', revision: 1 } as const;

  test('W6 an ack follows the snapshot it caused', () => {
    const connection = joined();
    const { board, outbox, socket, types } = connection;
    stall(connection);
    board.revision = 1;
    outbox.snapshotIsDue();
    outbox.send(ack);
    expect(types()).toEqual([]);
    socket.flush();
    expect(types()).toEqual(['snapshot', 'ack']);
  });

  test('W6 an ack goes first when that snapshot waits for an image', () => {
    const { board, outbox, socket, types } = joined();
    board.images.set('other', picture('other'));
    outbox.want(['other']);
    board.shows('one');
    outbox.snapshotIsDue();
    outbox.send(ack);
    expect(types()).toEqual(['image', 'ack']);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W6 answers stay in the order of their commands', () => {
    const { outbox, socket, all } = joined();
    outbox.snapshotIsDue();
    outbox.send({ type: 'reject', commandId: '1', code: 'wrong_stage', message: '' });
    outbox.send({ type: 'ack', commandId: '2', revision: 1 });
    outbox.send({ type: 'reject', commandId: '3', code: 'stale', message: '' });
    socket.flush();
    expect(all().flatMap(({ commandId }) => commandId ?? [])).toEqual(['1', '2', '3']);
  });

  test('W6 no answer is lost on a stalled wire', () => {
    const { outbox, all } = joined();
    const ids = Array.from({ length: 1_000 }, (_, n) => `${n}`);
    for (const commandId of ids) outbox.send({ type: 'ack', commandId, revision: 1 });
    expect(all().flatMap(({ commandId }) => commandId ?? [])).toEqual(ids);
  });
});
