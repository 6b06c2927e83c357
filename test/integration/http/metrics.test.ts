/** What the server counts, and who may read it. */
import { expect, test, vi } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { loggedId } from '../../server/platform/secrets.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { answerTo, statusOf, upgradeStatus } from '../support/raw-client.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer, type TestServer } from '../support/server.ts';

const TOKEN = 'a token of thirty-two characters or more';

async function counts({ address }: TestServer, headers: Record<string, string> = {}): Promise<Map<string, number>> {
  const response = await fetch(`${address}/metrics`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toContain('text/plain');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('sessions by stage, connections, generations by outcome, refusals by code, image bytes', async () => {
  const server = await startServer();
  const { client, generator } = server;
  const ana = client();
  await ana.join();
  ana.send({ type: 'cancel', commandId: 'too early' });
  await ana.answer('too early');
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  expect((await counts(server)).get('proofroom_candidates_running')).toBe(1);
  const bytes = drawing.finish();
  const { image } = await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'two', imageId: image.imageId });
  (await generator.drawing(1)).fail(new GenerationFailed('timeout', 'It took too long.', { retryable: true }));
  await ana.stage('user_feedback', ({ error }) => error !== undefined);
  ana.send({ type: 'regenerate', commandId: 'three' });
  await generator.drawing(2);
  ana.send({ type: 'cancel', commandId: 'four' });
  await ana.answer('four');

  const after = await counts(server);
  expect(after.get('proofroom_connections')).toBe(1);
  expect(after.get('proofroom_sessions{stage="user_feedback"}')).toBe(1);
  expect(after.get('proofroom_sessions{stage="final"}')).toBe(0);
  expect(after.get('proofroom_generations_total{outcome="generated"}')).toBe(1);
  expect(after.get('proofroom_generations_total{outcome="timeout"}')).toBe(1);
  expect(after.get('proofroom_generations_total{outcome="cancelled"}')).toBe(1);
  expect(after.get('proofroom_generation_seconds_count{outcome="generated"}')).toBe(1);
  expect(after.get('proofroom_refusals_total{code="wrong_stage"}')).toBe(1);
  expect(after.get('proofroom_image_bytes')).toBe(bytes.byteLength);
  expect(after.get('proofroom_candidates_running')).toBe(0);
});

test('further tries, those that wait for their turn, and durations in seconds from the ask on', async () => {
  const clock = new FakeClock();
  const server = await startServer({ clock, limits: { CONCURRENT_CANDIDATES: 1 } });
  const ana = server.client();
  await ana.join();
  ana.send({ type: 'generate', commandId: 'two', prompt: 'a cat', options: { candidates: 2 } });
  const first = await server.generator.drawing(0);
  first.report({ phase: 'retrying', try: 2, retryInMs: 10, reason: 'It was busy.' });
  const meanwhile = await counts(server);
  expect(meanwhile.get('proofroom_candidates_running')).toBe(1);
  expect(meanwhile.get('proofroom_candidates_waiting')).toBe(1);
  expect(meanwhile.get('proofroom_retries_total')).toBe(1);
  clock.advance(2_500);
  first.finish();
  const second = await server.generator.drawing(1);
  expect((await counts(server)).get('proofroom_candidates_waiting')).toBe(0);
  clock.advance(1_000);
  second.fail(new GenerationFailed('timeout', 'It took too long.', { retryable: true }));
  await ana.stage('user_feedback');
  const after = await counts(server);
  expect(after.get('proofroom_generation_seconds_sum{outcome="generated"}')).toBe(2.5);
  expect(after.get('proofroom_generation_seconds_sum{outcome="timeout"}')).toBe(3.5);
  expect(after.get('proofroom_generation_seconds_bucket{le="2",outcome="generated"}')).toBe(0);
  expect(after.get('proofroom_generation_seconds_bucket{le="5",outcome="generated"}')).toBe(1);
});

