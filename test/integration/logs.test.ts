/** A bad day at debug level, and what of it may be found afterwards: ids, codes, sizes and times. */
import { expect, onTestFinished, test } from 'vitest';
import type { Generator } from '../../server/generators/generator.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL } from '../../server/generators/openai/models.ts';
import { createOpenAIGenerator } from '../../server/generators/openai/responses-generator.ts';
import { withRetries } from '../../server/generators/retry.ts';
import { defaultLimits } from '../../server/platform/limits.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { UPSTREAM_TEXT } from '../support/fake-openai-scenarios.ts';
import { frame, upgraded, upgradeStatus } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import type { WsClient } from '../support/ws-client.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';
const API_KEY = 'sk-test-Abc123_the-key-itself';
const NAME = 'Anastasia';
const PROMPT = 'a clandestine lighthouse';
const FEEDBACK = 'more herons, please';
const REASON = 'far too gloomy';
const DRAFT = 'half a thought';
const FAULTY = `${PROMPT} that breaks the server`;
const FAULT_ORIGIN = 'https://fault.example';

/** OpenAI's adapter, which is asked for one picture by a mistake of ours. */
function drawer(fake: FakeOpenAI): Generator {
  const { baseURL } = fake;
  const models = { model: DEFAULT_MODEL, imageModel: DEFAULT_IMAGE_MODEL, partialImages: 1 };
  const options = { apiKey: API_KEY, baseURL, ...models, limits: defaultLimits };
  const openAI = withRetries(createOpenAIGenerator(options), { random: () => 0 });
  return {
    ...openAI,
    generate: (request, context) => {
      if (request.prompt === FAULTY) throw new TypeError(`${request.prompt}, said with ${API_KEY}`);
      return openAI.generate(request, context);
    },
  };
}

/** Origins of which one is looked up by a mistake of ours. */
const faultyOrigins = Object.assign([] as string[], {
  includes(origin: string): boolean {
    if (origin === FAULT_ORIGIN) throw new Error(`${TOKEN} and ${PROMPT}`);
    return false;
  },
});

interface BadDay {
  readonly server: TestServer;
  readonly fake: FakeOpenAI;
  readonly clock: FakeClock;
  readonly ana: WsClient;
  readonly clients: WsClient[];
  readonly bodies: string[];
  readonly sessionId: string;
  readonly key: string;
}

async function begin(): Promise<BadDay> {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  const clock = new FakeClock();
  const config = { accessToken: TOKEN, allowedOrigins: faultyOrigins };
  const server = await startServer({ clock, config }, drawer(fake));
  const ana = server.client();
  const { sessionId, key = '' } = await ana.join({ token: TOKEN, name: NAME });
  return { server, fake, clock, ana, clients: [ana], bodies: [], sessionId, key };
}

/** Generations of every outcome; the number of each that the log must tell of. */
async function draw({ fake, clock, ana }: BadDay): Promise<void> {
  ana.send({ type: 'draft', text: DRAFT });
  fake.next('moderation_blocked');
  ana.send({ type: 'generate', commandId: 'blocked', prompt: PROMPT });
  await ana.stage('initial_input', ({ error }) => error?.code === 'moderation_blocked');
  ana.send({ type: 'generate', commandId: 'faulty', prompt: FAULTY });
  await ana.stage('initial_input', ({ lastGeneration }) => lastGeneration?.prompt === FAULTY);
  fake.next('rate_limited', { retryAfterMs: 1 });
  ana.send({ type: 'generate', commandId: 'drawn', prompt: PROMPT });
  const { image } = await ana.stage('user_feedback');
  fake.next('server_error');
  fake.next('server_error');
  fake.next('server_error');
  ana.send({ type: 'refine', commandId: 'refine', imageId: image.imageId, feedback: FEEDBACK });
  await ana.stage('user_feedback', ({ error }) => error !== undefined);
  fake.next('held');
  ana.send({ type: 'regenerate', commandId: 'held', prompt: PROMPT });
  await ana.until('progress', ({ phase, generationId }) => phase === 'drawing' && generationId !== image.generationId);
  ana.send({ type: 'cancel', commandId: 'cancel', reason: REASON });
  await ana.stage('user_feedback', ({ lastGeneration }) => lastGeneration?.cancelReason === REASON);
  clock.advance(2_000);
}

