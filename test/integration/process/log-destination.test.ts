/** What the server does when nobody takes its log: it goes on, and it ends when it is told to. */
import { execFileSync } from 'node:child_process';
import { constants, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { copyServer, startMain } from '../../support/main-process.ts';
import { WsClient } from '../../support/ws-client.ts';

// A process takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const METRICS_TOKEN = 'a-metrics-token-of-more-than-32-characters';
/** A pipe takes 64 KiB, and the line of one more session takes more than 100 bytes. */
const SESSIONS = 700;

/** A pipe that stays open and is never read. */
async function unreadPipe(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-pipe-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR);
}

test.runIf(existsSync('/dev/full')).each([
  ['a full disk', async () => openSync('/dev/full', 'w'), SESSIONS],
  ['a pipe that nobody reads', unreadPipe, 0],
] as const)('%s behind standard error stops neither the server nor its end', async (_, open, leastLostLines) => {
  const environment = {
    PROOFROOM_LOG_LEVEL: 'debug',
    PROOFROOM_METRICS_TOKEN: METRICS_TOKEN,
    PROOFROOM_SESSION_BURST_PER_ADDRESS: `${SESSIONS}`,
  };
  const main = startMain(await copyServer(), environment, await open());
  const address = await main.address();
  for (let count = 0; count < SESSIONS; count += 1) {
    const client = new WsClient(address);
    await client.join();
    client.socket.terminate();
  }
  const headers = { Authorization: `Bearer ${METRICS_TOKEN}` };
  const metrics = await (await fetch(`${address}/metrics`, { headers })).text();
  const lostLines = Number(/^proofroom_lost_log_lines (\d+)$/m.exec(metrics)?.[1]);
  expect(lostLines).toBeGreaterThanOrEqual(leastLostLines);
  main.signal('SIGTERM');
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});
