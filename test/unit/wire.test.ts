import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { BEAT_MS, Wire } from '../../server/ws/socket-writer.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PaperSocket } from '../support/fake-web-socket.ts';

const CAP = 1_000;

function wireOnPaper() {
  const clock = new FakeClock();
  const socket = new PaperSocket();
  const wire = new Wire(socket as unknown as WebSocket, clock, CAP, randomUUID);
  return { clock, socket, wire };
}

describe('the cap', () => {
  test('R3 there is room until more than the cap is held, and again when it is gone', () => {
    const { socket, wire } = wireOnPaper();
    let rooms = 0;
    wire.onRoom = () => {
      rooms += 1;
    };
    wire.send('x'.repeat(CAP));
    expect(wire.hasRoom).toBe(true);
    wire.send('y');
    expect([wire.hasRoom, rooms]).toEqual([false, 0]);
    socket.flush(1);
    expect([wire.hasRoom, rooms]).toEqual([true, 1]);
  });

  test('a socket that is no longer open has no room, and is not pinged', () => {
    const { socket, wire } = wireOnPaper();
    socket.readyState = 3;
    wire.ping();
    expect([wire.hasRoom, socket.pings]).toEqual([false, []]);
  });

  test('bytes are counted, not characters', () => {
    const { wire } = wireOnPaper();
    wire.send('é'.repeat(CAP / 2 + 1));
    expect(wire.hasRoom).toBe(false);
  });

  test('whoever sends a message in pieces hears of its end, and nothing has room meanwhile', () => {
    const { socket, wire } = wireOnPaper();
    let sent = 0;
    wire.sendPieces([Buffer.from('on'), Buffer.from('e')], 3, () => {
      sent += 1;
    });
    expect([sent, wire.hasRoom, wire.isEmpty]).toEqual([0, false, false]);
    socket.flush();
    expect([sent, wire.hasRoom, wire.isEmpty]).toEqual([1, true, true]);
    expect(socket.frames.map(String)).toEqual(['one']);
  });
});

describe('what is followed', () => {
  test('R3 a big message has arrived when the ping behind it is answered, and then there is room', () => {
    const { socket, wire } = wireOnPaper();
    let rooms = 0;
    wire.onRoom = () => {
      rooms += 1;
    };
    wire.ping();
    wire.sendFollowed(Buffer.alloc(CAP));
    expect([wire.hasArrived, socket.pings.length]).toEqual([false, 2]);
    socket.flush();
    socket.pong(socket.pings[0]);
    expect([wire.hasArrived, rooms]).toEqual([false, 1]);
    socket.pong(socket.pings[1]);
    expect([wire.hasArrived, rooms]).toEqual([true, 2]);
  });

  test('R3 a later answer stands for an earlier one, and the last message is the one that is followed', () => {
    const { socket, wire } = wireOnPaper();
    wire.sendFollowed(Buffer.alloc(CAP));
    wire.ping();
    socket.pong();
    expect(wire.hasArrived).toBe(true);
    wire.sendFollowed(Buffer.alloc(CAP));
    const [, , first] = socket.pings;
    wire.sendFollowed(Buffer.alloc(CAP));
    socket.pong(first);
    expect(wire.hasArrived).toBe(false);
    socket.pong();
    expect(wire.hasArrived).toBe(true);
  });

  test('a small message is not followed, nor is one on a socket that is no longer open', () => {
    const { socket, wire } = wireOnPaper();
    wire.sendFollowed(Buffer.alloc(CAP / 4));
    expect([wire.hasArrived, socket.pings]).toEqual([true, []]);
    socket.readyState = 3;
    wire.sendFollowed(Buffer.alloc(CAP));
    expect([wire.hasArrived, socket.pings]).toEqual([true, []]);
  });
});

