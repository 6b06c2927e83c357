import { describe, expect, test } from 'vitest';
import { ImageMemory } from '../../server/session/image-memory.ts';
import { type FrameLease, ImageFrames } from '../../server/ws/image-frames.ts';
import { Board, joined, picture, stall } from '../support/outbox-harness.ts';
import { imageOf } from '../support/scripted-generator.ts';

const messageOf = ({ pieces }: FrameLease) => JSON.parse(Buffer.concat([...pieces]).toString());

describe('frames', () => {
  test('a frame is built once for all who send it at the same time, and its memory comes back', () => {
    const memory = new ImageMemory(1_000_000);
    const frames = new ImageFrames(memory);
    const board = new Board();
    const connections = [1, 2, 3].map(() => joined(board, frames));
    board.shows('one');
    for (const { outbox } of connections) outbox.snapshotIsDue();
    const sent = connections.map(({ socket }) => socket.frames[0]);
    expect(sent[0]).toBeInstanceOf(Buffer);
    expect(new Set(sent).size).toBe(1);
    expect(memory.usedBytes).toBe(sent[0]?.length);
    for (const { socket } of connections) socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R3 nothing is built for a stalled connection until there is room', () => {
    const memory = new ImageMemory(1_000_000);
    const connection = joined(new Board(), new ImageFrames(memory));
    const { board, outbox, socket } = connection;
    stall(connection);
    board.shows('one');
    outbox.snapshotIsDue();
    outbox.want(['one']);
    expect(memory.usedBytes).toBe(0);
    socket.flush(1);
    expect(memory.usedBytes).toBeGreaterThan(0);
    socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7 what nobody looks at gives way to a frame, before the frame takes its memory', () => {
    const memory = new ImageMemory(5_000);
    const abandoned = memory.take(4_900);
    memory.makeRoom = () => {
      expect(memory.usedBytes).toBe(4_900);
      abandoned.release();
    };
    const { byteLength } = new ImageFrames(memory).lease(picture('a'));
    expect(memory.usedBytes).toBe(byteLength);
  });

  test('a lease may be released twice, and frees nobody else’s', () => {
    const memory = new ImageMemory(1_000_000);
    const frames = new ImageFrames(memory);
    const [one, two] = [frames.lease(picture('a')), frames.lease(picture('b'))];
    const used = memory.usedBytes;
    one.release();
    one.release();
    expect(memory.usedBytes).toBe(used - one.byteLength);
    two.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('a view into a larger buffer is sent as what it shows', () => {
    const whole = imageOf('whole', 100).bytes;
    const image = { ...picture('v'), bytes: whole.subarray(10, 60) };
    const { data } = messageOf(new ImageFrames(new ImageMemory(1_000)).lease(image));
    expect(Buffer.from(data, 'base64').equals(whole.subarray(10, 60))).toBe(true);
  });
});

describe('R7 images for which there is no room as a frame', () => {
  const byteLengths = [1, 2, 3, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 200_001];

  test.each(byteLengths)('R7 one of %i bytes goes out in pieces, as the same message', (byteLength) => {
    const image = { ...picture('a'), bytes: imageOf('a', byteLength).bytes };
    const whole = new ImageFrames(new ImageMemory(1_000_000)).lease(image);
    const memory = new ImageMemory(byteLength);
    const pieces = new ImageFrames(memory).lease({ ...image, room: memory.take(byteLength) });
    expect(pieces.byteLength).toBe(whole.byteLength);
    expect(messageOf(pieces)).toEqual(messageOf(whole));
    expect(memory.usedBytes).toBe(byteLength);
  });

  test('R7 the room of an image that is dropped on its way is free when it has gone out', () => {
    const memory = new ImageMemory(300_000);
    const image = { ...picture('big'), bytes: imageOf('big', 200_000).bytes, room: memory.take(200_000) };
    const board = new Board();
    const { outbox, socket } = joined(board, new ImageFrames(memory));
    board.images.set('big', image);
    outbox.want(['big']);
    socket.flush(2);
    board.images.delete('big');
    image.room.release();
    expect(memory.usedBytes).toBe(200_000);
    socket.flush();
    expect(memory.usedBytes).toBe(0);
    expect(socket.take().map(({ type }) => type)).toEqual(['heartbeat', 'image']);
  });

  test('R7 a preview that is on its way to a stalled tab is counted once for all who are sent it, until it has gone out', () => {
    const memory = new ImageMemory(6_000);
    const previews = ['one', 'two'].map((imageId) => ({ ...picture(imageId, 'partial'), room: memory.take(3_000) }));
    const frames = new ImageFrames(memory);
    const leases = [...previews, ...previews].map((preview) => frames.lease(preview));
    for (const { room } of previews) room.release(); // Newer ones have taken their place.
    expect(memory.usedBytes).toBe(6_000);
    for (const lease of leases) lease.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7 what is asked meanwhile is answered after it, never within', () => {
    const memory = new ImageMemory(0);
    const board = new Board();
    const connection = joined(board, new ImageFrames(memory));
    const { outbox, socket } = connection;
    board.images.set('big', { ...picture('big'), bytes: imageOf('big', 200_000).bytes });
    outbox.want(['big']);
    for (let piece = 0; piece < 3; piece++) {
      outbox.send({ type: 'ack', commandId: `c${piece}`, revision: 1 });
      outbox.heartbeatIsDue();
      socket.flush(1);
    }
    socket.flush();
    expect(socket.take().map(({ type }) => type)).toEqual(['heartbeat', 'image', 'ack', 'ack', 'ack']);
  });

  test('R7 a socket that closes on the way gives everything back', () => {
    const memory = new ImageMemory(200_000);
    const image = { ...picture('big'), bytes: imageOf('big', 200_000).bytes, room: memory.take(200_000) };
    const board = new Board();
    const { outbox, socket } = joined(board, new ImageFrames(memory));
    board.images.set('big', image);
    outbox.want(['big']);
    socket.flush(2);
    image.room.release();
    socket.readyState = 3;
    socket.flush();
    expect(memory.usedBytes).toBe(0);
  });
});
