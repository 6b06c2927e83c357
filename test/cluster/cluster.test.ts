/** Real server processes, a real Redis, and a proxy that gives each connection to the next server. */
import { onTestFinished, test } from 'vitest';
import { startCluster } from './cluster.ts';
import { Review } from './review.ts';

test('R1: a review goes on over two servers, and the tab of one that is killed is back in it by itself', async () => {
  const cluster = await startCluster({ servers: 2 });
  onTestFinished(() => cluster.stop());
  const review = await Review.open({ server: cluster.proxy.address });
  onTestFinished(() => review.close());
  await review.draw();
  // The first connection, Ana's, is to the first server.
  await cluster.servers[0]?.kill();
  await review.approve();
});
