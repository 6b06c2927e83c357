/** Who may read the metrics, told by where they come from. */
import { expect, test } from 'vitest';
import { metricsRoutes } from '../../server/http/metrics-routes.ts';
import { Journal } from '../../server/platform/telemetry.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { quietLog } from '../support/quiet-log.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';

async function statusFor(remoteAddress: string, headers: Record<string, string> = {}, token?: string): Promise<number> {
  const faults: unknown[] = [];
  const journal = new Journal(
    quietLog((fault) => faults.push(fault)),
    new FakeClock(),
  );
  const incoming = { socket: { remoteAddress } };
  const { status } = await metricsRoutes(journal, token).request('/metrics', { headers }, { incoming });
  expect(faults).toEqual([]);
  return status;
}

test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
  '%s is this machine, and reads them',
  async (address) => {
    expect(await statusFor(address)).toBe(200);
  },
);

test.each(['192.0.2.1', '10.0.0.1', '2001:db8::1', '::ffff:192.0.2.1', '127.0.0.1.evil.example', ''])(
  '%s is another machine, and reads them with the access token alone',
  async (address) => {
    expect(await statusFor(address)).toBe(403);
    expect(await statusFor(address, {}, TOKEN)).toBe(403);
    expect(await statusFor(address, { Authorization: `Bearer ${TOKEN}x` }, TOKEN)).toBe(403);
    expect(await statusFor(address, { Authorization: `Bearer ${TOKEN}` }, TOKEN)).toBe(200);
    expect(await statusFor(address, { Authorization: 'Bearer undefined' })).toBe(403);
  },
);

test('what was forwarded is from another machine, though the proxy stands on this one', async () => {
  expect(await statusFor('127.0.0.1', { 'X-Forwarded-For': '127.0.0.1' })).toBe(403);
});
