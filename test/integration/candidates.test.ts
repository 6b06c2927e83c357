import { expect, onTestFinished, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { createOpenAIGenerator } from '../../server/generators/openai/responses-generator.ts';
import { defaultLimits } from '../../server/platform/limits.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { type ServerOptions, startServer } from '../support/server.ts';

/** Two tabs in a session that has asked for so many candidates. */
async function asked(candidates: number, options: ServerOptions = {}) {
  const server = await startServer(options);
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key } = await ana.join({ name: 'Ana' });
  await ben.join({ sessionId, key, name: 'Ben' });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates } });
  await ana.answer('go');
  const drawings = await Promise.all(Array.from({ length: candidates }, (_, index) => server.generator.drawing(index)));
  return { ...server, ana, ben, drawings };
}

const blocked = new GenerationFailed('moderation_blocked', 'The service refused.', { retryable: false });
const failure = { code: 'moderation_blocked', message: 'The service refused.', retryable: false };

test('several candidates are shown as they come, in both tabs, each with the next number', async () => {
  const { ben, drawings } = await asked(4);
  for (const [at, candidate] of [2, 0, 3].entries()) {
    drawings[candidate]?.finish(imageOf(`candidate ${candidate}`));
    const { attempts, image } = await ben.stage('generating', (snapshot) => snapshot.attempts.length === at + 1);
    expect(attempts.at(-1)).toMatchObject({ number: at + 1, image: { candidate } });
    expect(image).toMatchObject({ candidate });
  }
  drawings[1]?.finish();
  const done = await ben.stage('user_feedback');
  expect(done.attempts.map(({ image }) => image.candidate)).toEqual([2, 0, 3, 1]);
  expect(done).not.toHaveProperty('error');
  expect(done).not.toHaveProperty('lastGeneration');
});

test('a candidate that failed is listed with its reason at once, and when all have settled', async () => {
  const { ben, drawings } = await asked(3);
  drawings[2]?.fail(blocked);
  const failures = [{ candidate: 2, error: failure }];
  const { generation } = await ben.stage('generating', (snapshot) => snapshot.generation.failures !== undefined);
  expect(generation.failures).toEqual(failures);
  drawings[0]?.finish(imageOf('0'));
  drawings[1]?.finish(imageOf('1'));
  const done = await ben.stage('user_feedback');
  expect(done).toMatchObject({ attempts: [{}, {}], error: failure, lastGeneration: { failures } });
});

test('M1 approving before all have settled is wrong_stage, and after it is not', async () => {
  const { ana, ben, drawings } = await asked(2);
  drawings[0]?.finish(imageOf('0'));
  const { attempts } = await ben.stage('generating', (snapshot) => snapshot.attempts.length === 1);
  const [first] = attempts;
  const imageId = first?.image.imageId ?? '';
  ben.send({ type: 'approve', commandId: 'early', imageId });
  expect(await ben.answer('early')).toMatchObject({ code: 'wrong_stage', lastAction: { action: 'generate' } });
  drawings[1]?.fail(blocked);
  await ben.stage('user_feedback');
  ben.send({ type: 'approve', commandId: 'yes', imageId });
  expect(await ana.stage('final')).toMatchObject({ approved: { imageId } });
});

test('a cancel keeps those that finished, those that failed and its reason, and aborts the others', async () => {
  const { ana, ben, drawings } = await asked(4);
  drawings[1]?.finish(imageOf('1'));
  drawings[3]?.fail(blocked);
  await ben.stage('generating', ({ attempts, generation }) => attempts.length === 1 && !!generation.failures);
  ben.send({ type: 'cancel', commandId: 'stop', reason: 'All too dark.' });
  const stopped = await ana.stage('user_feedback');
  expect(stopped).toMatchObject({
    attempts: [{ image: { candidate: 1 } }],
    lastGeneration: { cancelReason: 'All too dark.', failures: [{ candidate: 3, error: failure }] },
    lastAction: { action: 'cancel', by: 'Ben' },
  });
  expect(stopped).not.toHaveProperty('error');
  expect(drawings.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true]);
});

