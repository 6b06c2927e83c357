/** Generations as clients see them: candidates, the queue, memory, and what the server can draw. */
import { expect, test } from 'vitest';
import { GenerationFailed } from '../../../server/generators/generator.ts';
import { setUpOpenAI } from '../../support/openai-adapter.ts';
import { imageOf, ScriptedGenerator } from '../../support/scripted-generator.ts';
import { startServer, startSession } from '../../support/server.ts';
import { bytesOf, type WsClient } from '../../support/ws-client.ts';

const blocked = new GenerationFailed('moderation_blocked', 'The service refused.', { retryable: false });

test('M1: candidates are shown in both tabs as they end, images and failures, and none can be approved before the last', async () => {
  const { ana, ben, generator } = await startSession();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 3 } });
  (await generator.drawing(2)).finish(imageOf('2'));
  const first = await ben.stage('generating', ({ attempts }) => attempts.length === 1);
  expect(first.attempts).toMatchObject([{ number: 3, image: { candidate: 2 } }]);
  const imageId = first.image?.imageId ?? '';
  ben.send({ type: 'approve', commandId: 'early', imageId });
  expect(await ben.answer('early')).toMatchObject({ code: 'wrong_stage' });

  (await generator.drawing(1)).fail(blocked);
  const failures = [{ candidate: 1, error: { code: 'moderation_blocked', message: 'The service refused.' } }];
  expect((await ben.stage('generating', ({ generation }) => !!generation.failures)).generation).toMatchObject({
    failures,
  });
  (await generator.drawing(0)).finish(imageOf('0'));
  expect(await ben.stage('user_feedback')).toMatchObject({
    attempts: [
      { number: 1, image: { candidate: 0 } },
      { number: 3, image: { candidate: 2 } },
    ],
    error: { code: 'moderation_blocked' },
    lastGeneration: { failures },
  });
  ben.send({ type: 'approve', commandId: 'late', imageId });
  expect(await ana.stage('final')).toMatchObject({ approved: { imageId } });
});

test('R10 W2 W3: an image is shown in both tabs as soon as it is whole; its usage follows, and then it can be approved', async () => {
  const { ana, ben, generator } = await startSession();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  const image = drawing.show();
  for (const tab of [ana, ben]) {
    const { attempts } = await tab.stage('generating', (snapshot) => snapshot.attempts.length === 1);
    expect(attempts[0]).not.toHaveProperty('usage');
    expect(bytesOf(tab.last('image')).equals(image.bytes)).toBe(true);
  }
  const { imageId } = ana.last('image');
  ben.send({ type: 'approve', commandId: 'early', imageId });
  expect(await ben.answer('early')).toMatchObject({ code: 'wrong_stage' });
  const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
  drawing.finish(image, { usage });
  for (const tab of [ana, ben]) {
    expect(await tab.stage('user_feedback')).toMatchObject({ image: { imageId }, attempts: [{ usage }] });
    expect(tab.of('image')).toHaveLength(1);
  }
  ben.send({ type: 'approve', commandId: 'late', imageId });
  expect(await ana.stage('final')).toMatchObject({ approved: { imageId } });
});

test('R10: an image that moderation refuses after it was shown is taken back in both tabs, with the reason', async () => {
  const { ana, ben, generator } = await startSession();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  drawing.show();
  await ben.stage('generating', ({ attempts }) => attempts.length === 1);
  drawing.fail(blocked);
  for (const tab of [ana, ben]) {
    const error = { code: 'moderation_blocked', message: 'The service refused.' };
    expect(await tab.stage('initial_input', (snapshot) => snapshot.error !== undefined)).toMatchObject({
      attempts: [],
      error,
    });
  }
});

