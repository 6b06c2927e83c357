/**
 * A command on one server until a tab of another server has the new state, over a Redis. Beside two servers that only publish what they
 * are sent and write out what they hear, as long as a snapshot. `publish alone` is the same without WebSockets.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { RedisServer } from '../../support/redis-server.ts';
import { now, type Process, startNode } from '../processes.ts';
import { greeting, Reviewer, type Server, startBuilt } from '../proofroom.ts';
import { Readers, silentGreeting } from '../readers.ts';
import { type Bench, type Measure, type Row, type Side, scaled } from '../row.ts';
import { startUpstream } from '../start-upstream.ts';

const COMMANDS = 200;
const SNAPSHOT_BYTES = 1_500;

async function startRedis({ scope }: Bench): Promise<string> {
  const redis = new RedisServer();
  scope.defer(() => redis.stop());
  await redis.start();
  return redis.url;
}

/** The median of many. */
async function repeated(bench: Bench, hopMs: () => Promise<number>): ReturnType<Measure> {
  const times: number[] = [];
  for (let count = 0; count < scaled(bench, COMMANDS); count += 1) times.push(await hopMs());
  return { time: times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN };
}

async function fromTo(bench: Bench, from: Server, to: Server): Promise<Measure> {
  const reviewer = await Reviewer.join(bench, from);
  await reviewer.generate();
  const readers = Readers.start(bench);
  const join = { type: 'join', sessionId: reviewer.sessionId };
  await readers.open({ port: to.port, count: 1, greeting: greeting(join) });
  await readers.untilQuiet(500, () => undefined);
  return () =>
    repeated(bench, async () => {
      let sentAt = 0;
      const seenAt = await readers.until({ frames: 1 }, () => {
        sentAt = now();
        return reviewer.discardOrRestore();
      });
      return seenAt - sentAt;
    });
}

const twoServers: Side = async (bench) => {
  const { baseURL } = await startUpstream(bench, { imageBytes: 100_000, modelMs: 0 });
  const env = { PROOFROOM_REDIS_URL: await startRedis(bench) };
  const [from, to] = [await startBuilt(bench, baseURL, 'images', env), await startBuilt(bench, baseURL, 'images', env)];
  return fromTo(bench, from, to);
};

const oneServer: Side = async (bench) => {
  const { baseURL } = await startUpstream(bench, { imageBytes: 100_000, modelMs: 0 });
  const server = await startBuilt(bench, baseURL, 'images');
  return fromTo(bench, server, server);
};

async function startRelays(bench: Bench): Promise<readonly [Process, Process]> {
  const env = { REDIS_URL: await startRedis(bench) };
  const relays = [0, 1].map(() => startNode(bench, 'test/bench/stand-ins/relay.ts', { env }));
  for (const relay of relays) await relay.call('port');
  return relays as [Process, Process];
}

const bareRelays: Side = async (bench) => {
  const [from, to] = await startRelays(bench);
  const readers = Readers.start(bench);
  await readers.open({ port: await to.call('port'), count: 1, greeting: silentGreeting });
  const sender = new WebSocket(`ws://127.0.0.1:${await from.call('port')}`, { perMessageDeflate: false });
  bench.scope.defer(() => sender.terminate());
  await once(sender, 'open');
  const snapshot = 'x'.repeat(SNAPSHOT_BYTES);
  return () =>
    repeated(bench, async () => {
      let sentAt = 0;
      const seenAt = await readers.until({ frames: 1 }, () => {
        sentAt = now();
        sender.send(snapshot);
      });
      return seenAt - sentAt;
    });
};

const publishing: Side = async (bench) => {
  const [from, to] = await startRelays(bench);
  return () =>
    repeated(bench, async () => {
      await to.call('arm');
      const sentAt = await from.call<number>('publish', { bytes: SNAPSHOT_BYTES });
      return (await to.call<number>('heard')) - sentAt;
    });
};

export const rows: readonly Row[] = [
  {
    name: 'shared',
    title: 'Command on one server → new state in a tab of another',
    figures: { time: { unit: 'ms', target: { limit: 3 } } },
    sides: {
      Proofroom: twoServers,
      'one server, no Redis': oneServer,
      'publish alone': publishing,
      'bare publish and subscribe': bareRelays,
    },
    limit: 'bare publish and subscribe',
  },
];
