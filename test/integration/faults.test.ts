import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { frame, rawClient, upgraded, upgradeRequest } from '../support/raw-client.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import { bytesOf } from '../support/ws-client.ts';

const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;
const JOIN = frame('{"type":"join"}');
const MiB = 1024 * 1024;

test('R2: all leave, the generation goes on, and who comes back finds the image', async () => {
  const { client, generator, noSockets } = await startServer();
  const ana = client();
  const { sessionId, key, name } = await ana.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const { turn } = await ana.stage('generating');
  ana.socket.terminate();
  await noSockets();
  expect(drawing.signal.aborted).toBe(false);
  const bytes = drawing.finish();

  const back = client();
  await back.join({ sessionId, key, name });
  const { image, turn: now } = await back.stage('user_feedback');
  expect(bytesOf(back.last('image')).equals(bytes)).toBe(true);
  expect(now).toBe(turn + 1);
  back.send({ type: 'approve', commandId: 'yes', turn: now, imageId: image.imageId, sha256: image.sha256 });
  expect(await back.answer('yes')).toMatchObject({ type: 'ack' });
});

test('R2: who comes back in the middle sees it go on to its end', async () => {
  const { client, generator, noSockets } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  await ana.leave();
  await noSockets();
  drawing.report({ phase: 'drawing' });
  const back = client();
  await back.join({ sessionId });
  await back.until('progress', ({ phase }) => phase === 'drawing');
  drawing.finish();
  await back.stage('user_feedback');
});

test('R3: a tab that never reads costs the cap plus one frame, and the others get everything at once', async () => {
  const { client, generator, port, sockets } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const before = new Set(sockets);
  const stalled = await upgraded(port);
  stalled.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  const [ours] = [...sockets].filter((socket) => !before.has(socket));
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('0', 8 * MiB));
  let most = 0;
  for (let index = 1; index <= 6; index += 1) {
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === index);
    most = Math.max(most, ours?.writableLength ?? 0);
    ana.send({ type: 'regenerate', commandId: `again ${index}` });
    const drawing = await generator.drawing(index);
    for (let part = 0; part < 5; part += 1) drawing.preview(imageOf(`${index} ${part}`, MiB));
    drawing.finish(imageOf(`${index}`, 8 * MiB));
  }
  await ana.stage('user_feedback', ({ attempts }) => attempts.length === 7);
  most = Math.max(most, ours?.writableLength ?? 0);
  const oneFrame = (8 * MiB * 4) / 3 + 1_000;
  expect(most).toBeGreaterThan(MiB);
  expect(most).toBeLessThan(256 * 1024 + oneFrame);
  stalled.destroy();
});

test('R3: a tab that falls behind and reads on gets the newest state, and an image before its snapshot', async () => {
  const { client, generator } = await startServer();
  const [ana, slow] = [client(), client()] as const;
  const { sessionId } = await ana.join();
  await slow.join({ sessionId });
  slow.socket.pause();
  ana.send(A_CAT);
  (await generator.drawing(0)).finish(imageOf('0', 8 * MiB));
  for (let index = 1; index <= 4; index += 1) {
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === index);
    ana.send({ type: 'regenerate', commandId: `again ${index}` });
    (await generator.drawing(index)).finish(imageOf(`${index}`, 8 * MiB));
  }
  const newest = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 5);
  slow.socket.resume();
  await slow.stage('user_feedback', ({ revision }) => revision === newest.revision);
  expect(slow.last('snapshot')).toEqual(newest);
  expect(slow.of('image').length).toBeLessThan(5);
  const shown = slow.of('snapshot').flatMap((snapshot) => (snapshot.image ? [[snapshot, snapshot.image.imageId]] : []));
  for (const [snapshot, imageId] of shown) {
    const at = slow.received.findIndex((message) => message.type === 'image' && message.imageId === imageId);
    expect(at).toBeGreaterThan(-1);
    expect(at).toBeLessThan(slow.received.indexOf(snapshot as (typeof slow.received)[number]));
  }
  const revisions = slow.of('snapshot').map(({ revision }) => revision);
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
});

