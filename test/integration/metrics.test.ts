/** What the server counts, and who may read it. */
import { expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generate/generator.ts';
import { FakeClock } from '../support/fake-clock.ts';
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

test('refused upgrades and hosts are counted by their status', async () => {
  const server = await startServer();
  const stranger = server.client({ Origin: 'https://elsewhere.example' });
  await stranger.closed();
  expect((await counts(server)).get('proofroom_refusals_total{code="http_403"}')).toBe(1);
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
  const server = await startServer({ config: { accessToken: TOKEN } });
  const forwarded = { 'X-Forwarded-For': '203.0.113.7' };
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${server.address}/metrics`, { headers })).status;
  expect(await status(forwarded)).toBe(403);
  expect(await status({ ...forwarded, Authorization: 'Bearer wrong' })).toBe(403);
  expect(await status({ ...forwarded, Authorization: `Bearer ${TOKEN}` })).toBe(200);
  expect((await counts(server)).get('proofroom_refusals_total{code="http_403"}')).toBe(2);
});
