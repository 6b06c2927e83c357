/** Answers with 404: a page for a person who followed a link, JSON for a program. */
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { HttpContext } from './http-context.ts';
import { contentSecurityPolicy, isolationHeaders, withRelativePaths } from './page-routes.ts';

/** `code` and `message` are for programs. */
export type NotFound = (context: Context, code: string, message: string) => Response;

export function createNotFound({ files, allowedOrigins }: HttpContext): NotFound {
  return (context, code, message) => {
    context.header('Vary', 'Accept');
    const supports = ['application/json', 'text/html'];
    const page = files.get('page/not-found.html');
    // A client that accepts anything, such as `curl`, is most likely a program.
    const type = accepts(context, { header: 'Accept', supports, default: 'application/json' });
    if (type === 'application/json' || !page) return context.json({ code, message }, 404);
    for (const [name, value] of Object.entries(isolationHeaders(allowedOrigins))) context.header(name, value);
    context.header('Content-Security-Policy', contentSecurityPolicy(allowedOrigins));
    context.header('Cache-Control', 'no-cache');
    return context.html(new TextDecoder().decode(withRelativePaths(page, context.req.path).bytes), 404);
  };
}
