/** The counts, for those who run the server: over loopback, or with the access token. */
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { isLoopback } from '../hosts.ts';
import type { Journal } from '../journal.ts';
import { sameSecret } from '../secrets.ts';

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
  const [, given] = /^Bearer (.+)$/.exec(context.req.header('Authorization') ?? '') ?? [];
  return accessToken !== undefined && given !== undefined && sameSecret(given, accessToken);
}

/** Behind a proxy on the same machine everybody would look local, so what was forwarded is not. */
function isLocal(context: Context): boolean {
  const address = getConnInfo(context).remote.address ?? '';
  return context.req.header('X-Forwarded-For') === undefined && isLoopback(address.replace(/^::ffff:/, ''));
}
