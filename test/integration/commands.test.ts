import { expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import type { WsClient } from '../support/ws-client.ts';

const generate = (commandId: string, more: { prompt?: string; turn?: number } = {}) =>
  ({ type: 'generate', commandId, prompt: 'a cat', ...more }) as const;

/** A session with two reviewers. */
async function twoTabs(generator = new ScriptedGenerator()) {
  const server = await startServer({}, generator);
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key } = await ana.join({ name: 'Ana' });
  await ben.join({ sessionId, key, name: 'Ben' });
  return { ...server, ana, ben, sessionId, key };
}

async function withImage(reviewer: WsClient, generator: ScriptedGenerator) {
  reviewer.send(generate('first'));
  (await generator.drawing(0)).finish(imageOf('first'));
  return reviewer.stage('user_feedback');
}

test('the whole loop: prompt, picture, another one, refinement, approval, start over', async () => {
  const { ana, ben, generator } = await twoTabs();
  const { image, turn } = await withImage(ana, generator);
  ben.send({
    type: 'regenerate',
    commandId: 'another',
    turn,
    prompt: 'a dog',
    options: { size: '64x48', quality: 'low' },
  });
  const second = await generator.drawing(1);
  expect(second.request).toMatchObject({ prompt: 'a dog', options: { size: '64x48', quality: 'low' }, attempt: 1 });
  second.finish(imageOf('second'), {
    revisedPrompt: 'one dog',
    usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    estimatedCost: { amount: 0.04, currency: 'USD' },
  });
  await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
  ana.send({ type: 'refine', commandId: 'finer', imageId: image.imageId, feedback: 'with a hat' });
  const third = await generator.drawing(2);
  expect(third.request).toMatchObject({ prompt: 'a cat', feedback: 'with a hat', parent: { mediaType: 'image/png' } });
  expect(Buffer.from(third.request.parent?.bytes ?? [])).toEqual(Buffer.from(imageOf('first').bytes));
  third.finish(imageOf('third'));
  const { attempts } = await ben.stage('user_feedback', (snapshot) => snapshot.attempts.length === 3);
  expect(attempts).toMatchObject([
    { prompt: 'a cat' },
    {
      prompt: 'a dog',
      parent: image.imageId,
      revisedPrompt: 'one dog',
      usage: { totalTokens: 3 },
      estimatedCost: { amount: 0.04 },
    },
    { prompt: 'a cat', parent: image.imageId, feedback: 'with a hat' },
  ]);
  ben.send({ type: 'approve', commandId: 'yes', imageId: image.imageId, sha256: image.sha256 });
  const final = await ana.stage('final');
  expect(final.decisions).toMatchObject([
    { decision: 'approved', imageId: image.imageId, sha256: image.sha256, by: 'Ben' },
  ]);
  ana.send({ type: 'start_over', commandId: 'new' });
  const anew = await ben.stage('initial_input', ({ revision }) => revision > final.revision);
  expect(anew).toMatchObject({ draft: '', attempts: [], decisions: final.decisions });
  expect(anew).not.toHaveProperty('image');
});

test('M2: of two tabs that click in one tick one wins, the other is told who acted and what happened', async () => {
  const { ana, ben, generator, sessionId, client } = await twoTabs();
  ana.send(generate('from-ana', { turn: 0, prompt: 'by Ana' }));
  ben.send(generate('from-ben', { turn: 0, prompt: 'by Ben' }));
  const answers = [await ana.answer('from-ana'), await ben.answer('from-ben')];
  expect(answers.map(({ type }) => type).toSorted()).toEqual(['ack', 'reject']);
  const { generation } = await ana.stage('generating');
  const winner = generation.prompt === 'by Ana' ? 'Ana' : 'Ben';
  expect(answers.find(({ type }) => type === 'reject')).toMatchObject({
    code: 'stale',
    lastAction: { action: 'generate', by: winner },
  });
  (await generator.drawing(0)).finish();
  await ana.stage('user_feedback');
  await ben.stage('user_feedback');
  const late = client();
  await late.join({ sessionId });
  expect(generator.drawings).toHaveLength(1);
  for (const one of [ana, ben]) expect(one.last('snapshot')).toEqual(late.last('snapshot'));
});

test('M2: without a turn the second one is wrong_stage, with who acted', async () => {
  const { ana, ben } = await twoTabs();
  ana.send(generate('from-ana'));
  await ana.answer('from-ana');
  ben.send(generate('from-ben'));
  expect(await ben.answer('from-ben')).toMatchObject({
    code: 'wrong_stage',
    lastAction: { by: 'Ana', action: 'generate' },
  });
});

test('M2: approve against regenerate from two tabs: both see one outcome', async () => {
  const { ana, ben, generator } = await twoTabs();
  const { image, turn } = await withImage(ana, generator);
  await ben.stage('user_feedback');
  ana.send({ type: 'approve', commandId: 'approve', turn, imageId: image.imageId });
  ben.send({ type: 'regenerate', commandId: 'regenerate', turn });
  const answers = [await ana.answer('approve'), await ben.answer('regenerate')];
  expect(answers.map(({ type }) => type).toSorted()).toEqual(['ack', 'reject']);
  await ana.fence();
  await ben.fence();
  expect(ana.last('snapshot')).toEqual(ben.last('snapshot'));
});

