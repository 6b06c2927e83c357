import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { imageOf } from '../../support/scripted-generator.ts';
import { drawAttempts, startSession } from '../../support/server.ts';
import { bytesOf, urlOf, type WsClient } from '../../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;

test('W4: two clients and the image route give the very bytes that the generator returned', async () => {
  const { ana, ben, generator, address, sessionId } = await startSession();
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).finish(imageOf('a cat', 1_000_001));
  for (const one of [ana, ben]) {
    const { image } = await one.stage('user_feedback');
    expect(bytesOf(one.last('image')).equals(bytes)).toBe(true);
    expect(one.last('image')).toMatchObject(image);
    expect(image).toMatchObject({
      byteLength: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      mediaType: 'image/png',
      width: 64,
      height: 48,
      kind: 'final',
      index: 0,
    });
    const url = `${address}/api/sessions/${sessionId}/images/${image.imageId}`;
    expect((await bytesAt(url)).equals(bytes)).toBe(true);
  }
});

test('W3 W6 R4: an announced image comes before its snapshot, and an ack after the snapshot of its command', async () => {
  const { ana, generator } = await startSession();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('a cat', 2_000_000));
  await ana.stage('user_feedback');
  const { received, frames } = ana;
  const types = received.map((message) => (message.type === 'snapshot' ? message.stage : message.type));
  const rest = types.filter((type) => type !== 'viewers' && type !== 'progress');
  expect(rest).toEqual(['welcome', 'initial_input', 'generating', 'ack', 'heartbeat', 'image', 'user_feedback']);
  const at = types.indexOf('image');
  expect(received[at - 1]).toEqual({ type: 'heartbeat', nextBytes: Buffer.byteLength(frames[at] ?? '') });
});

test('W2: the bytes of an image cross a connection once, and again for each `want`, in the order asked', async () => {
  const { ana, client, generator, sessionId } = await startSession();
  const [one = '', two = '', three = ''] = await drawAttempts(ana, generator, ['one', 'two', 'three']);
  await ana.roundTrip();
  expect(imageIdsOf(ana)).toEqual([one, two, three]);
  for (const frame of ana.frames) expect(frame.includes('"data"')).toBe(frame.startsWith('{"type":"image"'));

  const late = client();
  await late.join({ sessionId, have: [three] });
  late.send({ type: 'want', imageIds: [two, 'unknown', one, two, three] });
  await late.until('image', ({ imageId }) => imageId === three);
  await late.roundTrip();
  expect(imageIdsOf(late)).toEqual([two, one, three]);
  const bytes = ['two', 'one', 'three'].map((seed) => Buffer.from(imageOf(seed).bytes));
  expect(late.of('image').map(bytesOf)).toEqual(bytes);
  expect(late.of('reject')[0]).toMatchObject({ code: 'image_not_found', imageId: 'unknown' });
});

test('W2: the bytes of a discarded attempt are there for `want`, `have` and HTTP; after a start over they are gone', async () => {
  const { ana, client, generator, address, sessionId } = await startSession();
  const imageIds = await drawAttempts(ana, generator, ['one', 'two']);
  const [one = '', two = ''] = imageIds;
  const url = `${address}/api/sessions/${sessionId}/images/${one}`;
  for (const imageId of imageIds) ana.send({ type: 'discard', commandId: imageId, imageId });
  await ana.stage('initial_input', ({ discarded }) => discarded?.length === 2);
  const late = client();
  await late.join({ sessionId, have: [one] });
  await late.roundTrip();
  expect(imageIdsOf(late)).toEqual([]);
  late.send({ type: 'want', imageIds: [two] });
  expect(bytesOf(await late.until('image')).equals(imageOf('two').bytes)).toBe(true);
  expect((await bytesAt(url)).equals(imageOf('one').bytes)).toBe(true);

  ana.send({ type: 'restore', commandId: 'restore', imageId: one });
  ana.send({ type: 'start_over', commandId: 'new' });
  await ana.answer('new');
  late.send({ type: 'want', imageIds });
  for (const imageId of imageIds) await late.until('reject', (reject) => reject.imageId === imageId);
  expect((await fetch(url)).status).toBe(404);
});

test('with images "url" previews and images come as paths that give the same bytes, to late clients too', async () => {
  const { ana, client, generator, address, sessionId } = await startSession();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const previewBytes = drawing.preview();
  await ana.until('image');
  const late = client();
  await late.join({ sessionId, images: 'url' });
  const preview = await late.until('image', ({ kind }) => kind === 'partial');
  expect((await bytesAt(address + urlOf(preview))).equals(previewBytes)).toBe(true);
  const bytes = drawing.finish();
  await late.stage('user_feedback');
  const image = late.last('image');
  expect(urlOf(image)).toBe(`/api/sessions/${sessionId}/images/${image.imageId}`);
  expect((await bytesAt(address + urlOf(image))).equals(bytes)).toBe(true);
  expect((await fetch(address + urlOf(preview))).status).toBe(404);
});

test('R7: an image reaches everybody though memory has no place for its message', async () => {
  const byteLength = 300_000;
  const limits = { IMAGE_MEMORY_BYTES: 2 * byteLength, UPSTREAM_IMAGE_BYTES: byteLength };
  const { ana, ben, generator, metrics } = await startSession({ limits });
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).finish(imageOf('a cat', byteLength));
  for (const one of [ana, ben]) {
    await one.stage('user_feedback');
    expect(bytesOf(one.last('image')).equals(bytes)).toBe(true);
  }
  expect((await metrics()).proofroom_image_bytes).toBe(byteLength);
});

const imageIdsOf = (client: WsClient) => client.of('image').map(({ imageId }) => imageId);

async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
