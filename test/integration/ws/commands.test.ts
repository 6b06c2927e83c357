import { expect, test } from 'vitest';
import type { Command } from '../../../shared/protocol.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { imageOf } from '../../support/scripted-generator.ts';
import { drawAttempts, startSession } from '../../support/server.ts';

test('M3 M9: a whole review in two tabs: generate, regenerate, refine, approve, start over', async () => {
  const { ana, ben, generator } = await startSession();
  const [first = ''] = await drawAttempts(ana, generator, ['first']);
  const { turn } = await ben.stage('user_feedback');
  const options = { size: '64x48', quality: 'low' } as const;
  ben.send({ type: 'regenerate', commandId: 'again', turn, prompt: 'a dog', options });
  const second = await generator.drawing(1);
  expect(second.request).toMatchObject({ prompt: 'a dog', options, attempt: 1 });
  second.finish(imageOf('second'), {
    revisedPrompt: 'one dog',
    usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    estimatedCost: { amount: 0.04, currency: 'USD' },
  });
  await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
  ana.send({ type: 'refine', commandId: 'refine', imageId: first, feedback: 'with a hat' });
  const third = await generator.drawing(2);
  expect(third.request).toMatchObject({ prompt: 'a cat', feedback: 'with a hat', parent: { mediaType: 'image/png' } });
  expect(third.request.parent?.bytes).toEqual(imageOf('first').bytes);
  third.finish(imageOf('third'));
  const { attempts } = await ben.stage('user_feedback', (snapshot) => snapshot.attempts.length === 3);
  expect(attempts).toMatchObject([
    { prompt: 'a cat' },
    {
      prompt: 'a dog',
      parent: first,
      revisedPrompt: 'one dog',
      usage: { totalTokens: 3 },
      estimatedCost: { amount: 0.04 },
    },
    { prompt: 'a cat', parent: first, feedback: 'with a hat' },
  ]);
  const sha256 = attempts[0]?.image.sha256 ?? '';
  ben.send({ type: 'approve', commandId: 'approve', imageId: first, sha256 });
  const final = await ana.stage('final');
  expect(final.decisions).toMatchObject([{ decision: 'approved', imageId: first, sha256, by: 'Ben' }]);
  ana.send({ type: 'start_over', commandId: 'new' });
  const empty = await ben.stage('initial_input', ({ revision }) => revision > final.revision);
  expect(empty).toMatchObject({ draft: '', attempts: [], decisions: final.decisions });
});

type Rival = 'generate' | 'regenerate' | 'approve' | 'discard';

function commandOf(type: Rival, commandId: string, turn: number, imageId: string): Command {
  switch (type) {
    case 'generate':
      return { type, commandId, turn, prompt: 'a cat' };
    case 'regenerate':
      return { type, commandId, turn };
    case 'approve':
    case 'discard':
      return { type, commandId, turn, imageId };
  }
}

test.for([
  ['generate', 'generate'],
  ['approve', 'regenerate'],
  ['approve', 'discard'],
] as const)(
  'M2 M10: of %s and %s that two tabs send at once, one is done, and both tabs show the same',
  async ([one, other]) => {
    const { ana, ben, generator, client, sessionId } = await startSession();
    const [imageId = ''] = one === 'generate' ? [] : await drawAttempts(ana, generator, ['first']);
    const { turn, revision } = ana.last('snapshot');
    await ben.until('snapshot', (snapshot) => snapshot.revision === revision);
    ana.send(commandOf(one, 'by Ana', turn, imageId));
    ben.send(commandOf(other, 'by Ben', turn, imageId));
    const answers = [await ana.answer('by Ana'), await ben.answer('by Ben')];
    expect(answers.map(({ type }) => type).toSorted()).toEqual(['ack', 'reject']);
    const rejection = answers.find((answer) => answer.type === 'reject');
    // After a discard the image is not found; any other winner has changed the stage.
    if (rejection?.code !== 'image_not_found') {
      const winner = rejection?.commandId === 'by Ben' ? 'Ana' : 'Ben';
      expect(rejection).toMatchObject({ code: 'stale', lastAction: { by: winner } });
    }
    await Promise.all([ana.roundTrip(), ben.roundTrip()]);
    const late = client();
    await late.join({ sessionId });
    for (const tab of [ana, ben]) expect(tab.last('snapshot')).toEqual(late.last('snapshot'));
    expect(ana.last('snapshot').revision).toBe(revision + 1);
  },
);

