/** The page, its assets, and the script that other people's pages embed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import type { HttpContext } from './http-context.ts';

export function pageRoutes({ builtFolder, allowedOrigins }: HttpContext): Hono {
  const page = async (context: Context) => {
    const html = await readFile(join(builtFolder, 'page/index.html'), 'utf8');
    return context.html(withRelativePaths(html, context.req.path));
  };
  const pagePolicy = headers({
    'Content-Security-Policy': contentSecurityPolicy(allowedOrigins),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  });
  // Other origins load the script: as a script, as a module, and from pages that isolate themselves.
  const embedPolicy = headers({
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'no-cache',
  });
  return (
    new Hono()
      .get('/embed.js', embedPolicy, revalidated, serveStatic({ path: join(builtFolder, 'embed.js') }))
      .get('/assets/*', headers({ 'Cache-Control': 'public, max-age=31536000, immutable' }))
      // For every route below: the page's file can also be reached as `/index.html`, and by other spellings of it.
      .get('*', pagePolicy)
      .get('/', revalidated, page)
      .get('/s/:sessionId', revalidated, page)
      .get('*', serveStatic({ root: join(builtFolder, 'page') }))
  );
}

/** The built pages name their assets relative to the root of the app (`./`). From a deeper path that is one or more levels up. */
export function withRelativePaths(html: string, path: string): string {
  const levels = path.split('/').length - 2;
  return levels <= 0 ? html : html.replaceAll('="./', `="${'../'.repeat(levels)}`);
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

/** Answers 304 to a client that has the file. The tag is that of the whole file, so a request for a range goes without. */
const tagged = etag();
const revalidated: MiddlewareHandler = (context, next) =>
  context.req.header('Range') === undefined ? tagged(context, next) : next();

/** Sets headers on what the route serves, but on no refusal. */
function headers(values: Readonly<Record<string, string>>): MiddlewareHandler {
  return async (context, next) => {
    await next();
    if (context.res.status >= 400) return;
    for (const [name, value] of Object.entries(values)) context.res.headers.set(name, value);
  };
}
