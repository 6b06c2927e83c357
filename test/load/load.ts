/**
 * Many people for a long time: 1,000 sessions with 10,000 watchers for ten minutes, while five images a second are approved. Prints the
 * server's memory over time, every error, and how long an approval takes until its reviewer has the answer and until the last of its
 * watchers has seen it.
 *
 *     node test/load/load.ts [--sessions 1000] [--watchers 10] [--minutes 10] [--bytes 3000000] [--servers 4]
 *
 * `--bytes` is what each image has besides its few pixels. With `--servers` so many share a Redis, behind a proxy that gives each
 * connection to the next one.
 *
 * Exits with 1 when anything failed, or when the servers hold more at the end than they may.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startCluster } from '../cluster/cluster.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { paintPicture } from '../support/fake-openai-pictures.ts';
import { pngChunk } from '../support/image-files.ts';
import { mib } from '../support/memory-growth.ts';
import { unlimitedAsks } from '../support/unlimited-asks.ts';
import { startWatchedServer } from '../support/watched-server.ts';
import { LoadedSession } from './loaded-session.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000' },
    watchers: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '10' },
    bytes: { type: 'string', default: '0' },
    servers: { type: 'string' },
  },
});
const sessionCount = Number(values.sessions);
const watchers = Number(values.watchers);
const durationMs = Number(values.minutes) * 60_000;
const DECISIONS_PER_SECOND = 5;
const SAMPLES = 20;
/** How many sessions are opened at the same time. */
const OPENED_AT_ONCE = 50;
/** How much more each server may hold at the end, whatever was approved: caches that fill up once. */
const ALLOWED_GROWTH_BYTES = 8 * 2 ** 20;
/** What it may keep of each decision besides: its record, and the answers to three commands. */
const KEPT_BYTES_PER_DECISION = 4 * 1024;

const ballast = pngChunk('prRm', randomBytes(Number(values.bytes)));
const END_BYTES = pngChunk('IEND').length;
const fake = await startFakeOpenAI({
  paint: async (order) => {
    const png = await paintPicture(order);
    return Buffer.concat([png.subarray(0, -END_BYTES), ballast, png.subarray(-END_BYTES)]);
  },
});
const environment = {
  OPENAI_API_KEY: 'any',
  OPENAI_BASE_URL: fake.baseURL,
  ...unlimitedAsks,
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_HTTP_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '100000',
  PROOFROOM_QUEUED_CANDIDATES_PER_ADDRESS: '100000',
  PROOFROOM_IMAGE_MEMORY_BYTES: String(2 ** 33),
  PROOFROOM_REDIS_IMAGE_BYTES: String(2 ** 33),
};
const cluster = values.servers && (await startCluster({ servers: Number(values.servers), env: environment }));
const servers = cluster ? cluster.servers.map(({ process }) => process) : [await startWatchedServer(environment)];
const redis = cluster ? new Redis(cluster.redis.url) : undefined;
const address = cluster ? cluster.proxy.address : (servers[0]?.address ?? '');
const errors: string[] = [];

/** Of each server. */
function memoryMiB(): string {
  const memory = servers.map(({ pid }) => {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib) / 1024);
  });
  return memory.join(', ');
}

