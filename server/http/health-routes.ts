/** Whether the process lives, and whether it takes new work. */
import { Hono } from 'hono';

export function healthRoutes(isReady: () => boolean): Hono {
  return new Hono()
    .get('/healthz', (context) => context.json({ status: 'ok' }))
    .get('/readyz', (context) =>
      isReady() ? context.json({ status: 'ready' }) : context.json({ status: 'draining' }, 503),
    );
}
