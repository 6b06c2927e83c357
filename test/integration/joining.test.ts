import { expect, test } from 'vitest';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import { bytesOf } from '../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'a-cat', prompt: 'a cat' } as const;

test('W1: whoever creates a session gets welcome, snapshot and viewers, in this order and nothing else', async () => {
  const { client } = await startServer();
  const ana = client();
  const welcome = await ana.join({ name: 'Ana' });
  await ana.fence();
  expect(ana.received.map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers', 'reject']);
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
    attempts: [],
    decisions: [],
  });
  expect(ana.last('viewers')).toEqual({ type: 'viewers', reviewers: 1, watchers: 0 });
});

test('W1: who comes late, in the middle of a generation, gets its last progress and its last partial', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  drawing.report({ phase: 'started' });
  drawing.report({ phase: 'drawing' });
  drawing.preview(imageOf('first'));
  const latest = drawing.preview(imageOf('second'));
  await ana.until('image', ({ index }) => index === 1);

  const late = client();
  await late.join({ sessionId });
  const partial = await late.until('image');
  await late.fence();
  expect(late.received.map(({ type }) => type)).toEqual([
    'welcome',
    'snapshot',
    'viewers',
    'progress',
    'image',
    'reject',
  ]);
  expect(late.last('snapshot')).toMatchObject({ stage: 'generating', generation: { prompt: 'a cat', candidates: 1 } });
  expect(late.last('progress')).toMatchObject({ phase: 'drawing', candidate: 0, try: 1, maxTries: 3 });
  expect(partial).toMatchObject({ kind: 'partial', index: 1 });
  expect(bytesOf(partial).equals(latest)).toBe(true);

  const bytes = drawing.finish();
  await late.stage('user_feedback');
  expect(bytesOf(late.last('image')).equals(bytes)).toBe(true);
});

test('W1: who comes after the approval gets the approved image once, and no other attempt', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('first'));
  await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'again' });
  const bytes = (await generator.drawing(1)).finish(imageOf('second'));
  const { image } = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
  ana.send({ type: 'approve', commandId: 'yes', imageId: image.imageId, sha256: image.sha256 });
  await ana.stage('final');

  const late = client();
  await late.join({ sessionId });
  await late.until('image');
  await late.fence();
  expect(late.of('image')).toHaveLength(1);
  expect(bytesOf(late.last('image')).equals(bytes)).toBe(true);
  expect(late.last('snapshot')).toMatchObject({ stage: 'final', approved: { imageId: image.imageId } });
});

test('W1: who approved an older attempt and comes back gets both, the newest and the approved one', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('first'));
  const first = (await ana.stage('user_feedback')).image;
  ana.send({ type: 'regenerate', commandId: 'again' });
  (await generator.drawing(1)).finish(imageOf('second'));
  const newest = (await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2)).image;
  ana.send({ type: 'approve', commandId: 'yes', imageId: first.imageId });
  await ana.stage('final');

  const late = client();
  await late.join({ sessionId });
  await late.until('image', ({ imageId }) => imageId === first.imageId);
  await late.until('image', ({ imageId }) => imageId === newest.imageId);
});

test('W1: what `have` lists is not sent again', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish();
  const { image } = await ana.stage('user_feedback');

  const back = client();
  await back.join({ sessionId, have: ['something-else', image.imageId] });
  await back.fence();
  expect(back.of('image')).toEqual([]);
  expect(back.last('snapshot')).toMatchObject({ stage: 'user_feedback', image: { imageId: image.imageId } });
});

test('W5: only the creator is given the key, which lets another one decide', async () => {
  const { client } = await startServer();
  const ana = client();
  const { sessionId, key } = await ana.join();
  expect(key).toMatch(/^[\w-]{22,}$/);
  expect(sessionId).toMatch(/^[\w-]{22,}$/);
  const ben = client();
  const second = await ben.join({ sessionId, key });
  expect(second.role).toBe('reviewer');
  expect(second).not.toHaveProperty('key');
  const eve = client();
  const third = await eve.join({ sessionId });
  expect(third.role).toBe('watcher');
  expect(third).not.toHaveProperty('key');
  expect([...ben.frames, ...eve.frames].join()).not.toContain(key);
});

