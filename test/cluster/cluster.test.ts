/** Real server processes, a real Redis, and a proxy that gives each connection to the next server. */
import { expect, onTestFinished, test } from 'vitest';
import { stateOf } from '../faults/mass-reconnect.ts';
import { startCluster } from './cluster.ts';
import { hasPicture, Review } from './review.ts';

test('W1 M6: who joins on another server while a picture is drawn sees it arrive', async () => {
  const cluster = await startCluster({ servers: 2 });
  onTestFinished(() => cluster.stop());
  const [first, second] = cluster.servers.map(({ address }) => address);
  const review = await Review.open({ server: first ?? '' });
  onTestFinished(() => review.close());
  await review.ask();
  const cy = await review.join(second ?? '');
  expect(cy.state.snapshot?.stage).toBe('generating');
  await Promise.all([review.drawn(), stateOf(cy, hasPicture)]);
});

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

test('W1: a server that opens a session for several tabs at once shows all of them the picture that was drawn before', async () => {
  const cluster = await startCluster({ servers: 2 });
  onTestFinished(() => cluster.stop());
  const [first, second] = cluster.servers;
  await second?.kill();
  const review = await Review.open({ server: first?.address ?? '' });
  onTestFinished(() => review.close());
  await review.draw();
  const { address = '' } = (await second?.start()) ?? {};
  const others = await Promise.all(Array.from({ length: 5 }, () => review.comeBack(address)));
  await Promise.all(others.map((other) => stateOf(other, hasPicture)));
});
