import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { frame } from '../support/raw-client.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';

test('a message of 64 KiB is read, a bigger one closes with 1009', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  const filler = (length: number) => `{"type":"draft","text":"fits","filler":"${'x'.repeat(length)}"}`;
  const most = 64 * 1024 - filler(0).length;
  ana.sendText(filler(most));
  await ana.fence();
  expect(ana.of('reject')).toHaveLength(1);
  ana.sendText(filler(most + 1));
  expect((await ana.closed()).code).toBe(1009);
});

test('S4 a message in 32 frames is read, one in more closes with 1008 before all of it is here', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  const text = JSON.stringify({ type: 'draft', text: 'in pieces', draftId: 'one' }).padEnd(64);
  for (let at = 0; at < 32; at += 1) ana.socket.send(text.slice(2 * at, 2 * at + 2), { fin: at === 31 });
  expect(await ana.until('draft')).toMatchObject({ text: 'in pieces' });
  for (let at = 0; at < 33; at += 1) ana.socket.send(' ', { fin: false });
  expect((await ana.closed()).code).toBe(1008);
});

test('S4 a frame in many pieces is read, one in more than 1,024 closes with 1008 before all of it is here', async () => {
  const { client, sockets } = await startServer();
  const ana = client();
  await ana.join();
  // As the kernel hands the bytes over when they come far enough apart.
  const arrives = (bytes: Buffer) => {
    for (const socket of sockets) for (const byte of bytes) socket.emit('data', Buffer.of(byte));
  };
  arrives(frame(JSON.stringify({ type: 'draft', text: 'x'.repeat(900), draftId: 'one' })));
  await ana.until('draft');
  arrives(frame('x'.repeat(1_100)).subarray(0, 1_090));
  expect((await ana.closed()).code).toBe(1008);
});

test('before the join everything else is rejected, and the 16th such message closes with 1008', async () => {
  const { client } = await startServer();
  const ana = await client().open();
  for (let count = 0; count < 8; count += 1) ana.send({ type: 'cancel', commandId: `${count}` });
  for (let count = 0; count < 8; count += 1) ana.sendText('garbage');
  ana.send({ type: 'join' });
  expect((await ana.closed()).code).toBe(1008);
  expect(ana.of('reject').map(({ code, commandId }) => [code, commandId])).toEqual([
    ...Array.from({ length: 8 }, (_, index) => ['not_joined', `${index}`]),
    ...Array.from({ length: 8 }, () => ['invalid_message', undefined]),
  ]);
  expect(ana.of('welcome')).toEqual([]);
});

test('after 15 rejected messages a join still holds', async () => {
  const { client } = await startServer();
  const ana = await client().open();
  for (let count = 0; count < 15; count += 1) ana.sendText('{}');
  await ana.join();
  expect(ana.of('reject')).toHaveLength(15);
});

test('W7: a refused join closes with its own code, however much was rejected before it', async () => {
  const { client } = await startServer();
  const ana = await client().open();
  for (let count = 0; count < 15; count += 1) ana.sendText('{}');
  ana.send({ type: 'join', sessionId: 'nowhere' });
  expect((await ana.closed()).code).toBe(4404);
});

test('messages sent together with the join are held and answered after it', async () => {
  const { client } = await startServer();
  const ana = await client().open();
  ana.send({ type: 'join' });
  for (let count = 0; count < 18; count += 1) ana.send({ type: 'cancel', commandId: `${count}` });
  await ana.answer('17');
  expect(ana.received[0]?.type).toBe('welcome');
  expect(ana.answers().map(({ commandId }) => commandId)).toEqual(Array.from({ length: 18 }, (_, index) => `${index}`));
});

