/**
 * Many people for a long time: 1,000 sessions with 10,000 watchers for ten minutes, while five images a second are approved. Prints the
 * server's memory over time, every error, and how long an approval takes until its reviewer has the answer and until the last of its
 * watchers has seen it.
 *
 *     node test/load/load.ts [--sessions 1000] [--watchers 10] [--minutes 10] [--bytes 3000000]
 *
 * `--bytes` is what each image has besides its few pixels.
 *
 * Exits with 1 when anything failed, or when the server holds more at the end than it may.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
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
  },
});
const sessionCount = Number(values.sessions);
const watchers = Number(values.watchers);
const durationMs = Number(values.minutes) * 60_000;
const DECISIONS_PER_SECOND = 5;
const SAMPLES = 20;
/** How many sessions are opened at the same time. */
const OPENED_AT_ONCE = 50;
/** How much more the server may hold at the end, whatever was approved: caches that fill up once. */
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
const server = await startWatchedServer({
  OPENAI_API_KEY: 'any',
  OPENAI_BASE_URL: fake.baseURL,
  ...unlimitedAsks,
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_HTTP_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '100000',
  PROOFROOM_QUEUED_CANDIDATES_PER_ADDRESS: '100000',
  PROOFROOM_IMAGE_MEMORY_BYTES: String(2 ** 33),
});
const { address } = server;
const errors: string[] = [];

function serverMemoryMiB(): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

function serverCpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

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

/** The heap and array buffers, after a full garbage collection. */
async function heldBytes(): Promise<number> {
  const { heapBytes, bufferBytes } = await server.holdings();
  return heapBytes + bufferBytes;
}

const heldAtStart = await heldBytes();
const answered: number[] = [];
const seen: number[] = [];
const running = new Set<Promise<void>>();
const startedAt = performance.now();
const cpuAtStart = serverCpuSeconds();
let nextSample = 0;
for (let turn = 0; performance.now() - startedAt < durationMs; turn += 1) {
  if (performance.now() - startedAt >= nextSample) {
    console.log(
      `${((performance.now() - startedAt) / 60_000).toFixed(1)} min: ${serverMemoryMiB()} MiB, ${errors.length} errors`,
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
const cpu = (serverCpuSeconds() - cpuAtStart) / (minutes * 60);
console.log(
  `${minutes.toFixed(1)} min: ${serverMemoryMiB()} MiB, ${errors.length} errors, ${(cpu * 100).toFixed(0)} % of a core`,
);
printQuantiles('an approval, until its answer', answered);
printQuantiles('an approval, until its last watcher has seen it', seen);
const growth = (await heldBytes()) - heldAtStart;
const allowed = ALLOWED_GROWTH_BYTES + KEPT_BYTES_PER_DECISION * answered.length;
console.log(
  `held ${mib(heldAtStart)} MiB at the start, ${mib(growth)} MiB more at the end, of ${mib(allowed)} MiB allowed`,
);
const problems = [
  ...new Set([...errors, ...server.faults]),
  ...(growth <= allowed ? [] : [`memory grew by ${mib(growth)} MiB, of ${mib(allowed)} MiB allowed`]),
  ...(answered.length > 0 ? [] : ['nothing was approved']),
];
for (const problem of problems) console.error(problem);

for (const session of sessions) session.close();
await server.kill();
await fake.close();
process.exitCode = problems.length > 0 ? 1 : 0;