test('R2 one upstream request a candidate, and a cancel closes those that are open', async () => {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  for (let count = 0; count < 3; count += 1) fake.next('held');
  const server = await startServer({}, openAI(fake.baseURL));
  const ana = server.client();
  await ana.join();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 3 } });
  const requests = await Promise.all([1, 2, 3].map((count) => fake.request(count)));
  for (const candidate of [0, 1, 2]) {
    await ana.until('image', (image) => image.kind === 'partial' && image.candidate === candidate);
  }
  ana.send({ type: 'cancel', commandId: 'stop' });
  await ana.stage('initial_input', ({ revision }) => revision > 0);
  await Promise.all(requests.map(({ closedEarly }) => closedEarly));
  expect(fake.requests).toHaveLength(3);
});

test('R7 server_busy when there is no room for all of the candidates, and nothing is drawn', async () => {
  const { client, generator } = await startServer({ limits: { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 2 } });
  const [ana, ben] = [client(), client()];
  await ana.join();
  await ben.join();
  ben.send({ type: 'generate', commandId: 'first', prompt: 'a dog' });
  await generator.drawing(0);
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 3 } });
  expect(await ana.answer('go')).toMatchObject({ code: 'server_busy' });
  expect(generator.drawings).toHaveLength(1);
  ana.send({ type: 'generate', commandId: 'less', prompt: 'a cat', options: { candidates: 2 } });
  expect(await ana.answer('less')).toMatchObject({ type: 'ack' });
});

test('what is offered is told, and what is not offered is invalid_message, before the rate is looked at', async () => {
  const { client, generator } = await startServer({
    limits: { CANDIDATES_PER_GENERATION: 2, COMMAND_BURST: 1, COMMANDS_PER_SECOND: 1 },
  });
  const ana = client();
  const { generator: told } = await ana.join();
  expect(told.supports).toEqual({ ...generator.supports, candidates: 2 });
  const asks = [{ candidates: 3 }, { model: 'another' }, { size: '10x10' }, { format: 'png', compression: 9 }] as const;
  for (const options of asks) {
    ana.send({ type: 'generate', commandId: JSON.stringify(options), prompt: 'a cat', options });
    const answer = await ana.answer(JSON.stringify(options));
    expect(answer).toMatchObject({ code: 'invalid_message', message: expect.stringContaining('The option ') });
  }
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat', options: { candidates: 2, model: 'scripted-2' } });
  expect(await ana.answer('go')).toMatchObject({ type: 'ack' });
});

test('what a generator cannot do at all is refused, too', async () => {
  class Plain extends ScriptedGenerator {
    override readonly supports = { refine: false };
  }
  const { client, generator } = await startServer({}, new Plain());
  const ana = client();
  expect((await ana.join()).generator.supports).toEqual({ refine: false, candidates: 4 });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  (await generator.drawing(0)).finish();
  const { image } = await ana.stage('user_feedback');
  ana.send({ type: 'refine', commandId: 'finer', imageId: image.imageId, feedback: 'darker' });
  expect(await ana.answer('finer')).toMatchObject({
    code: 'invalid_message',
    message: 'This server cannot change an image in words.',
  });
});

test('the environment can lower the number of candidates, and not raise it', async () => {
  const { client } = await startServer({ limits: { CANDIDATES_PER_GENERATION: 9 } });
  const { generator } = await client().join();
  expect(generator.supports?.candidates).toBe(4);
});

test('a reason for a cancel may be as long as feedback, and no longer', async () => {
  const { ana, drawings } = await asked(1, { limits: { FEEDBACK_CHARACTERS: 10 } });
  ana.send({ type: 'cancel', commandId: 'long', reason: 'x'.repeat(11) });
  expect(await ana.answer('long')).toMatchObject({ code: 'prompt_too_long' });
  expect(drawings[0]?.signal.aborted).toBe(false);
  ana.send({ type: 'cancel', commandId: 'short', reason: 'x'.repeat(10) });
  expect(await ana.answer('short')).toMatchObject({ type: 'ack' });
});

function openAI(baseURL: string) {
  const models = { model: 'a-model', imageModel: 'gpt-image-2.6-sunburst', partialImages: 2 };
  return createOpenAIGenerator({ apiKey: 'sk-fake', baseURL, ...models, limits: defaultLimits });
}