describe('R4 liveness', () => {
  test('R4 a frame over 64 KiB is announced with its whole length, directly before it', () => {
    const { socket, wire } = wireOnPaper();
    const frame = ' '.repeat(64 * 1024 + 1);
    wire.send('{}');
    wire.send(frame);
    expect(socket.frames).toHaveLength(3);
    expect(JSON.parse(String(socket.frames[1]))).toEqual({ type: 'heartbeat', nextBytes: frame.length });
    expect(socket.frames[2]).toBe(frame);
  });

  test('R4 a frame of 64 KiB is not', () => {
    const { socket, wire } = wireOnPaper();
    wire.send(' '.repeat(64 * 1024));
    expect(socket.frames).toHaveLength(1);
  });

  test('R4 without bytes on their way, silence for 10 s is death', () => {
    const { clock, wire } = wireOnPaper();
    clock.advance(9_999);
    expect(wire.patienceMs).toBeGreaterThan(0);
    clock.advance(1);
    expect(wire.patienceMs).toBe(0);
  });

  test.each([-3_600_000, 3_600_000])(
    'R4 a machine whose clock is set by %i ms gives nobody up, and keeps no dead peer',
    (ms) => {
      const { clock, wire } = wireOnPaper();
      clock.set(ms);
      clock.advance(9_999);
      expect(wire.patienceMs).toBeGreaterThan(0);
      clock.set(-ms);
      clock.advance(1);
      expect(wire.patienceMs).toBe(0);
    },
  );

  test('R4 a peer that answers is alive for as long as it does', () => {
    const { clock, socket, wire } = wireOnPaper();
    for (let beat = 0; beat < 20; beat++) {
      clock.advance(BEAT_MS);
      wire.ping();
      socket.pong();
      expect(wire.patienceMs).toBeGreaterThan(0);
    }
    clock.advance(10_001);
    expect(wire.patienceMs).toBe(0);
  });

  test('R4 bytes on their way are waited for at 16 KiB a second', () => {
    const { clock, socket, wire } = wireOnPaper();
    wire.ping();
    socket.pong();
    wire.send(' '.repeat(32 * 1024));
    clock.advance(11_999);
    expect(wire.patienceMs).toBeGreaterThan(0);
    clock.advance(1);
    expect(wire.patienceMs).toBe(0);
  });

  test('R4 the payload of a ping begins with the count of bytes so far, and its answer takes them off', () => {
    const { clock, socket, wire } = wireOnPaper();
    wire.send(' '.repeat(32 * 1024));
    wire.ping();
    wire.send(' '.repeat(16 * 1024));
    wire.ping();
    expect(socket.pings.map((payload) => Number.parseInt(payload, 10))).toEqual([32 * 1024, 48 * 1024]);
    socket.pong(socket.pings[0]);
    clock.advance(10_999);
    expect(wire.patienceMs).toBeGreaterThan(0);
    clock.advance(1);
    expect(wire.patienceMs).toBe(0);
  });

  test('R4 a peer that answers the last ping alone has answered those before it', () => {
    const { clock, socket, wire } = wireOnPaper();
    wire.ping();
    wire.send(' '.repeat(16 * 1024));
    wire.ping();
    socket.pong();
    socket.pong(socket.pings[0]);
    clock.advance(9_999);
    expect(wire.patienceMs).toBeGreaterThan(0);
    clock.advance(1);
    expect(wire.patienceMs).toBe(0);
  });

  test('R4 what the kernel has taken still counts as on its way: it says nothing of the peer', () => {
    const { clock, socket, wire } = wireOnPaper();
    wire.send(' '.repeat(160 * 1024));
    socket.flush();
    clock.advance(19_000);
    expect(wire.patienceMs).toBeGreaterThan(0);
  });

  test('R4 4 MB at 1 Mbit/s arrives: no beat on the way finds the peer dead', () => {
    const { clock, socket, wire } = wireOnPaper();
    wire.send(' '.repeat(4_000_000));
    const arrivesAfterMs = (4_000_000 * 8) / 1_000;
    for (let passed = 0; passed < arrivesAfterMs; passed += BEAT_MS) {
      expect(wire.patienceMs).toBeGreaterThan(0);
      wire.ping();
      clock.advance(BEAT_MS);
    }
    socket.pong(socket.pings[0]);
    expect(wire.patienceMs).toBeGreaterThan(0);
  });

  test.each(['', 'abc', '-1', '1e99', 'NaN', '0', '2', '2 guessed'])(
    'R4 pongs that answer no ping of ours keep nobody alive, whatever they count: %j',
    (payload) => {
      const { clock, socket, wire } = wireOnPaper();
      wire.send('{}');
      wire.ping();
      socket.pong();
      const answered = socket.pings[0];
      for (let beat = 0; beat < 3; beat++) {
        clock.advance(BEAT_MS);
        wire.ping();
        socket.pong(payload);
        socket.pong(answered);
      }
      expect(wire.patienceMs).toBe(0);
    },
  );
});
