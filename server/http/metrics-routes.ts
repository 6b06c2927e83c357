/** Metrics for Prometheus: on the machine itself, or with the access token. */
import { Hono } from 'hono';
import { isLoopback } from '../platform/addresses.ts';
import { isSameSecret } from '../platform/secrets.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';

export function metricsRoutes({ telemetry, accessToken }: HttpContext): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get('/metrics', async (context) => {
    const address = context.env?.incoming?.socket.remoteAddress;
    if (!hasToken(context.req.raw, accessToken) && !isLocal(context.req.raw, address)) {
      telemetry.requestRefused(403);
      return context.json({ code: 'not_allowed', message: 'The metrics are for those who run the server.' }, 403);
    }
    return context.text(await telemetry.metrics(), 200, {
      'Content-Type': telemetry.metricsContentType,
      'Cache-Control': 'no-store',
    });
  });
}

function hasToken({ headers }: Request, accessToken: string | undefined): boolean {
  const [, given] = /^Bearer (.+)$/i.exec(headers.get('Authorization') ?? '') ?? [];
  return accessToken !== undefined && given !== undefined && isSameSecret(given, accessToken);
}

const proxyHeaders = ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via'];

/**
 * Behind a proxy on the same machine every request comes from a local address, so a forwarded one does not count as local. A proxy that
 * sends no such header still passes on the name that it is reached by, which is no loopback name.
 */
function isLocal({ headers, url }: Request, address = ''): boolean {
  const { hostname } = new URL(url);
  return (
    isLoopback(address.replace(/^::ffff:/, '')) &&
    isLoopback(hostname.replace(/^\[|\]$/g, '')) &&
    proxyHeaders.every((name) => !headers.has(name))
  );
}
