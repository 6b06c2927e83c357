/** Every HTTP route, behind the checks and headers that they all share. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Config } from '../config.ts';
import { isAllowedHost } from '../hosts.ts';
import type { Journal } from '../journal.ts';
import type { Sessions } from '../session/sessions.ts';
import { healthRoutes } from './health.ts';
import { imageRoutes } from './images.ts';
import { metricsRoutes } from './metrics.ts';
import { pageRoutes } from './page.ts';

export interface RoutesContext {
  readonly config: Config;
  readonly sessions: Sessions;
  /** Where the built page is. */
  readonly builtFolder: string;
  readonly isReady: () => boolean;
  readonly journal: Journal;
}

export function routes({ config, sessions, builtFolder, isReady, journal }: RoutesContext): Hono {
  const { allowedHosts, allowedOrigins } = config;
  const app = new Hono();
  app.use(commonHeaders);
  app.use(async (context, next) => {
    if (isAllowedHost(context.req.header('Host'), allowedHosts)) return next();
    journal.requestRefused(421);
    journal.log.warn('host refused: add it to PROOFROOM_ALLOWED_HOSTS to be reached by that name');
    return context.json({ code: 'host_not_allowed', message: 'This server does not answer to that name.' }, 421);
  });
  app.route('/', healthRoutes(isReady));
  app.route('/', metricsRoutes(journal, config.accessToken));
  app.route('/', imageRoutes(sessions, allowedOrigins));
  app.route('/', pageRoutes(builtFolder, allowedOrigins));
  app.notFound((context) => context.json({ code: 'not_found', message: 'There is nothing here.' }, 404));
  app.onError((err, context) => {
    journal.fault(err, 'a request could not be answered');
    return context.json({ code: 'fault', message: 'Something went wrong on the server.' }, 500);
  });
  return app;
}

/** On every answer, refusals included. */
const commonHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  context.res.headers.set('X-Content-Type-Options', 'nosniff');
  context.res.headers.set('Referrer-Policy', 'no-referrer');
};
