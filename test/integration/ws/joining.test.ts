import { expect, test } from 'vitest';
import { imageOf } from '../../support/scripted-generator.ts';
import { drawAttempts, startServer, startSession } from '../../support/server.ts';
import { bytesOf, type WsClient } from '../../support/ws-client.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';
const typesOf = ({ received }: WsClient) => received.map(({ type }) => type);

test('W1: the creator of a session gets welcome, snapshot and viewers, in this order and nothing else', async () => {
  const { client } = await startServer();
  const ana = client();
  const welcome = await ana.join({ name: 'Ana' });
  await ana.roundTrip();
  expect(typesOf(ana)).toEqual(['welcome', 'snapshot', 'viewers', 'reject']);
  expect(welcome).toMatchObject({
    protocol: 1,
    role: 'reviewer',
    name: 'Ana',
    generator: { name: 'Scripted', model: 'scripted-1', demo: false },
    limits: { PROMPT_CHARACTERS: 4_000, WANT_IDS: 12, HAVE_IDS: 32 },
  });
  expect(ana.last('snapshot')).toEqual({
    type: 'snapshot',
    revision: 0,
    turn: 0,
    stage: 'initial_input',
    draft: '',
    draftRevision: 0,
    attempts: [],
    decisions: [],
  });
  expect(ana.last('viewers')).toMatchObject({ type: 'viewers', reviewers: 1, watchers: 0 });
});

test('W1: a client that joins during a generation gets its last progress and last preview, and then its image', async () => {
  const { ana, client, generator, sessionId } = await startSession();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  drawing.report({ phase: 'drawing' });
  drawing.preview(imageOf('first'));
  const preview = drawing.preview(imageOf('second'));
  await ana.until('image', ({ index }) => index === 1);

  const late = client();
  await late.join({ sessionId });
  await late.until('image');
  await late.roundTrip();
  expect(typesOf(late)).toEqual(['welcome', 'snapshot', 'viewers', 'progress', 'image', 'reject']);
  expect(late.last('snapshot')).toMatchObject({ stage: 'generating', generation: { prompt: 'a cat', candidates: 1 } });
  expect(late.last('progress')).toMatchObject({ phase: 'drawing', candidate: 0, try: 1, maxTries: 3 });
  expect(late.last('image')).toMatchObject({ kind: 'partial', index: 1 });
  expect(bytesOf(late.last('image')).equals(preview)).toBe(true);
  const bytes = drawing.finish();
  await late.stage('user_feedback');
  expect(bytesOf(late.last('image')).equals(bytes)).toBe(true);
});

test('W1: a client that joins later gets the newest and the approved image, but none that its `have` lists', async () => {
  const { ana, client, generator, sessionId } = await startSession();
  const [approved = '', , newest = ''] = await drawAttempts(ana, generator, ['one', 'two', 'three']);
  ana.send({ type: 'approve', commandId: 'yes', imageId: approved });
  await ana.stage('final');
  for (const [have, expected] of [
    [[], [newest, approved]],
    [['unknown', newest], [approved]],
    [[newest, approved], []],
  ] as const) {
    const late = client();
    await late.join({ sessionId, have: [...have] });
    await late.roundTrip();
    expect(late.of('image').map(({ imageId }) => imageId)).toEqual(expected);
    expect(late.last('snapshot')).toMatchObject({ stage: 'final', approved: { imageId: approved } });
  }
});

test('W5: the creator alone is given the key; with it others review, without it they watch', async () => {
  const { client } = await startServer();
  const { sessionId, key = '' } = await client().join();
  for (const secret of [sessionId, key]) expect(secret).toMatch(/^[\w-]{22,}$/);
  const [ben, eve] = [client(), client()];
  expect((await ben.join({ sessionId, key })).role).toBe('reviewer');
  expect((await eve.join({ sessionId })).role).toBe('watcher');
  expect([...ben.frames, ...eve.frames].join()).not.toContain(key);
});

test('W5: every command and draft of a watcher is not_allowed, and changes nothing', async () => {
  const { ana, client, generator, sessionId } = await startSession();
  const eve = client();
  await eve.join({ sessionId });
  eve.send({ type: 'generate', commandId: '1', prompt: 'a cat' });
  eve.send({ type: 'regenerate', commandId: '2' });
  eve.send({ type: 'refine', commandId: '3', imageId: 'x', feedback: 'darker' });
  eve.send({ type: 'approve', commandId: '4', imageId: 'x' });
  eve.send({ type: 'cancel', commandId: '5' });
  eve.send({ type: 'start_over', commandId: '6' });
  eve.send({ type: 'discard', commandId: '7', imageId: 'x' });
  eve.send({ type: 'restore', commandId: '8', imageId: 'x' });
  eve.send({ type: 'draft', text: 'a dog' });
  await eve.roundTrip();
  const rejections = eve.of('reject').slice(0, -1);
  expect(rejections.map(({ code }) => code)).toEqual(Array(9).fill('not_allowed'));
  await ana.roundTrip();
  expect(typesOf(ana).filter((type) => type === 'snapshot' || type === 'draft')).toEqual(['snapshot']);
  expect(generator.drawings).toEqual([]);
});

