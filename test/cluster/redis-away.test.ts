/** Real servers whose real Redis stops, pauses, fills up, forgets or slows down, while a picture is drawn and another waits. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { TcpProxy } from '../faults/tcp-proxy.ts';
import { RedisServer } from '../support/redis-server.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crowdedAddress } from './kills.ts';
import { hasStatus, Outage } from './redis-away.ts';
import { Review } from './review.ts';
import { Upstream } from './upstream.ts';

/** A loss, a return and a few tries, of each of a server's three connections. */
const MOST_LOG_LINES = 40;
let upstream: Upstream;
let cluster: Cluster;
let network: TcpProxy;
let admin: Redis;

beforeAll(async () => {
  upstream = await Upstream.start(0);
  cluster = await startCluster({
    servers: 2,
    env: (server) => ({ ...upstream.environmentOf(server), ...crowdedAddress, PROOFROOM_LOG_LEVEL: 'info' }),
    redisUrl: async ({ port }) => {
      network = await new TcpProxy(port).listen();
      return network.address.replace('http', 'redis');
    },
  });
  admin = new Redis(cluster.redis.url);
  admin.on('error', () => {});
});

afterAll(async () => {
  admin.disconnect();
  await cluster.stop();
  await network.close();
  await upstream.fake.close();
});

/** Fails as well when a server ends, logs an error, or floods its log. */
async function prepare(name: string): Promise<Outage> {
  const outage = await Outage.prepare(cluster, upstream, name);
  const before = cluster.servers.map(({ process }) => process.loggedLines);
  onTestFinished(() => {
    outage.close();
    for (const [index, { process }] of cluster.servers.entries()) {
      expect(process.faults).toEqual([]);
      expect(process.loggedLines - (before[index] ?? 0)).toBeLessThan(MOST_LOG_LINES);
    }
  });
  return outage;
}

const typed = 'typed while it was away';

test('R1 R10: a Redis that is stopped for a while costs nothing: no picture, no text, no second request', async () => {
  const outage = await prepare('stopped');
  cluster.redis.pause();
  onTestFinished(() => cluster.redis.resume());
  await outage.refused();
  outage.meanwhile(typed);
  cluster.redis.resume();
  await outage.goesOn(typed);
});

test('R1 R10: neither does one whose network is cut', async () => {
  const outage = await prepare('cut');
  network.refuse();
  network.cut();
  onTestFinished(() => network.repair());
  await outage.refused();
  outage.meanwhile(typed);
  network.repair();
  await outage.goesOn(typed);
});

test('R1 R10: neither does one that answers no client for a while', async () => {
  const outage = await prepare('held');
  await admin.call('CLIENT', 'PAUSE', '10000', 'ALL');
  await outage.refused();
  outage.meanwhile(typed);
  await outage.goesOn(typed);
});

test('M7: a Redis that is full refuses what would change a session, and then everything goes on', async () => {
  const outage = await prepare('full');
  await admin.config('SET', 'maxmemory', '1mb');
  onTestFinished(async () => void (await admin.config('SET', 'maxmemory', '0')));
  expect(await outage.waiting.approve()).toMatchObject({ accepted: false, rejection: { code: 'server_busy' } });
  outage.meanwhile(typed);
  await admin.config('SET', 'maxmemory', '0');
  await outage.goesOn(typed);
});

test('a Redis that answers 200 ms late slows everything down, and breaks nothing', async () => {
  const outage = await prepare('slow');
  network.set('toServer', { is: 'delayed', ms: 200 });
  onTestFinished(() => network.repair());
  outage.meanwhile(typed);
  await outage.goesOn(typed);
});

test('R9: a Redis that is flushed ends its sessions plainly, and new ones are made', async () => {
  const outage = await prepare('flushed');
  await admin.flushall();
  await outage.isGone();
  await nextReview();
});

test('R9: a Redis that evicts what it has no memory for ends sessions plainly, or keeps them whole', async () => {
  const outage = await prepare('evicted');
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await admin.config('SET', 'maxmemory', '1mb');
  onTestFinished(async () => {
    await admin.config('SET', 'maxmemory', '0');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  });
  await outage.isGone();
  await admin.config('SET', 'maxmemory', '0');
  await nextReview();
});

test('R9: a Redis that is restarted is empty: its sessions end plainly, and new ones are made', async () => {
  const outage = await prepare('restarted');
  await cluster.redis.stop();
  await outage.refused();
  await cluster.redis.start();
  await outage.isGone();
  await Promise.all(cluster.servers.map((server) => hasStatus(server, 'readyz', 200)));
  await nextReview();
});

test('R1 R10: when the master dies, its replica takes its place, and everything goes on', async () => {
  const sentinel = new SentinelDeployment();
  const upstream = await Upstream.start(0);
  const env = (server: number) => ({ ...upstream.environmentOf(server), ...crowdedAddress });
  const cluster = await startCluster({ servers: 2, env, redisUrl: (master) => sentinel.start(master) });
  onTestFinished(async () => {
    await Promise.all([cluster.stop(), sentinel.stop(), upstream.fake.close()]);
  });
  const outage = await Outage.prepare(cluster, upstream, 'failover');
  onTestFinished(() => outage.close());
  // What the replica has not heard of yet would be lost.
  await onRedis(cluster.redis, (client) => client.wait(1, 0));
  await cluster.redis.stop();
  outage.meanwhile(typed);
  await outage.goesOn(typed);
});

/** A replica, and a Sentinel that puts it in the place of its master. */
class SentinelDeployment {
  #master: RedisServer | undefined;
  readonly #replica = new RedisServer({ args: () => ['--replicaof', '127.0.0.1', String(this.#master?.port)] });
  readonly #sentinel = new RedisServer({
    sentinel: () => [
      `sentinel monitor reviews 127.0.0.1 ${this.#master?.port} 1`,
      'sentinel down-after-milliseconds reviews 500',
      'sentinel failover-timeout reviews 2000',
    ],
  });

  /** Resolves, with the URL of the deployment, when the replica has what the master has. */
  async start(master: RedisServer): Promise<string> {
    this.#master = master;
    await onRedis(master, (client) => client.config('SET', 'repl-diskless-sync-delay', '0'));
    await this.#replica.start();
    await onRedis(master, async (client) => {
      await client.set('first', '1');
      await client.wait(1, 0);
    });
    await this.#sentinel.start();
    await onRedis(this.#sentinel, (client) =>
      vi.waitFor(async () => expect(await client.call('SENTINEL', 'REPLICAS', 'reviews')).toHaveLength(1), 20_000),
    );
    return `redis+sentinel://127.0.0.1:${this.#sentinel.port}/reviews`;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#replica.stop(), this.#sentinel.stop()]);
  }
}

async function onRedis<Result>({ port }: RedisServer, run: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis({ port, host: '127.0.0.1' });
  try {
    return await run(client);
  } finally {
    client.disconnect();
  }
}

/** Sessions can be made, drawn in and decided, as before. */
async function nextReview(): Promise<void> {
  const review = await Review.open({ server: cluster.proxy.address });
  onTestFinished(() => review.close());
  await review.draw();
  await review.approve();
}
