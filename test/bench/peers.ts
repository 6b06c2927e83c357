/** The peers' programs, where `npm run bench:peers` has installed them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Process, project, startNode, startProgram } from './processes.ts';
import type { Server } from './proofroom.ts';
import { AbsentPeer, type Bench } from './row.ts';

const folder = join(project, 'test/bench/peers');

function installed(path: string): string {
  const found = join(folder, path);
  if (!existsSync(found)) throw new AbsentPeer('not installed: npm run bench:peers');
  return found;
}

/** A Node program in `peers/` that offers what `stand-ins/broadcasting.ts` says. */
export function startPeer(bench: Bench, name: 'socket-io' | 'hono-node-ws'): Process {
  installed(name === 'socket-io' ? 'node_modules/socket.io' : 'node_modules/@hono/node-ws');
  return startNode(bench, `test/bench/peers/${name}.mjs`);
}

/** Resolves when it answers. */
export async function startGradio(bench: Bench, baseURL = ''): Promise<Server> {
  const port = await freePort();
  const env = { PORT: String(port), OPENAI_BASE_URL: baseURL, GRADIO_ANALYTICS_ENABLED: 'False' };
  return started(port, startProgram(bench, installed('.venv/bin/python'), [join(folder, 'gradio-app.py')], { env }));
}

/** Resolves when it answers. */
export async function startStreamlit(bench: Bench, baseURL = ''): Promise<Server> {
  const port = await freePort();
  const flags = ['--server.headless=true', '--browser.gatherUsageStats=false', '--server.address=127.0.0.1'];
  const args = ['run', join(folder, 'streamlit-app.py'), `--server.port=${port}`, ...flags];
  const env = { OPENAI_BASE_URL: baseURL };
  return started(port, startProgram(bench, installed('.venv/bin/streamlit'), args, { env }));
}

async function started(port: number, process: Process): Promise<Server> {
  await process.answers(port);
  return { process, port, address: `http://127.0.0.1:${port}` };
}

/** Asks a Gradio app for a picture as its page does, and fetches it. */
export async function gradioPicture(address: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ data: ['A quiet sea'] });
  const called = await fetch(`${address}/gradio_api/call/generate`, { method: 'POST', headers, body });
  const { event_id: id } = (await called.json()) as { event_id: string };
  const events = await (await fetch(`${address}/gradio_api/call/generate/${id}`)).text();
  const url = /"url": ?"([^"]+)"/.exec(events)?.[1];
  if (url === undefined) throw new Error(`Gradio gave no picture:\n${events}`);
  await (await fetch(url)).arrayBuffer();
}
