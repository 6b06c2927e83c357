import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { answerTo, rawClient, statusOf, upgradeRequest, upgradeStatus } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';

test('S1: an upgrade with a foreign Host, without a Host or with two is refused with 421', async () => {
  const { port } = await startServer({ allowedHosts: ['proofroom.example'] });
  expect(await upgradeStatus(port, { host: 'evil.example' })).toBe(421);
  for (const host of ['localhost:3000', '[::1]:3000', 'Proofroom.Example:443']) {
    expect(await upgradeStatus(port, { host }), host).toBe(101);
  }
  const request = upgradeRequest({ host: 'localhost' });
  const [own, foreign] = ['Host: localhost\r\n', 'Host: evil.example\r\n'];
  for (const hosts of ['', own + foreign, foreign + own]) {
    expect(statusOf(await answerTo(port, request.replace(own, hosts))), hosts).toBe(421);
  }
});

test('S1: a foreign Origin is refused with 403, and the log names the variable that would allow it', async () => {
  const { port, logs } = await startServer({ allowedOrigins: ['https://studio.example'] });
  const host = '127.0.0.1:3000';
  expect(await upgradeStatus(port, { host })).toBe(101);
  for (const origin of ['http://127.0.0.1:3000', 'https://studio.example']) {
    expect(await upgradeStatus(port, { host, origin }), origin).toBe(101);
  }
  const foreign = ['https://evil.example', 'http://studio.example', 'http://127.0.0.1:4000', 'null', '', host];
  for (const origin of foreign) expect(await upgradeStatus(port, { host, origin }), origin).toBe(403);
  expect(logs.filter((line) => line.includes('PROOFROOM_ALLOWED_ORIGINS'))).toHaveLength(foreign.length);
});

test('S1: behind a trusted proxy the origin is compared with the forwarded host and scheme, and both hosts must be allowed', async () => {
  const allowedHosts = ['proofroom.example'];
  const { port } = await startServer({ allowedHosts, trustProxy: true });
  const from = (origin: string, ...headers: string[]) =>
    upgradeStatus(port, { host: '10.0.0.7:3000', origin, headers });
  const forwarded = 'X-Forwarded-Host: proofroom.example:8443';
  expect(await from('https://proofroom.example:8443', forwarded)).toBe(101);
  expect(await from('https://proofroom.example:8443', forwarded, 'X-Forwarded-Proto: https')).toBe(101);
  expect(await from('http://proofroom.example:8443', forwarded, 'X-Forwarded-Proto: https')).toBe(403);
  expect(await from('https://proofroom.example:8443')).toBe(403);
  expect(await from('https://proofroom.example', forwarded)).toBe(403);
  // The last entry is the proxy's own; the client may have written the others.
  expect(await from('https://evil.example', 'X-Forwarded-Host: evil.example, proofroom.example')).toBe(403);
  expect(await from('https://evil.example', 'X-Forwarded-Host: evil.example')).toBe(421);
  const direct = await startServer({ allowedHosts });
  const origin = 'https://proofroom.example:8443';
  expect(await upgradeStatus(direct.port, { host: '10.0.0.7', origin, headers: [forwarded] })).toBe(403);
});

test('S1: the log tells a proxy that passes on Host without its port from a foreign page', async () => {
  const { port, logs } = await startServer({ allowedHosts: ['proofroom.example'] });
  const origin = 'https://proofroom.example:8443';
  expect(await upgradeStatus(port, { host: 'proofroom.example', origin })).toBe(403);
  expect(await upgradeStatus(port, { host: 'proofroom.example', origin: 'https://evil.example:8443' })).toBe(403);
  expect(logs.map((line) => JSON.parse(line).msg)).toEqual([
    expect.stringMatching(/Host without its port.*X-Forwarded-Host/),
    expect.stringContaining('PROOFROOM_ALLOWED_ORIGINS'),
  ]);
});

test('proofroom.v1 must be among the offered subprotocols, else 400; it is chosen, and no extension is', async () => {
  const { port } = await startServer();
  for (const protocol of [null, 'chat', 'proofroom.v2, chat']) {
    expect(await upgradeStatus(port, { protocol }), `${protocol}`).toBe(400);
  }
  const request = upgradeRequest({
    protocol: 'chat,proofroom.v1 , x',
    headers: ['Sec-WebSocket-Extensions: permessage-deflate'],
  });
  const answer = await answerTo(port, request);
  expect(answer).toContain('Sec-WebSocket-Protocol: proofroom.v1\r\n');
  expect(answer).not.toMatch(/sec-websocket-extensions/i);
});

