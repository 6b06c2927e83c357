/** A client that was written when the protocol was first given to others, beside people who use all that has come since. */
import * as v from 'valibot';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { ServerMessage } from '../fixtures/protocol-v1-first.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer } from '../support/server.ts';
import type { WsClient } from '../support/ws-client.ts';

type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>;
type Answer = Extract<ServerMessage, { type: 'ack' | 'reject' }>;
type Ask = Readonly<Record<string, unknown>> & { readonly type: string };

const PATIENCE_MS = 10_000;

/** It knows every message of those days by heart, and no other. */
class OldClient {
  /** What it could not read: nothing, ever. */
  readonly unread: string[] = [];
  readonly snapshots: Snapshot[] = [];
  /** The images that it has, by id. */
  readonly images = new Map<string, Buffer>();
  readonly #socket: WebSocket;
  readonly #answers: Answer[] = [];
  readonly #listeners = new Set<() => void>();
  #commands = 0;

  constructor(address: string) {
    this.#socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, 'proofroom.v1');
    this.#socket.on('message', (data) => this.#onMessage(String(data)));
  }

  async join(sessionId: string, key: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.once('open', resolve).once('error', reject);
    await promise;
    this.#send({ type: 'join', sessionId, key, name: 'Old' });
    await this.until(() => this.snapshots.length > 0);
  }

  get snapshot(): Snapshot {
    const last = this.snapshots.at(-1);
    if (!last) throw new Error('no snapshot was understood');
    return last;
  }

  /** Asks from the turn that it looks at, and returns the answer. */
  async ask(command: Ask): Promise<Answer> {
    const commandId = `old-${++this.#commands}`;
    this.#send({ ...command, commandId, turn: this.snapshot.turn });
    return this.#wait(() => this.#answers.find((answer) => answer.commandId === commandId));
  }

  until(fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return this.#wait(() => (this.snapshots.length > 0 && fits(this.snapshot) ? this.snapshot : undefined));
  }

  stage(stage: Snapshot['stage'], attempts: number): Promise<Snapshot> {
    return this.until((snapshot) => snapshot.stage === stage && snapshot.attempts.length === attempts);
  }

  close(): void {
    this.#socket.terminate();
  }

  #onMessage(text: string): void {
    const { success, output } = v.safeParse(ServerMessage, JSON.parse(text));
    if (!success) this.unread.push(text);
    else if (output.type === 'ack' || output.type === 'reject') this.#answers.push(output);
    else if (output.type === 'image') this.images.set(output.imageId, Buffer.from(output.data ?? '', 'base64'));
    else if (output.type === 'snapshot') this.#show(output);
    for (const listener of [...this.#listeners]) listener();
  }

  /** It keeps the images of the attempts, and asks for one that it must show and no longer has. */
  #show(snapshot: Snapshot): void {
    this.snapshots.push(snapshot);
    const attempts = snapshot.attempts.map(({ image }) => image.imageId);
    for (const imageId of this.images.keys()) if (!attempts.includes(imageId)) this.images.delete(imageId);
    const shown = snapshot.image?.imageId;
    if (shown !== undefined && !this.images.has(shown)) this.#send({ type: 'want', imageIds: [shown] });
  }

  #send(message: Ask): void {
    this.#socket.send(JSON.stringify(message));
  }

  #wait<Found>(find: () => Found | undefined): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const look = () => {
      const found = find();
      if (this.unread.length > 0) reject(new Error(`This could not be read:\n${this.unread.join('\n')}`));
      else if (found !== undefined) resolve(found);
    };
    const told = () => this.snapshots.map(({ stage, revision }) => `${revision} ${stage}`).join(', ');
    const timer = setTimeout(() => reject(new Error(`It did not come. There came: ${told()}`)), PATIENCE_MS);
    this.#listeners.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(look);
    });
  }
}

/** An old client and a new one in one session; the new one is the first to draw. */
async function together() {
  const server = await startServer();
  const ana = server.client();
  const { sessionId, key = '' } = await ana.join({ name: 'Ana' });
  const old = new OldClient(server.address);
  onTestFinished(() => old.close());
  await old.join(sessionId, key);
  return { ...server, ana, old };
}

