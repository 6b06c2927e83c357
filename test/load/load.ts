/**
 * Many people for a long time: 1,000 sessions in review with 10,000 connections that look on, for ten minutes, while somebody
 * decides somewhere five times a second. Tells the server's memory over time, every error, and how long a decision takes until
 * its reviewer has the answer and until the last of its watchers has seen it.
 *
 *     node test/load/load.ts [--sessions 1000] [--watchers 10] [--minutes 10]
 *
 * Exits with 1 when anything failed, or when the server has kept more of all that than it may.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mib } from '../fuzz/growth.ts';
import { startWatchedServer } from '../fuzz/watched-server.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { Room } from './room.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000' },
    watchers: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '10' },
  },
});
const sessions = Number(values.sessions);
const watchers = Number(values.watchers);
const durationMs = Number(values.minutes) * 60_000;
const DECISIONS_PER_SECOND = 5;
const SAMPLES = 20;
/** How many rooms are opened side by side. */
const OPENING = 50;
/** What the server may hold more at the end, after a full collection, whatever was decided: caches that find their level. */
const ALLOWED_GROWTH_BYTES = 8 * 2 ** 20;
/** And what it may keep of each decision: who made it, and the answers to its three commands. */
const KEPT_OF_A_DECISION_BYTES = 4 * 1024;

const fake = await startFakeOpenAI();
const server = await startWatchedServer({
  OPENAI_API_KEY: 'any',
  OPENAI_BASE_URL: fake.baseURL,
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '100000',
  PROOFROOM_IMAGE_MEMORY_BYTES: String(2 ** 33),
});
const { address } = server;
const failures: string[] = [];

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

function tell(name: string, durations: number[]): void {
  const sorted = durations.toSorted((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(sorted, q)?.toFixed(1));
  console.log(`${name}: median ${p50} ms, 95 % ${p95} ms, 99 % ${p99} ms, of ${sorted.length}`);
}

async function openRooms(): Promise<Room[]> {
  const rooms: Room[] = [];
  for (let from = 0; from < sessions; from += OPENING) {
    const count = Math.min(OPENING, sessions - from);
    const opened = Array.from({ length: count }, () => Room.open(address, watchers, (why) => failures.push(why)));
    rooms.push(...(await Promise.all(opened)));
  }
  return rooms;
}

const openingSince = performance.now();
const rooms = await openRooms();
const openingSeconds = Math.round((performance.now() - openingSince) / 1000);
console.log(`${rooms.length} sessions in review, ${rooms.length * watchers} watchers, after ${openingSeconds} s`);

/** All that is in use, after a full collection. */
async function heldBytes(): Promise<number> {
  const { heapBytes, bufferBytes } = await server.holdings();
  return heapBytes + bufferBytes;
}

const heldAtStart = await heldBytes();
const answered: number[] = [];
const seen: number[] = [];
const running = new Set<Promise<void>>();
const start = performance.now();
const cpuAtStart = serverCpuSeconds();
let nextSample = 0;
for (let turn = 0; performance.now() - start < durationMs; turn += 1) {
  if (performance.now() - start >= nextSample) {
    console.log(
      `${((performance.now() - start) / 60_000).toFixed(1)} min: ${serverMemoryMiB()} MiB, ${failures.length} errors`,
    );
    nextSample += durationMs / SAMPLES;
  }
  const room = rooms[(turn * 7919) % rooms.length];
  if (room && !room.isBusy) {
    const decision = room.decide().then((latency) => {
      answered.push(latency.answeredMs);
      seen.push(latency.seenMs);
    });
    const settled = decision
      .catch((error: unknown) => void failures.push(String(error)))
      .finally(() => running.delete(settled));
    running.add(settled);
  }
  await wait(1000 / DECISIONS_PER_SECOND);
}
await Promise.all(running);
const minutes = (performance.now() - start) / 60_000;
const cpu = (serverCpuSeconds() - cpuAtStart) / (minutes * 60);
console.log(
  `${minutes.toFixed(1)} min: ${serverMemoryMiB()} MiB, ${failures.length} errors, ${(cpu * 100).toFixed(0)} % of a core`,
);
tell('a decision, until its answer', answered);
tell('a decision, until its last watcher has seen it', seen);
const growth = (await heldBytes()) - heldAtStart;
const allowed = ALLOWED_GROWTH_BYTES + KEPT_OF_A_DECISION_BYTES * answered.length;
console.log(
  `held ${mib(heldAtStart)} MiB at the start, ${mib(growth)} MiB more at the end, of ${mib(allowed)} MiB allowed`,
);
const problems = [
  ...new Set([...failures, ...server.faults]),
  ...(growth <= allowed ? [] : [`memory grew by ${mib(growth)} MiB, of ${mib(allowed)} MiB allowed`]),
  ...(answered.length > 0 ? [] : ['nobody decided anything']),
];
for (const problem of problems) console.error(problem);

for (const room of rooms) room.close();
await server.kill();
await fake.close();
process.exitCode = problems.length > 0 ? 1 : 0;
