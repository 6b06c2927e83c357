import { expect, test } from 'vitest';
import { createProofroom } from '../../../server/create-proofroom.ts';
import { GenerationFailed } from '../../../server/generators/generator.ts';
import { loggedId } from '../../../server/platform/secrets.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { answerTo } from '../../support/raw-client.ts';
import { imageOf, ScriptedGenerator } from '../../support/scripted-generator.ts';
import { startServer, startSession } from '../../support/server.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';

test('a review is counted: sessions by stage, candidates with their times, tries, tokens and cost, and memory', async () => {
  const clock = new FakeClock();
  const { ana, generator, metrics, logged } = await startSession({ clock, limits: { CONCURRENT_CANDIDATES: 1 } });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 3 } });
  const first = await generator.drawing(0);
  first.report({ phase: 'retrying', try: 2, retryInMs: 10, reason: 'The service is busy.' });
  expect(await metrics()).toMatchObject({
    proofroom_connections: 2,
    'proofroom_sessions{stage="generating"}': 1,
    'proofroom_sessions{stage="final"}': 0,
    proofroom_candidates_running: 1,
    proofroom_candidates_waiting: 2,
    proofroom_retries_total: 1,
  });
  clock.advance(2_500);
  const usage = { inputTokens: 20, outputTokens: 1_000, totalTokens: 1_020 };
  first.finish(imageOf('priced', 5_000), { usage, estimatedCost: { amount: 0.03, currency: 'USD' } });
  const second = await generator.drawing(1);
  clock.advance(1_000);
  second.fail(new GenerationFailed('timeout', 'It took too long.', { retryable: true }));
  await generator.drawing(2);
  ana.send({ type: 'cancel', commandId: 'stop' });
  ana.send({ type: 'cancel', commandId: 'too late' });
  await ana.answer('too late');
  expect(await metrics()).toMatchObject({
    'proofroom_sessions{stage="user_feedback"}': 1,
    proofroom_candidates_running: 0,
    proofroom_candidates_waiting: 0,
    'proofroom_generations_total{outcome="generated"}': 1,
    'proofroom_generations_total{outcome="timeout"}': 1,
    'proofroom_generations_total{outcome="cancelled"}': 1,
    'proofroom_generation_seconds_sum{outcome="generated"}': 2.5,
    'proofroom_generation_seconds_sum{outcome="timeout"}': 3.5,
    'proofroom_generation_seconds_bucket{le="2",outcome="generated"}': 0,
    'proofroom_generation_seconds_bucket{le="5",outcome="generated"}': 1,
    'proofroom_tokens_total{direction="input"}': 20,
    'proofroom_tokens_total{direction="output"}': 1_000,
    proofroom_estimated_cost_dollars_total: 0.03,
    'proofroom_refusals_total{code="wrong_stage"}': 1,
    proofroom_image_bytes: 5_000,
  });
  const [generated, timeout] = logged('candidate ended');
  expect(generated).toMatchObject({
    byteLength: 5_000,
    inputTokens: 20,
    outputTokens: 1_000,
    estimatedCostDollars: 0.03,
  });
  expect(timeout).not.toHaveProperty('inputTokens');
});

test('every decision is counted, and logged with session, image, digest and participant', async () => {
  const { ana, ben, generator, sessionId, metrics, logged } = await startSession();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  (await generator.drawing(0)).finish();
  const { image } = await ben.stage('user_feedback');
  const { imageId, sha256 } = image;
  ben.send({ type: 'approve', commandId: 'yes', imageId, sha256 });
  ana.send({ type: 'approve', commandId: 'yes too', imageId, sha256 });
  await Promise.all([ben.answer('yes'), ana.answer('yes too')]);
  expect(await metrics()).toMatchObject({ 'proofroom_decisions_total{decision="approved"}': 1 });
  const { participantId } = ben.last('snapshot').decisions[0] ?? expect.fail('There is no decision.');
  expect(logged('decided')).toEqual([
    {
      level: 30,
      time: expect.any(String),
      msg: 'decided',
      session: loggedId(sessionId),
      decision: 'approved',
      imageId,
      sha256,
      participantId,
    },
  ]);
});

