/** Answers of an image service that are far more than they seem to be. */
import { expect, onTestFinished, test } from 'vitest';
import { startWatchedServer, type WatchedServer } from '../fuzz/watched-server.ts';
import { startFakeImagesApi } from '../support/fake-images-api.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { WsClient } from '../support/ws-client.ts';

const MiB = 1024 * 1024;
/** Lower than usual, so that what it costs to hold so much stands out from what a process takes anyway. */
const STREAM_BYTES = 8 * MiB;
/** The stream as bytes and as text, twice while it grows; the rest is for a heap that is swept when it likes. */
const ALLOWED_GROWTH_BYTES = 8 * STREAM_BYTES;

type Bomb = 'gzip_bomb' | 'gzip_bomb_refusal';

/** An image service that draws once, as a good one does, and then answers like this. */
async function startService(api: 'responses' | 'images', bomb: Bomb): Promise<Readonly<Record<string, string>>> {
  const fake = api === 'images' ? await startFakeImagesApi() : await startFakeOpenAI();
  onTestFinished(() => fake.close());
  fake.next('drawn');
  fake.next(bomb);
  return { PROOFROOM_API: api, OPENAI_API_KEY: 'sk-fake', OPENAI_BASE_URL: fake.baseURL };
}

/** A server and a client of its; one picture is there, and with it all that the process needs to make one. */
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
] as const)('S4: %s that unpacks to a gibibyte is a provider_error, and is never held', async ([, api, bomb]) => {
  const { server, client } = await startServer(await startService(api, bomb));
  const before = await server.holdings();
  client.send({ type: 'regenerate', commandId: 'bomb' });
  const { error, attempts } = await client.stage('user_feedback', (snapshot) => snapshot.error !== undefined);
  expect(error).toMatchObject({ code: 'provider_error' });
  expect(attempts).toHaveLength(1);
  const { peakRssBytes } = await server.holdings();
  expect(peakRssBytes - before.peakRssBytes).toBeLessThan(ALLOWED_GROWTH_BYTES);
  // It goes on as if nothing had been.
  client.send({ type: 'regenerate', commandId: 'again' });
  await client.stage('user_feedback', (snapshot) => snapshot.attempts.length === 2);
  expect(server.faults).toEqual([]);
});
