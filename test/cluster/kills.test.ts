/** Servers that die while reviews go round their loop. `kills.ts` is the long run. */
import { expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { BusyReview, until } from './busy-review.ts';
import { startCluster } from './cluster.ts';
import { crowdedAddress, runKills } from './kills.ts';
import { Upstream } from './upstream.ts';

test('R1 R10 R11 R13 M6 M12: servers are killed at random: nothing is lost or mixed up, and little is asked for twice', async () => {
  // `npm run kills` allows 10 s, on a machine that does nothing else.
  const { problems, drawings } = await runKills({ kills: 2, seed: 1, sessions: 3, longestTakeoverMs: 30_000 });
  expect(problems).toEqual([]);
  expect(drawings).toBeGreaterThan(0);
});

test('R10: a picture that was stored is not drawn again when its server dies before the service has said its last word', async () => {
  const upstream = await Upstream.start(0);
  const env = (server: number) => ({ ...upstream.environmentOf(server), ...crowdedAddress });
  const cluster = await startCluster({ servers: 2, env });
  onTestFinished(async () => {
    await cluster.stop();
    await upstream.fake.close();
  });
  const random = new SeededRandom(1);
  const review = await BusyReview.open({ server: cluster.proxy.address, name: 'stored', random, upstream });
  onTestFinished(() => review.close());
  const { prompt } = review;
  upstream.fake.next('held_after_image');
  await review.ask(1);
  await Promise.all(review.tabs.map((tab) => until(tab, ({ images }) => images.size > 0, 'the picture')));
  await cluster.servers[upstream.of(prompt)[0]?.server ?? -1]?.kill();
  await Promise.all(
    review.tabs.map((tab) =>
      until(tab, ({ snapshot }) => snapshot?.stage === 'user_feedback', 'the end of the drawing'),
    ),
  );
  expect(await review.approve()).toMatchObject({ accepted: true });
  await review.settle();
  expect(review.ledger.problems).toEqual([]);
  expect(upstream.of(prompt)).toHaveLength(1);
});
