/** Whether the process lives, and whether it takes new work. */
import { Hono } from 'hono';
import type { HttpContext } from './http-context.ts';

export function healthRoutes({ readiness }: Pick<HttpContext, 'readiness'>): Hono {
  return new Hono()
    .get('/healthz', (context) => context.json({ status: 'ok' }))
    .get('/readyz', (context) => {
      const status = readiness();
      return context.json({ status }, status === 'ready' ? 200 : 503);
    });
}

export const isHealthPath = (url = ''): boolean => /^\/(?:healthz|readyz)(?:\?|$)/.test(url);