let commands = 0;
async function does(client: WsClient, command: Ask): Promise<void> {
  const commandId = `new-${++commands}`;
  client.sendText(JSON.stringify({ ...command, commandId }));
  expect(await client.answer(commandId)).toMatchObject({ type: 'ack' });
}

const lost = new GenerationFailed('no_image', 'No image came.', { retryable: true });
const told = {
  revisedPrompt: 'one dog',
  usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
  estimatedCost: { amount: 0.04, currency: 'USD' },
} as const;
const everyOption = {
  model: 'scripted-2',
  size: '64x48',
  quality: 'low',
  background: 'opaque',
  format: 'jpeg',
  compression: 80,
  partialImages: 1,
  candidates: 3,
};

test('a client of the first days reads all that is written beside one of today, and gets its own answers', async () => {
  const { ana, old, generator } = await together();

  await does(ana, { type: 'generate', prompt: 'a dog', options: everyOption });
  const [one, two, three] = await Promise.all([0, 1, 2].map((index) => generator.drawing(index)));
  two?.fail(lost);
  one?.preview();
  one?.finish(imageOf('one'), told);
  await old.stage('generating', 1);
  three?.finish(imageOf('three'), told);
  const drawn = await old.stage('user_feedback', 2);
  expect(drawn).toMatchObject({ error: { code: 'no_image' }, lastGeneration: { candidates: 3 } });

  const [first, second] = drawn.attempts.map(({ image }) => image.imageId);
  await does(ana, { type: 'discard', imageId: second });
  expect(await old.stage('user_feedback', 1)).toMatchObject({ image: { imageId: first }, turn: drawn.turn });
  expect(await old.ask({ type: 'approve', imageId: second })).toMatchObject({ code: 'image_not_found' });
  await does(ana, { type: 'restore', imageId: second });
  await old.stage('user_feedback', 2);
  for (const imageId of [first, second]) await does(ana, { type: 'discard', imageId });
  await old.stage('initial_input', 0);

  expect(await old.ask({ type: 'generate', prompt: 'a cat', options: { candidates: 2 } })).toMatchObject({
    type: 'ack',
  });
  await old.stage('generating', 0);
  (await generator.drawing(3)).fail(lost);
  await does(ana, { type: 'cancel', reason: 'It is no dog.' });
  await old.stage('initial_input', 0);
  for (const imageId of [second, first]) await does(ana, { type: 'restore', imageId });
  const back = await old.stage('user_feedback', 2);
  expect(back.attempts.map(({ image }) => image.imageId)).toEqual([first, second]);
  await old.until(() => old.images.has(second ?? ''));
  expect(old.images.get(second ?? '')?.equals(imageOf('three').bytes)).toBe(true);

  expect(await old.ask({ type: 'regenerate' })).toMatchObject({ type: 'ack' });
  await old.stage('generating', 2);
  expect(await old.ask({ type: 'cancel' })).toMatchObject({ type: 'ack' });
  await old.stage('user_feedback', 2);
  expect(await old.ask({ type: 'refine', imageId: first, feedback: 'darker' })).toMatchObject({ type: 'ack' });
  await old.stage('generating', 2);
  for (const drawing of generator.drawings) drawing.finish();
  const refined = await old.until(({ stage, attempts }) => stage === 'user_feedback' && attempts.length > 2);
  const { imageId, sha256 } = refined.attempts.at(-1)?.image ?? {};
  await does(ana, { type: 'discard', imageId: first });
  await old.until(({ attempts }) => attempts.length === refined.attempts.length - 1);
  expect(await old.ask({ type: 'approve', imageId, sha256 })).toMatchObject({ type: 'ack' });
  expect(await old.until(({ stage }) => stage === 'final')).toMatchObject({ approved: { imageId } });
  expect(await old.ask({ type: 'start_over' })).toMatchObject({ type: 'ack' });
  await old.stage('initial_input', 0);

  await ana.fence();
  expect(old.unread).toEqual([]);
  const { revision, turn, stage } = ana.last('snapshot');
  expect(old.snapshot).toMatchObject({ revision, turn, stage });
  const order = (name: 'revision' | 'turn') => old.snapshots.map((snapshot) => snapshot[name]);
  for (const name of ['revision', 'turn'] as const) {
    expect(order(name)).toEqual(order(name).toSorted((left, right) => left - right));
  }
});
