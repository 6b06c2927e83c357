/** Answers of an image service that decompress to far more than they seem to be. */
import { expect, onTestFinished, test } from 'vitest';
import { startFakeImagesApi } from '../support/fake-images-api.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { startWatchedServer, type WatchedServer } from '../support/watched-server.ts';
import { WsClient } from '../support/ws-client.ts';

const MiB = 1024 * 1024;
/** Lower than usual, so that holding a whole answer would stand out from what a process takes anyway. */
const STREAM_BYTES = 8 * MiB;
/** A quarter of the gibibyte: what is held of the stream, and garbage that has not been collected yet. */
const ALLOWED_GROWTH_BYTES = 256 * MiB;

type Bomb = 'gzip_bomb' | 'gzip_bomb_refusal';

/** An image service that draws one image and then sends a bomb. */
async function startService(api: 'responses' | 'images', bomb: Bomb): Promise<Readonly<Record<string, string>>> {
  const fake = api === 'images' ? await startFakeImagesApi() : await startFakeOpenAI();
  onTestFinished(() => fake.close());
  fake.next('drawn');
  fake.next(bomb);
  return { PROOFROOM_API: api, OPENAI_API_KEY: 'sk-fake', OPENAI_BASE_URL: fake.baseURL };
}

/** A server and its client, after a first image, so that the process has loaded everything it needs for one. */
async function startServer(
  environment: Readonly<Record<string, string>>,
): Promise<{ server: WatchedServer; client: WsClient }> {
  const server = await startWatchedServer({
    ...environment,
    PROOFROOM_UPSTREAM_STREAM_BYTES: String(STREAM_BYTES),
  });
  onTestFinished(() => server.kill());
  const client = new WsClient(server.address);
  await client.join();
  client.send({ type: 'generate', commandId: 'first', prompt: 'a fox' });
  await client.stage('user_feedback');
  return { server, client };
}

test.for([
  ['a stream of events', 'responses', 'gzip_bomb'],
  ['a refusal of a stream', 'responses', 'gzip_bomb_refusal'],
  ['an answer in one piece', 'images', 'gzip_bomb'],
  ['a refusal in one piece', 'images', 'gzip_bomb_refusal'],
] as const)('S4: %s that decompresses to a gibibyte is a provider_error, and is never held', async ([, api, bomb]) => {
  const { server, client } = await startServer(await startService(api, bomb));
  const before = await server.holdings();
  client.send({ type: 'regenerate', commandId: 'bomb' });
  const { error, attempts } = await client.stage('user_feedback', (snapshot) => snapshot.error !== undefined);
  expect(error).toMatchObject({ code: 'provider_error' });
  expect(attempts).toHaveLength(1);
  const { peakRssBytes } = await server.holdings();
  expect(peakRssBytes - before.peakRssBytes).toBeLessThan(ALLOWED_GROWTH_BYTES);
  // The server goes on working.
  client.send({ type: 'regenerate', commandId: 'again' });
  await client.stage('user_feedback', (snapshot) => snapshot.attempts.length === 2);
  expect(server.faults).toEqual([]);
});
