/** The address of the WebSocket, for whoever comes there without asking for one: upgrades themselves never get this far. */
import { Hono } from 'hono';
import type { Journal } from '../platform/telemetry.ts';

export function socketRoutes(journal: Journal): Hono {
  return new Hono().get('/ws', (context) => {
    // Browsers show what a proxy has lost on the way only as code 1006.
    journal.requestRefused(426, {
      message:
        'a request for /ws asked for no WebSocket: a proxy before this server has to pass on Upgrade and Connection',
    });
    context.header('Upgrade', 'websocket');
    return context.json({ code: 'upgrade_required', message: 'This address is for WebSockets alone.' }, 426);
  });
}
