import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SocketWriter } from '../../../../server/ws/socket-writer.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeWebSocket } from '../../../support/fake-web-socket.ts';

const CAP = 1_000;
const BEAT_MS = 5_000;

function createWriter() {
  const clock = new FakeClock();
  const socket = new FakeWebSocket();
  const writer = new SocketWriter(socket.asWebSocket, socket, clock, CAP, randomUUID);
  const calls = { onCapacity: 0 };
  writer.onCapacity = () => {
    calls.onCapacity += 1;
  };
  /** The peer's time is up exactly `ms` from now. */
  const expectPatience = (ms: number) => {
    clock.advance(ms - 1);
    expect(writer.remainingPatienceMs).toBeGreaterThan(0);
    clock.advance(1);
    expect(writer.remainingPatienceMs).toBe(0);
  };
  return { clock, socket, writer, calls, expectPatience };
}

describe('capacity', () => {
  test('R3: ends above the cap, and is reported when it is back', () => {
    const { socket, writer, calls } = createWriter();
    writer.send('x'.repeat(CAP));
    expect(writer.hasCapacity).toBe(true);
    writer.send('y');
    expect([writer.hasCapacity, calls.onCapacity]).toEqual([false, 0]);
    socket.flush(1);
    expect([writer.hasCapacity, calls.onCapacity]).toEqual([true, 1]);
  });

  test('R3: is counted in bytes, not in characters', () => {
    const { writer } = createWriter();
    writer.send('é'.repeat(CAP / 2 + 1));
    expect(writer.hasCapacity).toBe(false);
  });

  test('a socket that is not open has none, and is not pinged', () => {
    const { socket, writer } = createWriter();
    socket.readyState = 3;
    expect([writer.ping(), writer.hasCapacity, socket.pings]).toEqual([undefined, false, []]);
  });

  test('a message in pieces leaves none until its last piece is taken', () => {
    const { socket, writer } = createWriter();
    let sent = 0;
    writer.sendPieces([Buffer.from('on'), Buffer.from('e')], 3, () => {
      sent += 1;
    });
    expect([sent, writer.hasCapacity, writer.isBetweenMessages, writer.isEmpty]).toEqual([0, false, false, false]);
    socket.flush();
    expect([sent, writer.hasCapacity, writer.isBetweenMessages, writer.isEmpty]).toEqual([1, true, true, true]);
    expect(socket.frames.map(String)).toEqual(['one']);
  });
});

describe('confirmation', () => {
  test('R3: a long message is confirmed by the answer to the ping behind it, which is reported', () => {
    const { socket, writer, calls } = createWriter();
    writer.ping();
    writer.sendAndConfirm(Buffer.alloc(CAP));
    expect([writer.isConfirmed, socket.pings.length]).toEqual([false, 2]);
    socket.flush();
    socket.pong(socket.pings[0]);
    expect([writer.isConfirmed, calls.onCapacity]).toEqual([false, 1]);
    socket.pong(socket.pings[1]);
    expect([writer.isConfirmed, calls.onCapacity]).toEqual([true, 2]);
  });

  test('R3: the answer to a later ping confirms it too, and only the last message counts', () => {
    const { socket, writer } = createWriter();
    writer.sendAndConfirm(Buffer.alloc(CAP));
    writer.ping();
    socket.pong();
    expect(writer.isConfirmed).toBe(true);
    writer.sendAndConfirm(Buffer.alloc(CAP));
    const first = socket.pings.at(-1);
    writer.sendAndConfirm(Buffer.alloc(CAP));
    socket.pong(first);
    expect(writer.isConfirmed).toBe(false);
    socket.pong();
    expect(writer.isConfirmed).toBe(true);
  });

  test('R3: a short message, or one on a closed socket, needs none', () => {
    const { socket, writer } = createWriter();
    writer.sendAndConfirm(Buffer.alloc(CAP / 4));
    expect([writer.isConfirmed, socket.pings]).toEqual([true, []]);
    socket.readyState = 3;
    writer.sendAndConfirm(Buffer.alloc(CAP));
    expect(writer.isConfirmed).toBe(true);
  });
});

describe('R4: announcing long messages', () => {
  test('R4: a heartbeat with the length comes directly before a message over 64 KiB', () => {
    const { socket, writer } = createWriter();
    const [longest, longer] = [' '.repeat(64 * 1024), ' '.repeat(64 * 1024 + 1)];
    writer.send(longest);
    writer.send(longer);
    expect(socket.frames).toHaveLength(3);
    expect([socket.frames[0], socket.frames[2]]).toEqual([longest, longer]);
    expect(JSON.parse(String(socket.frames[1]))).toEqual({ type: 'heartbeat', nextBytes: longer.length });
  });
});

describe('R4: how long a silent peer is waited for', () => {
  test('R4: 10 s when no bytes are on their way, whatever happens to the machine’s clock', () => {
    createWriter().expectPatience(10_000);
    for (const ms of [-3_600_000, 3_600_000]) {
      const { clock, expectPatience } = createWriter();
      clock.set(ms);
      expectPatience(10_000);
    }
  });

  test('R4: as long as it answers, and 10 s more', () => {
    const { clock, socket, writer, expectPatience } = createWriter();
    for (let beat = 0; beat < 20; beat += 1) {
      clock.advance(BEAT_MS);
      writer.ping();
      socket.pong();
    }
    expectPatience(10_000);
  });

  test('R4: longer by the bytes on their way at 16 KiB a second, though the kernel has taken them', () => {
    const { socket, writer, expectPatience } = createWriter();
    writer.send(' '.repeat(32 * 1024));
    socket.flush();
    expectPatience(12_000);
  });

  test('R4: the answer to a ping takes off the bytes that were written before it', () => {
    const { socket, writer, expectPatience } = createWriter();
    writer.send(' '.repeat(32 * 1024));
    writer.ping();
    writer.send(' '.repeat(16 * 1024));
    writer.ping();
    expect(socket.pings.map((payload) => Number.parseInt(payload, 10))).toEqual([32 * 1024, 48 * 1024]);
    socket.pong(socket.pings[0]);
    expectPatience(11_000);
  });

  test('R4: the answer to the last ping answers those before it', () => {
    const { socket, writer, expectPatience } = createWriter();
    writer.ping();
    writer.send(' '.repeat(16 * 1024));
    writer.ping();
    socket.pong();
    socket.pong(socket.pings[0]);
    expectPatience(10_000);
  });

  test('R4: 4 MB at 1 Mbit/s arrive without the peer being given up', () => {
    const { clock, socket, writer } = createWriter();
    writer.send(' '.repeat(4_000_000));
    const arrivesAfterMs = (4_000_000 * 8) / 1_000;
    for (let passed = 0; passed < arrivesAfterMs; passed += BEAT_MS) {
      expect(writer.remainingPatienceMs).toBeGreaterThan(0);
      writer.ping();
      clock.advance(BEAT_MS);
    }
    socket.pong(socket.pings[0]);
    expect(writer.remainingPatienceMs).toBeGreaterThan(0);
  });

  test.each(['', 'abc', '-1', '1e99', 'NaN', '0', '2', '2 guessed'])(
    'R4: a pong that answers no ping does not count: %j',
    (payload) => {
      const { clock, socket, writer } = createWriter();
      writer.send('{}');
      writer.ping();
      socket.pong();
      for (let beat = 0; beat < 2; beat += 1) {
        clock.advance(BEAT_MS);
        writer.ping();
        socket.pong(payload);
        socket.pong(socket.pings[0]); // It was answered before.
      }
      expect(writer.remainingPatienceMs).toBe(0);
    },
  );
});
