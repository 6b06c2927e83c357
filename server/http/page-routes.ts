/** The page, its assets, and the one file that other people's pages embed. */
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';

/** `builtFolder` is where `npm run build` puts `page/` and `embed.js`. */
export function pageRoutes(builtFolder: string, allowedOrigins: readonly string[]): Hono {
  const page = serveStatic({ path: join(builtFolder, 'page/index.html') });
  const pagePolicy = headers({
    'Content-Security-Policy': contentSecurityPolicy(allowedOrigins),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  });
  // Other origins load this one: as a script, as a module, and from pages that isolate themselves.
  const embedPolicy = headers({
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'no-cache',
  });
  return (
    new Hono()
      .get('/embed.js', embedPolicy, revalidated, serveStatic({ path: join(builtFolder, 'embed.js') }))
      .get('/assets/*', headers({ 'Cache-Control': 'public, max-age=31536000, immutable' }))
      // The page's file has a name of its own, `/index.html`, and more spellings of it: the policy holds for all that follows.
      .get('*', pagePolicy)
      .get('/', revalidated, page)
      .get('/s/:sessionId', revalidated, page)
      .get('*', serveStatic({ root: join(builtFolder, 'page') }))
  );
}

/** No inline script or style, no eval, Trusted Types, and frames only for those who may embed (rule S5). */
export function contentSecurityPolicy(allowedOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    ["frame-ancestors 'self'", ...allowedOrigins].join(' '),
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ');
}

/** Whoever holds what the route serves is told so, and not sent it again. The tag is that of the whole, and no part's. */
const tagged = etag();
const revalidated: MiddlewareHandler = (context, next) =>
  context.req.header('Range') === undefined ? tagged(context, next) : next();

/** Sets headers on what the route serves; a refusal goes without. */
function headers(values: Readonly<Record<string, string>>): MiddlewareHandler {
  return async (context, next) => {
    await next();
    if (context.res.status >= 400) return;
    for (const [name, value] of Object.entries(values)) context.res.headers.set(name, value);
  };
}
