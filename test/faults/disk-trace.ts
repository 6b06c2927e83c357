/** Reads what `strace` wrote of a process, and finds what would put bytes on a disk (rule R12). */
import { spawnSync } from 'node:child_process';

/** Everything by which a process opens, makes, fills or renames a file. */
const calls = [
  'open,openat,openat2,creat,memfd_create,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat',
  'write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,vmsplice,tee,copy_file_range,truncate,ftruncate,fallocate',
  'mmap,io_uring_setup,execve',
].join(',');

/** The command line that traces `command` and its threads and children into `traceFile`, with each descriptor's path. */
export const traced = (traceFile: string, command: readonly string[]): readonly string[] => [
  'strace',
  '--follow-forks',
  '--decode-fds=path',
  '--string-limit=64',
  `--trace=${calls}`,
  `--output=${traceFile}`,
  ...command,
];

/** Why there can be no trace here, and what to do about it; or nothing. Installs `strace` where the system lets it. */
export function tracingProblem(): string | undefined {
  if (process.platform !== 'linux') return 'system calls are traced on Linux alone';
  if (!runs('strace', '--version') && !install()) {
    return 'there is no strace, and none can be installed: run apt-get install strace as root';
  }
  if (runs('strace', '--output=/dev/null', '--trace=execve', 'true')) return undefined;
  return 'strace may not trace here: allow ptrace, in a container by --cap-add=SYS_PTRACE';
}

function install(): boolean {
  if (process.getuid?.() !== 0) return false;
  return runs('apt-get', 'update') && runs('apt-get', 'install', '--yes', '--no-install-recommends', 'strace');
}

function runs(command: string, ...args: string[]): boolean {
  return (
    spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status ===
    0
  );
}

export interface DiskTrace {
  /** Lines that open a file for writing, make one, or write to one. There must be none. */
  readonly disk: readonly string[];
  /** Lines that write to a socket or a pipe: the trace is not blind. */
  readonly elsewhere: number;
  /** Lines that open a file to be read. */
  readonly reads: number;
}

/** A line is `pid call(fd<path>, …) = result`. */
export function readTrace(text: string): DiskTrace {
  const lines = text.split('\n').filter((line) => !line.includes('= -1 '));
  const isDisk = (line: string) => opensForWriting(line) || makesFile(line) || writesToFile(line);
  return {
    disk: lines.filter(isDisk),
    elsewhere: lines.filter((line) => writes.test(line) && !writesToFile(line)).length,
    reads: lines.filter((line) => /\bopen(at|at2)?\(/.test(line) && !opensForWriting(line)).length,
  };
}

const writes =
  /\b(write|writev|pwrite64|pwritev2?|sendfile|splice|vmsplice|tee|copy_file_range|f?truncate|fallocate)\(/;
/** Devices keep nothing: what goes there is gone. */
const isKept = (path: string) => path.startsWith('/') && !path.startsWith('/dev/');

function opensForWriting(line: string): boolean {
  const [, path = ''] = /\bopen(?:at|at2)?\([^"]*"([^"]*)"/.exec(line) ?? [];
  return /\bopen(at|at2)?\(.*\b(O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE)\b/.test(line) && !path.startsWith('/dev/');
}

function makesFile(line: string): boolean {
  if (/\b(creat|memfd_create|mknodat?|rename(at2?)?|link(at)?|symlink(at)?)\(/.test(line)) return true;
  // Files written through a ring would not be seen. libuv has two: this one for files, when it is told to, and another for epoll.
  if (/\bio_uring_setup\(.*flags=[^,]*SQPOLL/.test(line)) return true;
  // A file that is mapped to be shared and written needs no write call.
  return /\bmmap\(.*PROT_WRITE.*MAP_SHARED\b.*<\//.test(line);
}

function writesToFile(line: string): boolean {
  const [, path = ''] = /\b\w+\(\d+<([^>]*)>/.exec(line) ?? [];
  return writes.test(line) && isKept(path);
}