test('what finished images took and cost is counted, and stands in their line', async () => {
  const server = await startServer();
  const ana = server.client();
  await ana.join();
  ana.send({ type: 'generate', commandId: 'three', prompt: 'a cat', options: { candidates: 3 } });
  const usage = { inputTokens: 20, outputTokens: 1_000, totalTokens: 1_020 };
  (await server.generator.drawing(0)).finish(imageOf('priced', 5_000), {
    usage,
    estimatedCost: { amount: 0.0301, currency: 'USD' },
  });
  (await server.generator.drawing(1)).finish(imageOf('without a price'), { usage });
  (await server.generator.drawing(2)).finish(imageOf('a demo'));
  await ana.stage('user_feedback');
  const after = await counts(server);
  expect(after.get('proofroom_tokens_total{direction="input"}')).toBe(40);
  expect(after.get('proofroom_tokens_total{direction="output"}')).toBe(2_000);
  expect(after.get('proofroom_estimated_cost_dollars_total')).toBe(0.0301);
  const lines = server.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'generation');
  expect(lines[0]).toMatchObject({
    byteLength: 5_000,
    inputTokens: 20,
    outputTokens: 1_000,
    estimatedCostDollars: 0.0301,
  });
  expect(lines[2]).not.toHaveProperty('inputTokens');
});

test('R7, R9 sessions that have ended are counted and told of by their reason', async () => {
  const clock = new FakeClock();
  const limits = { SESSION_IDLE_MS: 60_000, UPSTREAM_IMAGE_BYTES: 10_000, IMAGE_MEMORY_BYTES: 10_000 };
  const server = await startServer({ clock, limits });
  const [ana, ben] = [server.client(), server.client()];
  const { sessionId } = await ana.join();
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a cat' });
  (await server.generator.drawing(0)).finish();
  await ana.stage('user_feedback');
  await ana.leave();
  await ben.join();
  ben.send({ type: 'generate', commandId: 'two', prompt: 'a dog' });
  (await server.generator.drawing(1)).finish();
  await ben.stage('user_feedback');
  await ben.leave();
  await vi.waitFor(async () => expect((await counts(server)).get('proofroom_connections')).toBe(0));
  clock.advance(60_000);
  const after = await counts(server);
  expect(after.get('proofroom_sessions_ended_total{reason="memory"}')).toBe(1);
  expect(after.get('proofroom_sessions_ended_total{reason="idle"}')).toBe(1);
  const lines = server.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'session ended');
  expect(lines).toMatchObject([
    { reason: 'memory', session: loggedId(sessionId), stage: 'user_feedback', attempts: 1 },
    { reason: 'idle', stage: 'user_feedback', attempts: 1 },
  ]);
});

test('R3 a connection that does not read is slow for as long as that', async () => {
  const server = await startServer();
  const [ana, ben] = [server.client(), server.client()];
  const { sessionId } = await ana.join();
  await ben.join({ sessionId });
  const slow = async () => (await counts(server)).get('proofroom_slow_connections');
  expect(await slow()).toBe(0);
  ben.socket.pause();
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a cat' });
  (await server.generator.drawing(0)).finish(imageOf('a cat', 16_000_000));
  await ana.stage('user_feedback');
  expect(await slow()).toBe(1);
  ben.socket.resume();
  await ben.stage('user_feedback');
  expect(await slow()).toBe(0);
});

test('R4 a connection that is given up as silent is counted', async () => {
  const clock = new FakeClock();
  const server = await startServer({ clock });
  const ana = server.client();
  await ana.join();
  Reflect.set(ana.socket, '_autoPong', false);
  clock.advance(10_100);
  clock.advance(100);
  expect((await ana.closed()).code).toBe(4408);
  expect((await counts(server)).get('proofroom_silent_connections_total')).toBe(1);
});

test('S1 each refused upgrade is counted by its status', async () => {
  const server = await startServer({ limits: { CONNECTIONS_PER_ADDRESS: 1 } });
  const { port } = server;
  const refusals = [
    [421, { host: 'evil.example' }],
    [404, { path: '/elsewhere' }],
    [403, { origin: 'https://evil.example' }],
    [400, { protocol: null }],
  ] as const;
  for (const [status, parts] of refusals) expect(await upgradeStatus(port, parts)).toBe(status);
  const ana = server.client();
  await ana.join();
  expect(await upgradeStatus(port)).toBe(429);
  const before = await counts(server);
  for (const status of [421, 404, 403, 400, 429]) {
    expect(before.get(`proofroom_refusals_total{code="http_${status}"}`), `${status}`).toBe(1);
  }
  const full = await startServer({ limits: { CONNECTIONS: 1 } });
  await full.client().join();
  expect(await upgradeStatus(full.port)).toBe(503);
  expect((await counts(full)).get('proofroom_refusals_total{code="http_503"}')).toBe(1);
});

