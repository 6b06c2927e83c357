/** A client written from `shared/PROTOCOL.md` alone: it imports nothing of the project, and talks to its process. */
import { createHash } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { FakeOpenAI } from '../support/fake-openai.ts';
import { copyServer, startMain } from '../support/main-process.ts';
import { setUpOpenAI } from '../support/openai-adapter.ts';

// A process takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

type Message = Record<string, unknown> & { type: string };

test('W1 W3 W4 M3: PROTOCOL.md suffices for a client that goes from join to final, and comes back as the same participant', async () => {
  const { fake } = await setUpOpenAI();
  fake.next('held');
  const main = startMain(await copyServer(), { OPENAI_API_KEY: 'any', OPENAI_BASE_URL: fake.baseURL });
  const address = await main.address();

  const ana = await connect(address, { type: 'join', name: 'Ana' });
  const welcome = await ana.next('welcome');
  const { sessionId, key, participantId, participantSecret } = welcome;
  expect(welcome).toMatchObject({ protocol: 1, role: 'reviewer', name: 'Ana', generator: { demo: false } });
  for (const field of [sessionId, key, participantId, participantSecret]) expect(typeof field).toBe('string');
  const ben = await connect(address, { type: 'join', sessionId, name: 'Ana' });
  const benWelcome = await ben.next('welcome');
  expect(benWelcome).toMatchObject({ role: 'watcher', sessionId });
  expect(benWelcome.participantId).not.toBe(participantId);
  const { turn } = await ana.next('snapshot', { stage: 'initial_input' });

  ana.send({ type: 'generate', commandId: 'command-1', turn, prompt: 'a cat on a mat' });
  for (const one of [ana, ben]) {
    await one.next('snapshot', { stage: 'generating' });
    const preview = await one.next('image', { kind: 'partial' });
    expect(bytesOf(preview).equals(sentBy(fake, 0).partial)).toBe(true);
  }
  fake.release();
  for (const one of [ana, ben]) {
    const image = await one.next('image', { kind: 'final' });
    const { final } = sentBy(fake, 0);
    expect(bytesOf(image).equals(final)).toBe(true);
    expect(image).toMatchObject({ mediaType: 'image/png', width: 96, height: 64, sha256: sha256Of(final) });
  }
  expect(await ana.next('ack', { commandId: 'command-1' })).toMatchObject({ revision: 1 });
  const first = await ana.next('snapshot', { stage: 'user_feedback' });
  expect(first).toMatchObject({
    draft: 'a cat on a mat',
    attempts: [{ prompt: 'a cat on a mat', usage: { totalTokens: expect.any(Number) } }],
    lastAction: { action: 'generate', by: 'Ana', participantId },
  });

  ana.send({ type: 'regenerate', commandId: 'command-2', turn: first.turn });
  const turnOfSecond = Number(first.turn) + 2;
  for (const one of [ana, ben]) {
    await one.next('snapshot', { stage: 'user_feedback', turn: turnOfSecond });
    const image = await one.next('image', { sha256: sha256Of(sentBy(fake, 1).final) });
    expect(bytesOf(image).equals(sentBy(fake, 1).final)).toBe(true);
  }
  const second = await ana.next('snapshot', { stage: 'user_feedback', turn: turnOfSecond });
  ana.close();

  const participant = { id: participantId, secret: participantSecret };
  const { imageId } = second.image as { imageId: string };
  const back = await connect(address, { type: 'join', sessionId, key, name: 'Ana', participant, have: [imageId] });
  expect(await back.next('welcome')).toMatchObject({ participantId, participantSecret });
  const { final } = sentBy(fake, 1);
  back.send({ type: 'approve', commandId: 'command-3', turn: turnOfSecond, imageId, sha256: sha256Of(final) });
  const approved = await back.next('snapshot', { stage: 'final' });
  expect(approved).toMatchObject({
    approved: { imageId, sha256: sha256Of(final) },
    decisions: [{ decision: 'approved', imageId, by: 'Ana', participantId }],
  });
  expect(await ben.next('snapshot', { stage: 'final' })).toEqual(approved);

  const late = await connect(address, { type: 'join', sessionId, images: 'url' });
  const { url } = await late.next('image', { imageId });
  const served = await fetch(new URL(String(url), address));
  expect(Buffer.from(await served.arrayBuffer()).equals(final)).toBe(true);
});

async function connect(address: string, join: Message) {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, 'proofroom.v1');
  onTestFinished(() => socket.terminate());
  const received: Message[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    received.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const send = (message: Message) => socket.send(JSON.stringify(message));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  send(join);

  /** The first message of this type with these values, received before or still to come. */
  function next(type: string, values: Record<string, unknown> = {}): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const fits = (message: Message) => Object.entries(values).every(([name, value]) => message[name] === value);
    const look = () => {
      const found = received.find((message) => message.type === type && fits(message));
      if (found) resolve(found);
    };
    const fail = () => {
      const transcript = received.map((message) => JSON.stringify(message).slice(0, 200)).join('\n');
      reject(new Error(`No ${type} with ${JSON.stringify(values)} came, but:\n${transcript}`));
    };
    const timer = setTimeout(fail, 10_000);
    waiting.add(look);
    look();
    return promise.finally(() => {
      waiting.delete(look);
      clearTimeout(timer);
    });
  }
  return { send, next, close: () => socket.close() };
}

/** The images that the service sent for its request number `index`, from 0. */
function sentBy(fake: FakeOpenAI, index: number): { readonly partial: Buffer; readonly final: Buffer } {
  const sent = fake.sent[index];
  const none = Buffer.alloc(0);
  return { partial: sent?.partials.at(-1) ?? none, final: sent?.final ?? none };
}

const bytesOf = ({ data }: Message) => Buffer.from(String(data), 'base64');
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
