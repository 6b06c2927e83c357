/** Answers HTTP requests: those that were meant for this server by their route, all others with 421. */
import type { RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { hostOf, isAllowedHost } from '../platform/hosts.ts';
import { commonHeaders, type RoutesContext, routes } from './routes.ts';

/** The host is looked at before there is a route (rule S1): without a usable one the adapter would answer 400 by itself. */
export function listener(context: RoutesContext): RequestListener {
  const { config, journal } = context;
  const answer = getRequestListener(routes(context).fetch, { overrideGlobalObjects: false });
  return (request, response) => {
    if (isAllowedHost(hostOf(request), config.allowedHosts)) return answer(request, response);
    journal.requestRefused(421, {
      message: 'host refused: add it to PROOFROOM_ALLOWED_HOSTS to be reached by that name',
    });
    return refuse(response);
  };
}

const refusal = JSON.stringify({ code: 'host_not_allowed', message: 'This server does not answer to that name.' });

/** Closes the connection too, so that a body that is still on its way is not read. */
function refuse(response: ServerResponse): void {
  const length = Buffer.byteLength(refusal);
  const own = { 'Content-Type': 'application/json', 'Content-Length': length, Connection: 'close' };
  response.writeHead(421, { ...commonHeaders, ...own }).end(refusal);
}
