import { describe, expect, test } from 'vitest';
import { ImageMemory } from '../../../../server/session/image-memory.ts';
import { type FrameLease, ImageFrames } from '../../../../server/ws/image-frames.ts';
import { FakeSource, joinedOutbox, storedImage } from '../../../support/outbox-harness.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

const PLENTY_BYTES = 1_000_000;
const messageOf = ({ pieces }: FrameLease) => JSON.parse(Buffer.concat([...pieces]).toString());

describe('a whole frame', () => {
  test('R7: is built once for all who send it at the same time, and its memory comes back', () => {
    const memory = new ImageMemory(PLENTY_BYTES);
    const frames = new ImageFrames(memory);
    const source = new FakeSource();
    const connections = [1, 2, 3].map(() => joinedOutbox({ source, frames }));
    source.show('one');
    for (const { outbox } of connections) outbox.snapshotChanged();
    const sent = new Set(connections.map(({ socket }) => socket.frames[0]));
    const [frame] = sent;
    expect(sent.size).toBe(1);
    expect(frame).toBeInstanceOf(Buffer);
    expect(memory.usedBytes).toBe(frame?.length);
    for (const { socket } of connections) socket.flush();
    expect(memory.usedBytes).toBe(0);
    const later = frames.lease(storedImage('one'));
    expect(memory.usedBytes).toBe(later.byteLength);
  });

  test('R3: is not built for a stalled connection before its turn', () => {
    const memory = new ImageMemory(PLENTY_BYTES);
    const harness = joinedOutbox({ frames: new ImageFrames(memory) });
    harness.stall();
    harness.source.show('one');
    harness.outbox.snapshotChanged();
    expect(memory.usedBytes).toBe(0);
    harness.socket.flush(1);
    expect(memory.usedBytes).toBeGreaterThan(0);
    harness.socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: a lease that is released twice frees only its own memory', () => {
    const memory = new ImageMemory(PLENTY_BYTES);
    const frames = new ImageFrames(memory);
    const [one, two] = [frames.lease(storedImage('a')), frames.lease(storedImage('b'))];
    one.release();
    one.release();
    expect(memory.usedBytes).toBe(two.byteLength);
    two.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('W4: holds the bytes of a view, not those of the buffer around it', () => {
    const { bytes } = imageOf('whole', 100);
    const image = { ...storedImage('view'), bytes: bytes.subarray(10, 60) };
    const { data } = messageOf(new ImageFrames(new ImageMemory(PLENTY_BYTES)).lease(image));
    expect(Buffer.from(data, 'base64').equals(bytes.subarray(10, 60))).toBe(true);
  });
});

describe('a message that memory has no place for as a whole', () => {
  const PIECE_BYTES = 48 * 1024;
  const big = { byteLength: 200_000 };

  test.each([1, 2, 3, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 200_001])(
    'R7 W4: %i bytes go out in pieces, as the same message',
    (byteLength) => {
      const memory = new ImageMemory(byteLength);
      const image = storedImage('a', { byteLength, memory });
      const whole = new ImageFrames(new ImageMemory(PLENTY_BYTES)).lease(image);
      const inPieces = new ImageFrames(memory).lease(image);
      expect(inPieces.byteLength).toBe(whole.byteLength);
      expect(messageOf(inPieces)).toEqual(messageOf(whole));
      expect(memory.usedBytes).toBe(byteLength);
    },
  );

  test.each(['sent', 'closed'] as const)('R7: an image that is dropped meanwhile is free when it is %s', (end) => {
    const memory = new ImageMemory(300_000);
    const image = storedImage('big', { ...big, memory });
    const { source, outbox, socket } = joinedOutbox({ frames: new ImageFrames(memory) });
    source.images.set('big', image);
    outbox.want(['big']);
    socket.flush(2);
    image.reservation.release();
    expect(memory.usedBytes).toBe(big.byteLength);
    if (end === 'closed') socket.readyState = 3;
    socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7: previews that are still being sent count once for all who send them', () => {
    const memory = new ImageMemory(6_000);
    const previews = ['one', 'two'].map((imageId) => storedImage(imageId, { kind: 'partial', memory }));
    const frames = new ImageFrames(memory);
    const leases = [...previews, ...previews].map((preview) => frames.lease(preview));
    for (const { reservation } of previews) reservation.release(); // Newer ones have taken their place.
    expect(memory.usedBytes).toBe(6_000);
    for (const lease of leases) lease.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('W6: answers come behind it, never within', () => {
    const harness = joinedOutbox({ frames: new ImageFrames(new ImageMemory(0)) });
    harness.source.images.set('big', storedImage('big', big));
    harness.outbox.want(['big']);
    for (const commandId of ['a', 'b', 'c']) {
      harness.outbox.send({ type: 'ack', commandId, revision: 1 });
      harness.outbox.sendHeartbeat();
      harness.socket.flush(1);
    }
    expect(harness.allTypes()).toEqual(['heartbeat', 'image', 'ack', 'ack', 'ack']);
  });
});
