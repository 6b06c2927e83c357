import { expect, test } from 'vitest';
import { answerTo, rawClient, statusOf, upgradeRequest, upgradeStatus } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';

test.for([
  ['evil.example', 421],
  ['evil.example:80', 421],
  ['localhost.evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost', 101],
  ['LOCALHOST:3000', 101],
  ['192.168.1.7:3000', 101],
  ['[::1]:3000', 101],
  ['proofroom.example', 101],
  ['Proofroom.Example:443', 101],
] as const)('S1: Host %s is answered with %i', async ([host, status]) => {
  const { port } = await startServer({ allowedHosts: ['proofroom.example'] });
  expect(await upgradeStatus(port, { host })).toBe(status);
});

test('S1: an upgrade with no Host, or with two, is answered with 421', async () => {
  const { port } = await startServer();
  const [host, other] = ['Host: localhost', 'Host: evil.example'];
  const request = upgradeRequest({ host: 'localhost' });
  for (const hosts of ['X-Host: none', `${host}\r\n${other}`, `${other}\r\n${host}`]) {
    expect(statusOf(await answerTo(port, request.replace(host, hosts))), hosts).toBe(421);
  }
});

test.for([
  [undefined, 101],
  ['http://127.0.0.1:3000', 101],
  ['https://studio.example', 101],
  ['https://evil.example', 403],
  ['http://studio.example', 403],
  ['http://127.0.0.1:4000', 403],
  ['null', 403],
  ['', 403],
  ['127.0.0.1:3000', 403],
] as const)('S1: at Host 127.0.0.1:3000 Origin %s is answered with %i', async ([origin, status]) => {
  const { port, logs } = await startServer({ allowedOrigins: ['https://studio.example'] });
  const parts = { host: '127.0.0.1:3000', ...(origin !== undefined && { origin }) };
  expect(await upgradeStatus(port, parts)).toBe(status);
  const advice = logs.filter((line) => line.includes('PROOFROOM_ALLOWED_ORIGINS'));
  expect(advice).toHaveLength(status === 403 ? 1 : 0);
});

test.for([
  [null, 400],
  ['chat', 400],
  ['proofroom.v2, chat', 400],
  ['proofroom.v1', 101],
  ['chat,proofroom.v1 , x', 101],
] as const)('offering the subprotocol %s is answered with %i', async ([protocol, status]) => {
  const { port } = await startServer();
  expect(await upgradeStatus(port, { protocol })).toBe(status);
});

test('the subprotocol chosen is ours, whatever stands first', async () => {
  const { port } = await startServer();
  const answer = await answerTo(port, upgradeRequest({ protocol: 'chat, proofroom.v1' }));
  expect(answer).toContain('Sec-WebSocket-Protocol: proofroom.v1\r\n');
  expect(answer.toLowerCase()).not.toContain('sec-websocket-extensions');
});

test('at the door the checks come in order: 421, 403, 400, 429, 503', async () => {
  const { port, client } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1, CONNECTIONS: 1 } });
  await client().join();
  const bad = { host: 'evil.example', origin: 'https://evil.example', protocol: null };
  expect(await upgradeStatus(port, bad)).toBe(421);
  expect(await upgradeStatus(port, { ...bad, host: 'localhost' })).toBe(403);
  expect(await upgradeStatus(port, { protocol: null })).toBe(400);
  expect(await upgradeStatus(port)).toBe(429);
});

test('the connection over an address’s limit is 429, until one of them leaves', async () => {
  const { port, client, sockets } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 2 } });
  const ana = client();
  await ana.join();
  await client().join();
  expect(await upgradeStatus(port)).toBe(429);
  const left = Promise.all(
    [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))).slice(0, 1),
  );
  await ana.leave();
  await left;
  await client().join();
});

test('the connection over the server’s limit is 503', async () => {
  const { port, client } = await startServer({ limits: { CONNECTIONS: 1 } });
  await client().join();
  expect(await upgradeStatus(port)).toBe(503);
});

test('an address is not counted for upgrades that came to nothing', async () => {
  const { port, client } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  const request = upgradeRequest().replace('Sec-WebSocket-Key: ', 'Sec-WebSocket-Key: !');
  for (let count = 0; count < 3; count += 1) expect(statusOf(await answerTo(port, request))).toBe(400);
  await client().join();
});

test('S8: X-Forwarded-For counts only where the proxy is trusted, and its last entry alone', async () => {
  const { port, client } = await startServer({ trustProxy: true, limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  await client({ 'X-Forwarded-For': '10.0.0.1' }).join();
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 10.0.0.2, 10.0.0.1'] })).toBe(429);
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 10.0.0.1, 10.0.0.2'] })).toBe(101);
});

test('S8: IPv6 addresses of one /64 share a limit of connections, and one of sessions', async () => {
  const limits = { CONNECTIONS_PER_ADDRESS: 2, SESSION_BURST_PER_ADDRESS: 1 };
  const { port, client } = await startServer({ trustProxy: true, limits });
  await client({ 'X-Forwarded-For': '2001:db8::1' }).join();
  const neighbour = await client({ 'X-Forwarded-For': '2001:DB8:0:0:1::1' }).open();
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 2001:db8::2'] })).toBe(429);
  neighbour.send({ type: 'join' });
  expect((await neighbour.until('reject')).code).toBe('rate_limited');
  await client({ 'X-Forwarded-For': '2001:db8:0:1::1' }).join();
});

test('S8: without a trusted proxy X-Forwarded-For is ignored, and warned of once', async () => {
  const { port, client, logs } = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  await client({ 'X-Forwarded-For': '10.0.0.1' }).join();
  expect(await upgradeStatus(port, { headers: ['X-Forwarded-For: 10.0.0.2'] })).toBe(429);
  expect(logs.filter((line) => line.includes('PROOFROOM_TRUST_PROXY'))).toHaveLength(1);
});

test('an upgrade elsewhere than /ws is 404', async () => {
  const { port } = await startServer();
  expect(await upgradeStatus(port, { path: '/' })).toBe(404);
  expect(await upgradeStatus(port, { path: '/ws/' })).toBe(404);
  expect(await upgradeStatus(port, { path: '/ws?x=1' })).toBe(101);
});

test('S4: a refused client that keeps its end open does not keep ours', async () => {
  const { port, noSockets } = await startServer();
  const socket = await rawClient(port);
  socket.resume();
  socket.write(upgradeRequest({ origin: 'https://evil.example' }));
  await noSockets();
  socket.destroy();
});

test.for([
  ['no token', undefined],
  ['an empty token', ''],
  ['a wrong token', `${TOKEN}x`],
] as const)('S2: with an access token set, %s creates no session: not_allowed, 4403', async ([, token]) => {
  const { client } = await startServer({ accessToken: TOKEN });
  const eve = await client().open();
  eve.send({ type: 'join', ...(token !== undefined && { token }) });
  expect((await eve.closed()).code).toBe(4403);
  expect(eve.received).toMatchObject([{ type: 'reject', code: 'not_allowed' }]);
});

test('S2: the token lets one create, the links let others in, and a wrong token is refused even then', async () => {
  const { client, logs } = await startServer({ accessToken: TOKEN });
  const { sessionId, key } = await client().join({ token: TOKEN });
  expect((await client().join({ sessionId, key })).role).toBe('reviewer');
  expect((await client().join({ sessionId })).role).toBe('watcher');
  const eve = await client().open();
  eve.send({ type: 'join', sessionId, key, token: 'wrong' });
  expect((await eve.closed()).code).toBe(4403);
  for (const secret of [TOKEN, key ?? '']) expect(logs.join()).not.toContain(secret);
});