test('R2: there is one upstream request for each candidate, and a cancel closes them all', async () => {
  const { fake, generator } = await setUpOpenAI();
  for (let count = 0; count < 3; count += 1) fake.next('held');
  const { client } = await startServer({}, generator);
  const ana = client();
  await ana.join();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 3 } });
  const requests = await Promise.all([1, 2, 3].map((count) => fake.request(count)));
  for (const candidate of [0, 1, 2]) {
    await ana.until('image', (image) => image.kind === 'partial' && image.candidate === candidate);
  }
  ana.send({ type: 'cancel', commandId: 'stop' });
  expect(await ana.answer('stop')).toMatchObject({ type: 'ack' });
  await Promise.all(requests.map(({ closedEarly }) => closedEarly));
  expect(fake.requests).toHaveLength(3);
});

test('R2: a generation goes on when everybody has left, and a client that comes back sees its progress and its image', async () => {
  const { client, generator, noSockets } = await startServer();
  const ana = client();
  const { sessionId, key = '' } = await ana.join();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  ana.socket.terminate();
  await noSockets();
  expect(drawing.signal.aborted).toBe(false);
  drawing.report({ phase: 'drawing' });
  const back = client();
  await back.join({ sessionId, key });
  await back.until('progress', ({ phase }) => phase === 'drawing');
  const bytes = drawing.finish();
  const { image, turn } = await back.stage('user_feedback');
  expect(bytesOf(back.last('image')).equals(bytes)).toBe(true);
  back.send({ type: 'approve', commandId: 'yes', turn, imageId: image.imageId, sha256: image.sha256 });
  expect(await back.answer('yes')).toMatchObject({ type: 'ack' });
});

test('R11: of many sessions that generate at once, each gets the previews and the image of its own prompt', async () => {
  const { client, generator } = await startServer({ limits: { CONCURRENT_CANDIDATES: 8 } });
  const clients: WsClient[] = [];
  for (let index = 0; index < 8; index += 1) {
    const one = client();
    await one.join();
    one.send({ type: 'generate', commandId: 'go', prompt: `prompt ${index}` });
    await one.answer('go');
    clients.push(one);
  }
  const [cancelled, gone, ...others] = clients;
  cancelled?.send({ type: 'cancel', commandId: 'stop' });
  await cancelled?.answer('stop');
  gone?.socket.terminate();
  for (const drawing of generator.drawings.toReversed()) {
    drawing.preview(imageOf(`preview of ${drawing.request.prompt}`));
    drawing.finish();
  }
  for (const [index, one] of others.entries()) {
    const prompt = `prompt ${index + 2}`;
    expect(await one.stage('user_feedback')).toMatchObject({ attempts: [{ prompt }] });
    for (const image of one.of('image')) {
      const expected = imageOf(image.kind === 'final' ? prompt : `preview of ${prompt}`);
      expect(bytesOf(image).equals(expected.bytes)).toBe(true);
    }
  }
  expect(cancelled?.of('image')).toEqual([]);
});

test('a generation that waits for its turn is shown its position, also to a client that joins late, until it starts', async () => {
  const { ana, client, generator, metrics } = await startSession({ limits: { CONCURRENT_CANDIDATES: 1 } });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  await ana.until('progress', ({ phase }) => phase === 'started');
  const waiting = [client(), client()] as const;
  for (const one of waiting) {
    await one.join();
    one.send({ type: 'generate', commandId: 'go', prompt: 'a dog' });
    await one.until('progress', ({ phase }) => phase === 'queued');
  }
  const [next, last] = waiting;
  expect(last.last('progress')).toMatchObject({ phase: 'queued', queuePosition: 2 });
  const late = client();
  await late.join({ sessionId: last.last('welcome').sessionId });
  expect(await late.until('progress')).toMatchObject({ phase: 'queued', queuePosition: 2 });
  expect((await metrics()).proofroom_candidates_waiting).toBe(2);

  next.send({ type: 'cancel', commandId: 'stop' });
  for (const one of [last, late]) await one.until('progress', ({ queuePosition }) => queuePosition === 1);
  (await generator.drawing(0)).finish();
  for (const one of [last, late]) await one.until('progress', ({ phase }) => phase === 'started');
  expect(generator.drawings).toHaveLength(2);
  expect(ana.of('progress').some(({ phase }) => phase === 'queued')).toBe(false);
});