test('W5 W7: a wrong key is closed with 4403 and never watches; an unknown session is closed with 4404', async () => {
  const { ana, client, sessionId } = await startSession();
  const other = await client().join();
  await ana.roundTrip();
  const before = ana.of('viewers').length;
  for (const key of ['wrong', '', sessionId, other.key]) {
    const { code, rejection } = await client().joinRejected({ sessionId, ...(key !== undefined && { key }) });
    expect([code, rejection.code], key).toEqual([4403, 'not_allowed']);
  }
  for (const unknown of ['unknown', '', '__proto__', 'constructor']) {
    const { code, rejection } = await client().joinRejected({ sessionId: unknown, key: 'k' });
    expect([code, rejection.code], unknown).toEqual([4404, 'session_not_found']);
  }
  await ana.roundTrip();
  expect(ana.of('viewers')).toHaveLength(before);
});

test('S2: with an access token set, only the right one creates a session, and links work without it', async () => {
  const { client } = await startServer({ accessToken: TOKEN });
  for (const token of [undefined, '', `${TOKEN}x`]) {
    const { code, rejection } = await client().joinRejected(token === undefined ? {} : { token });
    expect([code, rejection.code], token).toEqual([4403, 'not_allowed']);
  }
  const { sessionId, key = '' } = await client().join({ token: TOKEN });
  expect((await client().join({ sessionId, key })).role).toBe('reviewer');
  expect((await client().join({ sessionId })).role).toBe('watcher');
  expect((await client().joinRejected({ sessionId, key, token: 'wrong' })).code).toBe(4403);
});

test('S4 W7: a join that is invalid says what is wrong, and is closed with 1008', async () => {
  const { client } = await startServer();
  for (const [fields, message] of [
    [{ name: 'x'.repeat(41) }, 'The field "name" has more than 40 characters.'],
    [{ have: 5 }, 'The field "have" is missing or wrong.'],
    [{ have: Array.from({ length: 33 }, String) }, 'The field "have" has more than 32 entries.'],
    [{ sessionId: 'x'.repeat(257) }, 'The field "sessionId" is missing or wrong.'],
  ] as const) {
    const one = await client().open();
    one.sendText(JSON.stringify({ type: 'join', ...fields }));
    expect((await one.closed()).code).toBe(1008);
    expect(one.received).toMatchObject([{ type: 'reject', code: 'invalid_message', message }]);
  }
});

test('S4 W7: a join over a limit is closed with 4429: connections of a session, new sessions, sessions in all', async () => {
  const full = await startServer({ limits: { CONNECTIONS_PER_SESSION: 1, SESSIONS: 2 } });
  const { sessionId } = await full.client().join();
  await full.client().join();
  const fast = await startServer({ limits: { SESSION_BURST_PER_ADDRESS: 1, SESSIONS_PER_MINUTE_PER_ADDRESS: 1 } });
  const known = await fast.client().join();
  for (const [client, join, expected] of [
    [full.client(), { sessionId }, 'server_busy'],
    [full.client(), {}, 'server_busy'],
    [fast.client(), {}, 'rate_limited'],
  ] as const) {
    const { code, rejection } = await client.joinRejected(join);
    expect([code, rejection.code]).toEqual([4429, expected]);
  }
  await fast.client().join({ sessionId: known.sessionId });
});

test('W9: viewers follows every client that comes, leaves or is cut off, and changes no revision', async () => {
  const { ana, ben, client, sessionId } = await startSession();
  const eve = client();
  await eve.join({ sessionId });
  await ana.until('viewers', ({ reviewers, watchers }) => reviewers === 2 && watchers === 1);
  await ben.leave();
  await ana.until('viewers', ({ reviewers, watchers }) => reviewers === 1 && watchers === 1);
  eve.socket.terminate();
  await ana.until('viewers', (viewers) => viewers === ana.last('viewers') && viewers.watchers === 0);
  expect(ana.of('snapshot')).toHaveLength(1);
});
