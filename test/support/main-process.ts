/** The server as a process of its own, run from a copy of its source. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { writePage } from './page-fixture.ts';

const project = join(import.meta.dirname, '..', '..');
/** A wait that takes longer fails the test, with what the process has printed. */
const TIMEOUT_MS = 20_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A folder with a copy of the server and, if `isBuilt`, the smallest built page, so that it does not matter whether the project is
 * built. It goes with the test.
 */
export async function copyServer({ isBuilt = true } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-main-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const part of ['server', 'shared', 'package.json'])
    await cp(join(project, part), join(folder, part), { recursive: true });
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'dir');
  if (isBuilt) await writePage(join(folder, 'dist'));
  return folder;
}

/**
 * Starts the server of `folder` with nothing in its environment but this. It is killed when the test is over.
 * @param stderr where its log goes: the test reads it, or a file descriptor does
 */
export function startMain(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  stderr: 'pipe' | number = 'pipe',
): MainProcess {
  const child = spawn(process.execPath, [join(folder, 'server/main.ts')], {
    cwd: folder,
    env: { PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', stderr],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new MainProcess(child);
}

/** Starts the server of `folder` by `npm start`, in a process group of its own. The page is not built by it. */
export async function startByScript(folder: string): Promise<MainProcess> {
  const manifest = join(folder, 'package.json');
  const { scripts, ...rest } = JSON.parse(await readFile(manifest, 'utf8')) as { scripts: Record<string, string> };
  await writeFile(manifest, JSON.stringify({ ...rest, scripts: { ...scripts, 'build:changed': 'exit 0' } }));
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, PORT: '0', npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const main = new MainProcess(child);
  // The server may outlive `npm`.
  onTestFinished(() => main.signalGroup('SIGKILL'));
  return main;
}

export class MainProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (data) => this.#update(() => (this.stdout += data)));
    child.stderr?.on('data', (data) => this.#update(() => (this.stderr += data)));
    child.once('close', (code, signal) => this.#update(() => (this.#exit = { code, signal })));
  }

  /** Resolves with the address that it prints once it listens, such as `http://127.0.0.1:40000`. */
  address(): Promise<string> {
    return this.#wait('an address', () => /http:\/\/\S+/.exec(this.stdout)?.[0]);
  }

  /** Resolves once this stands in its standard output. */
  printed(what: RegExp): Promise<string> {
    return this.#wait(String(what), () => what.exec(this.stdout)?.[0]);
  }

  /** Resolves once this stands in its log. */
  logged(what: RegExp): Promise<string> {
    return this.#wait(String(what), () => what.exec(this.stderr)?.[0]);
  }

  /** Resolves when it has ended and all its output has been read. */
  exit(): Promise<Exit> {
    return this.#wait('its end', () => this.#exit);
  }

  /** The log, without its lines that are no JSON. */
  logLines(): Record<string, unknown>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends the signal to every process of its group. Does nothing when none is left. */
  signalGroup(name: NodeJS.Signals): void {
    try {
      process.kill(-Number(this.#child.pid), name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #update(change: () => void): void {
    change();
    for (const listener of [...this.#listeners]) listener();
  }

  #wait<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const fail = (why: string) =>
      reject(new Error(`Waited for ${what}, but ${why}.\nstdout: ${this.stdout}\nstderr: ${this.stderr}`));
    const look = () => {
      const found = find();
      if (found !== undefined) resolve(found);
      else if (this.#exit) fail('it ended');
    };
    const timer = setTimeout(() => fail('it did not come'), TIMEOUT_MS);
    this.#listeners.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(look);
    });
  }
}