test('what is closed without a refused message is counted by its close code, and said in a line', async () => {
  const clock = new FakeClock();
  const server = await startServer({ clock });
  const [long, rude, mute] = [server.client(), server.client(), server.client()] as const;
  await long.join();
  long.sendText('x'.repeat(70_000));
  expect((await long.closed()).code).toBe(1009);
  await rude.open();
  for (let count = 0; count < 16; count += 1) rude.sendText('{}');
  expect((await rude.closed()).code).toBe(1008);
  await mute.open();
  clock.advance(5_000);
  expect((await mute.closed()).code).toBe(4408);
  const after = await counts(server);
  const codes = [1009, 1008, 4408];
  expect(codes.map((code) => after.get(`proofroom_refusals_total{code="closed_${code}"}`))).toEqual([1, 1, 1]);
  const lines = server.logs.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'connection refused');
  expect(lines.map(({ code }) => code)).toEqual(codes);
});

test('an image that is asked for over HTTP and is not there is counted', async () => {
  const server = await startServer();
  expect((await fetch(`${server.address}/api/sessions/nowhere/images/none`)).status).toBe(404);
  expect((await counts(server)).get('proofroom_refusals_total{code="http_404"}')).toBe(1);
});

test('S3 the metrics hold no session id, key or prompt', async () => {
  const server = await startServer();
  const ana = server.client();
  const { sessionId, key } = await ana.join();
  ana.send({ type: 'generate', commandId: 'one', prompt: 'a most secret cat' });
  await ana.answer('one');
  const text = await (await fetch(`${server.address}/metrics`)).text();
  for (const secret of [sessionId, key ?? 'no key', 'secret']) expect(text).not.toContain(secret);
});

test('what comes through a proxy reads them with the access token alone', async () => {
  const server = await startServer({ accessToken: TOKEN });
  const forwarded = { 'X-Forwarded-For': '203.0.113.7' };
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${server.address}/metrics`, { headers })).status;
  expect(await status(forwarded)).toBe(403);
  expect(await status({ ...forwarded, Authorization: 'Bearer wrong' })).toBe(403);
  expect(await status({ ...forwarded, Authorization: `Bearer ${TOKEN}` })).toBe(200);
  expect((await counts(server)).get('proofroom_refusals_total{code="http_403"}')).toBe(2);
});

test.for([
  ['a name', { Host: 'proof.example' }],
  ['a name that the proxy puts in', { Host: 'proof.example:8080', Via: '1.1 proxy' }],
  ['an address of the network', { Host: '192.168.1.7:3000' }],
  ['loopback, and the proxy says so', { Host: 'localhost', Forwarded: 'for=203.0.113.7' }],
  ['loopback, and the proxy names the client', { Host: '127.0.0.1', 'X-Real-IP': '203.0.113.7' }],
] as const)(
  'a proxy on the same machine that adds no X-Forwarded-For opens them to nobody: %s',
  async ([, headers]) => {
    const { port } = await startServer({ allowedHosts: ['proof.example'] });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    expect(statusOf(await answerTo(port, `GET /metrics HTTP/1.1\r\nConnection: close\r\n${lines.join('')}\r\n`))).toBe(
      403,
    );
  },
);

test.for(['localhost', 'localhost:3000', '127.0.0.1:3000', '127.0.1.1', '[::1]:3000'])(
  'who is on the machine and calls it %s reads them',
  async (host) => {
    const { port } = await startServer();
    const request = `GET /metrics HTTP/1.1\r\nConnection: close\r\nHost: ${host}\r\n\r\n`;
    expect(statusOf(await answerTo(port, request))).toBe(200);
  },
);

test('the scheme of the token may be spelt as it likes', async () => {
  const server = await startServer({ accessToken: TOKEN });
  for (const scheme of ['bearer', 'BEARER']) {
    await counts(server, { 'X-Forwarded-For': '203.0.113.7', Authorization: `${scheme} ${TOKEN}` });
  }
});