/** Of all servers together. */
function cpuSeconds(): number {
  const seconds = servers.map(({ pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  });
  return sum(seconds);
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

function printQuantiles(name: string, durations: number[]): void {
  const sorted = durations.toSorted((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(sorted, q)?.toFixed(1));
  console.log(`${name}: median ${p50} ms, 95 % ${p95} ms, 99 % ${p99} ms, of ${sorted.length}`);
}

async function openSessions(): Promise<LoadedSession[]> {
  const sessions: LoadedSession[] = [];
  for (let from = 0; from < sessionCount; from += OPENED_AT_ONCE) {
    const count = Math.min(OPENED_AT_ONCE, sessionCount - from);
    const opened = Array.from({ length: count }, () =>
      LoadedSession.open(address, watchers, (error) => errors.push(error)),
    );
    sessions.push(...(await Promise.all(opened)));
  }
  return sessions;
}

const openedSince = performance.now();
const sessions = await openSessions();
const openingSeconds = Math.round((performance.now() - openedSince) / 1000);
console.log(`${sessions.length} sessions, ${sessions.length * watchers} watchers, opened in ${openingSeconds} s`);

/** The heap and array buffers of each server, after a full garbage collection. */
async function heldBytes(): Promise<readonly number[]> {
  const holdings = await Promise.all(servers.map((server) => server.holdings()));
  return holdings.map(({ heapBytes, bufferBytes }) => heapBytes + bufferBytes);
}

/** What Redis holds, and the seconds that its processor has taken. */
async function redisFigures(): Promise<{ readonly bytes: number; readonly cpu: number }> {
  const info = (await redis?.info()) ?? '';
  const value = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]);
  return { bytes: value('used_memory'), cpu: value('used_cpu_user') + value('used_cpu_sys') };
}

const heldAtStart = await heldBytes();
const redisAtStart = await redisFigures();
const answered: number[] = [];
const seen: number[] = [];
const running = new Set<Promise<void>>();
const startedAt = performance.now();
const cpuAtStart = cpuSeconds();
let nextSample = 0;
for (let turn = 0; performance.now() - startedAt < durationMs; turn += 1) {
  if (performance.now() - startedAt >= nextSample) {
    console.log(
      `${((performance.now() - startedAt) / 60_000).toFixed(1)} min: ${memoryMiB()} MiB, ${errors.length} errors`,
    );
    nextSample += durationMs / SAMPLES;
  }
  const session = sessions[(turn * 7919) % sessions.length];
  if (session && !session.isBusy) {
    const decision = session.decide().then((latency) => {
      answered.push(latency.answeredMs);
      seen.push(latency.seenMs);
    });
    const settled = decision
      .catch((error: unknown) => void errors.push(String(error)))
      .finally(() => running.delete(settled));
    running.add(settled);
  }
  await wait(1000 / DECISIONS_PER_SECOND);
}
await Promise.all(running);
const minutes = (performance.now() - startedAt) / 60_000;
const cpu = (cpuSeconds() - cpuAtStart) / (minutes * 60);
console.log(
  `${minutes.toFixed(1)} min: ${memoryMiB()} MiB, ${errors.length} errors, ${(cpu * 100).toFixed(0)} % of a core`,
);
printQuantiles('an approval, until its answer', answered);
printQuantiles('an approval, until its last watcher has seen it', seen);
const heldAtEnd = await heldBytes();
console.log(
  `held ${heldAtStart.map(mib).join(', ')} MiB at the start, ${heldAtEnd.map(mib).join(', ')} MiB at the end`,
);
const growth = sum(heldAtEnd) - sum(heldAtStart);
const allowed = servers.length * (ALLOWED_GROWTH_BYTES + KEPT_BYTES_PER_DECISION * answered.length);
console.log(`${mib(growth)} MiB more, of ${mib(allowed)} MiB allowed`);
if (redis) {
  const { bytes, cpu } = await redisFigures();
  const share = (cpu - redisAtStart.cpu) / (minutes * 60);
  console.log(
    `Redis: ${mib(redisAtStart.bytes)} MiB at the start, ${mib(bytes)} MiB at the end, ${(share * 100).toFixed(1)} % of a core`,
  );
}
const problems = [
  ...new Set([...errors, ...servers.flatMap(({ faults }) => faults)]),
  ...(growth <= allowed ? [] : [`memory grew by ${mib(growth)} MiB, of ${mib(allowed)} MiB allowed`]),
  ...(answered.length > 0 ? [] : ['nothing was approved']),
];
for (const problem of problems) console.error(problem);

for (const session of sessions) session.close();
redis?.disconnect();
if (cluster) await cluster.stop();
else for (const server of servers) await server.kill();
await fake.close();
process.exitCode = problems.length > 0 ? 1 : 0;
