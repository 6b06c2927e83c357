/**
 * `npx node test/cluster/proxies.ts` tries the configurations of `server/deploy/` with the nginx, Caddy and HAProxy of this machine: two
 * people review over two servers, of which one is killed and the other one stops. `--idle 90` also lets them do nothing for so many
 * seconds; `haproxy` tries that one alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../support/redis-server.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Review } from './review.ts';

const configurations = join(import.meta.dirname, '../../server/deploy');
const token = 'a token of more than thirty-two characters';
/** Each proxy's file, and how it is started with it in a folder of its own. */
const proxies = {
  'nginx.conf': ['nginx', '-e', 'stderr', '-g', 'daemon off; pid nginx.pid;', '-p', '.', '-c'],
  Caddyfile: ['caddy', 'run', '--adapter', 'caddyfile', '--config'],
  'haproxy.cfg': ['haproxy', '-f'],
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { idle: { type: 'string', default: '0' } },
});

for (const [file, [program, ...args]] of Object.entries(proxies)) {
  if (positionals.length > 0 && !positionals.includes(program)) continue;
  const env = { PROOFROOM_ACCESS_TOKEN: token, PROOFROOM_TRUST_PROXY: '1' };
  const cluster = await startCluster({ servers: 2, env });
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-proxy-'));
  const port = await freePort();
  await writeFile(join(folder, file), withPorts(await readFile(join(configurations, file), 'utf8'), port, cluster));
  const proxy = spawn(program, [...args, join(folder, file)], {
    cwd: folder,
    env: { ...process.env, HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  proxy.stderr.on('data', (text) => (log += text));
  try {
    await Promise.race([
      tryReviews(`http://localhost:${port}`, cluster),
      once(proxy, 'exit').then(() => Promise.reject(new Error(`${program} has ended`))),
    ]);
    console.log(`${program} works`);
  } catch (error) {
    console.error(log);
    throw error;
  } finally {
    proxy.kill();
    if (proxy.exitCode === null) await once(proxy, 'exit');
    await cluster.stop();
    await rm(folder, { recursive: true });
  }
}

function withPorts(configuration: string, port: number, { servers: [first, second] }: Cluster): string {
  return configuration
    .replaceAll('8080', String(port))
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${first?.port}`)
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${second?.port}`);
}

async function tryReviews(server: string, { servers: [first, second] }: Cluster): Promise<void> {
  while (!(await isReady(server))) await wait(100);
  const review = await Review.open({ server, token });
  await review.draw();
  await wait(Number(values.idle) * 1_000);
  await first?.kill();
  await review.approve();
  await first?.start();

  const next = await Review.open({ server, token });
  await next.ask();
  const stopped = second?.process.terminate();
  // Those who come while a server stops are let in by the other one.
  const late = await Review.open({ server, token });
  await late.draw();

  await Promise.all([next.drawn(), stopped]);
  await next.approve();
  for (const each of [review, next, late]) each.close();
}

async function isReady(server: string): Promise<boolean> {
  try {
    return (await fetch(`${server}/readyz`)).ok;
  } catch {
    return false;
  }
}
