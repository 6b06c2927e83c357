/** R3: a client that reads slowly, or not at all, on real sockets whose buffers fill up. */
import { expect, test } from 'vitest';
import { frame, upgraded } from '../../support/raw-client.ts';
import { imageOf } from '../../support/scripted-generator.ts';
import { startSession } from '../../support/server.ts';

const MiB = 1024 * 1024;
const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;

/** A watcher on a bare socket, which reads nothing until the test does. */
async function joinStalled({ port, sessionId, socketOf, ana }: Awaited<ReturnType<typeof startSession>>) {
  const stalled = await upgraded(port);
  stalled.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  return { stalled, serverSocket: socketOf(stalled) };
}

test('R3: a client that never reads costs the cap plus one frame, and the others get everything at once', async () => {
  const session = await startSession();
  const { ana, generator, metrics } = session;
  const { stalled, serverSocket } = await joinStalled(session);
  const imageBytes = 6 * MiB;
  let mostBytes = 0;
  for (let index = 0; index < 3; index += 1) {
    ana.send(index === 0 ? A_CAT : { type: 'regenerate', commandId: `again ${index}` });
    const drawing = await generator.drawing(index);
    for (let part = 0; part < 3; part += 1) drawing.preview(imageOf(`${index} ${part}`, MiB));
    drawing.finish(imageOf(`${index}`, imageBytes));
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === index + 1);
    mostBytes = Math.max(mostBytes, serverSocket.writableLength);
  }
  const frameBytes = (imageBytes * 4) / 3 + 1_000;
  expect(mostBytes).toBeGreaterThan(MiB);
  expect(mostBytes).toBeLessThan(256 * 1024 + frameBytes);
  expect((await metrics()).proofroom_slow_connections).toBe(1);
  stalled.destroy();
});

test('R3: hardly a message is held for a client that does not read its answers', async () => {
  const session = await startSession();
  const { ana, generator, metrics } = session;
  const { stalled, serverSocket } = await joinStalled(session);
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('unread', 12 * MiB));
  await ana.stage('user_feedback');
  await expect.poll(async () => (await metrics()).proofroom_slow_connections).toBe(1);
  const before = serverSocket.bytesRead;
  const invalid = frame('x'.repeat(60_000));
  stalled.write(Buffer.concat(Array.from({ length: 40 }, () => invalid)));
  await expect.poll(() => serverSocket.bytesRead).toBeGreaterThan(before);
  for (let count = 0; count < 20; count += 1) await ana.roundTrip();
  // The first 16 messages are answered and forgotten. One or two more are held.
  expect(serverSocket.bytesRead - before).toBeLessThan((16 + 4) * invalid.length);
  stalled.destroy();
});

test('R3 W3: a client that falls behind and reads on gets the newest state, each image before its snapshot', async () => {
  const { ana, ben, generator, metrics } = await startSession();
  ben.socket.pause();
  const images = 4;
  for (let index = 0; index < images; index += 1) {
    ana.send(index === 0 ? A_CAT : { type: 'regenerate', commandId: `again ${index}` });
    (await generator.drawing(index)).finish(imageOf(`${index}`, 6 * MiB));
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === index + 1);
  }
  const newest = ana.last('snapshot');
  ben.socket.resume();
  await ben.stage('user_feedback', ({ revision }) => revision === newest.revision);
  expect(ben.last('snapshot')).toEqual(newest);
  expect(ben.of('image').length).toBeLessThan(images);
  const received = new Set<string>();
  for (const message of ben.received) {
    if (message.type === 'image') received.add(message.imageId);
    if (message.type === 'snapshot' && message.image) expect(received).toContain(message.image.imageId);
  }
  await ben.roundTrip();
  expect((await metrics()).proofroom_slow_connections).toBe(0);
});

test('R3 M6: a client that is slow to read long snapshots gets one at a time, and then the latest', async () => {
  const { ana, ben, generator } = await startSession({ limits: { UPDATE_BYTES_PER_SECOND: 1_000_000_000 } });
  const prompt = '画'.repeat(4_000);
  ana.send({ type: 'generate', commandId: 'go', prompt, options: { candidates: 4 } });
  for (const index of [0, 1, 2, 3]) (await generator.drawing(index)).finish();
  await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'again' });
  for (const index of [4, 5, 6, 7]) (await generator.drawing(index)).finish();
  const { image, revision } = await ben.stage('user_feedback', ({ attempts }) => attempts.length === 8);
  await ben.roundTrip();
  ben.socket.pause();
  for (let count = 1; count <= 9; count += 1) {
    const type = count % 2 === 1 ? 'discard' : 'restore';
    ana.send({ type, commandId: `${count}`, imageId: image.imageId });
    expect(await ana.answer(`${count}`)).toMatchObject({ type: 'ack', revision: revision + count });
    expect(ana.last('snapshot').revision).toBe(revision + count);
  }
  ben.socket.resume();
  await ben.until('snapshot', (snapshot) => snapshot.revision === revision + 9);
  const revisions = ben.of('snapshot').map((snapshot) => snapshot.revision - revision);
  expect(revisions.filter((count) => count > 0)).toEqual([1, 9]);
});

test('R3: a client that sends without reading is read no further, and gets every answer once it reads', async () => {
  const limits = { OUTBOX_BYTES: 4_096, COMMAND_BURST: 100_000, REJECTED_BYTES_PER_SECOND: 1_000_000_000 };
  const session = await startSession({ limits });
  const { stalled, serverSocket } = await joinStalled(session);
  // More answers than the kernel's buffers hold.
  const commands = 60_000;
  for (let index = 0; index < commands; index += 1) stalled.write(frame(`{"type":"cancel","commandId":"${index}"}`));
  let mostBytes = 0;
  for (let round = 0; round < 100; round += 1) {
    await session.ana.roundTrip();
    mostBytes = Math.max(mostBytes, serverSocket.writableLength);
  }
  expect(mostBytes).toBeGreaterThan(0);
  expect(mostBytes).toBeLessThan(8_192);
  expect(serverSocket.bytesRead).toBeLessThan(0.9 * commands * frame('{"type":"cancel","commandId":"12345"}').length);

  let answers = 0;
  let rest = '';
  const { promise: allAnswered, resolve } = Promise.withResolvers<void>();
  stalled.on('data', (data) => {
    const parts = (rest + data.toString('latin1')).split('"not_allowed"');
    answers += parts.length - 1;
    rest = parts.at(-1)?.slice(-20) ?? '';
    if (answers === commands) resolve();
  });
  stalled.resume();
  await allAnswered;
  stalled.destroy();
});