test('W5: the watch link decides nothing: every command is not_allowed, and nothing changes', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const eve = client();
  await eve.join({ sessionId });
  eve.send({ type: 'generate', commandId: '1', prompt: 'p' });
  eve.send({ type: 'regenerate', commandId: '2' });
  eve.send({ type: 'refine', commandId: '3', imageId: 'x', feedback: 'f' });
  eve.send({ type: 'approve', commandId: '4', imageId: 'x' });
  eve.send({ type: 'cancel', commandId: '5' });
  eve.send({ type: 'start_over', commandId: '6' });
  eve.send({ type: 'draft', text: 'mine' });
  await eve.fence();
  const rejects = eve.of('reject').slice(0, -1);
  expect(rejects.map(({ commandId, code }) => [commandId, code])).toEqual([
    ...['1', '2', '3', '4', '5', '6'].map((commandId) => [commandId, 'not_allowed']),
    [undefined, 'not_allowed'],
  ]);
  expect(generator.drawings).toEqual([]);
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot')).toMatchObject({ revision: 0, draft: '' });
});

test.for([
  ['a wrong key', { key: 'wrong' }],
  ['an empty key', { key: '' }],
  ['the session id as key', 'id'],
] as const)('W5, W7: %s is not_allowed and closes with 4403, never watching', async ([, given]) => {
  const { client } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const eve = client();
  await eve.open();
  eve.send({ type: 'join', sessionId, ...(given === 'id' ? { key: sessionId } : given) });
  expect((await eve.closed()).code).toBe(4403);
  expect(eve.received).toMatchObject([{ type: 'reject', code: 'not_allowed' }]);
  await ana.fence();
  expect(ana.last('viewers')).toMatchObject({ reviewers: 1, watchers: 0 });
});

test('W5, W7: one session’s key does not open another', async () => {
  const { client } = await startServer();
  const { key } = await client().join();
  const { sessionId } = await client().join();
  const eve = client();
  await eve.open();
  eve.send({ type: 'join', sessionId, ...(key !== undefined && { key }) });
  expect((await eve.closed()).code).toBe(4403);
});

test.for(['unknown', '', '__proto__', 'constructor'])(
  'W7: the unknown session %j is session_not_found and closes with 4404',
  async (sessionId) => {
    const { client } = await startServer();
    const ana = client();
    await ana.open();
    ana.send({ type: 'join', sessionId, key: 'k' });
    expect((await ana.closed()).code).toBe(4404);
    expect(ana.received).toMatchObject([{ type: 'reject', code: 'session_not_found' }]);
  },
);

test('a second join on a connection is invalid_message, and the first one holds', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  ana.send({ type: 'join' });
  ana.send({ type: 'draft', text: 'still here' });
  await ana.fence();
  expect(ana.of('reject')[0]).toMatchObject({
    code: 'invalid_message',
    message: 'This connection has joined a session already.',
  });
  expect(ana.of('welcome')).toHaveLength(1);
});

test.for([
  ['a name over its limit', { name: 'x'.repeat(41) }, 'The field "name" has more than 40 characters.'],
  ['a field of the wrong type', { have: 5 }, 'The field "have" is missing or wrong.'],
  ['a session id longer than any', { sessionId: 'x'.repeat(257) }, 'The field "sessionId" is missing or wrong.'],
  [
    'a list of images over its limit',
    { have: Array.from({ length: 33 }, String) },
    'The field "have" has more than 32 entries.',
  ],
] as const)('a join with %s is invalid_message, says so, and closes with 1008', async ([, join, message]) => {
  const { client } = await startServer();
  const ana = client();
  await ana.open();
  ana.sendText(JSON.stringify({ type: 'join', ...join }));
  expect((await ana.closed()).code).toBe(1008);
  expect(ana.received).toMatchObject([{ type: 'reject', code: 'invalid_message', message }]);
});

test('a connection without a name is given one, which `by` then says', async () => {
  const { client } = await startServer();
  const ana = client();
  const { sessionId, key, name } = await ana.join({ name: '  ' });
  expect(name).toBe('Reviewer 1');
  const ben = client();
  expect((await ben.join({ sessionId, key })).name).toBe('Reviewer 2');
  ben.send({ ...A_CAT });
  expect(await ana.stage('generating')).toMatchObject({ lastAction: { action: 'generate', by: 'Reviewer 2' } });
});

test('W9: viewers follows each coming and going and changes no revision', async () => {
  const { client } = await startServer();
  const ana = client();
  const { sessionId, key } = await ana.join();
  const ben = client();
  await ben.join({ sessionId, key });
  const eve = client();
  await eve.join({ sessionId });
  await ana.until('viewers', ({ reviewers, watchers }) => reviewers === 2 && watchers === 1);
  await ben.leave();
  await ana.until('viewers', ({ reviewers, watchers }) => reviewers === 1 && watchers === 1);
  ana.send({ type: 'draft', text: 'hello' });
  await ana.fence();
  expect(ana.of('snapshot')).toHaveLength(1);
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot')).toMatchObject({ revision: 0, turn: 0, draft: 'hello' });
});
