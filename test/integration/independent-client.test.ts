/** A client written from the design's page alone: nothing here comes from the project but its process. */
import { createHash } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { copyServer, startMain } from '../support/main-process.ts';

vi.setConfig({ testTimeout: 30_000 });

type Message = Record<string, unknown> & { type: string };

test('a plain ws client that knows only the design’s page goes from join to final, and a second one sees the same images, byte for byte', async () => {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  fake.next('held');
  const main = startMain(await copyServer(), { OPENAI_API_KEY: 'any', OPENAI_BASE_URL: fake.baseURL });
  const address = await main.address();

  const ana = await connect(address, { type: 'join', name: 'Ana' });
  const { sessionId, key, generator } = await ana.next('welcome');
  expect(generator).toMatchObject({ demo: false });
  expect(typeof key).toBe('string');
  const ben = await connect(address, { type: 'join', sessionId });
  expect(await ben.next('welcome')).toMatchObject({ role: 'watcher', sessionId });
  const { turn } = await ana.next('snapshot', { stage: 'initial_input' });

  ana.send({ type: 'generate', commandId: 'command-1', turn, prompt: 'a cat on a mat' });
  for (const one of [ana, ben]) {
    await one.next('snapshot', { stage: 'generating' });
    const partial = await one.next('image', { kind: 'partial' });
    expect(bytesOf(partial).equals(drawn(fake, 0).partial)).toBe(true);
  }
  fake.release();
  for (const one of [ana, ben]) {
    const image = await one.next('image', { kind: 'final' });
    expect(bytesOf(image).equals(drawn(fake, 0).final)).toBe(true);
    expect(image).toMatchObject({
      mediaType: 'image/png',
      width: 96,
      height: 64,
      sha256: sha256(drawn(fake, 0).final),
    });
  }
  expect(await ana.next('ack', { commandId: 'command-1' })).toMatchObject({ revision: 1 });
  const feedback = await ana.next('snapshot', { stage: 'user_feedback' });
  expect(feedback).toMatchObject({
    draft: 'a cat on a mat',
    attempts: [{ prompt: 'a cat on a mat', usage: { totalTokens: expect.any(Number) } }],
    lastAction: { action: 'generate', by: 'Ana' },
  });

  ana.send({ type: 'regenerate', commandId: 'command-2', turn: feedback.turn });
  for (const one of [ana, ben]) {
    await one.next('snapshot', { stage: 'user_feedback', turn: Number(feedback.turn) + 2 });
    const image = await one.next('image', { sha256: sha256(drawn(fake, 1).final) });
    expect(bytesOf(image).equals(drawn(fake, 1).final)).toBe(true);
  }
  const again = await ana.next('snapshot', { stage: 'user_feedback', turn: Number(feedback.turn) + 2 });
  const second = drawn(fake, 1).final;
  const { imageId } = again.image as { imageId: string };
  ana.send({ type: 'approve', commandId: 'command-3', turn: again.turn, imageId, sha256: sha256(second) });
  const final = await ana.next('snapshot', { stage: 'final' });
  expect(final).toMatchObject({
    approved: { imageId, sha256: sha256(second) },
    decisions: [{ by: 'Ana', imageId }],
  });
  expect(await ben.next('snapshot', { stage: 'final' })).toEqual(final);

  const late = await connect(address, { type: 'join', sessionId, images: 'url' });
  const { url } = await late.next('image', { imageId });
  const served = await fetch(new URL(String(url), address));
  expect(Buffer.from(await served.arrayBuffer()).equals(second)).toBe(true);
  for (const one of [ana, ben, late]) one.close();
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

  /** The first message of this type with these values, here already or to come. */
  function next(type: string, values: Record<string, unknown> = {}): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const fits = (message: Message) => Object.entries(values).every(([name, value]) => message[name] === value);
    const look = () => {
      const found = received.find((message) => message.type === type && fits(message));
      if (found) resolve(found);
    };
    const told = () => received.map((message) => JSON.stringify(message).slice(0, 200)).join('\n');
    const timer = setTimeout(
      () => reject(new Error(`No ${type} with ${JSON.stringify(values)} came, but:\n${told()}`)),
      10_000,
    );
    waiting.add(look);
    look();
    return promise.finally(() => {
      waiting.delete(look);
      clearTimeout(timer);
    });
  }
  return { send, next, close: () => socket.close() };
}

/** What the upstream sent for its drawing number `index`, from 0. */
function drawn(fake: FakeOpenAI, index: number): { readonly partial: Buffer; readonly final: Buffer } {
  const [sent, none] = [fake.sent[index], Buffer.alloc(0)];
  return { partial: sent?.partials.at(-1) ?? none, final: sent?.final ?? none };
}

const bytesOf = ({ data }: Message) => Buffer.from(String(data), 'base64');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
