/** Answers with 404: a page for a person who followed a link, JSON for a program. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { HttpContext } from './http-context.ts';
import { contentSecurityPolicy, withRelativePaths } from './page-routes.ts';

/** `code` and `message` are for programs. */
export type NotFound = (context: Context, code: string, message: string) => Promise<Response>;

export function createNotFound({ builtFolder, allowedOrigins }: HttpContext): NotFound {
  const page = join(builtFolder, 'page/not-found.html');
  return async (context, code, message) => {
    context.header('Vary', 'Accept');
    const supports = ['application/json', 'text/html'];
    // A client that accepts anything, such as `curl`, is most likely a program.
    if (accepts(context, { header: 'Accept', supports, default: 'application/json' }) === 'application/json') {
      return context.json({ code, message }, 404);
    }
    context.header('Content-Security-Policy', contentSecurityPolicy(allowedOrigins));
    context.header('Cache-Control', 'no-cache');
    return context.html(withRelativePaths(await readFile(page, 'utf8'), context.req.path), 404);
  };
}