test('M6: after a storm of commands from many tabs all show the same revision and the same bytes', async () => {
  const generator = new ScriptedGenerator();
  const { client } = await startServer({ limits: { COMMAND_BURST: 1_000 } }, generator);
  const first = client();
  const { sessionId, key } = await first.join();
  const tabs = [first, ...Array.from({ length: 5 }, () => client())];
  await Promise.all(tabs.slice(1).map((tab) => tab.join({ sessionId, key })));
  let drawn = 0;
  for (let round = 0; round < 40; round += 1) {
    for (const [index, tab] of tabs.entries()) {
      const commandId = `${round} ${index}`;
      const imageId = tab.last('snapshot').image?.imageId ?? 'none';
      const kind = (round * 7 + index * 3) % 6;
      if (kind === 0) tab.send({ type: 'generate', commandId, prompt: `prompt ${commandId}` });
      else if (kind === 1) tab.send({ type: 'regenerate', commandId });
      else if (kind === 2) tab.send({ type: 'cancel', commandId });
      else if (kind === 3) tab.send({ type: 'approve', commandId, imageId });
      else if (kind === 4) tab.send({ type: 'refine', commandId, imageId, feedback: 'more' });
      else tab.send({ type: 'start_over', commandId });
    }
    await Promise.all(tabs.map((tab) => tab.fence()));
    for (const drawing of generator.drawings.slice(drawn)) drawing.finish(imageOf(`drawing ${drawn++}`));
  }
  await Promise.all(tabs.map((tab) => tab.fence()));
  const late = client();
  await late.join({ sessionId });
  const state = late.last('snapshot');
  for (const tab of tabs) {
    expect(tab.last('snapshot')).toEqual(state);
    const revisions = tab.of('snapshot').map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    expect(tab.answers().filter(({ commandId }) => commandId !== undefined)).toHaveLength(40);
    for (const image of tab.of('image')) {
      const same = first.of('image').find(({ imageId }) => imageId === image.imageId);
      if (same) expect(same.data).toBe(image.data);
    }
  }
});

test.for([
  ['text that is no JSON', frame('garbage')],
  ['JSON that is no object', frame('[1,2]')],
  ['null', frame('null')],
  ['a deep nest', frame('['.repeat(30_000))],
  ['a lone surrogate', frame('{"type":"draft","text":"\\ud800"}')],
  ['a binary frame', frame(randomBytes(1_000), 2)],
  ['a type that is no text', frame('{"type":{"toString":1}}')],
  ['a poisoned prototype', frame('{"__proto__":{"type":"join"},"constructor":{"prototype":{"a":1}}}')],
] as const)('R8: %s is invalid_message, and the connection and the server live on', async ([, garbage]) => {
  const { client } = await startServer();
  const ana = client();
  await ana.join();
  const writable: { write(data: Uint8Array): void } = Reflect.get(ana.socket, '_socket');
  writable.write(garbage);
  await ana.fence();
  if (garbage.includes('surrogate')) return;
  const codes = ana.of('reject').map(({ code }) => code);
  expect(codes).toEqual(garbage.includes('draft') ? ['image_not_found'] : ['invalid_message', 'image_not_found']);
});

