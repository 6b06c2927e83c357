/** What the log, the metrics and the answers hold after many things went wrong: ids, codes, sizes and times, and nothing else. */
import { expect, test } from 'vitest';
import type { Generator } from '../../../server/generators/generator.ts';
import { withRetries } from '../../../server/generators/retry.ts';
import { loggedId } from '../../../server/platform/secrets.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { FakeOpenAI } from '../../support/fake-openai.ts';
import { UPSTREAM_TEXT } from '../../support/fake-openai-scenarios.ts';
import { OPENAI_KEY, setUpOpenAI } from '../../support/openai-adapter.ts';
import { frame, upgraded, upgradeStatus } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';
const NAME = 'Anastasia';
const PROMPT = 'a clandestine lighthouse';
const FEEDBACK = 'more herons, please';
const REASON = 'far too gloomy';
const DRAFT = 'half a thought';
/** The generator fails at this prompt by a mistake of ours. */
const FAULTY_PROMPT = `${PROMPT} that breaks the server`;
/** The check of this origin fails by a mistake of ours. */
const FAULTY_ORIGIN = 'https://fault.example';

interface Setup {
  readonly server: TestServer;
  readonly fake: FakeOpenAI;
  readonly clock: FakeClock;
  readonly ana: WsClient;
  /** All clients that were started, Ana's too. */
  readonly clients: WsClient[];
  readonly sessionId: string;
  readonly key: string;
}

async function setUp(): Promise<Setup> {
  const { fake, generator } = await setUpOpenAI({ partialImages: 1 });
  const clock = new FakeClock();
  const allowedOrigins = Object.assign([] as string[], {
    includes(origin: string): boolean {
      if (origin === FAULTY_ORIGIN) throw new Error(`${TOKEN} and ${PROMPT}`);
      return false;
    },
  });
  const server = await startServer({ clock, accessToken: TOKEN, allowedOrigins }, faulty(generator));
  const ana = server.client();
  const { sessionId, key = '' } = await ana.join({ token: TOKEN, name: NAME });
  return { server, fake, clock, ana, clients: [ana], sessionId, key };
}

function faulty(generator: Generator): Generator {
  const retrying = withRetries(generator, { random: () => 0 });
  return {
    ...retrying,
    generate: (request, context) => {
      if (request.prompt === FAULTY_PROMPT) throw new TypeError(`${request.prompt}, drawn with ${OPENAI_KEY}`);
      return retrying.generate(request, context);
    },
  };
}

/** A generation of each outcome, and a decision. */
async function generate({ fake, clock, ana }: Setup): Promise<void> {
  ana.send({ type: 'draft', text: DRAFT });
  fake.next('moderation_blocked');
  ana.send({ type: 'generate', commandId: 'blocked', prompt: PROMPT });
  await ana.stage('initial_input', ({ error }) => error?.code === 'moderation_blocked');
  ana.send({ type: 'generate', commandId: 'faulty', prompt: FAULTY_PROMPT });
  await ana.stage('initial_input', ({ lastGeneration }) => lastGeneration?.prompt === FAULTY_PROMPT);
  fake.next('rate_limited', { retryAfterMs: 1 });
  ana.send({ type: 'generate', commandId: 'generated', prompt: PROMPT });
  const { image } = await ana.stage('user_feedback');
  for (let count = 0; count < 3; count += 1) fake.next('server_error');
  ana.send({ type: 'refine', commandId: 'refine', imageId: image.imageId, feedback: FEEDBACK });
  await ana.stage('user_feedback', ({ error }) => error !== undefined);
  fake.next('held');
  ana.send({ type: 'regenerate', commandId: 'held', prompt: PROMPT });
  await ana.until('progress', ({ phase, generationId }) => phase === 'drawing' && generationId !== image.generationId);
  ana.send({ type: 'cancel', commandId: 'cancel', reason: REASON });
  await ana.stage('user_feedback', ({ lastGeneration }) => lastGeneration?.cancelReason === REASON);
  ana.send({ type: 'approve', commandId: 'approve', imageId: image.imageId, sha256: image.sha256 });
  await ana.stage('final');
  clock.advance(2_000);
}