test('M7: a command sent again after a reconnect gets its first answer and is not done twice', async () => {
  const { ana, client, generator, sessionId, key } = await twoTabs();
  ana.send(generate('once'));
  const first = await ana.answer('once');
  ana.socket.terminate();
  const back = client();
  await back.join({ sessionId, key, name: 'Ana' });
  back.send(generate('once'));
  expect(await back.answer('once')).toEqual(first);
  (await generator.drawing(0)).finish();
  await back.stage('user_feedback');
  back.send(generate('once'));
  await back.fence();
  expect(back.answers().filter(({ commandId }) => commandId === 'once')).toEqual([first, first]);
  expect(generator.drawings).toHaveLength(1);
});

test('M7: a rejection is remembered too, and with other content the same id is invalid_message', async () => {
  const { ana, ben, generator } = await twoTabs();
  ana.send({ type: 'cancel', commandId: 'early' });
  const first = await ana.answer('early');
  expect(first).toMatchObject({ code: 'wrong_stage' });
  ana.send(generate('go'));
  await ana.answer('go');
  ben.send({ type: 'cancel', commandId: 'early' });
  expect(await ben.answer('early')).toEqual(first);
  ana.send({ type: 'cancel', commandId: 'go' });
  const other = await ana.until('reject', ({ commandId }) => commandId === 'go');
  expect(other).toMatchObject({ code: 'invalid_message', message: expect.stringContaining('commandId') });
  expect(generator.drawings[0]?.signal.aborted).toBe(false);
});

test('W6: every command gets exactly one answer, in the order of the commands', async () => {
  const { ana, ben, generator } = await twoTabs();
  const { image } = await withImage(ana, generator);
  await ben.stage('user_feedback');
  const at = ben.answers().length;
  ben.send(generate('1', { prompt: ' \n' }));
  ben.send(generate('2', { prompt: 'x'.repeat(4_001) }));
  ben.send(generate('3', { turn: 0 }));
  ben.send(generate('4'));
  ben.send({ type: 'approve', commandId: '5', imageId: 'nope' });
  ben.send({ type: 'approve', commandId: '6', imageId: image.imageId, sha256: '0'.repeat(64) });
  ben.send({ type: 'refine', commandId: '7', imageId: image.imageId, feedback: 'y'.repeat(2_001) });
  ben.sendText(JSON.stringify({ type: 'approve', commandId: '8' }));
  ben.sendText(JSON.stringify({ type: 'dance', commandId: '9' }));
  ben.send({ type: 'approve', commandId: '10', imageId: image.imageId, sha256: image.sha256 });
  ben.send({ type: 'approve', commandId: '11', turn: 0, imageId: image.imageId });
  await ben.answer('11');
  await ben.fence();
  const answers = ben.answers().slice(at, -1);
  expect(answers.map((answer) => [answer.commandId, answer.type === 'ack' ? 'ack' : answer.code])).toEqual([
    ['1', 'prompt_empty'],
    ['2', 'prompt_too_long'],
    ['3', 'stale'],
    ['4', 'wrong_stage'],
    ['5', 'image_not_found'],
    ['6', 'image_not_found'],
    ['7', 'prompt_too_long'],
    ['8', 'invalid_message'],
    ['9', 'invalid_message'],
    ['10', 'ack'],
    ['11', 'ack'],
  ]);
});

test('W6: a commandId of no or more than 64 characters is invalid_message, unknown fields are ignored', async () => {
  const { ana, generator } = await twoTabs();
  ana.send(generate(''));
  ana.send(generate('x'.repeat(65)));
  ana.sendText(JSON.stringify(generate('x'.repeat(64))).replace('{', '{"colour":"red","__proto__":{"prompt":7},'));
  expect(await ana.answer('x'.repeat(64))).toMatchObject({ type: 'ack' });
  expect(ana.of('reject').map(({ code }) => code)).toEqual(['invalid_message', 'invalid_message']);
  expect(generator.drawings).toHaveLength(1);
});

test('M10: a late Cancel does not kill the next generation', async () => {
  const { ana, ben, generator } = await twoTabs();
  ana.send(generate('first'));
  const { turn } = await ana.stage('generating');
  (await generator.drawing(0)).finish();
  await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'second' });
  const next = await generator.drawing(1);
  ben.send({ type: 'cancel', commandId: 'late', turn });
  expect(await ben.answer('late')).toMatchObject({ code: 'stale', lastAction: { action: 'regenerate', by: 'Ana' } });
  expect(next.signal.aborted).toBe(false);
});

test('M10: a late Start over does not throw away an approved image', async () => {
  const { ana, ben, generator } = await twoTabs();
  const { image, turn } = await withImage(ana, generator);
  ana.send({ type: 'approve', commandId: 'yes', turn, imageId: image.imageId });
  await ana.stage('final');
  ben.send({ type: 'start_over', commandId: 'late', turn });
  expect(await ben.answer('late')).toMatchObject({ code: 'stale', lastAction: { action: 'approve', by: 'Ana' } });
  await ben.fence();
  expect(ben.last('snapshot')).toMatchObject({ stage: 'final', approved: { imageId: image.imageId } });
});