test('R3, M6: of large snapshots a tab that is slow to read gets one at a time, and then the latest', async () => {
  const { client, generator } = await startServer();
  const [ana, ben] = [client(), client()] as const;
  const { sessionId } = await ana.join();
  await ben.join({ sessionId });
  const prompt = '画'.repeat(4_000);
  ana.send({ type: 'generate', commandId: 'four', prompt, options: { candidates: 4 } });
  for (const one of [0, 1, 2, 3]) (await generator.drawing(one)).finish();
  await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'eight' });
  for (const one of [4, 5, 6, 7]) (await generator.drawing(one)).finish();
  const { image, revision } = await ben.stage('user_feedback', ({ attempts }) => attempts.length === 8);
  await ben.fence();
  ben.socket.pause();
  for (let n = 1; n <= 9; n += 1) {
    ana.send({ type: n % 2 ? 'discard' : 'restore', commandId: `${n}`, imageId: image.imageId });
    expect(await ana.answer(`${n}`)).toMatchObject({ type: 'ack', revision: revision + n });
    expect(ana.last('snapshot').revision).toBe(revision + n);
  }
  ben.socket.resume();
  await ben.until('snapshot', (snapshot) => snapshot.revision === revision + 9);
  const late = ben.of('snapshot').filter((snapshot) => snapshot.revision > revision);
  expect(late.map((snapshot) => snapshot.revision - revision)).toEqual([1, 9]);
});

test('what came in a binary frame is told that it belongs in a text frame', async () => {
  const { client } = await startServer();
  const ana = client();
  await ana.open();
  ana.socket.send(Buffer.from('{"type":"join"}'));
  expect(await ana.until('reject')).toMatchObject({
    code: 'invalid_message',
    message: 'The message is not JSON in a text frame.',
  });
});

test.for([
  ['bytes that are no frame', randomBytes(4_000)],
  ['an unmasked frame', Buffer.from([0x81, 0x01, 0x61])],
  ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a ping that is too long', Buffer.from([0x89, 0xfe, 0x10, 0x00, 0, 0, 0, 0])],
  ['text that is no UTF-8', frame(Buffer.from([0xff, 0xfe, 0xfd]))],
  ['a frame that says it is 2^62 bytes long', Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['a continuation of nothing', frame('x', 0)],
  ['a close frame with one byte', frame('x', 8)],
  ['a close code that is none', frame(Buffer.from([0x00, 0x01]), 8)],
] as const)('R8: %s ends that connection alone', async ([, garbage]) => {
  const { client, port } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const eve = await upgraded(port);
  eve.resume();
  eve.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  eve.write(garbage);
  await new Promise((resolve) => eve.once('end', resolve));
  eve.destroy();
  await ana.until('viewers', ({ watchers }) => watchers === 0);
  await ana.fence();
});

test('R8: resets after every byte of upgrade and join leave a server that works and holds nothing', async () => {
  const { client, port, noSockets, sockets } = await startServer();
  const whole = Buffer.concat([
    Buffer.from(upgradeRequest()),
    JOIN,
    frame('{"type":"generate","commandId":"1","prompt":"p"}'),
  ]);
  const reset = async (length: number) => {
    const socket = await rawClient(port);
    const written = new Promise((resolve) => socket.write(whole.subarray(0, length), resolve));
    await written;
    socket.resetAndDestroy();
  };
  for (let from = 1; from <= whole.length; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, whole.length - from + 1) }, (_, step) => reset(from + step)));
  }
  if (sockets.size > 0) await noSockets();
  await client().join();
});

test('R8: resets at any moment of a session with images on their way disturb nobody else', async () => {
  const { client, generator, port } = await startServer();
  const ana = client();
  const { sessionId, key } = await ana.join();
  const join = frame(JSON.stringify({ type: 'join', sessionId, key }));
  for (let round = 0; round < 10; round += 1) {
    const victims = await Promise.all(Array.from({ length: 8 }, () => upgraded(port)));
    for (const victim of victims) victim.write(join);
    ana.send(round === 0 ? A_CAT : { type: 'regenerate', commandId: `again ${round}` });
    const drawing = await generator.drawing(round);
    victims[0]?.resetAndDestroy();
    drawing.preview(imageOf(`part ${round}`, 500_000));
    victims[1]?.write(join.subarray(0, 7), () => victims[1]?.resetAndDestroy());
    victims[2]?.once('data', () => victims[2]?.resetAndDestroy());
    victims[2]?.resume();
    drawing.finish(imageOf(`whole ${round}`, 500_000));
    victims[3]?.resetAndDestroy();
    victims[4]?.write(frame('', 8), () => victims[4]?.resetAndDestroy());
    victims[5]?.end();
    await ana.stage('user_feedback', ({ attempts, revision }) => revision === 2 * (round + 1) && attempts.length > 0);
    victims[6]?.resetAndDestroy();
    victims[7]?.destroy();
    victims[5]?.destroy();
  }
  await ana.until('viewers', (viewers) => viewers === ana.last('viewers') && viewers.reviewers === 1);
  const back = client();
  await back.join({ sessionId });
  expect(bytesOf(await back.until('image')).equals(imageOf('whole 9', 500_000).bytes)).toBe(true);
});

