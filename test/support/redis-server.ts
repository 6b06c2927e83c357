/**
 * A Redis of a test's own, or Valkey, in memory alone. The program is the one that `PROOFROOM_REDIS_SERVER` names, or one on PATH. Run as
 * a program, this file installs Redis when it finds none.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll } from 'vitest';
import { firstExecutable, installPackage, pathsOf } from './programs.ts';

const installedPaths = ['/opt/homebrew/bin/redis-server', '/usr/local/bin/redis-server'];

export interface RedisServerOptions {
  /** Further arguments, such as `['--maxmemory', '8mb']`, read at each start. They come last, so they replace the defaults. */
  readonly args?: readonly string[] | (() => readonly string[]);
  /** What clients have to say; it is part of `url`. */
  readonly password?: string;
  /** For a Sentinel: the lines of its configuration. */
  readonly sentinel?: () => readonly string[];
}

/** The path of an executable. */
export const findRedisServer = (): string | undefined =>
  firstExecutable([
    process.env.PROOFROOM_REDIS_SERVER,
    ...pathsOf(['redis-server', 'valkey-server']),
    ...installedPaths,
  ]);

/** Starts before the tests of a file, or of a `describe`, and ends after them. */
export function useRedis(options: RedisServerOptions = {}): RedisServer {
  const redis = new RedisServer(options);
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());
  return redis;
}

/** On a free port of loopback, which it keeps when it is started again. It writes no file and ends with this process. */
export class RedisServer {
  readonly #options: RedisServerOptions;
  #running: { readonly child: ChildProcess; readonly folder: string } | undefined;
  #port: number | undefined;
  readonly #endWithProcess = (): void => void this.#running?.child.kill('SIGKILL');

  constructor(options: RedisServerOptions = {}) {
    this.#options = options;
  }

  get port(): number {
    if (this.#port === undefined) throw new Error('Redis was not started yet');
    return this.#port;
  }

  get url(): string {
    const { password } = this.#options;
    return `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers. After a `stop` it is empty. */
  async start(): Promise<void> {
    const program = findRedisServer();
    if (program === undefined) throw new Error(HOW_TO_INSTALL);
    this.#port ??= await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'proofroom-redis-'));
    const child = spawn(program, await this.#arguments(folder, this.#port), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#running = { child, folder };
    process.once('exit', this.#endWithProcess);
    await isReady(child);
  }

  /** Ends it at once, with all that it holds. May be called twice. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    const { child, folder } = this.#running;
    this.#running = undefined;
    process.off('exit', this.#endWithProcess);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true });
  }

  async #arguments(folder: string, port: number): Promise<readonly string[]> {
    const { args: given = [], password, sentinel } = this.#options;
    const args = typeof given === 'function' ? given() : given;
    const listen = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    if (sentinel) {
      // A Sentinel keeps its state in the file of its configuration.
      const file = join(folder, 'sentinel.conf');
      await writeFile(file, sentinel().join('\n'));
      return [file, '--sentinel', ...listen, ...args];
    }
    return [
      ...listen,
      ...['--save', '', '--appendonly', 'no', '--loglevel', 'notice'],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ];
  }

  /** It keeps its connections and answers nothing, until `resume`. */
  pause(): void {
    this.#running?.child.kill('SIGSTOP');
  }

  resume(): void {
    this.#running?.child.kill('SIGCONT');
  }
}

async function isReady(child: ChildProcess): Promise<void> {
  if (!child.stdout) return;
  const lines: string[] = [];
  // The output is read to its end, or else Redis would wait for its reader.
  const output = createInterface(child.stdout);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.on('line', (line) => {
    lines.push(line);
    lines.splice(0, lines.length - 20);
    if (/ready to accept connections|\+monitor master/i.test(line)) resolve();
  });
  child.once('error', reject);
  child.once('exit', () => reject(new Error(`Redis has ended:\n${lines.join('\n')}`)));
  await promise;
}

/** A port of 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

const HOW_TO_INSTALL =
  'No Redis for the tests: run apt-get install redis-server as root, or brew install redis, or name an executable in PROOFROOM_REDIS_SERVER.';

if (import.meta.main) {
  if (findRedisServer() === undefined) installPackage('redis-server');
  if (findRedisServer() === undefined) {
    console.error(HOW_TO_INSTALL);
    process.exitCode = 1;
  }
}