test('M6: after a storm of commands from many tabs, all show the same revision and the same bytes', async () => {
  const { ana, ben, client, generator, sessionId, key } = await startSession({ limits: { COMMAND_BURST: 1_000 } });
  const tabs = [ana, ben, client(), client()];
  for (const tab of tabs.slice(2)) await tab.join({ sessionId, key });
  const rounds = 30;
  let drawn = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, tab] of tabs.entries()) {
      const commandId = `${round} ${index}`;
      const imageId = tab.last('snapshot').image?.imageId ?? 'none';
      const kinds = [
        { type: 'generate', commandId, prompt: `prompt ${commandId}` },
        { type: 'regenerate', commandId },
        { type: 'cancel', commandId },
        { type: 'approve', commandId, imageId },
        { type: 'refine', commandId, imageId, feedback: 'more' },
        { type: 'start_over', commandId },
        { type: 'discard', commandId, imageId },
      ] as const;
      tab.send(kinds[(round * 7 + index * 3 + Math.floor(round / 7)) % kinds.length] ?? kinds[0]);
    }
    await Promise.all(tabs.map((tab) => tab.roundTrip()));
    for (const drawing of generator.drawings.slice(drawn)) drawing.finish(imageOf(`drawing ${drawn++}`));
  }
  await Promise.all(tabs.map((tab) => tab.roundTrip()));
  const late = client();
  await late.join({ sessionId });
  const images = new Map(ana.of('image').map((image) => [image.imageId, image]));
  expect(images.size).toBeGreaterThan(3);
  for (const tab of tabs) {
    expect(tab.last('snapshot')).toEqual(late.last('snapshot'));
    const revisions = tab.of('snapshot').map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    expect(tab.outcomes()).toHaveLength(rounds);
    for (const image of tab.of('image'))
      if (images.has(image.imageId)) expect(image).toEqual(images.get(image.imageId));
  }
});

test('W6: commands that arrive together get one answer each, in their order, also those that are no command', async () => {
  const { ana, ben, generator } = await startSession();
  const [imageId = ''] = await drawAttempts(ana, generator, ['first']);
  await ben.stage('user_feedback');
  ben.send({ type: 'generate', commandId: '1', prompt: ' \n' });
  ben.send({ type: 'cancel', commandId: '2', turn: 0 });
  ben.send({ type: 'cancel', commandId: '3' });
  ben.send({ type: 'approve', commandId: '4', imageId, sha256: '0'.repeat(64) });
  ben.sendText(JSON.stringify({ type: 'approve', commandId: '5' }));
  ben.sendText(JSON.stringify({ type: 'dance', commandId: '6' }));
  ben.send({ type: 'refine', commandId: '7', imageId, feedback: 'x'.repeat(2_001) });
  ben.send({ type: 'approve', commandId: '8', imageId });
  ben.send({ type: 'approve', commandId: '8', imageId });
  await ben.roundTrip();
  expect(ben.outcomes()).toEqual([
    ['1', 'prompt_empty'],
    ['2', 'stale'],
    ['3', 'wrong_stage'],
    ['4', 'image_not_found'],
    ['5', 'invalid_message'],
    ['6', 'invalid_message'],
    ['7', 'prompt_too_long'],
    ['8', 'ack'],
    ['8', 'ack'],
  ]);
});

test('M7: a command that is sent again after a reconnect gets its first answer, and is not done twice', async () => {
  const { ana, client, generator, sessionId, key } = await startSession();
  const command = { type: 'generate', commandId: 'once', prompt: 'a cat' } as const;
  ana.send(command);
  const first = await ana.answer('once');
  ana.socket.terminate();
  (await generator.drawing(0)).finish();
  const back = client();
  await back.join({ sessionId, key });
  await back.stage('user_feedback');
  back.send(command);
  expect(await back.answer('once')).toEqual(first);
  back.send({ ...command, prompt: 'a dog' });
  await back.until('reject', ({ commandId, code }) => commandId === 'once' && code === 'invalid_message');
  expect(generator.drawings).toHaveLength(1);
});

test('R8 M7: when the server fails at a command it says so, closes with 1011, and the same id may try again', async () => {
  const clock = new FakeClock();
  const { ana, ben, client, generator, sessionId, key, logged } = await startSession({ clock });
  const command = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;
  const { now } = clock;
  clock.now = () => {
    clock.now = now;
    throw new Error('the clock is broken');
  };
  ana.send(command);
  expect((await ana.closed()).code).toBe(1011);
  expect(ana.received.at(-1)).toMatchObject({ type: 'reject', commandId: 'go', code: 'internal_error' });
  expect(logged('a message could not be handled')).toHaveLength(1);
  expect(generator.drawings).toHaveLength(0);

  const back = client();
  await back.join({ sessionId, key });
  back.send(command);
  expect(await back.answer('go')).toMatchObject({ type: 'ack', revision: 1 });
  expect(await ben.stage('generating')).toMatchObject({ generation: { prompt: 'a cat' } });
});
