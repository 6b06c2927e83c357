import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { MainProcess } from '../support/main-process.ts';
import { project } from '../support/product.ts';
import { bytesOf, WsClient } from '../support/ws-client.ts';
import { readTrace, traced, tracingProblem } from './disk-trace.ts';

const problem = tracingProblem();
const skipped = problem === undefined ? '' : ` (skipped: ${problem})`;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-trace-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** The trace of a process that goes to its own end. */
async function traceOf(...command: string[]): Promise<string> {
  const traceFile = join(await newFolder(), 'trace');
  const [strace = '', ...args] = traced(traceFile, [process.execPath, ...command]);
  const child = spawn(strace, args, { stdio: 'ignore' });
  await once(child, 'close');
  return readFile(traceFile, 'utf8');
}

test.skipIf(problem)(`R12: in a whole loop no file is opened for writing, made or written to${skipped}`, async () => {
  const openai = await startFakeOpenAI({ pictureSize: { width: 640, height: 480 } });
  onTestFinished(() => openai.close());
  const traceFile = join(await newFolder(), 'trace');
  const [strace = '', ...args] = traced(traceFile, [process.execPath, join(project, 'server/main.ts')]);
  const env = { PATH: process.env.PATH, PORT: '0', OPENAI_API_KEY: 'sk-fake', OPENAI_BASE_URL: openai.baseURL };
  const child = spawn(strace, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const main = new MainProcess(child);
  const address = await main.address();
  const serverPid = await pidIn(traceFile);

  const client = new WsClient(address);
  const { sessionId } = await client.join();
  client.send({ type: 'generate', commandId: 'generate', prompt: 'a fox' });
  const { image } = await client.stage('user_feedback');
  const bytes = bytesOf(client.last('image'));
  expect(bytes.equals(openai.sent[0]?.final ?? Buffer.alloc(0))).toBe(true);
  const served = await fetch(`${address}/api/sessions/${sessionId}/images/${image.imageId}`);
  expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
  client.send({ type: 'regenerate', commandId: 'regenerate' });
  const second = await client.stage('user_feedback', ({ attempts }) => attempts.length === 2);
  client.send({ type: 'approve', commandId: 'approve', imageId: second.image.imageId });
  await client.stage('final');
  client.send({ type: 'start_over', commandId: 'start_over' });
  await client.answer('start_over');
  client.socket.terminate();
  process.kill(serverPid, 'SIGTERM');
  await main.exit();

  const { disk, elsewhere, reads } = readTrace(await readFile(traceFile, 'utf8'));
  expect(disk).toEqual([]);
  expect(reads).toBeGreaterThan(20);
  expect(elsewhere).toBeGreaterThan(20);
});

test.skipIf(problem).for([
  ['a file that is written', "fs.writeFileSync(file, 'image')"],
  ['a file that is appended to', "fs.appendFileSync(file, 'image')"],
  ['a stream', 'fs.createWriteStream(file).end(Buffer.alloc(100))'],
  ['a promise', "fs.promises.writeFile(file, 'image')"],
  ['a rename', "fs.renameSync(folder + '/old', file)"],
  ['a copy', 'fs.copyFileSync(process.execPath, file)'],
  ['a child', "require('node:child_process').execSync('echo image > ' + file)"],
] as const)('the trace shows %s', async ([, code]) => {
  const folder = await newFolder();
  const begin = `const fs = require('node:fs'), folder = '${folder}', file = folder + '/image.png'; fs.mkdirSync(folder + '/old');`;
  expect(readTrace(await traceOf('-e', `${begin} ${code}`)).disk).not.toEqual([]);
});

test.skipIf(problem)('the trace shows nothing of a process that writes nothing', async () => {
  expect(
    readTrace(await traceOf('-e', "console.log('words'); require('node:fs').readFileSync(process.execPath)")).disk,
  ).toEqual([]);
});

/** The first process in a trace: `strace` starts it, and a signal to `strace` itself would end the trace. */
async function pidIn(traceFile: string): Promise<number> {
  const [, pid] = /^(\d+) +execve/.exec(await readFile(traceFile, 'utf8')) ?? [];
  if (pid === undefined) throw new Error('The trace has no beginning.');
  return Number(pid);
}
