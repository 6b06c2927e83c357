/** What is said where there is nothing: words on a page to a person who followed a link, JSON to programs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { contentSecurityPolicy } from './page-routes.ts';

/** Answers with 404: `code` and `message` are for programs. */
export type Nothing = (context: Context, code: string, message: string) => Promise<Response>;

export function nothingIn(builtFolder: string, allowedOrigins: readonly string[]): Nothing {
  const page = join(builtFolder, 'page/not-found.html');
  return async (context, code, message) => {
    context.header('Vary', 'Accept');
    const supports = ['application/json', 'text/html'];
    // Of what accepts anything, such as `curl`, most are programs.
    if (accepts(context, { header: 'Accept', supports, default: 'application/json' }) === 'application/json') {
      return context.json({ code, message }, 404);
    }
    context.header('Content-Security-Policy', contentSecurityPolicy(allowedOrigins));
    context.header('Cache-Control', 'no-cache');
    return context.html(await readFile(page, 'utf8'), 404);
  };
}
