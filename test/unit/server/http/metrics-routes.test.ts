import { expect, test } from 'vitest';
import { metricsRoutes } from '../../../../server/http/metrics-routes.ts';
import { TestCore } from '../../../support/core.ts';

const TOKEN = 'an-access-token-of-more-than-32-characters';

interface ScrapeOptions {
  readonly headers?: Record<string, string>;
  readonly host?: string;
  readonly accessToken?: string;
}

async function statusFor(remoteAddress: string, { headers = {}, host = 'localhost', accessToken }: ScrapeOptions = {}) {
  const { sessions, telemetry } = new TestCore();
  const routes = metricsRoutes({
    sessions,
    telemetry,
    accessToken,
    builtFolder: '',
    allowedHosts: [],
    allowedOrigins: [],
    isReady: () => true,
  });
  const env = { incoming: { socket: { remoteAddress } } };
  const { status } = await routes.request(`http://${host}/metrics`, { headers }, env);
  return status;
}

test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
  'S2: %s is this machine, which may read the metrics',
  async (address) => {
    expect(await statusFor(address)).toBe(200);
  },
);

test.each(['192.0.2.1', '10.0.0.1', '2001:db8::1', '::ffff:192.0.2.1', '127.0.0.1.evil.example', ''])(
  'S2: %s is another machine, which needs the access token',
  async (address) => {
    const withToken = (token: string) =>
      statusFor(address, { headers: { Authorization: `Bearer ${token}` }, accessToken: TOKEN });
    expect(await statusFor(address)).toBe(403);
    expect(await statusFor(address, { accessToken: TOKEN })).toBe(403);
    expect(await withToken(`${TOKEN}x`)).toBe(403);
    expect(await withToken(TOKEN)).toBe(200);
    expect(await statusFor(address, { headers: { Authorization: 'Bearer undefined' } })).toBe(403);
  },
);

test.each<[string, ScrapeOptions]>([
  ['X-Forwarded-For', { headers: { 'X-Forwarded-For': '127.0.0.1' } }],
  ['Forwarded', { headers: { Forwarded: 'for=127.0.0.1' } }],
  ['Via', { headers: { Via: '1.1 proxy' } }],
  ['a name that is not this machine’s', { host: 'proof.example' }],
])('S2: a request through a proxy on this machine does not count as local: %s', async (_sign, options) => {
  expect(await statusFor('127.0.0.1', options)).toBe(403);
});
