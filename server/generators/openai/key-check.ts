/** Whether a service accepts the key and has the models: asked once, when the server starts. */
import { APIError } from 'openai';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { GenerationFailed } from '../generator.ts';
import { failureOf } from './failures.ts';
import { type OpenAIAccess, openAIClient } from './openai-client.ts';
import { lacksPermission } from './refusals.ts';
import type { Service } from './service.ts';
import { UpstreamWatch } from './upstream-watchdog.ts';

export type KeyVerdict =
  | { readonly verdict: 'ok' }
  /** The failure's message is a sentence for people, as ever. */
  | { readonly verdict: 'refused'; readonly failure: GenerationFailed }
  /** Nothing to worry about: no answer in time, or a compatible server without a list of models. */
  | { readonly verdict: 'unknown' };

const CHECK_MS = 10_000;
const CHECK_BYTES = 1024 * 1024;

/** Asks, without cost, whether the key is accepted and the models exist. Never rejects; takes at most 10 seconds. */
export async function checkKey(
  access: OpenAIAccess,
  service: Service,
  clock: Pick<Clock, 'now' | 'after'> = systemClock,
): Promise<KeyVerdict> {
  const limits = { UPSTREAM_SILENCE_MS: CHECK_MS, UPSTREAM_TOTAL_MS: CHECK_MS, UPSTREAM_STREAM_BYTES: CHECK_BYTES };
  const names = [service.imageModel, service.model].filter((name) => name !== undefined);
  if (names.length === 0) return { verdict: 'unknown' };
  const watch = new UpstreamWatch(new AbortController().signal, limits, clock);
  try {
    const { models } = openAIClient(access, watch);
    for (const name of names) {
      const model: unknown = await models.retrieve(name, { signal: watch.signal });
      if (typeof model !== 'object') return { verdict: 'unknown' };
    }
    return { verdict: 'ok' };
  } catch (error) {
    const failure = failureOf(error, service, clock.now());
    return isCertain(error, failure) ? { verdict: 'refused', failure } : { verdict: 'unknown' };
  } finally {
    watch.dispose();
  }
}

/** A key may well draw without the permission to read models, and a busy service says nothing of the key. */
function isCertain(error: unknown, { code }: GenerationFailed): boolean {
  if (!(error instanceof APIError)) return error instanceof GenerationFailed;
  if (lacksPermission(error.message)) return false;
  return (
    code === 'invalid_api_key' ||
    code === 'not_verified' ||
    code === 'quota_exceeded' ||
    error.code === 'model_not_found'
  );
}
