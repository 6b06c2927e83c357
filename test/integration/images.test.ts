import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ServerMessage } from '../../shared/protocol.ts';
import { imageOf, type ScriptedGenerator } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import { bytesOf, type WsClient } from '../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'a-cat', prompt: 'a cat' } as const;

/** Lets a session collect attempts with one image each, and returns their ids, oldest first. */
async function collect(reviewer: WsClient, generator: ScriptedGenerator, seeds: readonly string[]): Promise<string[]> {
  for (const [index, seed] of seeds.entries()) {
    const commandId = `ask-${index}`;
    reviewer.send(index === 0 ? { ...A_CAT, commandId } : { type: 'regenerate', commandId });
    (await generator.drawing(index)).finish(imageOf(seed));
    await reviewer.stage('user_feedback', ({ attempts }) => attempts.length === index + 1);
  }
  return reviewer.last('snapshot').attempts.map(({ image }) => image.imageId);
}

test('W4: two clients and the image route have the generator’s very bytes', async () => {
  const { client, generator, address } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const eve = client();
  await eve.join({ sessionId });
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).finish(imageOf('a cat', 1_000_001));
  const { image } = await eve.stage('user_feedback');
  await ana.stage('user_feedback');
  const served = await fetch(`${address}/api/sessions/${sessionId}/images/${image.imageId}`);
  expect(bytesOf(ana.last('image')).equals(bytes)).toBe(true);
  expect(bytesOf(eve.last('image')).equals(bytes)).toBe(true);
  expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
  expect(image).toMatchObject({
    byteLength: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    mediaType: 'image/png',
    width: 64,
    height: 48,
    kind: 'final',
    index: 0,
  });
  const { type: _type, data: _data, ...reference } = ana.last('image');
  expect(image).toEqual(reference);
});

test('W3: an image comes before the first snapshot that shows it, and W6: the ack after the snapshot it caused', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  await ana.join();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('a cat', 2_000_000));
  const { image } = await ana.stage('user_feedback');
  const [ack] = ana.of('ack');
  const caused = ana.of('snapshot').find(({ stage }) => stage === 'generating');
  const at = (message: ServerMessage | undefined) => (message ? ana.received.indexOf(message) : -1);
  expect(at(ana.last('image'))).toBeLessThan(at(ana.last('snapshot')));
  expect(at(caused)).toBeGreaterThan(-1);
  expect(at(caused)).toBeLessThan(at(ack));
  expect(ack).toMatchObject({ commandId: 'a-cat', revision: caused?.revision });
  expect(image.imageId).toBe(ana.last('image').imageId);
});

test('R4: before a frame over 64 KiB comes a heartbeat with its length, directly before it', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  await ana.join();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('a cat', 300_000));
  await ana.stage('user_feedback');
  const at = ana.received.findIndex(({ type }) => type === 'image');
  expect(ana.received[at - 1]).toEqual({ type: 'heartbeat', nextBytes: Buffer.byteLength(ana.frames[at] ?? '') });
});

test('W2: no snapshot carries bytes, and an image crosses a connection once unless `want` asks again', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  await ana.join();
  const [first] = await collect(ana, generator, ['one', 'two']);
  await ana.fence();
  expect(ana.of('image').map(({ imageId }) => imageId)).toHaveLength(2);
  for (const frame of ana.frames.filter((text) => text.includes('"snapshot"'))) expect(frame).not.toContain('"data"');

  ana.send({ type: 'want', imageIds: first === undefined ? [] : [first] });
  await ana.fence();
  const again = ana.of('image').filter(({ imageId }) => imageId === first);
  expect(again).toHaveLength(2);
  expect(again[1]).toEqual(again[0]);
});

