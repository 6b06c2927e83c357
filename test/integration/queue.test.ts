import { expect, test } from 'vitest';
import { type ServerOptions, startServer } from '../support/server.ts';
import type { WsClient } from '../support/ws-client.ts';

/** So many sessions, each of which has asked for an image, in this order. */
async function asking(count: number, options: ServerOptions = {}) {
  const server = await startServer(options);
  const reviewers: WsClient[] = [];
  const ask = async () => {
    const one = server.client();
    await one.join();
    one.send({ type: 'generate', commandId: 'go', prompt: `prompt ${reviewers.length}` });
    await one.answer('go');
    reviewers.push(one);
    return one;
  };
  for (let index = 0; index < count; index += 1) await ask();
  return { ...server, reviewers, ask };
}

const place = (one: WsClient | undefined, position: number) =>
  one?.until('progress', ({ phase, queuePosition }) => phase === 'queued' && queuePosition === position);

test('four generations run at once, the fifth is queued and told its place, and each place that frees moves it on', async () => {
  const { generator, reviewers } = await asking(6);
  await place(reviewers[4], 1);
  await place(reviewers[5], 2);
  expect(generator.drawings).toHaveLength(4);
  for (const one of reviewers.slice(0, 4)) {
    await one.until('progress', ({ phase }) => phase === 'started');
    expect(one.of('progress').filter(({ phase }) => phase === 'queued')).toEqual([]);
  }
  (await generator.drawing(2)).finish();
  const fifth = await generator.drawing(4);
  expect(fifth.request.prompt).toBe('prompt 4');
  await place(reviewers[5], 1);
  await reviewers[4]?.until('progress', ({ phase }) => phase === 'started');
  expect(reviewers[4]?.last('progress')).not.toHaveProperty('queuePosition');
});

test('W1: who comes late while a generation waits is told its place', async () => {
  const { client, reviewers } = await asking(5);
  const late = client();
  await late.join({ sessionId: reviewers[4]?.last('welcome').sessionId });
  await place(late, 1);
  expect(late.last('snapshot').stage).toBe('generating');
});

test('a cancel in the queue frees the place at once, and the generator never hears of it', async () => {
  const { generator, reviewers } = await asking(7);
  await place(reviewers[6], 3);
  reviewers[4]?.send({ type: 'cancel', commandId: 'stop' });
  await reviewers[4]?.stage('initial_input', ({ revision }) => revision > 0);
  await place(reviewers[5], 1);
  await place(reviewers[6], 2);
  for (const index of [0, 1, 2, 3]) (await generator.drawing(index)).finish();
  await generator.drawing(5);
  expect(generator.drawings.map(({ request }) => request.prompt)).not.toContain('prompt 4');
});

test('a cancel while running lets the next one start', async () => {
  const { generator, reviewers } = await asking(5);
  reviewers[1]?.send({ type: 'cancel', commandId: 'stop' });
  expect((await generator.drawing(4)).request.prompt).toBe('prompt 4');
  expect(generator.drawings[1]?.signal.aborted).toBe(true);
});

test('with the queue full a command is server_busy, changes nothing, and may be sent again under its id', async () => {
  const { generator, client } = await asking(2, { limits: { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 } });
  const third = client();
  await third.join();
  third.send({ type: 'generate', commandId: 'go', prompt: 'third' });
  expect(await third.answer('go')).toMatchObject({ code: 'server_busy' });
  await third.fence();
  expect(third.of('snapshot')).toHaveLength(1);
  (await generator.drawing(0)).finish();
  await generator.drawing(1);
  third.send({ type: 'generate', commandId: 'go', prompt: 'third' });
  await third.stage('generating');
});
