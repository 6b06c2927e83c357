/** Traces a process's system calls with `strace`, and finds those that put bytes on a disk (rule R12). */
import { spawnSync } from 'node:child_process';

/** The calls by which a process opens, creates, writes or renames a file. */
const calls = [
  'open,openat,openat2,creat,memfd_create,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat',
  'write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,vmsplice,tee,copy_file_range,truncate,ftruncate,fallocate',
  'mmap,io_uring_setup,execve',
].join(',');

/** The command line that traces `command`, its threads and its children into `traceFile`, with the path of each descriptor. */
export const traced = (traceFile: string, command: readonly string[]): readonly string[] => [
  'strace',
  '--follow-forks',
  '--decode-fds=path',
  '--string-limit=64',
  `--trace=${calls}`,
  `--output=${traceFile}`,
  ...command,
];

/** Why system calls can't be traced here, and what to do about it; undefined when they can. Installs `strace` where it may. */
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
  /** Lines that open a file for writing, create one, or write to one. */
  readonly disk: readonly string[];
  /** How many lines write to a socket or a pipe: a trace without any has missed something. */
  readonly elsewhere: number;
  /** How many lines open a file for reading. */
  readonly reads: number;
}

/** Each line is `pid call(fd<path>, …) = result`. */
export function readTrace(text: string): DiskTrace {
  const lines = text.split('\n').filter((line) => !line.includes('= -1 '));
  const isDisk = (line: string) => opensForWriting(line) || createsFile(line) || writesToFile(line);
  return {
    disk: lines.filter(isDisk),
    elsewhere: lines.filter((line) => writes.test(line) && !writesToFile(line)).length,
    reads: lines.filter((line) => /\bopen(at|at2)?\(/.test(line) && !opensForWriting(line)).length,
  };
}

const writes =
  /\b(write|writev|pwrite64|pwritev2?|sendfile|splice|vmsplice|tee|copy_file_range|f?truncate|fallocate)\(/;
/** Devices keep nothing. */
const isFile = (path: string) => path.startsWith('/') && !path.startsWith('/dev/');

function opensForWriting(line: string): boolean {
  const [, path = ''] = /\bopen(?:at|at2)?\([^"]*"([^"]*)"/.exec(line) ?? [];
  return /\bopen(at|at2)?\(.*\b(O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE)\b/.test(line) && !path.startsWith('/dev/');
}

function createsFile(line: string): boolean {
  if (/\b(creat|memfd_create|mknodat?|rename(at2?)?|link(at)?|symlink(at)?)\(/.test(line)) return true;
  // Writes through an io_uring would not be traced. libuv uses one with SQPOLL for files, when told to, and another one for epoll.
  if (/\bio_uring_setup\(.*flags=[^,]*SQPOLL/.test(line)) return true;
  // A file that is mapped as shared and writable needs no write call.
  return /\bmmap\(.*PROT_WRITE.*MAP_SHARED\b.*<\//.test(line);
}

function writesToFile(line: string): boolean {
  const [, path = ''] = /\b\w+\(\d+<([^>]*)>/.exec(line) ?? [];
  return writes.test(line) && isFile(path);
}
