/**
 * Servers that share a Redis. First, a command on one of them until a tab of another has the new state, beside two servers that only
 * publish what they are sent and write out what they hear, as long as a snapshot; `publish alone` is the same without WebSockets. Then,
 * how many commands a second 1, 2 and 4 servers take, and what one costs. Last, the memory that a session with one picture takes in Redis.
 */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';
import { RedisServer } from '../../support/redis-server.ts';
import { now, type Process, startNode } from '../processes.ts';
import { greeting, type Server, startBuilt } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import { spreadOf } from '../report.ts';
import { type Bench, type Measure, type Row, type Side, scaled } from '../row.ts';
import { startUpstream } from '../start-upstream.ts';

const HOPS = 200;
/** Of each session. */
const COMMANDS = 100;
const SNAPSHOT_BYTES = 1_500;
const SESSIONS = 50;
const IMAGE_BYTES = 3_000_000;

async function startRedis({ scope }: Bench): Promise<string> {
  const redis = new RedisServer();
  scope.defer(() => redis.stop());
  await redis.start();
  return redis.url;
}

const median = (times: readonly number[]): number => spreadOf(times).median;

async function hops(bench: Bench, servers: readonly Server[]): Promise<Measure> {
  const commanders = startNode(bench, 'test/bench/stand-ins/commanders.ts');
  await commanders.call('open', { ports: servers.map(({ port }) => port), sessions: 1 });
  return async () => ({ time: median(await commanders.call<number[]>('hops', { count: scaled(bench, HOPS) })) });
}

const twoServers: Side = async (bench) =>
  hops(bench, await startServers(bench, 2, { PROOFROOM_REDIS_URL: await startRedis(bench) }));

const oneServer: Side = async (bench) => hops(bench, await startServers(bench, 1, {}));

async function startRelays(bench: Bench): Promise<readonly [Process, Process]> {
  const env = { REDIS_URL: await startRedis(bench) };
  const relays = [0, 1].map(() => startNode(bench, 'test/bench/stand-ins/relay.ts', { env }));
  for (const relay of relays) await relay.call('port');
  return relays as [Process, Process];
}

async function connected(bench: Bench, relay: Process): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${await relay.call('port')}`, { perMessageDeflate: false });
  bench.scope.defer(() => socket.terminate());
  await once(socket, 'message');
  return socket;
}

const bareRelays: Side = async (bench) => {
  const [from, to] = await startRelays(bench);
  const [sender, receiver] = [await connected(bench, from), await connected(bench, to)];
  const snapshot = 'x'.repeat(SNAPSHOT_BYTES);
  return async () => {
    const times: number[] = [];
    for (let done = 0; done < scaled(bench, HOPS); done += 1) {
      const seen = once(receiver, 'message');
      const sentAt = now();
      sender.send(snapshot);
      await seen;
      times.push(now() - sentAt);
    }
    return { time: median(times) };
  };
};

const publishing: Side = async (bench) => {
  const [from, to] = await startRelays(bench);
  return async () => {
    const times: number[] = [];
    for (let done = 0; done < scaled(bench, HOPS); done += 1) {
      await to.call('arm');
      const sentAt = await from.call<number>('publish', { bytes: SNAPSHOT_BYTES });
      times.push((await to.call<number>('heard')) - sentAt);
    }
    return { time: median(times) };
  };
};

async function startServers(
  bench: Bench,
  count: number,
  env: Readonly<Record<string, string>>,
  imageBytes = 10_000,
): Promise<Server[]> {
  const { baseURL } = await startUpstream(bench, { imageBytes, modelMs: 0 });
  const servers: Server[] = [];
  for (let started = 0; started < count; started += 1) servers.push(await startBuilt(bench, baseURL, 'images', env));
  return servers;
}

async function commands(bench: Bench, servers: readonly Server[], redisMs: () => Promise<number>): Promise<Measure> {
  const commanders = startNode(bench, 'test/bench/stand-ins/commanders.ts');
  const sessions = scaled(bench, SESSIONS);
  await commanders.call('open', { ports: servers.map(({ port }) => port), sessions });
  const serversMs = () => servers.reduce((sum, { process }) => sum + process.cpuMs, 0);
  return async () => {
    const before = { servers: serversMs(), redis: await redisMs() };
    const ms = await commanders.call<number>('run', { commands: COMMANDS });
    const count = sessions * COMMANDS;
    return {
      rate: (count / ms) * 1_000,
      cpu: ((serversMs() - before.servers) / count) * 1_000,
      redis: (((await redisMs()) - before.redis) / count) * 1_000,
    };
  };
}

/** The sum of such figures of Redis. */
function reporting({ scope }: Bench, url: string): (...names: readonly string[]) => Promise<number> {
  const redis = new Redis(url);
  scope.defer(() => redis.disconnect());
  return async (...names) => {
    const info = await redis.info();
    return names.reduce((sum, name) => sum + Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]), 0);
  };
}

const sharing =
  (count: number): Side =>
  async (bench) => {
    const url = await startRedis(bench);
    const infoOf = reporting(bench, url);
    const servers = await startServers(bench, count, { PROOFROOM_REDIS_URL: url });
    return commands(bench, servers, async () => {
      const seconds = await infoOf('used_cpu_user', 'used_cpu_sys');
      return seconds * 1_000;
    });
  };

const memory: Side = async (bench) => {
  const url = await startRedis(bench);
  const infoOf = reporting(bench, url);
  const [server] = await startServers(bench, 1, { PROOFROOM_REDIS_URL: url }, IMAGE_BYTES);
  const generate = { type: 'generate', commandId: 'bench', prompt: 'a quiet sea' };
  const order = { port: server?.port ?? 0, count: SESSIONS, greeting: greeting({ type: 'join' }, generate) };
  const readers = Readers.start(bench);
  return async () => {
    const before = await infoOf('used_memory');
    await readers.until({ bytes: IMAGE_BYTES }, () => readers.open(order));
    const bytes = (await infoOf('used_memory')) - before;
    await readers.close();
    return { ratio: bytes / (SESSIONS * IMAGE_BYTES) };
  };
};

const alone: Side = async (bench) => commands(bench, await startServers(bench, 1, {}), async () => 0);

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
  {
    name: 'shared-rate',
    title: `Commands in ${SESSIONS} sessions of two tabs`,
    figures: {
      rate: { unit: 'a second', isMoreBetter: true, target: {} },
      cpu: { unit: 'µs of the servers’ CPU each', target: {} },
      redis: { unit: 'µs of Redis’ CPU each', target: {} },
    },
    sides: { '4 servers': sharing(4), '2 servers': sharing(2), '1 server': sharing(1), '1 without Redis': alone },
  },
  {
    name: 'shared-memory',
    title: 'Redis, for a session with one picture of 3 MB',
    figures: { ratio: { unit: 'times its bytes', target: { value: 1.1 } } },
    sides: { Proofroom: memory },
  },
];
