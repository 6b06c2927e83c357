import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeImagesApi } from '../support/fake-images-api.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { MainProcess } from '../support/main-process.ts';
import { project } from '../support/product.ts';
import { bytesOf, WsClient } from '../support/ws-client.ts';
import { type DiskTrace, readTrace, traced, tracingProblem } from './disk-trace.ts';

const problem = tracingProblem();
const skipped = problem === undefined ? '' : ` (skipped: ${problem})`;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-trace-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** The trace of a process that ends by itself. */
async function traceOf(...command: string[]): Promise<string> {
  const traceFile = join(await newFolder(), 'trace');
  const [strace = '', ...args] = traced(traceFile, [process.execPath, ...command]);
  const child = spawn(strace, args, { stdio: 'ignore' });
  await once(child, 'close');
  return readFile(traceFile, 'utf8');
}

// In CI a skipped test would go unnoticed.
if (problem !== undefined && process.env.CI) {
  test('R12: system calls can be traced in CI', () => expect.unreachable(problem));
}

interface Traced {
  readonly main: MainProcess;
  readonly address: string;
  /** Ends the process by SIGTERM; returns the trace of its whole life. */
  end(): Promise<DiskTrace>;
}

async function startTraced(environment: Readonly<Record<string, string>>): Promise<Traced> {
  const traceFile = join(await newFolder(), 'trace');
  const [strace = '', ...args] = traced(traceFile, [process.execPath, join(project, 'server/main.ts')]);
  const env = { PATH: process.env.PATH, PORT: '0', OPENAI_API_KEY: 'sk-fake', ...environment };
  const child = spawn(strace, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const main = new MainProcess(child);
  const address = await main.address();
  const serverPid = await pidIn(traceFile);
  const end = async () => {
    process.kill(serverPid, 'SIGTERM');
    await main.exit();
    return readTrace(await readFile(traceFile, 'utf8'));
  };
  return { main, address, end };
}

function expectNothingWritten({ disk, elsewhere, reads }: DiskTrace): void {
  expect(disk).toEqual([]);
  expect(reads).toBeGreaterThan(20);
  expect(elsewhere).toBeGreaterThan(20);
}

async function downloaded(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

test.skipIf(problem)(
  `R12: a session with previews, candidates, a refinement, a discard, a failure, a cancel and downloads writes to no file${skipped}`,
  async () => {
    const openai = await startFakeOpenAI({ pictureSize: { width: 640, height: 480 } });
    onTestFinished(() => openai.close());
    const { address, end } = await startTraced({ OPENAI_BASE_URL: openai.baseURL });
    const client = new WsClient(address);
    const { sessionId, key } = await client.join();
    // A client that gets addresses in place of bytes fetches previews as well.
    const watcher = new WsClient(address);
    await watcher.join({ sessionId, images: 'url' });
    const isPreview = ({ kind }: { kind: string }) => kind === 'partial';

    openai.next('held');
    client.send({ type: 'generate', commandId: 'generate', prompt: 'a fox' });
    const preview = await client.until('image', isPreview);
    const addressed = await watcher.until('image', isPreview);
    if (!('url' in addressed)) throw new Error('The image message carries no address.');
    expect(await downloaded(address + addressed.url)).toEqual(bytesOf(preview));
    openai.release();
    const first = (await client.stage('user_feedback')).image;
    const bytes = bytesOf(client.last('image'));
    expect(bytes.equals(openai.sent[0]?.final ?? Buffer.alloc(0))).toBe(true);
    expect(await downloaded(`${address}/api/sessions/${sessionId}/images/${first.imageId}`)).toEqual(bytes);

    client.send({ type: 'regenerate', commandId: 'candidates', options: { candidates: 3 } });
    const several = await client.stage('user_feedback', ({ attempts }) => attempts.length === 4);
    client.send({ type: 'want', imageIds: several.attempts.map(({ image }) => image.imageId) });
    client.send({ type: 'refine', commandId: 'refine', imageId: first.imageId, feedback: 'warmer' });
    const refined = await client.stage('user_feedback', ({ attempts }) => attempts.length === 5);

    client.send({ type: 'discard', commandId: 'discard', imageId: first.imageId });
    await client.stage('user_feedback', ({ discarded = [] }) => discarded.length === 1);
    client.send({ type: 'restore', commandId: 'restore', imageId: first.imageId });
    await client.answer('restore');

    openai.next('no_image');
    client.send({ type: 'regenerate', commandId: 'failure' });
    const failed = await client.stage('user_feedback', ({ error }) => error !== undefined);
    openai.next('held');
    client.send({ type: 'regenerate', commandId: 'cancelled' });
    const { generation } = await client.stage('generating', ({ revision }) => revision > failed.revision);
    await client.until('image', (image) => isPreview(image) && image.generationId === generation.generationId);
    client.send({ type: 'cancel', commandId: 'cancel', reason: 'too dark' });
    await client.stage('user_feedback', ({ lastGeneration }) => lastGeneration?.cancelReason === 'too dark');

    const late = new WsClient(address);
    await late.join({ sessionId, ...(key !== undefined && { key }) });
    late.send({ type: 'want', imageIds: [first.imageId] });
    await late.until('image', ({ imageId }) => imageId === first.imageId);
    late.send({ type: 'approve', commandId: 'approve', imageId: refined.image.imageId });
    await client.stage('final');
    await downloaded(`${address}/api/sessions/${sessionId}/images/${refined.image.imageId}`);
    client.send({ type: 'start_over', commandId: 'start_over' });
    await client.answer('start_over');
    for (const { socket } of [client, watcher, late]) socket.terminate();
    expectNothingWritten(await end());
  },
);

test.skipIf(problem)(
  `R12: an image that goes to a local model as a file in a form is written to no file${skipped}`,
  async () => {
    const images = await startFakeImagesApi();
    onTestFinished(() => images.close());
    const { address, end } = await startTraced({ PROOFROOM_API: 'images', OPENAI_BASE_URL: images.baseURL });
    const client = new WsClient(address);
    await client.join();
    client.send({ type: 'generate', commandId: 'generate', prompt: 'a fox' });
    const { image } = await client.stage('user_feedback');
    client.send({ type: 'refine', commandId: 'refine', imageId: image.imageId, feedback: 'warmer' });
    await client.stage('user_feedback', ({ attempts }) => attempts.length === 2);
    const { files } = await images.request(2);
    expect(files.map(({ bytes }) => bytes)).toEqual([images.sent[0]]);
    client.socket.terminate();
    expectNothingWritten(await end());
  },
);

test.skipIf(problem).for([
  ['a written file', "fs.writeFileSync(file, 'image')"],
  ['an appended file', "fs.appendFileSync(file, 'image')"],
  ['a file written by a stream', 'fs.createWriteStream(file).end(Buffer.alloc(100))'],
  ['a file written by a promise', "fs.promises.writeFile(file, 'image')"],
  ['a renamed file', "fs.renameSync(folder + '/old', file)"],
  ['a copied file', 'fs.copyFileSync(process.execPath, file)'],
  ['a file written by a child process', "require('node:child_process').execSync('echo image > ' + file)"],
] as const)('the trace shows %s', async ([, code]) => {
  const folder = await newFolder();
  const begin = `const fs = require('node:fs'), folder = '${folder}', file = folder + '/image.png'; fs.mkdirSync(folder + '/old');`;
  expect(readTrace(await traceOf('-e', `${begin} ${code}`)).disk).not.toEqual([]);
});

test.skipIf(problem)('the trace shows no file for a process that writes none', async () => {
  expect(
    readTrace(await traceOf('-e', "console.log('text'); require('node:fs').readFileSync(process.execPath)")).disk,
  ).toEqual([]);
});

/** The traced process. A signal to `strace` itself would end the trace. */
async function pidIn(traceFile: string): Promise<number> {
  const [, pid] = /^(\d+) +execve/.exec(await readFile(traceFile, 'utf8')) ?? [];
  if (pid === undefined) throw new Error('The trace does not begin with execve.');
  return Number(pid);
}
