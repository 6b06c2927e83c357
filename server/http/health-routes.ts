/** Whether the process lives, and whether it takes new work. */
import { Hono } from 'hono';
import type { HttpContext } from './http-context.ts';

export function healthRoutes({ isReady }: Pick<HttpContext, 'isReady'>): Hono {
  return new Hono()
    .get('/healthz', (context) => context.json({ status: 'ok' }))
    .get('/readyz', (context) =>
      isReady() ? context.json({ status: 'ready' }) : context.json({ status: 'draining' }, 503),
    );
}

export const isHealthPath = (url = ''): boolean => /^\/(?:healthz|readyz)(?:\?|$)/.test(url);
