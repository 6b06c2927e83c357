/** S4: what connections may cost that send requests and read nothing, or send nothing at all. */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { rawClient, upgraded } from '../../support/raw-client.ts';
import { imageOf } from '../../support/scripted-generator.ts';
import { startServer, startSession } from '../../support/server.ts';

const MiB = 1024 * 1024;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** A connection that stays until the test ends it. */
async function connect(port: number) {
  const socket = await rawClient(port);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Resolves when the server has closed it. */
function closed(socket: Awaited<ReturnType<typeof connect>>): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('end', resolve).once('close', () => resolve()));
}

test('S4: a connection with too many unanswered requests is closed, and others are served', async () => {
  const { port, address, metrics, sockets } = await startServer({ limits: { REQUESTS_PER_HTTP_CONNECTION: 4 } });
  const pipelining = await connect(port);
  pipelining.write(get('/embed.js').repeat(2_000));
  await closed(pipelining);
  expect((await fetch(`${address}/embed.js`)).status).toBe(200);
  expect((await metrics())['proofroom_refusals_total{code="http_429"}']).toBe(1);
  expect([...sockets].every(({ writableLength }) => writableLength < MiB)).toBe(true);
});

test('a connection that reads its answers may send any number of requests', async () => {
  const { port } = await startServer({ limits: { REQUESTS_PER_HTTP_CONNECTION: 4 } });
  const socket = await connect(port);
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  for (let count = 1; count <= 20; count += 1) {
    socket.write(get('/healthz'));
    await expect.poll(() => text.split('{"status":"ok"}').length - 1).toBe(count);
  }
});

test('S4: connections of one address are capped, and a WebSocket does not count among them', async () => {
  const { port, metrics, sockets } = await startServer({ limits: { HTTP_CONNECTIONS_PER_ADDRESS: 2 } });
  for (let count = 0; count < 3; count += 1) {
    const webSocket = await upgraded(port);
    onTestFinished(() => void webSocket.destroy());
  }
  const open = [await connect(port), await connect(port)];
  await expect.poll(() => sockets.size).toBe(5);
  await closed(await connect(port));
  open[0]?.destroy();
  await expect.poll(() => sockets.size).toBe(4);
  expect((await metrics())['proofroom_refusals_total{code="http_connection"}']).toBe(1);
});

test('S4 S8: behind a trusted proxy, from which all connections come, only their number in all is capped', async () => {
  const limits = { HTTP_CONNECTIONS_PER_ADDRESS: 1, HTTP_CONNECTIONS: 3 };
  const { port, sockets } = await startServer({ trustProxy: true, limits });
  for (let count = 0; count < 3; count += 1) await connect(port);
  await expect.poll(() => sockets.size).toBe(3);
  await closed(await connect(port));
});

test('R7: readers of one image share its bytes, and those of one address are limited', async () => {
  const readers = 6;
  const { port, ana, generator, sessionId, address, sockets, metrics } = await startSession({
    limits: { IMAGE_READERS_PER_ADDRESS: readers },
  });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  (await generator.drawing(0)).finish(imageOf('large', 16 * MiB));
  const { image } = await ana.stage('user_feedback');
  const path = `/api/sessions/${sessionId}/images/${image.imageId}`;
  const before = process.memoryUsage();
  for (let count = 0; count < readers; count += 1) {
    const reader = await connect(port);
    reader.write(get(path));
    await once(reader, 'readable');
  }
  // With a copy for each reader it would be six images. The clients of this process have buffers, too.
  const { arrayBuffers } = process.memoryUsage();
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan((readers / 2) * 16 * MiB);
  expect([...sockets].every(({ writableLength }) => writableLength < MiB)).toBe(true);
  const refused = await fetch(address + path);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  // A cache must not take the refusal for the image.
  expect([refused.headers.get('etag'), refused.headers.get('cache-control')]).toEqual([null, null]);
  const held = await fetch(address + path, { headers: { 'If-None-Match': '*' }, cache: 'no-store' });
  expect(held.status, 'nothing is read where the client has the image').toBe(304);
  expect((await metrics()).proofroom_image_bytes).toBe(16 * MiB);
});
