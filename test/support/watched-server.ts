/** The server as a process of its own that reports what it holds, what it logs, and whether it lives. For tests and for scripts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Holdings } from './memory-probe.ts';

const project = join(import.meta.dirname, '../..');
const probe = pathToFileURL(join(import.meta.dirname, 'memory-probe.ts')).href;
/** pino's number for the level `error`. */
const ERROR_LEVEL = 50;

export class WatchedServer {
  /** Everything on standard error that no client may cause: logged errors, and lines that are no log lines. */
  readonly faults: string[] = [];
  /** How many lines it has written to standard error. */
  loggedLines = 0;
  /** Resolves, when the process has ended, with the signal that ended it or with its exit code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
  readonly #child: ChildProcess;
  #address = '';
  #isMeantToEnd = false;
  #hasEnded = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'exit').then(([code, signal]) => {
      this.#hasEnded = true;
      if (!this.#isMeantToEnd) this.faults.push(`the process ended with ${signal ?? code}`);
      return signal ?? code;
    });
    if (child.stderr) createInterface(child.stderr).on('line', (line) => this.#onLogged(line));
  }

  /** Such as `http://127.0.0.1:40000`. */
  get address(): string {
    return this.#address;
  }

  get port(): number {
    return Number(new URL(this.#address).port);
  }

  get pid(): number {
    return Number(this.#child.pid);
  }

  async ready(): Promise<this> {
    if (!this.#child.stdout) throw new Error('The server has no output.');
    for await (const line of createInterface(this.#child.stdout)) {
      this.#address = /http:\/\/\S+/.exec(line)?.[0] ?? '';
      if (this.#address !== '') return this;
    }
    throw new Error(`The server did not start:\n${this.faults.join('\n')}`);
  }

  /** What it holds now, after a full garbage collection. */
  async holdings(): Promise<Holdings> {
    if (this.#hasEnded) throw new Error(this.faults.join('\n'));
    this.#child.send('holdings');
    const [holdings] = await once(this.#child, 'message');
    return holdings as Holdings;
  }

  /** May be called twice. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it drain (rule R6). May be called twice. */
  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isMeantToEnd = true;
    this.#child.kill(signal);
    await this.ended;
  }

  #onLogged(line: string): void {
    this.loggedLines += 1;
    const isHarmless = line.startsWith('{') && (JSON.parse(line) as { level: number }).level < ERROR_LEVEL;
    if (!isHarmless) this.faults.push(line);
  }
}

/** Starts `server/main.ts` on a port of its own, with nothing in its environment but this. */
export function startWatchedServer(
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<WatchedServer> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, join(project, 'server/main.ts')], {
    cwd: project,
    env: { PORT: '0', PROOFROOM_LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return new WatchedServer(child).ready();
}