/** A refusal of every code that a message may get, but `server_busy`. */
async function refuse({ server, clock, ana, clients, sessionId, key }: BadDay): Promise<void> {
  const stranger = async (join: Parameters<WsClient['send']>[0]) => {
    const one = await server.client().open();
    clients.push(one);
    one.send({ type: 'cancel', commandId: 'early', reason: REASON });
    one.send(join);
    await one.closed();
  };
  await stranger({ type: 'join', sessionId, key: `${key}x`, name: NAME });
  await stranger({ type: 'join', sessionId: `${sessionId}x`, key });
  await stranger({ type: 'join', token: `${TOKEN}x` });
  await stranger({ type: 'join', sessionId, name: NAME.repeat(9) });
  const watcher = server.client();
  clients.push(watcher);
  await watcher.join({ sessionId });
  watcher.send({ type: 'generate', commandId: 'watching', prompt: PROMPT });
  await watcher.answer('watching');
  ana.sendText(`{"type":"${PROMPT}"`);
  ana.sendText(JSON.stringify({ type: PROMPT, commandId: 'nonsense' }));
  ana.send({ type: 'regenerate', commandId: 'option', prompt: PROMPT, options: { size: '10x10', model: PROMPT } });
  ana.send({ type: 'regenerate', commandId: 'empty', prompt: ' ' });
  ana.send({ type: 'regenerate', commandId: 'long', prompt: PROMPT.repeat(300) });
  ana.send({ type: 'approve', commandId: 'stale', turn: 1, imageId: 'none' });
  ana.send({ type: 'generate', commandId: 'stage', prompt: PROMPT });
  ana.send({ type: 'approve', commandId: 'none', imageId: key });
  for (let n = 0; n < 20; n += 1) ana.send({ type: 'cancel', commandId: `flood ${n}`, reason: REASON });
  await ana.until('reject', ({ code }) => code === 'rate_limited');
  await ana.answer('flood 19');
  clock.advance(2_000);
}

/** Connections that end as they should not. */
async function lose({ server, clock, ana, clients, sessionId, key }: BadDay): Promise<void> {
  const reset = await upgraded(server.port);
  reset.write(frame(JSON.stringify({ type: 'join', sessionId, key, name: NAME })));
  await ana.until('viewers', ({ reviewers }) => reviewers === 2);
  reset.write(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.from(PROMPT)]));
  reset.on('error', () => undefined);
  const big = server.client();
  const silent = server.client();
  clients.push(big, silent);
  await big.join({ sessionId, key });
  big.sendText(JSON.stringify({ type: 'draft', text: PROMPT.repeat(4_000) }));
  expect((await big.closed()).code).toBe(1009);
  await silent.join({ sessionId, key });
  Reflect.set(silent.socket, '_autoPong', false);
  for (let beat = 0; beat < 3; beat += 1) {
    clock.advance(5_000);
    await ana.fence();
  }
  expect((await silent.closed()).code).toBe(4408);
}

async function visit({ server, bodies, ana, sessionId, key }: BadDay): Promise<void> {
  const { address, port } = server;
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(address + path, { headers });
    bodies.push(await response.text());
    return response.status;
  };
  const { image } = ana.last('snapshot');
  expect(await get(`/api/sessions/${sessionId}/images/${key}`)).toBe(404);
  expect(await get(`/nowhere/${sessionId}?${key}`)).toBe(404);
  expect(await get(`/api/sessions/${sessionId}/images/${image?.imageId}`, { Origin: FAULT_ORIGIN })).toBe(500);
  expect(await get('/metrics', { 'X-Forwarded-For': '203.0.113.7', Authorization: `Bearer ${TOKEN}x` })).toBe(403);
  expect(await upgradeStatus(port, { host: 'evil.example', path: `/ws?${key}` })).toBe(421);
  expect(await upgradeStatus(port, { path: `/${sessionId}` })).toBe(404);
  expect(await upgradeStatus(port, { origin: 'https://evil.example' })).toBe(403);
  expect(await upgradeStatus(port, { protocol: `proofroom.${key}` })).toBe(400);
}

