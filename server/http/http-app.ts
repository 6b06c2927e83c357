/** The HTTP door: every route, the headers they share, and the check of the host. */
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { hostOf, isAllowedHost } from '../platform/addresses.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { healthRoutes } from './health-routes.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';
import { imageRoutes } from './image-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { createNotFound } from './not-found.ts';
import { pageRoutes } from './page-routes.ts';

export function createHttpApp(context: HttpContext): Hono<HttpEnv> {
  const { telemetry } = context;
  const notFound = createNotFound(context);
  const app = new Hono<HttpEnv>();
  app.use(sharedHeaders, hostCheck(context));
  app.route('/', healthRoutes(context));
  app.route('/', metricsRoutes(context));
  app.route('/', imageRoutes(context, notFound));
  app.get('/ws', (request) => {
    // An upgrade never gets this far. Browsers show a proxy that drops it only as close code 1006, so the log names the setting.
    telemetry.requestRefused(426, {
      message:
        'a request for /ws asked for no WebSocket: a proxy before this server has to pass on Upgrade and Connection',
    });
    request.header('Upgrade', 'websocket');
    return request.json({ code: 'upgrade_required', message: 'This address is for WebSockets alone.' }, 426);
  });
  app.route('/', pageRoutes(context));
  app.notFound((request) => notFound(request, 'not_found', 'There is nothing here.'));
  app.onError((error, request) => {
    telemetry.fault(error, 'a request could not be answered');
    return request.json({ code: 'fault', message: 'Something went wrong on the server.' }, 500);
  });
  return app;
}

/**
 * The app for Node's HTTP server. The host is checked before the adapter sees the request: the adapter answers 400 by itself where it
 * can't read one.
 */
export function createListener(
  fetch: Hono<HttpEnv>['fetch'],
  { allowedHosts, telemetry }: HttpContext,
): RequestListener {
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  return (request, response) => {
    if (isAllowedHost(hostOf(request), allowedHosts)) return void listener(request, response);
    refuseHost(telemetry);
    const body = JSON.stringify(hostRefusal);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    };
    // Closing the connection spares the server the request's body.
    return void response.writeHead(421, { ...sharedHeaderValues, ...headers }).end(body);
  };
}

/** A foreign name could have been pointed at this server (DNS rebinding, rule S1). */
function hostCheck({ allowedHosts, telemetry }: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (request, next) => {
    const { incoming } = request.env ?? {};
    if (!isAllowedHost(incoming ? hostOf(incoming) : request.req.header('Host'), allowedHosts)) {
      refuseHost(telemetry);
      return request.json(hostRefusal, 421);
    }
    await next();
    return undefined;
  };
}

const hostRefusal = { code: 'host_not_allowed', message: 'This server does not answer to that name.' };

function refuseHost(telemetry: Telemetry): void {
  telemetry.requestRefused(421, {
    message: 'host refused: add it to PROOFROOM_ALLOWED_HOSTS to be reached by that name',
  });
}

const sharedHeaderValues = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' } as const;

/** On every answer, refusals included. */
const sharedHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(sharedHeaderValues)) context.res.headers.set(name, value);
};