test('R7 R9: every session that ends is counted and logged with the reason', async () => {
  const clock = new FakeClock();
  const limits = { SESSION_IDLE_MS: 60_000, UPSTREAM_IMAGE_BYTES: 10_000, IMAGE_MEMORY_BYTES: 10_000 };
  const { client, generator, noSockets, metrics, logged } = await startServer({ clock, limits });
  const sessionIds: string[] = [];
  for (const index of [0, 1]) {
    const one = client();
    sessionIds.push((await one.join()).sessionId);
    one.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
    (await generator.drawing(index)).finish();
    await one.stage('user_feedback');
    one.socket.terminate();
    await noSockets();
  }
  clock.advance(60_000);
  expect(await metrics()).toMatchObject({
    'proofroom_sessions_ended_total{reason="memory"}': 1,
    'proofroom_sessions_ended_total{reason="idle"}': 1,
    proofroom_image_bytes: 0,
  });
  const [first = '', second = ''] = sessionIds.map(loggedId);
  expect(logged('session ended')).toMatchObject([
    { reason: 'memory', session: first, stage: 'user_feedback', attempts: 1 },
    { reason: 'idle', session: second, stage: 'user_feedback', attempts: 1 },
  ]);
});

const statusWith = async (address: string, authorization?: string) =>
  (await fetch(`${address}/metrics`, authorization === undefined ? {} : { headers: { Authorization: authorization } }))
    .status;

test('S2: the metrics open to their own token and to the access token alone, wherever a request comes from', async () => {
  const metricsToken = 'a-token-for-metrics-of-more-than-32-characters';
  const { address } = await startServer({ accessToken: TOKEN, metricsToken });
  for (const authorization of [undefined, `Bearer ${TOKEN}x`, 'Bearer undefined', 'Bearer', `Basic ${TOKEN}`]) {
    expect(await statusWith(address, authorization), authorization).toBe(403);
  }
  for (const token of [TOKEN, metricsToken]) {
    expect([await statusWith(address, `Bearer ${token}`), await statusWith(address, `bearer ${token}`)]).toEqual([
      200, 200,
    ]);
  }
});

test('S2: without any token nobody can read the metrics, and the answer names the variable', async () => {
  const proofroom = createProofroom({ generator: new ScriptedGenerator(), builtFolder: '' });
  const headers = { Host: 'localhost', Authorization: 'Bearer undefined' };
  const response = await proofroom.fetch(new Request('http://localhost/metrics', { headers }));
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining('PROOFROOM_METRICS_TOKEN') });
});

test('S2: wrong tokens for metrics and sessions share one rate of their address, and the right token passes', async () => {
  const limits = { WRONG_SECRETS_BURST_PER_ADDRESS: 2 };
  const { address, client } = await startServer({ accessToken: TOKEN, limits, clock: new FakeClock() });
  expect(await statusWith(address, 'Bearer wrong')).toBe(403);
  const guesser = await client().open();
  guesser.send({ type: 'join', token: 'wrong' });
  expect((await guesser.until('reject')).code).toBe('not_allowed');
  expect(await statusWith(address, 'Bearer wrong')).toBe(429);
  expect(await statusWith(address, `Bearer ${TOKEN}`)).toBe(200);
  await client().join({ token: TOKEN });
});

test('S4: a flood of refused requests is counted, and hardly logged', async () => {
  const { port, logs, metrics } = await startServer({ clock: new FakeClock() });
  const requests = 150;
  for (let count = 0; count < requests; count += 1) {
    await answerTo(port, 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
  }
  expect(await metrics()).toMatchObject({ 'proofroom_refusals_total{code="http_421"}': requests });
  expect(logs.length).toBeLessThanOrEqual(100);
});