test('W4: a preview that is still on its way to a stalled tab is never taken for the final image of the same bytes', async () => {
  const { client, generator, port, sockets } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  const stalled = await upgraded(port);
  stalled.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  ana.send(A_CAT);
  const drawing = await generator.drawing(0);
  const same = imageOf('same', 8 * MiB);
  drawing.preview(same);
  await ana.until('image');
  expect([...sockets].some(({ writableLength }) => writableLength > 0)).toBe(true);
  drawing.finish(same);
  const { image } = await ana.stage('user_feedback');
  expect(ana.last('image')).toMatchObject({ kind: 'final', imageId: image.imageId });
  stalled.destroy();
});

test('R8: downloads that are broken off disturb nobody', async () => {
  const { client, generator, port, address } = await startServer();
  const ana = client();
  const { sessionId } = await ana.join();
  ana.send(A_CAT);
  const bytes = (await generator.drawing(0)).finish(imageOf('big', 4 * MiB));
  const { image } = await ana.stage('user_feedback');
  const path = `/api/sessions/${sessionId}/images/${image.imageId}`;
  const breakOff = async () => {
    const socket = await rawClient(port);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(3));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
  };
  await Promise.all(Array.from({ length: 20 }, breakOff));
  const whole = await fetch(address + path);
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
});

test('R3: a client that asks on without reading is read no further, and gets every answer once it reads', async () => {
  const { client, port, sockets } = await startServer({ limits: { OUTBOX_BYTES: 4_096, COMMAND_BURST: 100_000 } });
  const ana = client();
  const { sessionId } = await ana.join();
  const before = new Set(sockets);
  const greedy = await upgraded(port);
  greedy.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  const [ours] = [...sockets].filter((socket) => !before.has(socket));
  const commands = 50_000;
  for (let index = 0; index < commands; index += 1) greedy.write(frame(`{"type":"cancel","commandId":"${index}"}`));
  let most = 0;
  for (let round = 0; round < 200; round += 1) {
    await ana.fence();
    most = Math.max(most, ours?.writableLength ?? 0);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(8_192);
  expect(ours?.bytesRead).toBeLessThan(commands * 40);
  let answers = 0;
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  let tail = '';
  greedy.on('data', (data) => {
    const told = tail + data.toString('latin1');
    answers += told.split('"not_allowed"').length - 1;
    tail = told.slice(told.lastIndexOf('"not_allowed"') + '"not_allowed"'.length).slice(-20);
    if (answers === commands) resolve();
  });
  greedy.resume();
  await answered;
  greedy.destroy();
});

test('R8: who breaks the protocol is no viewer from then on, and is torn down 2 s later', async () => {
  const clock = new FakeClock();
  const { client, port, sockets } = await startServer({ clock });
  const ana = client();
  const { sessionId } = await ana.join();
  const broken = await upgraded(port);
  broken.write(frame(JSON.stringify({ type: 'join', sessionId })));
  await ana.until('viewers', ({ watchers }) => watchers === 1);
  const RESERVED_OPCODE = 3;
  broken.write(frame('x', RESERVED_OPCODE)); // It keeps its end open, and answers no close.
  await expect.poll(() => ana.last('viewers').watchers).toBe(0);
  expect(sockets.size).toBe(2);
  clock.advance(2_000);
  await expect.poll(() => sockets.size).toBe(1);
  broken.destroy();
});