test('who has not joined 5 s after the open socket is closed with 4408, whatever else was sent', async () => {
  const clock = new FakeClock();
  const { client } = await startServer({ clock });
  const ana = await client().open();
  const ben = client();
  await ben.join();
  ana.sendText('{}');
  await ana.until('reject');
  clock.advance(4_999);
  ana.sendText('{}');
  await ana.until('reject');
  clock.advance(1);
  expect((await ana.closed()).code).toBe(4408);
  await ben.fence();
});

test('R4: a peer that answers no ping is closed with 4408 after 10 s, one that answers stays', async () => {
  const clock = new FakeClock();
  const { client } = await startServer({ clock });
  const [alive, dead] = [client(), client()] as const;
  await alive.join();
  await dead.join();
  dead.socket.pong = () => undefined;
  Reflect.set(dead.socket, '_autoPong', false);
  for (let beat = 0; beat < 2; beat += 1) {
    const pinged = new Promise((resolve) => alive.socket.once('ping', resolve));
    clock.advance(5_000);
    await pinged;
    await alive.fence();
    await dead.fence();
  }
  clock.advance(5_000);
  expect((await dead.closed()).code).toBe(4408);
  await alive.fence();
  expect(alive.of('heartbeat').length).toBeGreaterThanOrEqual(3);
});

test('R4: a peer that dies between two beats is given up 10 s after its last answer, not at the next beat', async () => {
  const clock = new FakeClock();
  const { client } = await startServer({ clock });
  const ana = client();
  await ana.join();
  Reflect.set(ana.socket, '_autoPong', false);
  const pinged = new Promise<Buffer>((resolve) => ana.socket.once('ping', resolve));
  clock.advance(5_000);
  const payload = await pinged;
  clock.advance(1_000);
  ana.socket.pong(payload);
  await ana.fence();
  clock.advance(9_999);
  await ana.fence();
  // A little more for the bytes that were sent since, at 16 KiB a second.
  clock.advance(100);
  expect((await ana.closed()).code).toBe(4408);
});

test('M7: commands over the bucket are rate_limited, and the same commandId may try again; drafts are counted apart', async () => {
  const clock = new FakeClock();
  const { client } = await startServer({ clock });
  const ana = client();
  await ana.join();
  for (let count = 0; count < 21; count += 1) ana.send({ type: 'cancel', commandId: `${count}` });
  const last = await ana.answer('20');
  expect(last).toMatchObject({ type: 'reject', code: 'rate_limited' });
  expect(ana.of('reject').filter(({ code }) => code === 'rate_limited')).toHaveLength(1);
  ana.send({ type: 'draft', text: 'hello' });
  ana.send({ type: 'want', imageIds: ['x'] });
  await ana.until('reject', ({ code, commandId }) => code === 'rate_limited' && commandId === undefined);

  clock.advance(100);
  ana.send({ type: 'cancel', commandId: '20' });
  await ana.until('reject', ({ code, commandId }) => code === 'wrong_stage' && commandId === '20');
});

test('the connection over a session’s limit is server_busy and closes with 4429; another session is free', async () => {
  const { client } = await startServer({ limits: { CONNECTIONS_PER_SESSION: 2 } });
  const { sessionId, key } = await client().join();
  await client().join({ sessionId });
  const third = await client().open();
  third.send({ type: 'join', sessionId, ...(key !== undefined && { key }) });
  expect((await third.closed()).code).toBe(4429);
  expect(third.received).toMatchObject([{ type: 'reject', code: 'server_busy' }]);
  await client().join();
});

test('sessions over an address’s rate are rate_limited and close with 4429; joining one is free', async () => {
  const clock = new FakeClock();
  const { client } = await startServer({
    clock,
    limits: { SESSION_BURST_PER_ADDRESS: 1, SESSIONS_PER_MINUTE_PER_ADDRESS: 1 },
  });
  const { sessionId } = await client().join();
  const second = await client().open();
  second.send({ type: 'join' });
  expect((await second.closed()).code).toBe(4429);
  expect(second.received).toMatchObject([{ type: 'reject', code: 'rate_limited' }]);
  await client().join({ sessionId });
});

