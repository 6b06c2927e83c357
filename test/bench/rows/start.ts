/** From the start of the process until it answers. */

import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGradio, startStreamlit } from '../peers.ts';
import { freePort, now, project, startProgram } from '../processes.ts';
import type { Bench, Row, Side } from '../row.ts';

/** Starts a process, waits until it answers, and ends it. */
const side =
  (start: (bench: Bench) => Promise<unknown>): Side =>
  async (bench) =>
  async () => {
    await using scope = new AsyncDisposableStack();
    const startedAt = now();
    await start({ ...bench, scope });
    return { ready: now() - startedAt };
  };

const program = (command: string, args: readonly string[], cwd = project): Side =>
  side(async (bench) => {
    const port = await freePort();
    await startProgram(bench, command, args, { env: { PORT: String(port) }, cwd }).answers(port);
  });

/** In a copy of the built project, since it builds anew what others may be reading. */
const npmStart: Side = async (bench) => {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-start-'));
  bench.scope.defer(() => rm(folder, { recursive: true }));
  for (const part of [
    'client',
    'server',
    'shared',
    'dist',
    'package.json',
    'package-lock.json',
    'vite.config.ts',
    'tsconfig.json',
  ]) {
    const filter = (path: string) => path !== join(project, 'dist/bench');
    await cp(join(project, part), join(folder, part), { recursive: true, preserveTimestamps: true, filter });
  }
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return program('npm', ['start'], folder)(bench);
};

export const rows: readonly Row[] = [
  {
    name: 'start',
    title: 'Process start → ready, built',
    figures: { ready: { unit: 'ms', target: { value: 500 } } },
    sides: {
      Proofroom: program(process.execPath, ['dist/server/main.js']),
      Gradio: side((bench) => startGradio(bench)),
      Streamlit: side((bench) => startStreamlit(bench)),
    },
    startsAnew: true,
  },
  {
    name: 'npm-start',
    title: 'Process start → ready, npm start when nothing has changed',
    figures: { ready: { unit: 'ms', target: { value: 1_500 } } },
    sides: { Proofroom: npmStart },
    startsAnew: true,
  },
];
