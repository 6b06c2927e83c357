/** R6: how a server stops, with clients on real sockets. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { upgradeStatus } from '../../support/raw-client.ts';
import { imageOf } from '../../support/scripted-generator.ts';
import { startServer, startSession } from '../../support/server.ts';
import { bytesOf } from '../../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;
/** More than the kernel takes for a client that does not read. */
const LARGE_BYTES = 16_000_000;

async function advanceUntil(clock: FakeClock, promise: Promise<void>): Promise<void> {
  let isPending = true;
  void promise.finally(() => {
    isPending = false;
  });
  while (isPending) {
    clock.advance(50);
    await setImmediate();
  }
}

test('R6: running and queued generations end first, then every client is told when to come back, and closed with 1012', async () => {
  const { ana, ben, client, generator, proofroom, logged, metrics } = await startSession({
    limits: { CONCURRENT_CANDIDATES: 1 },
  });
  const [waiting, unjoined] = [client(), await client().open()];
  await waiting.join();
  for (const one of [ana, waiting]) {
    one.send(A_CAT);
    await one.answer('go');
  }
  const drained = proofroom.drain();
  expect(proofroom.drain()).toBe(drained);
  const bytes = (await generator.drawing(0)).finish(imageOf('a cat', 1_000_000));
  (await generator.drawing(1)).finish();
  for (const one of [ana, ben, waiting, unjoined]) {
    expect(await one.closed()).toEqual({ code: 1012, reason: 'restart' });
    expect(one.received.at(-1)).toMatchObject({ type: 'goodbye', reason: 'restart' });
    expect(one.last('goodbye').reconnectInMs).toBeGreaterThanOrEqual(0);
    expect(one.last('goodbye').reconnectInMs).toBeLessThanOrEqual(5_000);
  }
  for (const one of [ana, ben]) expect(bytesOf(one.last('image')).equals(bytes)).toBe(true);
  for (const one of [ana, ben, waiting]) expect(one.last('snapshot').stage).toBe('user_feedback');
  await drained;
  expect(logged('session ended')).toMatchObject([{ reason: 'shutdown' }, { reason: 'shutdown' }]);
  expect(await metrics()).toMatchObject({ proofroom_connections: 0, proofroom_image_bytes: 0 });
});

test('R6: clients are told to come back at different moments', async () => {
  const { client, proofroom } = await startServer();
  const clients = Array.from({ length: 20 }, () => client());
  await Promise.all(clients.map((one) => one.open()));
  await proofroom.drain();
  await Promise.all(clients.map((one) => one.closed()));
  const waits = clients.map((one) => one.last('goodbye').reconnectInMs ?? expect.fail('no time to come back at'));
  expect(new Set(waits).size).toBeGreaterThan(10);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(1_000);
});

test('R6: a draining server refuses new work, and its readiness says so', async () => {
  const { ana, client, generator, port, address, proofroom } = await startSession();
  const ben = client();
  await ben.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const drained = proofroom.drain();
  ben.send(A_CAT);
  expect(await ben.answer('go')).toMatchObject({ code: 'server_busy' });
  expect(await upgradeStatus(port)).toBe(503);
  const ready = await fetch(`${address}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }]);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  drawing.finish();
  await drained;
});

test('R6: a generation that has not ended after 8 s is aborted with its session', async () => {
  const clock = new FakeClock();
  const { ana, ben, generator, proofroom } = await startSession({ clock });
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const drained = proofroom.drain();
  clock.advance(7_900);
  await ana.roundTrip();
  expect(drawing.signal.aborted).toBe(false);
  clock.advance(100);
  for (const one of [ana, ben]) expect((await one.closed()).code).toBe(1012);
  await advanceUntil(clock, drained);
  expect(drawing.signal.aborted).toBe(true);
});

test('R6 W3: a client that is still receiving the last image gets all of it, and its snapshot, before the goodbye', async () => {
  const clock = new FakeClock();
  const { ana, ben, generator, proofroom } = await startSession({ clock });
  ben.socket.pause();
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).finish(imageOf('a cat', LARGE_BYTES));
  await ana.stage('user_feedback');
  const drained = proofroom.drain();
  clock.advance(500);
  ben.socket.resume();
  await ben.stage('user_feedback');
  await ben.roundTrip();
  clock.advance(500);
  expect((await ben.closed()).code).toBe(1012);
  expect(bytesOf(ben.last('image')).equals(bytes)).toBe(true);
  expect(ben.received.at(-1)).toMatchObject({ type: 'goodbye' });
  await ana.closed();
  await advanceUntil(clock, drained);
});

test('R3 R6: a client that does not read delays the end by 9 s at most, and is told goodbye if it reads then', async () => {
  const clock = new FakeClock();
  const { ana, ben, client, generator, sessionId, proofroom } = await startSession({ clock });
  const late = client();
  await late.join({ sessionId });
  for (const one of [ben, late]) one.socket.pause();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('a cat', LARGE_BYTES));
  await ana.stage('user_feedback');
  const startedAt = clock.monotonic();
  const drained = proofroom.drain();
  clock.advance(7_900);
  await ana.roundTrip();
  clock.advance(100);
  expect((await ana.closed()).code).toBe(1012);
  late.socket.resume();
  expect((await late.closed()).code).toBe(1012);
  expect(late.received.at(-1)).toMatchObject({ type: 'goodbye', reason: 'restart' });
  await advanceUntil(clock, drained);
  // The graces, and one more look for the end of the hooks.
  expect(clock.monotonic() - startedAt).toBeLessThanOrEqual(9_100);
});
