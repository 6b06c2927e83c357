/**
 * `npx node test/cluster/cost.ts` measures what reviews cost a deployment of three servers: in Redis, and on the processors (on Linux).
 * A review has four tabs and, by turns, one picture and two, of 2 MB each. ARCHITECTURE.md extrapolates from these figures.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { noisePng } from '../faults/noise-png.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Review } from './review.ts';

const REVIEWS = 20;
const PICTURE_BYTES = 2_000_000;
const IDLE_MS = 60_000;
/** Linux counts a process' time in hundredths of a second. */
const MS_PER_TICK = 10;

const openai = await startFakeOpenAI({ paint: async () => Buffer.from(noisePng(PICTURE_BYTES).bytes) });
const env = { OPENAI_API_KEY: 'sk-fake', OPENAI_BASE_URL: openai.baseURL };
const cluster = await startCluster({ env });
const redis = new Redis(cluster.redis.url);
const server = cluster.proxy.address;

const first = await review(0);
first.close();
const empty = await counted(cluster);
await wait(IDLE_MS);
const before = await counted(cluster);
const reviews: Review[] = [];
for (let number = 0; number < REVIEWS; number++) reviews.push(await review(number));
const after = await counted(cluster);
await wait(IDLE_MS);
const rested = await counted(cluster);

print('a review, from its first tab to its approval', difference(before, after), REVIEWS);
const upkeep = difference(empty, before);
print('three servers without a review, each second', upkeep, IDLE_MS / 1_000);
const open = difference(upkeep, difference(after, rested));
print('a review that is open, each second', open, (REVIEWS * IDLE_MS) / 1_000);
const kept = (rested.memory - before.memory) / REVIEWS / (1.5 * PICTURE_BYTES);
console.log(`memory of Redis: ${kept.toFixed(3)} times the bytes of the pictures`);

for (const each of reviews) each.close();
redis.disconnect();
await cluster.stop();
await openai.close();

async function review(number: number): Promise<Review> {
  const review = await Review.open({ server });
  await Promise.all([review.join(server), review.join(server)]);
  await review.draw();
  if (number % 2 === 1) await review.draw();
  await review.approve();
  return review;
}

type Counts = Readonly<Record<'commands' | 'bytesIn' | 'bytesOut' | 'redisMs' | 'serverMs' | 'memory', number>>;

async function counted({ servers }: Cluster): Promise<Counts> {
  const info = await redis.info();
  const value = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]);
  const ticks = await Promise.all(servers.map(({ process }) => ticksOf(process.pid)));
  return {
    commands: value('total_commands_processed'),
    bytesIn: value('total_net_input_bytes'),
    bytesOut: value('total_net_output_bytes'),
    redisMs: 1_000 * (value('used_cpu_user') + value('used_cpu_sys')),
    serverMs: MS_PER_TICK * ticks.reduce((sum, each) => sum + each, 0),
    memory: value('used_memory'),
  };
}

/** The processor's time that a process has used, in user and in system mode. */
async function ticksOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function difference(from: Counts, to: Counts): Counts {
  const names = Object.keys(from) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, to[name] - from[name]])) as Counts;
}

function print(what: string, { commands, bytesIn, bytesOut, redisMs, serverMs }: Counts, count: number): void {
  const each = (value: number) => (value / count).toLocaleString('en', { maximumSignificantDigits: 3 });
  console.log(
    `${what}: ${each(commands)} commands in Redis, ${each(bytesIn)} bytes in, ${each(bytesOut)} bytes out, ` +
      `${each(redisMs)} ms of its CPU, ${each(serverMs)} ms of the servers’ CPU`,
  );
}