test('R7: a candidate without memory at its turn fails with server_busy, and the generator is not asked', async () => {
  const limits = { IMAGE_MEMORY_BYTES: 10_000, UPSTREAM_IMAGE_BYTES: 6_000 };
  const { client, generator, metrics } = await startServer({ limits });
  const [ana, ben] = [client(), client()] as const;
  await ana.join();
  await ben.join();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  ben.send({ type: 'generate', commandId: 'go', prompt: 'a dog' });
  expect(await ben.answer('go')).toMatchObject({ type: 'ack' });
  expect(await ben.stage('initial_input', ({ error }) => error !== undefined)).toMatchObject({
    error: { code: 'server_busy', retryable: true },
    lastGeneration: { prompt: 'a dog', failures: [{ candidate: 0, error: { code: 'server_busy' } }] },
  });
  expect(generator.drawings).toHaveLength(1);
  const counts = await metrics();
  expect(counts['proofroom_generations_total{outcome="server_busy"}']).toBe(1);
  expect(counts.proofroom_image_bytes).toBe(6_000);

  // The finished image takes less than was reserved for it.
  drawing.finish(imageOf('a cat', 3_000));
  await ana.stage('user_feedback');
  ben.send({ type: 'generate', commandId: 'again', prompt: 'a dog' });
  (await generator.drawing(1)).finish(imageOf('a dog', 3_000));
  await ben.stage('user_feedback');
});

test('welcome tells what the generator can do within the limits; another option is invalid_message, and nothing is asked', async () => {
  const { ana, generator } = await startSession({ limits: { CANDIDATES_PER_GENERATION: 2 } });
  expect(ana.last('welcome').generator.supports).toEqual({ ...generator.capabilities, candidates: 2 });
  const refused = [
    { candidates: 3 },
    { model: 'another' },
    { size: '10x10' },
    { format: 'png', compression: 9 },
  ] as const;
  for (const options of refused) {
    const commandId = JSON.stringify(options);
    ana.send({ type: 'generate', commandId, prompt: 'a cat', options });
    const message = expect.stringContaining('The option ');
    expect(await ana.answer(commandId)).toMatchObject({ code: 'invalid_message', message });
  }
  expect(generator.drawings).toEqual([]);
});

test('a server that cannot refine says so, and rejects it', async () => {
  class PlainGenerator extends ScriptedGenerator {
    override readonly capabilities = { refine: false };
  }
  const { ana, generator } = await startSession({}, new PlainGenerator());
  expect(ana.last('welcome').generator.supports).toEqual({ refine: false, candidates: 4 });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  (await generator.drawing(0)).finish();
  const { image } = await ana.stage('user_feedback');
  ana.send({ type: 'refine', commandId: 'refine', imageId: image.imageId, feedback: 'darker' });
  const message = 'This server cannot change an image in words.';
  expect(await ana.answer('refine')).toMatchObject({ code: 'invalid_message', message });
});

test.for([
  [{ CANDIDATES_PER_GENERATION: 9 }, 4],
  [{ ATTEMPTS_PER_SESSION: 2 }, 2],
  [{ IMAGE_MEMORY_BYTES: 3_000, UPSTREAM_IMAGE_BYTES: 1_000 }, 3],
  [{ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 }, 2],
  [{ IMAGE_MEMORY_BYTES: 1, UPSTREAM_IMAGE_BYTES: 1_000 }, 1],
] as const)('R7: with the limits %j a generation has %i candidates at most', async ([limits, most]) => {
  const { client } = await startServer({ limits });
  expect((await client().join()).generator.supports.candidates).toBe(most);
});