test('W2: images come in the order asked, each once, and what is not here is told by its id', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const [one = '', two = '', three = '', four = ''] = await collect(ana, generator, ['one', 'two', 'three', 'four']);
  const eve = client();
  await eve.join({ sessionId, have: [four] });
  eve.send({ type: 'want', imageIds: [three, 'nope', one, three, two, one] });
  await eve.until('image', ({ imageId }) => imageId === two);
  await eve.fence();
  expect(eve.of('image').map(({ imageId }) => imageId)).toEqual([three, one, two]);
  expect(eve.of('reject')[0]).toMatchObject({ code: 'image_not_found', imageId: 'nope' });
  expect(eve.of('reject')[0]).not.toHaveProperty('commandId');
  for (const [index, seed] of [
    [0, 'three'],
    [1, 'one'],
    [2, 'two'],
  ] as const) {
    const image = eve.of('image')[index];
    expect(image && bytesOf(image).equals(imageOf(seed).bytes)).toBe(true);
  }
});

test('W2: `want` gives what `have` has left out, and a partial is nothing to want', async () => {
  const { client, generator } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const [one = ''] = await collect(ana, generator, ['one']);
  ana.send({ type: 'regenerate', commandId: 'more' });
  (await generator.drawing(1)).preview();
  const partial = await ana.until('image', ({ kind }) => kind === 'partial');
  const eve = client();
  await eve.join({ sessionId, have: [one] });
  eve.send({ type: 'want', imageIds: [one, partial.imageId] });
  await eve.until('image', ({ imageId }) => imageId === one);
  await eve.until('reject', ({ imageId, code }) => imageId === partial.imageId && code === 'image_not_found');
});

test('a want of more than 12 images is invalid_message', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  ana.send({ type: 'want', imageIds: Array.from({ length: 13 }, String) });
  await ana.fence();
  expect(ana.of('reject').map(({ code }) => code)).toEqual(['invalid_message', 'image_not_found']);
  expect(ana.of('reject')[0]?.message).toBe('The field "imageIds" has more than 12 entries.');
});

test('images "url": partials and finals come as paths on this origin, which serve the same bytes', async () => {
  const { client, generator, address } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join({ images: 'url' });
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const partialBytes = drawing.preview(imageOf('partial'));
  const partial = await ana.until('image', ({ kind }) => kind === 'partial');
  expect(await bytesAt(address, partial.url)).toEqual(Buffer.from(partialBytes));
  const bytes = drawing.finish();
  await ana.stage('user_feedback');
  const final = ana.last('image');
  expect(await bytesAt(address, final.url)).toEqual(Buffer.from(bytes));
  expect(final).not.toHaveProperty('data');
  expect(final.url).toBe(`/api/sessions/${sessionId}/images/${final.imageId}`);

  const gone = await fetch(new URL(partial.url ?? '', address));
  expect(gone.status).toBe(404);
});

test('W1: who comes late with images "url" gets the running partial as a path too', async () => {
  const { client, generator, address } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).preview();
  await ana.until('image');
  const late = client();
  await late.join({ sessionId, images: 'url' });
  const { url } = await late.until('image');
  expect(await bytesAt(address, url)).toEqual(Buffer.from(bytes));
});

test('start over drops the images: their route is gone, and `want` says so', async () => {
  const { client, generator, address } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const [one = ''] = await collect(ana, generator, ['one']);
  ana.send({ type: 'start_over', commandId: 'new' });
  await ana.answer('new');
  ana.send({ type: 'want', imageIds: [one] });
  await ana.until('reject', ({ imageId }) => imageId === one);
  expect((await fetch(`${address}/api/sessions/${sessionId}/images/${one}`)).status).toBe(404);
});

test('of more than 12 attempts the oldest goes, and its child says that its parent was dropped', async () => {
  const { client, generator } = await startServer({ limits: { ATTEMPTS_PER_SESSION: 2 } });
  const ana = client();
  await ana.join();
  await collect(ana, generator, ['one', 'two']);
  ana.send({ type: 'regenerate', commandId: 'third' });
  (await generator.drawing(2)).finish(imageOf('three'));
  const { attempts } = await ana.stage(
    'user_feedback',
    ({ attempts }) => attempts.length === 2 && attempts[0]?.parentDropped === true,
  );
  expect(attempts.map(({ parentDropped }) => parentDropped)).toEqual([true, undefined]);
});

async function bytesAt(address: string, url: string | undefined): Promise<Buffer> {
  const response = await fetch(new URL(url ?? '/nowhere', address));
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
