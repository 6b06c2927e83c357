/** Limits of a connection that real sockets and the real `ws` enforce. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { frame } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

test('S4 W7: a message of 64 KiB is read, a longer one closes with 1009 and is counted', async () => {
  const { client, metrics, logged } = await startServer();
  const ana = client();
  await ana.join();
  const message = (length: number) => JSON.stringify({ type: 'draft', text: 'short', draftId: 'one' }).padEnd(length);
  ana.sendText(message(64 * 1024));
  await ana.until('draft');
  ana.sendText(message(64 * 1024 + 1));
  expect((await ana.closed()).code).toBe(1009);
  expect((await metrics())['proofroom_refusals_total{code="closed_1009"}']).toBe(1);
  expect(logged('connection refused')).toMatchObject([{ code: 1009 }]);
});

test('S4 W7: a message in 32 frames is read; the 33rd frame closes with 1008', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  const text = JSON.stringify({ type: 'draft', text: 'in pieces', draftId: 'one' }).padEnd(64);
  for (let at = 0; at < 32; at += 1) ana.socket.send(text.slice(2 * at, 2 * at + 2), { fin: at === 31 });
  expect(await ana.until('draft')).toMatchObject({ text: 'in pieces' });
  for (let at = 0; at < 33; at += 1) ana.socket.send(' ', { fin: false });
  expect((await ana.closed()).code).toBe(1008);
});

test('S4 W7: a frame in a thousand chunks is read; one in more than 1,024 closes with 1008', async () => {
  const { client, sockets } = await startServer();
  const ana = client();
  await ana.join();
  // A chunk is what one read of the socket returns; the kernel joins bytes that are sent quickly.
  const receive = (bytes: Buffer) => {
    for (const socket of sockets) for (const byte of bytes) socket.emit('data', Buffer.of(byte));
  };
  receive(frame(JSON.stringify({ type: 'draft', text: 'x'.repeat(900), draftId: 'one' })));
  await ana.until('draft');
  receive(frame('x'.repeat(1_100)).subarray(0, 1_090));
  expect((await ana.closed()).code).toBe(1008);
});

test('S4 W7: 15 messages before the join are rejected, and the join holds; the 16th closes with 1008', async () => {
  const { client, metrics } = await startServer();
  const [ana, ben] = [await client().open(), await client().open()] as const;
  for (let count = 0; count < 15; count += 1) ana.sendText('{}');
  await ana.join();
  for (let count = 0; count < 16; count += 1) ben.sendText('{}');
  ben.send({ type: 'join' });
  expect((await ben.closed()).code).toBe(1008);
  expect([ana, ben].map((one) => one.of('reject').length)).toEqual([15, 16]);
  expect(ben.of('welcome')).toEqual([]);
  expect((await metrics())['proofroom_refusals_total{code="closed_1008"}']).toBe(1);
});

test('S4 W7: a connection that has not joined after 5 s is closed with 4408, whatever else it has sent', async () => {
  const clock = new FakeClock();
  const { client, metrics } = await startServer({ clock });
  const [ana, ben] = [await client().open(), client()] as const;
  await ben.join();
  ana.sendText('{}');
  await ana.until('reject');
  clock.advance(4_999);
  expect(ana.socket.readyState).toBe(ana.socket.OPEN);
  clock.advance(1);
  expect((await ana.closed()).code).toBe(4408);
  await ben.roundTrip();
  expect((await metrics())['proofroom_refusals_total{code="closed_4408"}']).toBe(1);
});

test('R4 W7: a peer that answers no ping is closed with 4408 after 10 s and counted, one that answers stays', async () => {
  const clock = new FakeClock();
  const { client, metrics } = await startServer({ clock });
  const [alive, dead] = [client(), client()] as const;
  await alive.join();
  await dead.join();
  stopAnsweringPings(dead);
  for (let beat = 0; beat < 2; beat += 1) {
    const pinged = once(alive.socket, 'ping');
    clock.advance(5_000);
    await pinged;
    await Promise.all([alive.roundTrip(), dead.roundTrip()]);
  }
  // A moment more than 10 s, for the bytes that were sent meanwhile.
  clock.advance(500);
  expect((await dead.closed()).code).toBe(4408);
  await alive.roundTrip();
  expect(alive.of('heartbeat')).toHaveLength(2);
  expect((await metrics()).proofroom_silent_connections_total).toBe(1);
});

/** `ws` answers pings by itself, and has no option against it after the handshake. */
function stopAnsweringPings({ socket }: WsClient): void {
  Reflect.set(socket, '_autoPong', false);
}

test('S4: a flood of rejected messages and broken frames from many connections is counted, and hardly logged', async () => {
  const { client, logs, metrics } = await startServer({ clock: new FakeClock() });
  const [connections, rejections] = [20, 25];
  const { sessionId } = await client().join();
  for (let count = 0; count < connections; count += 1) {
    const stranger = client();
    await stranger.join({ sessionId });
    for (let message = 0; message < rejections; message += 1) stranger.sendText('no JSON');
    await stranger.roundTrip();
    const socket: { write(data: Uint8Array): void } = Reflect.get(stranger.socket, '_socket');
    socket.write(frame('x', UNKNOWN_OPCODE));
    await stranger.closed();
  }
  const counts = await metrics();
  expect(counts.proofroom_socket_errors_total).toBe(connections);
  expect(counts['proofroom_refusals_total{code="invalid_message"}']).toBe(connections * rejections);
  // A burst of 100 lines, and a few that say how many were withheld.
  expect(logs.filter((line) => JSON.parse(line).level > DEBUG).length).toBeLessThan(110);
});

const UNKNOWN_OPCODE = 3;
/** The number of pino's level. */
const DEBUG = 20;