test('upgrades are refused in this order, each counted by its status: 421, 404, 403, 400, 429, 503', async () => {
  const { port, client, metrics } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1, CONNECTIONS: 1 } });
  await client().join();
  const wrong = { host: 'evil.example', path: '/ws/', origin: 'https://evil.example', protocol: null };
  expect(await upgradeStatus(port, wrong)).toBe(421);
  expect(await upgradeStatus(port, { ...wrong, host: 'localhost' })).toBe(404);
  expect(await upgradeStatus(port, { ...wrong, host: 'localhost', path: '/ws?x=1' })).toBe(403);
  expect(await upgradeStatus(port, { protocol: null })).toBe(400);
  expect(await upgradeStatus(port)).toBe(429);
  const counts = await metrics();
  for (const status of [421, 404, 403, 400, 429]) {
    expect(counts[`proofroom_refusals_total{code="http_${status}"}`], `${status}`).toBe(1);
  }
  const full = await startServer({ limits: { CONNECTIONS: 1 } });
  await full.client().join();
  expect(await upgradeStatus(full.port)).toBe(503);
  expect((await full.metrics())['proofroom_refusals_total{code="http_503"}']).toBe(1);
});

test('S4: an address over its number of connections gets 429 until one closes; a failed upgrade does not count', async () => {
  const { port, client, sockets } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  const wrongKey = upgradeRequest().replace('Sec-WebSocket-Key: ', 'Sec-WebSocket-Key: !');
  for (let count = 0; count < 3; count += 1) expect(statusOf(await answerTo(port, wrongKey))).toBe(400);
  const ana = await client().open();
  const closed = Promise.all([...sockets].map((socket) => once(socket, 'close')));
  expect(await upgradeStatus(port)).toBe(429);
  await ana.leave();
  await closed;
  await client().join();
});

test('S8: behind a trusted proxy the last forwarded address counts, for connections and for new sessions', async () => {
  const limits = { CONNECTIONS_PER_ADDRESS: 2, SESSION_BURST_PER_ADDRESS: 1 };
  const { port, client } = await startServer({ trustProxy: true, limits });
  const from = (addresses: string) => ({ 'X-Forwarded-For': addresses });
  await client(from('2001:db8::1')).join();
  // An IPv6 address counts as its /64.
  const neighbour = await client(from('192.0.2.1, 2001:DB8:0:0:1::1')).open();
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 192.0.2.1, 2001:db8::2'] })).toBe(429);
  neighbour.send({ type: 'join' });
  expect((await neighbour.until('reject')).code).toBe('rate_limited');
  await client(from('2001:db8::2, 192.0.2.1')).join();
});

test('S8: without a trusted proxy X-Forwarded-For is ignored, with one warning', async () => {
  const { port, client, logs } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  await client({ 'X-Forwarded-For': '192.0.2.1' }).join();
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 192.0.2.2'] })).toBe(429);
  expect(logs.filter((line) => line.includes('PROOFROOM_TRUST_PROXY'))).toHaveLength(1);
});

test('S4: a refused client that keeps its end open does not keep the server’s open', async () => {
  const { port, noSockets } = await startServer();
  const socket = await rawClient(port);
  socket.resume();
  socket.write(upgradeRequest({ origin: 'https://evil.example' }));
  await noSockets();
  socket.destroy();
});

test('S4: a connection that has closed before the host program hands it on does not count', async () => {
  const { client, proofroom } = await startServer({ trustProxy: true, limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  const handedOn = Promise.withResolvers<void>();
  const host = createServer().on('upgrade', async (request, socket, head) => {
    socket.destroy();
    await once(socket, 'close');
    proofroom.upgrade(request, socket, head);
    handedOn.resolve();
  });
  onTestFinished(() => void host.close());
  await once(host.listen(0, '127.0.0.1'), 'listening');
  const { port } = host.address() as AddressInfo;
  (await rawClient(port)).end(upgradeRequest({ headers: ['X-Forwarded-For: 192.0.2.1'] }));
  await handedOn.promise;
  await client({ 'X-Forwarded-For': '192.0.2.1' }).join();
});