/** A rejected message for almost every code. */
async function beRejected({ server, clock, ana, clients, sessionId, key }: Setup): Promise<void> {
  const joins = [
    { sessionId, key: `${key}x`, name: NAME },
    { sessionId: `${sessionId}x`, key },
    { token: `${TOKEN}x` },
    { sessionId, name: NAME.repeat(9) },
  ];
  for (const join of joins) {
    const stranger = await server.client().open();
    clients.push(stranger);
    stranger.send({ type: 'cancel', commandId: 'before the join', reason: REASON });
    await stranger.joinRejected(join);
  }
  const watcher = server.client();
  clients.push(watcher);
  const { id, secret } = credentialsOf(ana);
  await watcher.join({ sessionId, participant: { id, secret: `${secret}x` } });
  watcher.send({ type: 'generate', commandId: 'watching', prompt: PROMPT });
  await watcher.answer('watching');
  ana.sendText(`{"type":"${PROMPT}"`);
  ana.sendText(JSON.stringify({ type: PROMPT, commandId: 'unknown type' }));
  ana.send({ type: 'regenerate', commandId: 'option', prompt: PROMPT, options: { size: '10x10', model: PROMPT } });
  ana.send({ type: 'regenerate', commandId: 'empty', prompt: ' ' });
  ana.send({ type: 'regenerate', commandId: 'long', prompt: PROMPT.repeat(2_000) });
  ana.send({ type: 'cancel', commandId: 'stale', turn: 1 });
  ana.send({ type: 'generate', commandId: 'stage', prompt: PROMPT });
  ana.send({ type: 'approve', commandId: 'image', imageId: key });
  ana.send({ type: 'want', imageIds: ['unknown'] });
  for (let count = 0; count < 20; count += 1) ana.send({ type: 'cancel', commandId: `flood ${count}`, reason: REASON });
  await ana.answer('flood 19');
  clock.advance(2_000);
}

/** A connection that breaks the protocol, one that sends too much, and one that goes silent. */
async function loseConnections({ server, clock, ana, clients, sessionId, key }: Setup): Promise<void> {
  const broken = await upgraded(server.port);
  broken.write(frame(JSON.stringify({ type: 'join', sessionId, key, name: NAME })));
  await ana.until('viewers', ({ reviewers }) => reviewers === 2);
  broken.write(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.from(PROMPT)]));
  const [big, silent] = [server.client(), server.client()] as const;
  clients.push(big, silent);
  await big.join({ sessionId, key });
  big.sendText(JSON.stringify({ type: 'draft', text: PROMPT.repeat(9_000) }));
  expect((await big.closed()).code).toBe(1009);
  await silent.join({ sessionId, key });
  Reflect.set(silent.socket, '_autoPong', false);
  for (let beat = 0; beat < 3; beat += 1) {
    clock.advance(5_000);
    await ana.roundTrip();
  }
  expect((await silent.closed()).code).toBe(4408);
  broken.destroy();
}

/** Requests that are refused, and one that fails. Returns the bodies of the answers. */
async function sendRequests({ server, ana, sessionId, key }: Setup): Promise<string[]> {
  const { address, port } = server;
  const bodies: string[] = [];
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(address + path, { headers });
    bodies.push(await response.text());
    return response.status;
  };
  const imageId = ana.last('snapshot').image?.imageId;
  expect(await get(`/api/sessions/${sessionId}/images/${key}`)).toBe(404);
  expect(await get(`/nowhere/${sessionId}?${key}`)).toBe(404);
  expect(await get(`/api/sessions/${sessionId}/images/${imageId}`, { Origin: FAULTY_ORIGIN })).toBe(500);
  expect(await get('/metrics', { Authorization: `Bearer ${TOKEN}x` })).toBe(403);
  expect(await upgradeStatus(port, { host: 'evil.example', path: `/ws?${key}` })).toBe(421);
  expect(await upgradeStatus(port, { path: `/${sessionId}` })).toBe(404);
  expect(await upgradeStatus(port, { origin: 'https://evil.example' })).toBe(403);
  expect(await upgradeStatus(port, { protocol: `proofroom.${key}` })).toBe(400);
  expect(await get('/metrics', { Authorization: `Bearer ${TOKEN}` })).toBe(200);
  return bodies;
}

