/** Programs that tests run beside Node: finds them on this machine, and installs them where the system lets it. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these paths that is an executable file. */
export const firstExecutable = (paths: readonly (string | undefined)[]): string | undefined =>
  paths.find((path) => path !== undefined && isExecutable(path));

/** Where programs of these names would be on PATH. */
export const pathsOf = (names: readonly string[]): readonly string[] =>
  (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Installs a package of Debian or its relatives, as root only. */
export function installPackage(name: string): void {
  if (isRoot() && run('apt-get', 'update')) run('apt-get', 'install', '--yes', '--no-install-recommends', name);
}

/** Runs a program, whose output is shown. @returns whether it ended well */
export function run(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
