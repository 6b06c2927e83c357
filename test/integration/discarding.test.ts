import { expect, test } from 'vitest';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import { bytesOf, type WsClient } from '../support/ws-client.ts';

/** Two reviewers in one session with two attempts, whose ids come oldest first. */
async function twoTabs() {
  const server = await startServer({}, new ScriptedGenerator());
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key } = await ana.join({ name: 'Ana' });
  await ben.join({ sessionId, key, name: 'Ben' });
  ana.send({ type: 'generate', commandId: 'first', prompt: 'a cat' });
  (await server.generator.drawing(0)).finish(imageOf('first'));
  await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'second' });
  (await server.generator.drawing(1)).finish(imageOf('second'));
  const { attempts, turn, revision } = await ben.stage('user_feedback', (snapshot) => snapshot.attempts.length === 2);
  await ana.stage('user_feedback', (snapshot) => snapshot.attempts.length === 2);
  const [first = '', second = ''] = attempts.map(({ image }) => image.imageId);
  return { ...server, ana, ben, sessionId, key, first, second, turn, revision };
}

const after = (client: WsClient, revision: number) => client.until('snapshot', (one) => one.revision > revision);

test('discard and restore are seen by all, with who did it, and leave the last action alone', async () => {
  const { ana, ben, first, second, turn, revision } = await twoTabs();
  ben.send({ type: 'discard', commandId: 'away', turn, imageId: second });
  expect(await ben.answer('away')).toMatchObject({ type: 'ack', revision: revision + 1 });
  const discarded = await after(ana, revision);
  expect(discarded).toMatchObject({
    stage: 'user_feedback',
    turn,
    image: { imageId: first },
    attempts: [{ number: 1 }],
    discarded: [{ number: 2, image: { imageId: second }, discarded: { by: 'Ben' } }],
    lastAction: { action: 'regenerate', by: 'Ana' },
  });
  ana.send({ type: 'restore', commandId: 'back', turn, imageId: second });
  const restored = await after(ben, revision + 1);
  expect(restored).toMatchObject({ image: { imageId: second }, attempts: [{ number: 1 }, { number: 2 }] });
  expect(restored).not.toHaveProperty('discarded');
});

test('M10 with the last attempt the stage goes too, and a decision from before is stale', async () => {
  const { ana, ben, first, second, turn, revision } = await twoTabs();
  ana.send({ type: 'discard', commandId: '1', turn, imageId: first });
  ana.send({ type: 'discard', commandId: '2', turn, imageId: second });
  const empty = await ben.stage('initial_input', (snapshot) => snapshot.revision > revision);
  expect(empty).toMatchObject({ turn: turn + 1, attempts: [], lastAction: { action: 'regenerate' } });
  ben.send({ type: 'regenerate', commandId: 'late', turn });
  expect(await ben.answer('late')).toMatchObject({ code: 'stale' });
  ben.send({ type: 'restore', commandId: '3', turn: turn + 1, imageId: first });
  const back = await ana.stage('user_feedback', (snapshot) => snapshot.revision > empty.revision);
  expect(back).toMatchObject({ turn: turn + 2, attempts: [{ number: 1 }], discarded: [{ number: 2 }] });
});

test.for(['approve', 'discard'] as const)('M2 of discard and approve at once one wins, here %s', async (winner) => {
  const { ana, ben, first, turn } = await twoTabs();
  const asks = {
    approve: () => ana.send({ type: 'approve', commandId: 'approve', imageId: first }),
    discard: () => ben.send({ type: 'discard', commandId: 'discard', imageId: first }),
  };
  asks[winner]();
  await (winner === 'approve' ? ana : ben).answer(winner);
  asks[winner === 'approve' ? 'discard' : 'approve']();
  const answers = [await ana.answer('approve'), await ben.answer('discard')];
  const codes = answers.map((answer) => (answer.type === 'ack' ? 'ack' : answer.code));
  expect(codes).toEqual(winner === 'approve' ? ['ack', 'wrong_stage'] : ['image_not_found', 'ack']);
  await ana.fence();
  await ben.fence();
  expect(ana.last('snapshot')).toEqual(ben.last('snapshot'));
  expect(ana.last('snapshot').turn).toBe(turn + (winner === 'approve' ? 1 : 0));
});

test('M2 discard and approve in one tick: both see one outcome', async () => {
  const { ana, ben, first } = await twoTabs();
  ana.send({ type: 'approve', commandId: 'approve', imageId: first });
  ben.send({ type: 'discard', commandId: 'discard', imageId: first });
  const answers = [await ana.answer('approve'), await ben.answer('discard')];
  expect(answers.map(({ type }) => type).toSorted()).toEqual(['ack', 'reject']);
  await ana.fence();
  await ben.fence();
  expect(ana.last('snapshot')).toEqual(ben.last('snapshot'));
});

