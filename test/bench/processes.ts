/** Processes that the bench starts and measures from outside. It reads `/proc`, so it needs Linux. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from './row.ts';

export const project = join(import.meta.dirname, '../..');
/** A program that has not answered after this time never will. */
const ANSWER_MS = 120_000;

/** In milliseconds, of a clock that all processes of a machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly cwd?: string;
}

export class Process implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #replies = new Map<number, (result: unknown) => void>();
  #output = '';
  #calls = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ id, result }: { id: number; result: unknown }) => {
      this.#replies.get(id)?.(result);
      this.#replies.delete(id);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        this.#output = (this.#output + data).slice(-2_000);
      });
    }
  }

  get pid(): number {
    return Number(this.#child.pid);
  }

  /** Calls a function that the process offers by `offer` (`stand-ins/offer.ts`). */
  call<Result = unknown>(name: string, argument?: unknown): Promise<Result> {
    const id = this.#calls++;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const fail = (why: string) => reject(new Error(`Waited for ${name}, but ${why}:\n${this.#output}`));
    const onExit = () => fail('the process ended');
    const timer = setTimeout(() => fail('it did not come'), ANSWER_MS);
    this.#child.once('exit', onExit);
    this.#replies.set(id, (result) => resolve(result as Result));
    this.#child.send({ id, name, argument });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#child.off('exit', onExit);
    });
  }

  /** All threads together, since the process began. */
  get cpuMs(): number {
    const folder = `/proc/${this.pid}/task`;
    const nanoseconds = readdirSync(folder).map((task) => {
      try {
        return Number(readFileSync(`${folder}/${task}/schedstat`, 'utf8').split(' ')[0]);
      } catch {
        return 0; // The thread has just ended.
      }
    });
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
  }

  /** Resident memory, after a garbage collection where the process offers one. */
  async settledRssBytes(): Promise<number> {
    await this.call('collectGarbage');
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  }

  /** Resolves when `GET /` at this port is answered. */
  async answers(port: number): Promise<void> {
    const deadline = now() + ANSWER_MS;
    while (now() < deadline && this.#child.exitCode === null) {
      const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.ok) return;
      await wait(10);
    }
    throw new Error(`Nothing answers at port ${port}:\n${this.#output}`);
  }

  /** Ends its whole process group, gently, so that a profile is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const kill = (signal: NodeJS.Signals) => process.kill(-this.pid, signal);
    const timer = setTimeout(() => kill('SIGKILL'), 10_000);
    kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  }
}

function start(bench: Bench, command: string, args: readonly string[], options: StartOptions, ipc: boolean): Process {
  const child = spawn(command, args, {
    cwd: options.cwd ?? project,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
    detached: true,
  });
  child.on('error', () => undefined);
  return bench.scope.use(new Process(child));
}

/** A Node program with the probe in it, which offers `collectGarbage` and `worstStallMs`. */
export function startNode(bench: Bench, file: string, options: StartOptions = {}): Process {
  const probe = join(import.meta.dirname, 'stand-ins/probe.ts');
  const nodeArgs = ['--expose-gc', '--import', probe, ...(options.nodeArgs ?? [])];
  return start(bench, process.execPath, [...nodeArgs, join(project, file), ...(options.args ?? [])], options, true);
}

/** Any other program. */
export function startProgram(bench: Bench, command: string, args: readonly string[], options: StartOptions = {}) {
  return start(bench, command, args, options, false);
}

/** Flags that write profiles of the product's process when it ends, if this run is for profiles. */
export function profileFlags({ profiles }: Bench): readonly string[] {
  if (profiles === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--heap-prof', `--heap-prof-dir=${profiles}`];
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('The port is unknown.');
  return address.port;
}
