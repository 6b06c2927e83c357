/** Metrics for Prometheus, for those who know a token (rule S2). */
import { Hono } from 'hono';
import { isSameSecret } from '../platform/secrets.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';

export function metricsRoutes({ sessions, telemetry, metricsTokens, addresses }: HttpContext): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get('/metrics', async (context) => {
    const given = /^Bearer (.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1];
    if (given !== undefined && metricsTokens.some((token) => isSameSecret(given, token))) {
      return context.text(await telemetry.metrics(), 200, {
        'Content-Type': telemetry.metricsContentType,
        'Cache-Control': 'no-store',
      });
    }
    const { incoming } = context.env ?? {};
    if (given !== undefined && !sessions.countWrongSecret(incoming ? addresses.clientOf(incoming) : '')) {
      telemetry.requestRefused(429);
      return context.json({ code: 'rate_limited', message: 'Too many wrong tokens came from this address.' }, 429);
    }
    telemetry.requestRefused(403);
    const message =
      metricsTokens.length > 0
        ? 'The metrics need "Authorization: Bearer" and the token for metrics, or the access token.'
        : 'The metrics need PROOFROOM_METRICS_TOKEN, which is not set.';
    return context.json({ code: 'not_allowed', message }, 403);
  });
}
