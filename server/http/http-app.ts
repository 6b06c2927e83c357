/** The HTTP door: every route, the headers they share, and the check of the host. */
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import type { RequestHeaders } from '../platform/addresses.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { healthRoutes, isHealthPath } from './health-routes.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';
import { imageRoutes } from './image-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { createNotFound } from './not-found.ts';
import { pageRoutes } from './page-routes.ts';

export function createHttpApp(context: HttpContext): Hono<HttpEnv> {
  const { telemetry } = context;
  const notFound = createNotFound(context);
  const app = new Hono<HttpEnv>();
  app.use(sharedHeaders);
  app.route('/', healthRoutes(context));
  app.use(hostCheck(context));
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

/** The app for Node's HTTP server. */
export function createListener(fetch: Hono<HttpEnv>['fetch'], context: HttpContext): RequestListener {
  const { addresses, limits, telemetry } = context;
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  /** Requests of each connection that are not answered yet. */
  const pending = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // A connection that was closed below may have sent further requests in the same chunk.
    if (socket.destroyed) return;
    const count = (pending.get(socket) ?? 0) + 1;
    // Some 40 bytes make a request, and its answer takes kilobytes for as long as nobody reads it.
    if (count > limits.REQUESTS_PER_HTTP_CONNECTION) {
      telemetry.requestRefused(429);
      return void socket.destroy();
    }
    pending.set(socket, count);
    response.once('close', () => pending.set(socket, (pending.get(socket) ?? 1) - 1));
    // A load balancer may ask for the health by any name, or by none as HTTP/1.0 does.
    if (isHealthPath(request.url)) request.headers.host = 'localhost';
    // Checked before the adapter sees the request: the adapter answers 400 by itself where it can't read the host.
    else if (!addresses.isAllowedHost(request)) return refuseHost(response, telemetry);
    return void listener(request, response);
  };
}

/** For programs that call `fetch` and not the listener; one that hands on Node's request as well has it checked in full. */
function hostCheck({ addresses, telemetry }: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const { incoming = requestHeaders(context.req.raw) } = context.env ?? {};
    if (!addresses.isAllowedHost(incoming)) {
      telemetry.requestRefused(421, hostHint);
      return context.json(hostRefusal, 421);
    }
    await next();
    return undefined;
  };
}

/** As Node would show them. */
function requestHeaders({ headers }: Request): RequestHeaders {
  const entries = [...headers];
  return {
    headers: Object.fromEntries(entries),
    headersDistinct: Object.fromEntries(entries.map(([name, value]) => [name, [value]])),
  };
}

const hostHint = { message: 'host refused: add it to PROOFROOM_ALLOWED_HOSTS to be reached by that name' };
const hostRefusal = { code: 'host_not_allowed', message: 'This server does not answer to that name.' };

/** Closing the connection spares the server the request's body. */
function refuseHost(response: ServerResponse, telemetry: Telemetry): void {
  telemetry.requestRefused(421, hostHint);
  const body = JSON.stringify(hostRefusal);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  response.writeHead(421, { ...sharedHeaderValues, ...headers }).end(body);
}

const sharedHeaderValues = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' } as const;

/** On every answer, refusals included. */
const sharedHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(sharedHeaderValues)) context.res.headers.set(name, value);
};