async function drain({ server, clock, ana, fake }: Setup): Promise<void> {
  fake.next('held');
  ana.send({ type: 'start_over', commandId: 'new' });
  ana.send({ type: 'generate', commandId: 'last', prompt: PROMPT });
  await ana.answer('last');
  const ended = Promise.withResolvers<void>();
  server.proofroom.sessions.on('ended', () => ended.resolve());
  void server.proofroom.drain();
  const closed = ana.closed();
  clock.advance(8_000);
  await closed;
  clock.advance(1_000);
  await ended.promise;
}

function credentialsOf(client: WsClient) {
  const { participantId, participantSecret } = client.last('welcome');
  return { id: participantId, secret: participantSecret };
}

test('S3 S7: no log line, answer or metric holds a secret, and no log line holds what a person or the service wrote', async () => {
  const setup = await setUp();
  const { server, clients, ana, sessionId, key } = setup;
  await generate(setup);
  await beRejected(setup);
  await loseConnections(setup);
  const bodies = await sendRequests(setup);
  await drain(setup);

  const messages = new Set(server.logs.map((line) => JSON.parse(line).msg));
  for (const message of [
    'joined',
    'candidate ended',
    'candidate retried',
    'a generation failed through a mistake of ours',
    'decided',
    'message rejected',
    'connection refused',
    'connection silent',
    'socket error',
    'request refused',
    'a request could not be answered',
    'session ended',
  ]) {
    expect(messages).toContain(message);
  }
  const refusals = [...bodies.join().matchAll(/refusals_total\{code="(\w+)"\}/g)].map(([, code]) => code);
  expect(refusals.toSorted()).toEqual([
    'closed_1009',
    'http_400',
    'http_403',
    'http_404',
    'http_421',
    'image_not_found',
    'invalid_message',
    'not_allowed',
    'not_joined',
    'prompt_empty',
    'prompt_too_long',
    'rate_limited',
    'session_not_found',
    'stale',
    'wrong_stage',
  ]);

  const { secret } = credentialsOf(ana);
  const secrets = [key, TOKEN, OPENAI_KEY, UPSTREAM_TEXT, secret];
  const written = [PROMPT, FEEDBACK, REASON, NAME, DRAFT];
  for (const text of [...server.logs, ...bodies]) {
    for (const word of [sessionId, ...secrets, ...written]) expect(text).not.toContain(word);
  }
  const isWelcome = (text: string) => text.startsWith('{"type":"welcome"');
  for (const client of clients) {
    for (const text of client.frames) {
      // The creator's `welcome` carries the key and the secret; every other one the session's id alone.
      if (client === ana && isWelcome(text)) continue;
      for (const word of isWelcome(text) ? secrets : [sessionId, ...secrets]) expect(text).not.toContain(word);
    }
  }
});

test('S3 S7: every candidate that ended and every retry has one line of ids, codes, sizes and times', async () => {
  const setup = await setUp();
  await generate(setup);
  const session = loggedId(setup.sessionId);
  const base = { level: 30, time: expect.any(String), session, generationId: expect.any(String), candidate: 0 };
  const ended = { ...base, msg: 'candidate ended', durationMs: expect.any(Number) };
  const lines = setup.server.logged('candidate ended');
  expect(lines).toEqual([
    { ...ended, outcome: 'moderation_blocked', upstream: expect.any(String) },
    { ...ended, outcome: 'provider_error' },
    {
      ...ended,
      outcome: 'generated',
      byteLength: expect.any(Number),
      inputTokens: expect.any(Number),
      outputTokens: expect.any(Number),
      estimatedCostDollars: expect.any(Number),
    },
    { ...ended, outcome: 'provider_error', upstream: expect.any(String) },
    { ...ended, outcome: 'cancelled' },
  ]);
  const [, , generated, refined] = lines.map(({ generationId }) => generationId);
  const retried = { ...base, msg: 'candidate retried' };
  expect(setup.server.logged('candidate retried')).toEqual([
    { ...retried, generationId: generated, try: 2 },
    { ...retried, generationId: refined, try: 2 },
    { ...retried, generationId: refined, try: 3 },
  ]);
});
