import { expect, test } from 'vitest';
import { GenerationFailed } from '../../../server/generators/generator.ts';
import { loggedId } from '../../../server/platform/secrets.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { answerTo, statusOf } from '../../support/raw-client.ts';
import { imageOf } from '../../support/scripted-generator.ts';
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

test('S2: on the machine itself the metrics are open, and through a proxy to the access token alone', async () => {
  const { port, metrics } = await startServer({ accessToken: TOKEN, allowedHosts: ['proof.example'] });
  const statusFor = async (...headers: string[]) =>
    statusOf(
      await answerTo(port, `${['GET /metrics HTTP/1.1', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`),
    );
  for (const host of ['localhost', 'localhost:3000', '127.0.0.1:3000', '127.0.1.1', '[::1]:3000']) {
    expect(await statusFor(`Host: ${host}`), host).toBe(200);
  }
  const proxied = [
    ['Host: proof.example'],
    ['Host: 192.168.1.7:3000'],
    ['Host: localhost', 'Via: 1.1 proxy'],
    ['Host: localhost', 'Forwarded: for=203.0.113.7'],
    ['Host: localhost', 'X-Real-IP: 203.0.113.7'],
    ['Host: localhost', 'X-Forwarded-For: 203.0.113.7'],
  ];
  for (const headers of proxied) {
    expect(await statusFor(...headers), `${headers}`).toBe(403);
    expect(await statusFor(...headers, `Authorization: Bearer ${TOKEN}x`)).toBe(403);
    expect(await statusFor(...headers, `Authorization: bearer ${TOKEN}`)).toBe(200);
  }
  expect(await metrics()).toMatchObject({ 'proofroom_refusals_total{code="http_403"}': 2 * proxied.length });
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
