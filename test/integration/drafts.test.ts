import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { type ServerOptions, startServer } from '../support/server.ts';
import type { WsClient } from '../support/ws-client.ts';

async function twoTabs(options: ServerOptions = {}) {
  const server = await startServer(options);
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key } = await ana.join({ name: 'Ana' });
  await ben.join({ sessionId, key, name: 'Ben' });
  return { ...server, ana, ben, sessionId, key };
}

test('W8: a draft goes to every other connection with its author; without a draftId its author hears nothing', async () => {
  const { ana, ben, client, sessionId } = await twoTabs();
  const eve = client();
  await eve.join({ sessionId });
  ana.send({ type: 'draft', text: 'a c' });
  await ben.until('draft');
  ana.send({ type: 'draft', text: 'a cat' });
  for (const other of [ben, eve]) {
    expect(await other.until('draft', ({ text }) => text === 'a cat')).toEqual({
      type: 'draft',
      text: 'a cat',
      by: 'Ana',
    });
  }
  await ana.fence();
  expect(ana.of('draft')).toEqual([]);
});

test('W8: a draft with a draftId comes back to its author with it, and to others without', async () => {
  const { ana, ben, client, sessionId } = await twoTabs();
  const eve = client();
  await eve.join({ sessionId });
  ana.send({ type: 'draft', text: 'a cat', draftId: 'one' });
  expect(await ana.until('draft')).toEqual({ type: 'draft', text: 'a cat', by: 'Ana', draftId: 'one' });
  for (const other of [ben, eve])
    expect(await other.until('draft')).toEqual({ type: 'draft', text: 'a cat', by: 'Ana' });
});

test('W8: however drafts and commands cross, the text that each tab hears last is the one that is set', async () => {
  const { ana, ben, client, sessionId } = await twoTabs({ limits: { DRAFTS_PER_SECOND: 1_000, COMMAND_BURST: 1_000 } });
  const lastHeard = ({ received }: WsClient) => {
    const message = received.findLast(({ type }) => type === 'draft' || type === 'snapshot');
    return message?.type === 'draft' ? message.text : message?.type === 'snapshot' && message.draft;
  };
  for (const round of Array.from({ length: 20 }).keys()) {
    const [first, second] = round % 2 ? [ana, ben] : [ben, ana];
    first.send({ type: 'draft', text: `first ${round}`, draftId: `${round}` });
    second.send({ type: 'draft', text: `second ${round}`, draftId: `${round}` });
    if (round % 10 === 0) first.send({ type: 'generate', commandId: `go ${round}`, prompt: `prompt ${round}` });
    if (round % 10 === 5) second.send({ type: 'cancel', commandId: `stop ${round}` });
    for (const tab of [ana, ben]) await tab.until('draft', ({ draftId }) => draftId === `${round}`);
    await Promise.all([ana.fence(), ben.fence()]);
    await Promise.all([ana.fence(), ben.fence()]);
    const late = client();
    await late.join({ sessionId });
    const { draft } = late.last('snapshot');
    expect([lastHeard(ana), lastHeard(ben)]).toEqual([draft, draft]);
    await late.leave();
  }
});

test('a draft that came too fast is told to its author by the last one in its place', async () => {
  const { ana } = await twoTabs({ limits: { DRAFTS_PER_SECOND: 4 } });
  for (const index of Array.from({ length: 20 }).keys()) {
    ana.send({ type: 'draft', text: `draft ${index}`, draftId: `${index}` });
  }
  await ana.until('draft', ({ draftId }) => draftId === '19');
  expect(ana.last('draft')).toMatchObject({ text: 'draft 19', draftId: '19' });
  expect(ana.of('draft').length).toBeLessThan(15);
});

test('a draft that was held back is told to its author before the snapshot of the command that followed it', async () => {
  const { ana } = await twoTabs({ limits: { DRAFTS_PER_SECOND: 1 } });
  for (const draftId of ['1', '2', '3']) ana.send({ type: 'draft', text: `draft ${draftId}`, draftId });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'the prompt' });
  await ana.answer('go');
  const told = ana.received.flatMap((message) => {
    if (message.type === 'draft') return message.text;
    return message.type === 'snapshot' ? `snapshot: ${message.draft}` : [];
  });
  expect(told).toEqual(['snapshot: ', 'draft 1', 'draft 3', 'snapshot: the prompt']);
});

test('W9: drafts change no revision, and the last one is in the next snapshot', async () => {
  const { ana, ben, client, sessionId } = await twoTabs();
  ana.send({ type: 'draft', text: 'by Ana' });
  await ben.until('draft');
  ben.send({ type: 'draft', text: 'by Ben' });
  await ana.until('draft');
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot')).toMatchObject({ revision: 0, turn: 0, draft: 'by Ben' });
  expect(ana.of('snapshot')).toHaveLength(1);
});