test('M4, R2: cancel aborts the upstream at once, and a result that comes all the same changes nothing', async () => {
  const { ana, generator, client, sessionId } = await twoTabs(new ScriptedGenerator({ isStubborn: true }));
  ana.send(generate('go'));
  const drawing = await generator.drawing(0);
  ana.send({ type: 'cancel', commandId: 'stop' });
  const cancelled = await ana.stage('initial_input', ({ revision }) => revision > 0);
  expect(drawing.signal.aborted).toBe(true);
  expect(cancelled).toMatchObject({ lastGeneration: { prompt: 'a cat' }, lastAction: { action: 'cancel' } });
  expect(cancelled).not.toHaveProperty('error');
  drawing.report({ phase: 'drawing' });
  drawing.preview();
  drawing.finish();
  await drawing.result;
  await ana.fence();
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot')).toEqual(cancelled);
  expect(ana.of('image')).toEqual([]);
});

test('M5, M8: a failure keeps the prompt and the image on show; the next accepted command clears the error', async () => {
  const { ana, generator } = await twoTabs();
  const { image } = await withImage(ana, generator);
  ana.send({ type: 'regenerate', commandId: 'again', prompt: 'a dog' });
  (await generator.drawing(1)).fail(
    new GenerationFailed('moderation_blocked', 'The service refused.', { retryable: false }),
  );
  const failed = await ana.stage('user_feedback', ({ error }) => error !== undefined);
  expect(failed).toMatchObject({
    error: { code: 'moderation_blocked', message: 'The service refused.', retryable: false },
    lastGeneration: { prompt: 'a dog' },
    draft: 'a dog',
    image: { imageId: image.imageId },
  });
  ana.send({ type: 'regenerate', commandId: 'once-more' });
  const next = await ana.stage('generating', ({ revision }) => revision > failed.revision);
  expect(next.generation.prompt).toBe('a dog');
  expect(next).not.toHaveProperty('error');
  expect(next).not.toHaveProperty('lastGeneration');
});

test('R8: a generator that breaks is an error of that session, and tells nobody its words', async () => {
  const { ana, generator, client, logs } = await twoTabs();
  ana.send(generate('go'));
  (await generator.drawing(0)).fail(new TypeError('sk-secret in /etc/passwd'));
  const { error } = await ana.stage('initial_input', ({ revision }) => revision > 0);
  expect(error).toMatchObject({ code: 'provider_error', retryable: true });
  expect(ana.frames.join()).not.toContain('sk-secret');
  expect(logs.some((line) => line.includes('a generation failed by a mistake of ours'))).toBe(true);
  await client().join();
});

test('retries are told while they happen', async () => {
  const { ana, generator } = await twoTabs();
  ana.send(generate('go'));
  const drawing = await generator.drawing(0);
  drawing.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
  const progress = await ana.until('progress', ({ phase }) => phase === 'retrying');
  expect(progress).toMatchObject({ try: 2, maxTries: 3, reason: 'The service is busy.' });
  expect(progress.retryInMs).toBeGreaterThan(3_000);
  drawing.report({ phase: 'started' });
  const next = await ana.until('progress', ({ phase, try: tries }) => phase === 'started' && tries === 2);
  expect(next).not.toHaveProperty('retryInMs');
  expect(next).toMatchObject({ reason: 'The service is busy.' });
});

test('R11: many sessions at once, each gets the picture of its own prompt and no other', async () => {
  const { client, generator } = await startServer({ limits: { CONCURRENT_CANDIDATES: 8 } });
  const clients = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const one = client();
      await one.join();
      one.send(generate('go', { prompt: `prompt ${index}` }));
      await one.answer('go');
      return one;
    }),
  );
  await generator.drawing(7);
  clients[3]?.send({ type: 'cancel', commandId: 'stop' });
  await clients[3]?.answer('stop');
  clients[5]?.socket.terminate();
  for (const drawing of generator.drawings.toReversed()) {
    drawing.preview(imageOf(`preview of ${drawing.request.prompt}`));
    drawing.finish(imageOf(drawing.request.prompt));
  }
  for (const [index, one] of clients.entries()) {
    if (index === 3 || index === 5) continue;
    const { attempts } = await one.stage('user_feedback');
    expect(attempts).toMatchObject([{ prompt: `prompt ${index}` }]);
    const finals = one.of('image').filter(({ kind }) => kind === 'final');
    expect(finals.map(({ data }) => data)).toEqual([Buffer.from(imageOf(`prompt ${index}`).bytes).toString('base64')]);
    const previews = one.of('image').filter(({ kind }) => kind === 'partial');
    const expected = Buffer.from(imageOf(`preview of prompt ${index}`).bytes).toString('base64');
    for (const { data } of previews) expect(data).toBe(expected);
  }
  expect(clients[3]?.of('image')).toEqual([]);
});