test('M3 a discarded attempt is no ground for anything', async () => {
  const { ana, second, revision } = await twoTabs();
  ana.send({ type: 'discard', commandId: 'away', imageId: second });
  await ana.answer('away');
  const asks = [
    { type: 'approve', commandId: '1', imageId: second },
    { type: 'refine', commandId: '2', imageId: second, feedback: 'darker' },
    { type: 'regenerate', commandId: '3', imageId: second },
    { type: 'discard', commandId: '4', imageId: second },
    { type: 'restore', commandId: '5', imageId: 'nowhere' },
  ] as const;
  for (const ask of asks) {
    ana.send(ask);
    expect(await ana.answer(ask.commandId)).toMatchObject({ code: 'image_not_found' });
  }
  expect(ana.last('snapshot').revision).toBe(revision + 1);
});

test('M7 a discard sent again is not done twice, even after it was undone', async () => {
  const { ana, ben, second, revision } = await twoTabs();
  ana.send({ type: 'discard', commandId: 'away', imageId: second });
  const first = await ana.answer('away');
  ben.send({ type: 'restore', commandId: 'back', imageId: second });
  await ben.answer('back');
  ana.send({ type: 'discard', commandId: 'away', imageId: second });
  await ana.fence();
  expect(ana.answers().filter(({ commandId }) => commandId === 'away')).toEqual([first, first]);
  expect(ana.last('snapshot')).toMatchObject({ revision: revision + 2, attempts: [{}, {}] });
});

test('W1 W2 the bytes of a discarded attempt are there for want, have and HTTP, in every stage', async () => {
  const { ana, client, generator, sessionId, key, first, second, address } = await twoTabs();
  for (const imageId of [first, second]) ana.send({ type: 'discard', commandId: imageId, imageId });
  await ana.stage('initial_input', ({ attempts, discarded }) => attempts.length === 0 && discarded?.length === 2);
  const late = client();
  await late.join({ sessionId, key, have: [first] });
  expect(late.of('image')).toEqual([]);
  late.send({ type: 'want', imageIds: [second] });
  expect(bytesOf(await late.until('image')).equals(imageOf('second').bytes)).toBe(true);
  const served = await fetch(`${address}/api/sessions/${sessionId}/images/${first}`);
  expect(Buffer.from(await served.arrayBuffer()).equals(imageOf('first').bytes)).toBe(true);
  expect(served.headers.get('content-disposition')).toContain('a-cat');
  late.send({ type: 'generate', commandId: 'again', prompt: 'a dog' });
  await late.stage('generating');
  late.send({ type: 'want', imageIds: [first] });
  expect(await late.until('image', ({ imageId }) => imageId === first)).toMatchObject({ kind: 'final' });
  (await generator.drawing(2)).finish(imageOf('third'));
  expect(await late.stage('user_feedback')).toMatchObject({ attempts: [{ number: 3 }], discarded: [{}, {}] });
});

test('W3 the attempt that a discard brings to show comes before the snapshot that shows it', async () => {
  const { ana, client, sessionId, first, second } = await twoTabs();
  const late = client();
  await late.join({ sessionId });
  expect((await late.until('image')).imageId).toBe(second);
  ana.send({ type: 'discard', commandId: 'away', imageId: second });
  await late.until('snapshot', ({ image }) => image?.imageId === first);
  const at = late.received.findIndex((message) => message.type === 'image' && message.imageId === first);
  const shown = late.received.findIndex((message) => message.type === 'snapshot' && message.image?.imageId === first);
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThan(shown);
});

test('start over lets go of what was discarded', async () => {
  const { ana, first, second } = await twoTabs();
  ana.send({ type: 'discard', commandId: 'away', imageId: first });
  ana.send({ type: 'start_over', commandId: 'new' });
  const anew = await ana.stage('initial_input', ({ turn }) => turn > 0);
  expect(anew).not.toHaveProperty('discarded');
  ana.send({ type: 'want', imageIds: [first, second] });
  for (const imageId of [first, second]) {
    expect(await ana.until('reject', (reject) => reject.imageId === imageId)).toMatchObject({
      code: 'image_not_found',
    });
  }
});

test('a watcher may neither discard nor restore', async () => {
  const { client, sessionId, first } = await twoTabs();
  const watcher = client();
  await watcher.join({ sessionId });
  for (const type of ['discard', 'restore'] as const) {
    watcher.send({ type, commandId: type, imageId: first });
    expect(await watcher.answer(type)).toMatchObject({ code: 'not_allowed' });
  }
});
