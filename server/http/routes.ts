/** Every HTTP route, with the headers that they all share. */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Config } from '../config.ts';
import type { Journal } from '../platform/telemetry.ts';
import type { Sessions } from '../session/sessions.ts';
import { healthRoutes } from './health-routes.ts';
import { imageRoutes } from './image-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { nothingIn } from './not-found.ts';
import { pageRoutes } from './page-routes.ts';
import { socketRoutes } from './socket.ts';

export interface RoutesContext {
  readonly config: Config;
  readonly sessions: Sessions;
  /** Where the built page is. */
  readonly builtFolder: string;
  readonly isReady: () => boolean;
  readonly journal: Journal;
}

export function routes(parts: RoutesContext): Hono {
  const { config, builtFolder, isReady, journal } = parts;
  const nothing = nothingIn(builtFolder, config.allowedOrigins);
  const app = new Hono();
  app.use(withCommonHeaders);
  app.route('/', healthRoutes(isReady));
  app.route('/', metricsRoutes(journal, config.accessToken));
  app.route('/', imageRoutes(parts, nothing));
  app.route('/', socketRoutes(journal));
  app.route('/', pageRoutes(builtFolder, config.allowedOrigins));
  app.notFound((context) => nothing(context, 'not_found', 'There is nothing here.'));
  app.onError((err, context) => {
    journal.fault(err, 'a request could not be answered');
    return context.json({ code: 'fault', message: 'Something went wrong on the server.' }, 500);
  });
  return app;
}

/** On every answer, refusals included. */
export const commonHeaders = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' } as const;

const withCommonHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(commonHeaders)) context.res.headers.set(name, value);
};
