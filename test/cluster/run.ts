/**
 * `npm run cluster`: three servers that share their sessions, a Redis, and a proxy in front, for a person to try. A server that ends is
 * started again after a few seconds. The servers get the environment of this program, so that `OPENAI_API_KEY` counts.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ClusterServer, startCluster } from './cluster.ts';

const RESTART_AFTER_MS = 5_000;

const { values } = parseArgs({ options: { servers: { type: 'string', default: '3' } } });
const cluster = await startCluster({
  servers: Number(values.servers),
  env: { ...process.env, HOST: '127.0.0.1' },
  port: Number(process.env.PORT || 3000),
}).catch(fail);
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

console.log(`Proofroom is ready on ${cluster.proxy.address}, by turns from these servers:`);
for (const server of cluster.servers) print(server);
console.log(`They share their sessions over ${cluster.redis.url}, which holds them in memory alone.`);
console.log(`
Start a picture, and end the server of your tab, or all of them but one:

  kill -9 ${cluster.servers[0]?.process.pid}

Nothing is lost: the tab is back in a second or two, and another server goes on drawing. A server that has ended is started again after
${RESTART_AFTER_MS / 1000} s. \`kill -TERM\` in place of \`kill -9\` is what a deploy does. Ctrl+C ends everything.
`);
for (const server of cluster.servers) void keepRunning(server);

function print(server: ClusterServer): void {
  console.log(`  server ${nameOf(server)}: pid ${server.process.pid}, ${server.address}`);
}

function nameOf(server: ClusterServer): number {
  return cluster.servers.indexOf(server) + 1;
}

async function keepRunning(server: ClusterServer): Promise<void> {
  for (;;) {
    const reason = await server.process.ended;
    if (isStopping) return;
    console.log(`  server ${nameOf(server)} has ended: ${reason}`);
    await wait(RESTART_AFTER_MS);
    await server.start().catch(fail);
    print(server);
  }
}

async function stop(): Promise<void> {
  isStopping = true;
  await cluster.stop();
  process.exit();
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
