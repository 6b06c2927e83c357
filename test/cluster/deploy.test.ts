/** R6 over several servers: one that is told to stop, all of them one after the other, and two versions side by side. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { isOnline } from '../faults/mass-reconnect.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { WsClient } from '../support/ws-client.ts';
import { BusyReview, until } from './busy-review.ts';
import { type Cluster, type ClusterServer, startCluster } from './cluster.ts';
import { crowdedAddress } from './kills.ts';
import { hasStatus } from './redis-away.ts';
import { Upstream } from './upstream.ts';

let upstream: Upstream;
let cluster: Cluster;

beforeAll(async () => {
  upstream = await Upstream.start(20);
  const env = (server: number) => ({
    ...upstream.environmentOf(server),
    ...crowdedAddress,
    PROOFROOM_CONCURRENT_CANDIDATES: '1',
  });
  cluster = await startCluster({ servers: 3, env });
});

afterAll(async () => {
  await cluster.stop();
  await upstream.fake.close();
});

async function open(name: string): Promise<BusyReview> {
  const random = new SeededRandom(1);
  const review = await BusyReview.open({ server: cluster.proxy.address, name, random, upstream });
  onTestFinished(() => review.close());
  return review;
}

/** A picture is being drawn in the review until `release`. Resolves with the server that draws it. */
async function drawnBy(review: BusyReview): Promise<ClusterServer> {
  const { prompt } = review;
  upstream.fake.next('held');
  await review.ask(1);
  await Promise.all(review.tabs.map((tab) => until(tab, ({ partials }) => partials.size > 0, 'a preview')));
  const server = cluster.servers[upstream.of(prompt)[0]?.server ?? -1];
  return server ?? expect.fail('nobody draws');
}

const pictureIn = (review: BusyReview) =>
  Promise.all(
    review.tabs.map((tab) =>
      until(tab, ({ snapshot, images }) => snapshot?.stage === 'user_feedback' && images.size > 0, 'the picture'),
    ),
  );

async function settled(review: BusyReview): Promise<void> {
  await review.settle();
  expect(review.ledger.problems).toEqual([]);
}

test('R6: a server that stops finishes what it draws, others do what waits, and its tabs come back elsewhere at different moments', async () => {
  const [drawing, waiting] = await Promise.all([open('finished'), open('waits')]);
  const server = await drawnBy(drawing);
  const next = waiting.prompt;
  await waiting.ask(1);
  const watchers = Array.from({ length: 6 }, () => new WsClient(server.address));
  await Promise.all(watchers.map((one) => one.join({ sessionId: drawing.id })));

  const stopped = server.process.terminate();
  await hasStatus(server, 'readyz', 503);
  upstream.fake.release();
  for (const watcher of watchers) {
    expect(await watcher.closed()).toEqual({ code: 1012, reason: 'restart' });
    expect(watcher.last('snapshot').stage).toBe('user_feedback');
  }
  const waits = watchers.map((one) => one.last('goodbye').reconnectInMs ?? -1);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  expect(new Set(waits).size).toBeGreaterThan(3);
  await stopped;

  await Promise.all([pictureIn(drawing), pictureIn(waiting)]);
  await Promise.all([settled(drawing), settled(waiting)]);
  const [elsewhere, ...again] = upstream.of(next);
  expect(again).toEqual([]);
  expect(elsewhere?.server).not.toBe(cluster.servers.indexOf(server));
  await server.start();
});

test('R6 R10: what is still drawn after 8 s is taken over by another server, which says so', async () => {
  const review = await open('handed-over');
  const { prompt } = review;
  const server = await drawnBy(review);
  upstream.fake.next('held');
  await server.process.terminate();
  await Promise.all(review.tabs.map((tab) => until(tab, () => upstream.of(prompt).length === 2, 'a second request')));
  upstream.fake.release();
  await pictureIn(review);
  await settled(review);
  expect(review.tookOver(prompt)).toBe(true);
  expect(upstream.of(prompt)).toHaveLength(2);
  await server.start();
});

test('R6 M6: a rolling restart of all servers loses nothing, and fails no command but as one to be given again', async () => {
  const reviews = await Promise.all(['rolling-1', 'rolling-2'].map(open));
  const running = Promise.all(reviews.map((review) => review.run()));
  const restarted = (async () => {
    for (const server of cluster.servers) {
      await server.process.terminate();
      await server.start();
    }
    for (const review of reviews) review.stop();
  })();
  await Promise.all([restarted, running]);
  for (const review of reviews) {
    await settled(review);
    for (const { prompt, candidates, cancelledAt } of review.asked) {
      if (cancelledAt === undefined) expect(upstream.of(prompt), prompt).toHaveLength(candidates);
    }
  }
  expect(cluster.servers.flatMap(({ process }) => process.faults)).toEqual([]);
});

test('W7: a session that a newer version has written is left alone, and its tabs are sent to other servers', async () => {
  const review = await open('newer');
  const [first] = cluster.servers;
  const watcher = new WsClient(first?.address ?? '');
  await watcher.join({ sessionId: review.id });
  const redis = new Redis(cluster.redis.url);
  onTestFinished(() => redis.disconnect());
  const [key = ''] = await redis.keys(`*{${review.id}}:document`);
  const before = await redis.hgetall(key);
  const newer = { version: '1000', format: '2', document: JSON.stringify({ format: 2, state: 'something else' }) };
  await redis.hset(key, newer);
  await redis.publish(`${key.split('{')[0]}${review.id}`, 'newer-server changed ');

  expect((await watcher.closed()).code).toBe(1012);
  await Promise.all(review.tabs.map((tab) => until(tab, (state) => !isOnline(state), 'the end of the connection')));
  const late = await new WsClient(first?.address ?? '').joinRejected({ sessionId: review.id });
  expect([late.code, late.rejection.code]).toEqual([1012, 'server_busy']);
  expect(await redis.hgetall(key)).toEqual(newer);

  await redis.hset(key, { ...before, version: '1001' });
  await Promise.all(review.tabs.map((tab) => until(tab, isOnline, 'a connection')));
  await settled(review);
});