test('a session over the server’s number is server_busy and closes with 4429', async () => {
  const { client } = await startServer({ limits: { SESSIONS: 1 } });
  await client().join();
  const second = await client().open();
  second.send({ type: 'join' });
  expect((await second.closed()).code).toBe(4429);
  expect(second.received).toMatchObject([{ type: 'reject', code: 'server_busy' }]);
});

test('R9: a session that nobody came back to for 30 minutes is gone', async () => {
  const clock = new FakeClock();
  const { client, noSockets } = await startServer({ clock });
  const ana = client();
  const { sessionId } = await ana.join();
  await ana.leave();
  await noSockets();
  clock.advance(30 * 60_000 - 1);
  const back = client();
  await back.join({ sessionId });
  await back.leave();
  await noSockets();
  clock.advance(30 * 60_000);
  const late = await client().open();
  late.send({ type: 'join', sessionId });
  expect((await late.closed()).code).toBe(4404);
});

test('R7: without room for the result a generation is server_busy before it starts; the same id may try again', async () => {
  const { client, generator } = await startServer({ limits: { IMAGE_MEMORY_BYTES: 1_000, UPSTREAM_IMAGE_BYTES: 600 } });
  const [ana, ben] = [client(), client()] as const;
  await ana.join();
  await ben.join();
  ana.send({ type: 'generate', commandId: 'first', prompt: 'p' });
  await ana.stage('generating');
  ben.send({ type: 'generate', commandId: 'second', prompt: 'p' });
  expect(await ben.answer('second')).toMatchObject({ code: 'server_busy' });
  expect(generator.drawings).toHaveLength(1);
  ana.send({ type: 'cancel', commandId: 'stop' });
  await ana.stage('initial_input', ({ revision }) => revision > 0);
  ben.send({ type: 'generate', commandId: 'second', prompt: 'p' });
  await ben.stage('generating');
});

test('R7: an image for whose frame there is no room reaches everybody, without the memory for it', async () => {
  const byteLength = 300_000;
  const limits = { IMAGE_MEMORY_BYTES: 2 * byteLength, UPSTREAM_IMAGE_BYTES: byteLength };
  const server = await startServer({ limits });
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId } = await ana.join();
  await ben.join({ sessionId });
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a large picture' });
  const bytes = (await server.generator.drawing(0)).finish(imageOf('large', byteLength));
  for (const tab of [ana, ben]) {
    const { image } = await tab.stage('user_feedback');
    const { data } = await tab.until('image', ({ imageId }) => imageId === image.imageId);
    expect(Buffer.from(data ?? '', 'base64').equals(bytes)).toBe(true);
  }
  const metrics = await metricsOf(server);
  expect(metrics).toContain(`proofroom_image_bytes ${byteLength}\n`);
});

test('a flood of refusals is counted in full, and does not fill the log', async () => {
  const server = await startServer();
  const ana = server.client();
  await ana.join();
  const floods = 500;
  for (let n = 0; n < floods; n++) ana.sendText('no JSON');
  await ana.fence();
  await ana.leave();
  await server.noSockets();
  const lines = server.logs.map((line) => JSON.parse(line));
  const logged = lines.filter(({ msg }) => msg === 'message refused').length;
  const { count } = lines.find(({ msg }) => msg === 'more messages refused');
  expect(logged).toBeLessThan(floods / 10);
  // The fence's own is among them.
  expect(logged + count).toBe(floods + 1);
  const metrics = await metricsOf(server);
  expect(metrics).toContain(`proofroom_refusals_total{code="invalid_message"} ${floods}\n`);
});