test('drafts are accepted at any stage; an accepted prompt sets the draft, start over empties it', async () => {
  const { ana, ben, generator } = await twoTabs();
  ben.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  expect((await ana.stage('generating')).draft).toBe('a cat');
  ana.send({ type: 'draft', text: 'while it draws' });
  await ben.until('draft', ({ text }) => text === 'while it draws');
  (await generator.drawing(0)).finish();
  const { image } = await ben.stage('user_feedback', ({ draft }) => draft === 'while it draws');
  ana.send({ type: 'draft', text: 'while they look' });
  await ben.until('draft', ({ text }) => text === 'while they look');
  ana.send({ type: 'approve', commandId: 'yes', imageId: image.imageId });
  await ben.stage('final', ({ draft }) => draft === 'while they look');
  ana.send({ type: 'draft', text: 'after the end' });
  await ben.until('draft', ({ text }) => text === 'after the end');
  ben.send({ type: 'start_over', commandId: 'new' });
  await ana.stage('initial_input', ({ revision, draft }) => revision > 0 && draft === '');
});

test('W8: a prompt that is refused leaves the draft alone', async () => {
  const { ana, ben, client, sessionId } = await twoTabs();
  ana.send({ type: 'draft', text: 'still typing' });
  await ben.until('draft');
  ben.send({ type: 'regenerate', commandId: 'no', prompt: 'other words' });
  expect(await ben.answer('no')).toMatchObject({ code: 'wrong_stage' });
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot').draft).toBe('still typing');
});

test('drafts that come too fast collapse to the last', async () => {
  const { ana, ben } = await twoTabs({ limits: { DRAFTS_PER_SECOND: 4 } });
  for (const index of Array.from({ length: 100 }).keys()) ana.send({ type: 'draft', text: `draft ${index}` });
  await ben.until('draft', ({ text }) => text === 'draft 99');
  expect(ben.of('draft').length).toBeLessThan(50);
  expect(ana.of('reject')).toEqual([]);
});

test('a draft that was held back does not come after the command that followed it', async () => {
  const clock = new FakeClock();
  const { ana, ben, client, sessionId } = await twoTabs({ clock });
  for (let index = 0; index < 20; index += 1) ana.send({ type: 'draft', text: `draft ${index}` });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'the prompt' });
  await ben.stage('generating');
  clock.advance(1_000);
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot').draft).toBe('the prompt');
});

test.each(['start_over', 'regenerate'] as const)(
  'W8: a draft that another connection typed before %s does not come back after it',
  async (type) => {
    const clock = new FakeClock();
    const { ana, ben, generator, client, sessionId } = await twoTabs({ clock });
    ben.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
    (await generator.drawing(0)).finish();
    await ben.stage('user_feedback');
    for (let index = 0; index < 20; index += 1) ana.send({ type: 'draft', text: `old ${index}`, draftId: `${index}` });
    await ana.fence();
    ben.send(type === 'start_over' ? { type, commandId: 'set' } : { type, commandId: 'set', prompt: 'another cat' });
    await ben.answer('set');
    clock.advance(1_000);
    await Promise.all([ana.fence(), ben.fence()]);
    const late = client();
    await late.join({ sessionId });
    const { draft } = late.last('snapshot');
    expect(draft).toBe(type === 'start_over' ? '' : 'another cat');
    for (const tab of [ana, ben]) {
      const heard = tab.received.filter((message) => message.type === 'draft' || message.type === 'snapshot');
      expect(heard.at(-1)).toMatchObject({ type: 'snapshot', draft });
    }
    expect(ana.last('draft')).toMatchObject({ text: 'old 19', draftId: '19' });
  },
);

test('a draft that was held back is not lost when its author leaves', async () => {
  const { ana, ben } = await twoTabs({ limits: { DRAFTS_PER_SECOND: 1 } });
  for (const index of Array.from({ length: 10 }).keys()) ana.send({ type: 'draft', text: `draft ${index}` });
  await ana.fence();
  await ana.leave();
  await ben.until('draft', ({ text }) => text === 'draft 9');
});

test('a draft of 4,000 characters is fine, a longer one is prompt_too_long without commandId', async () => {
  const { ana, ben } = await twoTabs();
  ana.send({ type: 'draft', text: '🐈'.repeat(2_000) });
  ana.send({ type: 'draft', text: 'x'.repeat(4_001) });
  await ana.fence();
  await ben.until('draft', ({ text }) => text.length === 4_000);
  expect(ana.of('reject')[0]).toMatchObject({ code: 'prompt_too_long' });
  expect(ana.of('reject')[0]).not.toHaveProperty('commandId');
});
