/** The server as a process that shares its sessions over Redis. */
import { expect, test, vi } from 'vitest';
import { copyServer, startMain } from '../../support/main-process.ts';
import { useRedis } from '../../support/redis-server.ts';

// A process takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const PASSWORD = 'a-password-of-redis';
const persisting = useRedis({ args: ['--save', '60 1'], password: PASSWORD });

test('R12: it refuses a Redis that writes to a disk, and names the setting and what allows it', async () => {
  const main = startMain(await copyServer(), { PROOFROOM_REDIS_URL: persisting.url });
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stdout).toBe('');
  expect(main.stderr).toMatch(/proofroom: [^\n]*CONFIG SET save ""[^\n]*PROOFROOM_REDIS_PERSISTENCE=allow[^\n]*\n/);
  expect(main.stderr).not.toContain(PASSWORD);
});

test('R12 S3: it starts with it where that is allowed, is ready while Redis is there, and never logs the password', async () => {
  const environment = { PROOFROOM_REDIS_URL: persisting.url, PROOFROOM_REDIS_PERSISTENCE: 'allow' };
  const main = startMain(await copyServer(), environment);
  const address = await main.address();
  const readiness = async () => {
    const response = await fetch(`${address}/readyz`);
    return [response.status, await response.json()];
  };
  expect(await readiness()).toEqual([200, { status: 'ready' }]);
  await persisting.stop();
  await expect.poll(readiness, { timeout: 10_000 }).toEqual([503, { status: 'store_unreachable' }]);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  await persisting.start();
  await expect.poll(readiness, { timeout: 10_000 }).toEqual([200, { status: 'ready' }]);
  expect(main.stderr).not.toContain(PASSWORD);
});

test('it waits for a Redis that is not there yet', async () => {
  await persisting.stop();
  const environment = { PROOFROOM_REDIS_URL: persisting.url, PROOFROOM_REDIS_PERSISTENCE: 'allow' };
  const main = startMain(await copyServer(), environment);
  await main.logged(/Redis can’t be reached/);
  expect(main.stdout).toBe('');
  await persisting.start();
  expect(await main.address()).toMatch(/^http:/);
});
