/**
 * A stranger with many connections that send and never read, while one session goes through its loop. Prints how long the steps of the
 * loop take without and with the flood, and the most memory that the server took.
 *
 *     node test/load/flood.ts [--seconds 30] [--cgroup /sys/fs/cgroup/memory/proofroom]
 *
 * With `--cgroup` the server runs in that memory cgroup. Exits with 1 when a step failed, or when the server took more than a gibibyte.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ImageServerReport } from '../faults/image-server.ts';
import { unlimitedAsks } from '../support/unlimited-asks.ts';
import { WsClient } from '../support/ws-client.ts';
import type { Flood } from './stranger.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, cgroup: { type: 'string' } } });
const seconds = Number(values.seconds);
const MiB = 2 ** 20;
const IMAGE_BYTES = Math.round(5.3 * MiB);
const ALLOWED_BYTES = 1024 * MiB;
/** The flood comes from an address of its own. */
const STRANGER = '127.0.0.2';

/** The loop is faster than a person, whose rates would slow it down. */
const rates = { ...unlimitedAsks, PROOFROOM_COMMAND_BURST: '1000000', PROOFROOM_UPDATE_BYTES_PER_SECOND: '100000000' };
const server = fork(join(import.meta.dirname, '../faults/image-server.ts'), {
  execArgv: ['--expose-gc'],
  env: { ...rates, IMAGE_BYTES: String(IMAGE_BYTES) },
});
const [{ port }] = (await once(server, 'message')) as [ImageServerReport];
const pid = Number(server.pid);
if (values.cgroup !== undefined) writeFileSync(join(values.cgroup, 'cgroup.procs'), String(pid));

/** In bytes, since the process began. */
function mostMemory(): number {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

const address = `http://127.0.0.1:${port}`;
/** Images by their address, which costs the client nothing: its own work must not count. */
const [reviewer, other] = [new WsClient(address), new WsClient(address)];
const { sessionId } = await reviewer.join({ images: 'url' });
const { sessionId: otherSessionId } = await other.join({ images: 'url' });
other.send({ type: 'generate', commandId: 'go', prompt: 'a picture that strangers read' });
const { image: otherImage } = await other.stage('user_feedback');
const otherPath = `/api/sessions/${otherSessionId}/images/${otherImage.imageId}`;

interface Step {
  readonly generatedMs: number;
  readonly approvedMs: number;
}

/** Generates, approves and starts over until the time is up. */
async function loopFor(durationMs: number): Promise<Step[]> {
  const steps: Step[] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < durationMs) {
    const id = `${performance.now()}`;
    const generatedAt = performance.now();
    reviewer.send({ type: 'generate', commandId: `generate ${id}`, prompt: 'a quiet sea' });
    const { image } = await reviewer.stage('user_feedback', (one) => one.image?.imageId !== lastImageId);
    lastImageId = image.imageId;
    const approvedAt = performance.now();
    reviewer.send({ type: 'approve', commandId: `approve ${id}`, imageId: image.imageId });
    await reviewer.answer(`approve ${id}`);
    steps.push({ generatedMs: approvedAt - generatedAt, approvedMs: performance.now() - approvedAt });
    reviewer.send({ type: 'start_over', commandId: `over ${id}` });
    await reviewer.answer(`over ${id}`);
    reviewer.received.length = 0;
    reviewer.frames.length = 0;
  }
  return steps;
}
let lastImageId = '';

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
function print(name: string, steps: readonly Step[]): void {
  const [generated, approved] = [steps.map((step) => step.generatedMs), steps.map((step) => step.approvedMs)];
  const line = (durations: readonly number[]) =>
    `median ${median(durations).toFixed(0)} ms, worst ${Math.max(...durations).toFixed(0)} ms`;
  const memory = `${Math.round(mostMemory() / MiB)} MiB at most`;
  console.log(`${name}: ${steps.length} rounds; image ${line(generated)}; approval ${line(approved)}; ${memory}`);
}

print('without a flood', await loopFor((seconds / 3) * 1000));
const floods: Readonly<Record<string, Pick<Flood, 'connections' | 'sends'>>> = {
  '20 connections with 20,000 requests each': { connections: 20, sends: { path: '/embed.js', times: 20_000 } },
  '3,000 requests for one image': { connections: 3_000, sends: { path: otherPath, times: 1 } },
  '2,000 watchers that send and never read': { connections: 2_000, sends: { joins: sessionId } },
};
for (const [name, flood] of Object.entries(floods)) {
  const workerData = { ...flood, port, from: STRANGER } satisfies Flood;
  const stranger = new Worker(join(import.meta.dirname, 'stranger.ts'), { workerData });
  print(name, await loopFor(seconds * 1000));
  await stranger.terminate();
}
const isAlive = server.exitCode === null && server.signalCode === null;
const most = isAlive ? mostMemory() : Number.POSITIVE_INFINITY;
reviewer.socket.terminate();
other.socket.terminate();
server.kill('SIGKILL');
if (!isAlive) console.error('the server has ended');
if (most > ALLOWED_BYTES) console.error('the server took more than 1024 MiB');
process.exitCode = most > ALLOWED_BYTES ? 1 : 0;
