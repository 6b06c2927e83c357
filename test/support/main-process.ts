/** The server as a process of its own, from its source, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { writePage } from './page-fixture.ts';

const project = join(import.meta.dirname, '..', '..');
const PATIENCE_MS = 20_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A copy of the server with a page in its smallest form: what the project's own `dist` holds makes no difference. */
export async function copyServer({ isBuilt = true } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-main-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const part of ['server', 'shared', 'package.json'])
    await cp(join(project, part), join(folder, part), { recursive: true });
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'dir');
  if (isBuilt) await writePage(join(folder, 'dist'));
  return folder;
}

/** Starts the server of `folder` with nothing in its environment but this; it is ended with the test. */
export function startMain(folder: string, environment: Readonly<Record<string, string>> = {}): MainProcess {
  const child = spawn(process.execPath, [join(folder, 'server/main.ts')], {
    cwd: folder,
    env: { PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new MainProcess(child);
}

/** The same through `npm start`, in a process group of its own; nothing is built. */
export async function startByScript(folder: string): Promise<MainProcess> {
  const manifest = join(folder, 'package.json');
  const { scripts, ...rest } = JSON.parse(await readFile(manifest, 'utf8')) as { scripts: Record<string, string> };
  await writeFile(manifest, JSON.stringify({ ...rest, scripts: { ...scripts, 'build:client': 'exit 0' } }));
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, PORT: '0', npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const main = new MainProcess(child);
  // Whatever is left of the group, be it without the process that began it.
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
    child.stdout?.on('data', (data) => this.#heard(() => (this.stdout += data)));
    child.stderr?.on('data', (data) => this.#heard(() => (this.stderr += data)));
    child.once('close', (code, signal) => this.#heard(() => (this.#exit = { code, signal })));
  }

  /** The address that it prints once it listens, such as `http://127.0.0.1:40000`. */
  address(): Promise<string> {
    return this.#wait('an address', () => /http:\/\/\S+/.exec(this.stdout)?.[0]);
  }

  /** Resolves once it has printed this. */
  printed(what: RegExp): Promise<string> {
    return this.#wait(String(what), () => what.exec(this.stdout)?.[0]);
  }

  /** Resolves once it has logged this. */
  logged(what: RegExp): Promise<string> {
    return this.#wait(String(what), () => what.exec(this.stderr)?.[0]);
  }

  /** Its end, with all that it has printed read. */
  exit(): Promise<Exit> {
    return this.#wait('its end', () => this.#exit);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** To all processes of a group that this one began; to none once there is none. */
  signalGroup(name: NodeJS.Signals): void {
    try {
      process.kill(-Number(this.#child.pid), name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #heard(note: () => void): void {
    note();
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
    const timer = setTimeout(() => fail('it did not come'), PATIENCE_MS);
    this.#listeners.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(look);
    });
  }
}
