/** R8: whatever a client sends, and however its connection ends, nobody else is disturbed. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { frame, rawClient, upgraded, upgradeRequest } from '../../support/raw-client.ts';
import { imageOf } from '../../support/scripted-generator.ts';
import { drawAttempts, startServer, startSession } from '../../support/server.ts';
import { bytesOf } from '../../support/ws-client.ts';

test('R8: a text that is no message is rejected with invalid_message, and the connection goes on', async () => {
  const { ana } = await startSession();
  const texts = [
    'garbage',
    '[1,2]',
    'null',
    '['.repeat(30_000),
    '{"type":{"toString":1}}',
    '{"__proto__":{"type":"join"}}',
  ];
  for (const text of texts) ana.sendText(text);
  ana.sendText('{"type":"draft","text":"\\ud800","draftId":"lone surrogate"}');
  expect(await ana.until('draft')).toMatchObject({ draftId: 'lone surrogate' });
  expect(ana.of('reject').map(({ code }) => code)).toEqual(texts.map(() => 'invalid_message'));
});

test('R8: a binary frame is rejected with a sentence that asks for a text frame', async () => {
  const { client } = await startServer();
  const ana = await client().open();
  ana.socket.send(Buffer.from('{"type":"join"}'));
  const message = 'The message is not JSON in a text frame.';
  expect(await ana.until('reject')).toMatchObject({ code: 'invalid_message', message });
  await ana.join();
});

test.for([
  ['bytes that are no frame', randomBytes(4_000)],
  ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61])],
  ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a ping that is too long', Buffer.from([0x89, 0xfe, 0x10, 0x00, 0, 0, 0, 0])],
  ['text that is no UTF-8', frame(Buffer.from([0xff, 0xfe, 0xfd]))],
  ['a length of 2^62 bytes', Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['a continuation of no message', frame('x', 0)],
  ['a close frame of one byte', frame('x', 8)],
  ['an invalid close code', frame(Buffer.from([0x00, 0x01]), 8)],
] as const)('R8: a frame with %s ends its own connection alone', async ([, bytes]) => {
  const { ana, port, sessionId } = await startSession();
  const eve = await upgraded(port);
  eve.resume();
  eve.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  eve.write(bytes);
  await once(eve, 'end');
  eve.destroy();
  await ana.until('viewers', (viewers) => viewers === ana.last('viewers') && viewers.watchers === 0);
  await ana.roundTrip();
});

test('R8: a client that sends a malformed frame and keeps its end open is no viewer at once, and is cut off after 2 s', async () => {
  const clock = new FakeClock();
  const { proofroom, port, sessionId, socketOf } = await startSession({ clock });
  const watchers = () => proofroom.sessions.view(sessionId)?.viewers.watchers;
  const eve = await upgraded(port);
  eve.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await expect.poll(watchers).toBe(1);
  const serverSocket = socketOf(eve);
  eve.write(frame('x', 3));
  await expect.poll(watchers).toBe(0);
  expect(serverSocket.destroyed).toBe(false);
  const closed = once(serverSocket, 'close');
  clock.advance(2_000);
  await closed;
  eve.destroy();
});

test('R8: a reset after any byte of the upgrade, the join or a command leaves nothing open', async () => {
  const { client, port, noSockets, metrics } = await startServer();
  const join = frame('{"type":"join"}');
  const command = frame('{"type":"generate","commandId":"1","prompt":"p"}');
  const whole = Buffer.concat([Buffer.from(upgradeRequest()), join, command]);
  const reset = async (length: number) => {
    const socket = await rawClient(port);
    await new Promise((resolve) => socket.write(whole.subarray(0, length), resolve));
    socket.resetAndDestroy();
  };
  for (let from = 1; from <= whole.length; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, whole.length - from + 1) }, (_, step) => reset(from + step)));
  }
  await noSockets();
  expect((await metrics()).proofroom_connections).toBe(0);
  await client().join();
});

test('R8: resets at any moment of a session, with images on their way, disturb nobody else', async () => {
  const { ana, ben, client, generator, port, sessionId } = await startSession();
  const join = frame(JSON.stringify({ type: 'join', sessionId }));
  const rounds = 5;
  for (let round = 0; round < rounds; round += 1) {
    const victims = await Promise.all(Array.from({ length: 8 }, () => upgraded(port)));
    for (const victim of victims) victim.write(join);
    const [atOnce, inJoin, atFirstByte, afterImage, inClose, halfOpen, later, atLast] = victims;
    const commandId = `${round}`;
    ana.send(round === 0 ? { type: 'generate', commandId, prompt: 'a cat' } : { type: 'regenerate', commandId });
    const drawing = await generator.drawing(round);
    atOnce?.resetAndDestroy();
    drawing.preview(imageOf(`part ${round}`, 500_000));
    inJoin?.write(join.subarray(0, 7), () => inJoin.resetAndDestroy());
    atFirstByte?.once('data', () => atFirstByte.resetAndDestroy()).resume();
    drawing.finish(imageOf(`whole ${round}`, 500_000));
    afterImage?.resetAndDestroy();
    inClose?.write(frame('', 8), () => inClose.resetAndDestroy());
    halfOpen?.end();
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === round + 1);
    for (const victim of [later, halfOpen, atLast]) victim?.destroy();
  }
  await ben.stage('user_feedback', ({ attempts }) => attempts.length === rounds);
  await ana.until('viewers', (viewers) => viewers === ana.last('viewers') && viewers.watchers === 0);
  const back = client();
  await back.join({ sessionId });
  expect(bytesOf(await back.until('image')).equals(imageOf(`whole ${rounds - 1}`, 500_000).bytes)).toBe(true);
});

test('R8: downloads that are broken off disturb nobody, and hold no memory', async () => {
  const { ana, generator, port, address, sessionId, metrics } = await startSession();
  const [imageId = ''] = await drawAttempts(ana, generator, ['a cat']);
  const path = `/api/sessions/${sessionId}/images/${imageId}`;
  const breakOff = async () => {
    const socket = await rawClient(port);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(3));
    await once(socket, 'data');
    socket.resetAndDestroy();
  };
  await Promise.all(Array.from({ length: 20 }, breakOff));
  expect((await fetch(address + path)).status).toBe(200);
  ana.send({ type: 'start_over', commandId: 'new' });
  await ana.answer('new');
  await expect.poll(async () => (await metrics()).proofroom_image_bytes).toBe(0);
});
