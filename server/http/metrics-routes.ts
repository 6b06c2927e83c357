/** The counts, for those who run the server: over loopback, or with the access token. */
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { isLoopback } from '../platform/hosts.ts';
import { sameSecret } from '../platform/secrets.ts';
import type { Journal } from '../platform/telemetry.ts';

export function metricsRoutes(journal: Journal, accessToken: string | undefined): Hono {
  return new Hono().get('/metrics', async (context) => {
    if (!hasToken(context, accessToken) && !isLocal(context)) {
      journal.requestRefused(403);
      return context.json({ code: 'not_allowed', message: 'The metrics are for those who run the server.' }, 403);
    }
    const { metrics } = journal;
    return context.text(await metrics.text(), 200, {
      'Content-Type': metrics.contentType,
      'Cache-Control': 'no-store',
    });
  });
}

function hasToken(context: Context, accessToken: string | undefined): boolean {
  const [, given] = /^Bearer (.+)$/i.exec(context.req.header('Authorization') ?? '') ?? [];
  return accessToken !== undefined && given !== undefined && sameSecret(given, accessToken);
}

const proxyHeaders = ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via'];

/**
 * Behind a proxy on the same machine everybody would look local, so what was forwarded is not. Proxies need not say that they are
 * one, but the name they are reached by is no name of this machine for itself.
 */
function isLocal(context: Context): boolean {
  const address = getConnInfo(context).remote.address ?? '';
  const { hostname } = new URL(context.req.url);
  return (
    isLoopback(address.replace(/^::ffff:/, '')) &&
    isLoopback(hostname.replace(/^\[|\]$/g, '')) &&
    proxyHeaders.every((name) => context.req.header(name) === undefined)
  );
}
