import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { upgradeStatus } from '../support/raw-client.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import { bytesOf } from '../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;

test('R6: a running generation comes to its end, then everybody is told to come back and closed with 1012', async () => {
  const { app, client, generator } = await startServer();
  const [ana, eve, idle] = [client(), client(), await client().open()] as const;
  const { sessionId } = await ana.join();
  await eve.join({ sessionId });
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const drained = app.drain();
  const bytes = drawing.finish(imageOf('a cat', 1_000_000));
  for (const one of [ana, eve]) {
    expect(await one.closed()).toEqual({ code: 1012, reason: 'restart' });
    expect(one.last('snapshot').stage).toBe('user_feedback');
    expect(bytesOf(one.last('image')).equals(bytes)).toBe(true);
    const goodbye = one.received.at(-1);
    expect(goodbye).toMatchObject({ type: 'goodbye', reason: 'restart', reconnectInMs: expect.any(Number) });
  }
  expect((await idle.closed()).code).toBe(1012);
  await drained;
  expect(app.server.listening).toBe(false);
});

test('R6: a tab that is still receiving the last image gets it whole, with its snapshot, before the goodbye', async () => {
  const clock = new FakeClock();
  const { app, client, generator } = await startServer({ clock });
  const [ana, ben] = [client(), client()] as const;
  const { sessionId } = await ana.join();
  await ben.join({ sessionId });
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  ana.socket.pause();
  const drained = app.drain();
  const bytes = drawing.finish(imageOf('a cat', 16_000_000));
  await ben.stage('user_feedback');
  clock.advance(500);
  ana.socket.resume();
  await ana.stage('user_feedback');
  clock.advance(500);
  expect((await ana.closed()).code).toBe(1012);
  expect(bytesOf(ana.last('image')).equals(bytes)).toBe(true);
  expect(ana.received.at(-1)).toMatchObject({ type: 'goodbye' });
  await ben.closed();
  clock.advance(1_000);
  await drained;
});

test('R6: a tab too slow to get all before the drain ends is told goodbye all the same', async () => {
  const clock = new FakeClock();
  const { app, client, generator } = await startServer({ clock });
  const [ana, ben] = [client(), client()] as const;
  const { sessionId } = await ana.join();
  await ben.join({ sessionId });
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  ana.socket.pause();
  drawing.finish(imageOf('a cat', 16_000_000));
  await ben.stage('user_feedback');
  const drained = app.drain();
  clock.advance(8_000);
  await ben.closed();
  ana.socket.resume();
  expect((await ana.closed()).code).toBe(1012);
  expect(ana.received.at(-1)).toMatchObject({ type: 'goodbye', reason: 'restart' });
  clock.advance(1_000);
  await drained;
});

test('R6: while it drains, new work is refused: commands server_busy, upgrades 503, /readyz 503', async () => {
  const { app, client, generator, port, address } = await startServer();
  const [ana, ben] = [client(), client()] as const;
  await ana.join();
  await ben.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const drained = app.drain();
  ben.send(A_CAT);
  expect(await ben.answer('go')).toMatchObject({ code: 'server_busy' });
  expect(await upgradeStatus(port)).toBe(503);
  const ready = await fetch(`${address}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }]);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  drawing.finish();
  await drained;
});

test('R6: a generation that does not end is given up after 8 s, and its upstream request is closed', async () => {
  const clock = new FakeClock();
  const { app, client, generator } = await startServer({ clock });
  const ana = client();
  await ana.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const drained = app.drain();
  clock.advance(7_900);
  await ana.fence();
  expect(drawing.signal.aborted).toBe(false);
  clock.advance(100);
  expect((await ana.closed()).code).toBe(1012);
  clock.advance(1_000);
  await drained;
  expect(drawing.signal.aborted).toBe(true);
});

test('R6: what waits in the queue is served too, and clients come back each at a moment of its own', async () => {
  const { app, client, generator } = await startServer({ limits: { CONCURRENT_CANDIDATES: 1 } });
  const clients = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const one = client();
      await one.join();
      return one;
    }),
  );
  for (const one of clients.slice(0, 2)) {
    one.send(A_CAT);
    await one.answer('go');
  }
  const drained = app.drain();
  (await generator.drawing(0)).finish();
  (await generator.drawing(1)).finish();
  for (const one of clients) await one.closed();
  for (const one of clients.slice(0, 2)) expect(one.last('snapshot').stage).toBe('user_feedback');
  const waits = clients.map((one) => one.last('goodbye').reconnectInMs);
  expect(new Set(waits).size).toBeGreaterThan(4);
  await drained;
});

test('a drain may be asked for twice', async () => {
  const { app, client } = await startServer();
  const ana = client();
  await ana.join();
  await Promise.all([app.drain(), app.drain()]);
  expect((await ana.closed()).code).toBe(1012);
});

test('R6: many are asked to come back within 5 s, and at moments that are spread over them', async () => {
  const { app, client } = await startServer({ limits: { SESSION_BURST_PER_ADDRESS: 100 } });
  const clients = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const one = client();
      await one.join();
      return one;
    }),
  );
  await app.drain();
  await Promise.all(clients.map((one) => one.closed()));
  const waits = clients.map((one) => one.last('goodbye').reconnectInMs ?? Number.NaN);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  // By chance alone, one time in 10,000 a second of the five has fewer than 6 of a hundred.
  const perSecond = [0, 1, 2, 3, 4].map((second) => waits.filter((wait) => Math.floor(wait / 1_000) === second).length);
  expect(Math.min(...perSecond)).toBeGreaterThan(3);
});

test('R6: who never reads holds nobody up: after 9 s the server has stopped', async () => {
  const clock = new FakeClock();
  const { app, client, generator } = await startServer({ clock });
  const [ana, deaf] = [client(), client()] as const;
  const { sessionId } = await ana.join();
  await deaf.join({ sessionId });
  deaf.socket.pause();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('a cat', 16_000_000));
  await ana.stage('user_feedback');
  const drained = app.drain();
  clock.advance(7_900);
  await ana.fence();
  clock.advance(100);
  expect((await ana.closed()).code).toBe(1012);
  clock.advance(1_000);
  await drained;
  expect(app.server.listening).toBe(false);
});