async function drain({ server, clock, ana, fake }: BadDay): Promise<void> {
  fake.next('held');
  ana.send({ type: 'regenerate', commandId: 'last', prompt: PROMPT });
  await ana.answer('last');
  const drained = server.app.drain();
  const other = ana.closed();
  clock.advance(8_000);
  await other;
  clock.advance(1_000);
  await drained;
}

test('S3, S7: after a day on which all goes wrong no log line, frame, body or metric holds a secret or a word of anybody', async () => {
  const day = await begin();
  const { server, clients, bodies, ana, sessionId, key } = day;
  await draw(day);
  await refuse(day);
  await lose(day);
  await visit(day);
  bodies.push(await (await fetch(`${server.address}/metrics`)).text());
  await drain(day);

  const logs = server.logs.map((line) => JSON.parse(line));
  const told = new Set(logs.map(({ msg }) => msg));
  for (const msg of ['generation', 'generation tried again', 'message refused', 'request refused', 'joined'])
    expect(told).toContain(msg);
  for (const msg of ['socket error', 'connection silent', 'a request could not be answered'])
    expect(told).toContain(msg);
  expect(told).toContain('a generation failed by a mistake of ours');
  // A flood of refusals has few lines, and every one is counted.
  const refused = [...bodies.join().matchAll(/refusals_total\{code="(\w+)"\}/g)].map(([, code]) => code);
  expect(refused.toSorted()).toEqual([
    ...[
      'closed_1009',
      'http_400',
      'http_403',
      'http_404',
      'http_421',
      'image_not_found',
      'invalid_message',
      'not_allowed',
      'not_joined',
    ],
    ...['prompt_empty', 'prompt_too_long', 'rate_limited', 'session_not_found', 'stale', 'wrong_stage'],
  ]);

  const secrets = [sessionId, key, TOKEN, API_KEY, UPSTREAM_TEXT];
  const words = [PROMPT, FEEDBACK, REASON, NAME, DRAFT];
  for (const text of [...server.logs, ...bodies]) {
    for (const word of [...secrets, ...words]) expect(text).not.toContain(word);
  }
  // A welcome names the session to whoever joined it; what people write is there for all who look on.
  const frames = clients.flatMap((client) => client.frames).filter((text) => !text.startsWith('{"type":"welcome"'));
  for (const text of frames) for (const secret of secrets) expect(text).not.toContain(secret);
  const welcomes = clients.flatMap((client) => (client === ana ? [] : client.of('welcome')));
  for (const welcome of welcomes)
    for (const secret of secrets.slice(1)) expect(JSON.stringify(welcome)).not.toContain(secret);
});

test('S3, S7: each ended candidate and each further try has one line, with its session as 12 hex digits', async () => {
  const day = await begin();
  await draw(day);
  const logs = day.server.logs.map((line) => JSON.parse(line));
  const ended = logs.filter(({ msg }) => msg === 'generation');
  expect(ended.map(({ outcome }) => outcome)).toEqual([
    ...['moderation_blocked', 'provider_error', 'generated', 'provider_error', 'cancelled'],
  ]);
  const paid = {
    byteLength: expect.any(Number),
    inputTokens: expect.any(Number),
    outputTokens: expect.any(Number),
    estimatedCostDollars: expect.any(Number),
  };
  for (const line of ended) {
    const { level: _level, time: _time, msg: _msg, upstream = '', ...fields } = line;
    expect(fields).toEqual({
      session: expect.stringMatching(/^[0-9a-f]{12}$/),
      generationId: expect.any(String),
      candidate: 0,
      outcome: expect.any(String),
      durationMs: expect.any(Number),
      ...(line.outcome === 'generated' && paid),
    });
    expect(upstream).toEqual(expect.any(String));
  }
  expect(new Set(ended.map(({ generationId }) => generationId)).size).toBe(ended.length);
  const tries = logs.filter(({ msg }) => msg === 'generation tried again');
  const [, , drawn, refined] = ended;
  const { session } = drawn;
  expect(tries.map(({ level: _level, time: _time, msg: _msg, ...fields }) => fields)).toEqual([
    { session, generationId: drawn.generationId, candidate: 0, try: 2 },
    { session, generationId: refined.generationId, candidate: 0, try: 2 },
    { session, generationId: refined.generationId, candidate: 0, try: 3 },
  ]);
  for (const line of logs) if ('session' in line) expect(line.session).toBe(session);
});