test('a flood of refusals and broken frames from many connections is counted in full, and does not fill the log', async () => {
  const server = await startServer({ clock: new FakeClock() });
  const [connections, refusals] = [40, 25];
  const { sessionId } = await server.client().join();
  for (let n = 0; n < connections; n++) {
    const stranger = server.client();
    await stranger.join({ sessionId });
    for (let message = 0; message < refusals; message++) stranger.sendText('no JSON');
    await stranger.fence();
    Reflect.get(stranger.socket, '_socket').write(frame('x', 3)); // No such opcode.
    await stranger.closed();
  }
  const lines = server.logs.map((line) => JSON.parse(line)).filter(({ level }) => level >= 30);
  expect(lines.length).toBeLessThan(110);
  const metrics = await metricsOf(server);
  expect(metrics).toContain(`proofroom_socket_errors_total ${connections}\n`);
  expect(metrics).toContain(`proofroom_refusals_total{code="invalid_message"} ${connections * refusals}\n`);
});

test('R7: what a slow HTTP reader holds is counted until it has gone, though the session has dropped the image', async () => {
  const byteLength = 15 * 1024 * 1024;
  const server = await startServer();
  const ana = server.client();
  const { sessionId } = await ana.join({ images: 'url' });
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a large picture' });
  (await server.generator.drawing(0)).finish(imageOf('large', byteLength));
  const { image } = await ana.stage('user_feedback');
  const reader = connect(server.port, '127.0.0.1');
  onTestFinished(() => void reader.destroy());
  reader.write(`GET /api/sessions/${sessionId}/images/${image.imageId} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(reader, 'readable'); // And no byte more.
  ana.send({ type: 'start_over', commandId: 'over' });
  await ana.answer('over');
  const counted = async () => /proofroom_image_bytes (\d+)/.exec(await metricsOf(server))?.[1];
  expect(await counted()).toBe(String(byteLength));
  reader.destroy();
  await expect.poll(counted).toBe('0');
  // One that never goes is sent away, and WebSockets are none of them: `ws` takes that time-out off.
  expect(server.app.server.timeout).toBe(30_000);
});

test('R7: a preview that is read slowly over HTTP is counted until it has gone, though newer ones took its place', async () => {
  const byteLength = 15 * 1024 * 1024;
  const server = await startServer();
  const ana = server.client();
  await ana.join({ images: 'url' });
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a large picture' });
  const drawing = await server.generator.drawing(0);
  drawing.preview(imageOf('large', byteLength));
  const { url } = await ana.until('image');
  const reader = connect(server.port, '127.0.0.1');
  onTestFinished(() => void reader.destroy());
  reader.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(reader, 'readable'); // And no byte more.
  drawing.fail(new Error('fault'));
  await ana.stage('initial_input', ({ revision }) => revision > 0);
  const counted = async () => /proofroom_image_bytes (\d+)/.exec(await metricsOf(server))?.[1];
  expect(await counted()).toBe(String(byteLength));
  reader.destroy();
  await expect.poll(counted).toBe('0');
});

test('a flood of refused requests is counted in full, and does not fill the log', async () => {
  const server = await startServer();
  const floods = 300;
  for (let n = 0; n < floods; n++) {
    const stranger = request({ port: server.port, host: '127.0.0.1', headers: { Host: 'elsewhere.example' } });
    const [response] = await once(stranger.end(), 'response');
    response.resume();
  }
  expect(await metricsOf(server)).toContain(`proofroom_refusals_total{code="http_421"} ${floods}\n`);
  expect(server.logs.filter((line) => line.includes('refused')).length).toBeLessThan(floods / 2);
});

test('no more pictures are drawn at once than the session keeps', async () => {
  const { client } = await startServer({ limits: { ATTEMPTS_PER_SESSION: 2 } });
  const ana = client();
  const { generator } = await ana.join();
  expect(generator.supports?.candidates).toBe(2);
  ana.send({ type: 'generate', commandId: 'four', prompt: 'p', options: { candidates: 4 } });
  expect(await ana.answer('four')).toMatchObject({ code: 'invalid_message' });
});

const metricsOf = async ({ address }: { readonly address: string }) => (await fetch(`${address}/metrics`)).text();
