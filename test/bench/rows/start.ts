/** From the start of the process until it answers. */

import { startGradio, startStreamlit } from '../peers.ts';
import { freePort, now, startProgram } from '../processes.ts';
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

const program = (command: string, ...args: readonly string[]) =>
  side(async (bench) => {
    const port = await freePort();
    await startProgram(bench, command, args, { env: { PORT: String(port) } }).answers(port);
  });

export const rows: readonly Row[] = [
  {
    name: 'start',
    title: 'Process start → ready, built',
    figures: { ready: { unit: 'ms', target: { value: 500 } } },
    sides: {
      Proofroom: program(process.execPath, 'dist/server/main.js'),
      Gradio: side((bench) => startGradio(bench)),
      Streamlit: side((bench) => startStreamlit(bench)),
    },
    startsAnew: true,
  },
  {
    name: 'npm-start',
    title: 'Process start → ready, npm start when nothing has changed',
    figures: { ready: { unit: 'ms', target: { value: 1_500 } } },
    sides: { Proofroom: program('npm', 'start') },
    startsAnew: true,
  },
];
