/** Checks, when the server starts, whether the service accepts the key and has the models. */
import type OpenAI from 'openai';
import { APIError } from 'openai';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { GenerationFailed } from '../generator.ts';
import { makeRequest, type OpenAIAccess } from './openai-client.ts';
import { lacksPermission } from './refusals.ts';
import type { Service } from './service.ts';
import { failureOf } from './thrown-errors.ts';

export type KeyVerdict =
  | { readonly verdict: 'ok' }
  | { readonly verdict: 'refused'; readonly failure: GenerationFailed }
  /** No answer in time, or one that says nothing about the key, such as that of a compatible server without a list of models. */
  | { readonly verdict: 'unknown' };

const CHECK_MS = 10_000;
const CHECK_BYTES = 1024 * 1024;
const limits = { UPSTREAM_SILENCE_MS: CHECK_MS, UPSTREAM_STREAM_BYTES: CHECK_BYTES };

/** Asks, at no cost, for the descriptions of the models. Never rejects. Takes at most 10 seconds. */
export async function checkKey(
  access: OpenAIAccess,
  service: Service,
  clock: Pick<Clock, 'now' | 'monotonic' | 'after'> = systemClock,
): Promise<KeyVerdict> {
  const names = [service.imageModel, service.api === 'responses' ? service.model : undefined];
  const check = async ({ models }: OpenAI, signal: AbortSignal): Promise<KeyVerdict> => {
    try {
      for (const name of names.filter((name) => name !== undefined)) {
        const model: unknown = await models.retrieve(name, { signal });
        if (typeof model !== 'object') return { verdict: 'unknown' };
      }
      return { verdict: 'ok' };
    } catch (error) {
      if (isConclusive(error, service)) throw error;
      return { verdict: 'unknown' };
    }
  };
  if (names.every((name) => name === undefined)) return { verdict: 'unknown' };
  const deadline = new AbortController();
  const cancelTimer = clock.after(CHECK_MS, () => deadline.abort());
  try {
    return await makeRequest({ ...access, limits, clock }, service, deadline.signal, check);
  } catch (error) {
    return error instanceof GenerationFailed ? { verdict: 'refused', failure: error } : { verdict: 'unknown' };
  } finally {
    cancelTimer();
  }
}

/** A key without the permission to read models may still be allowed to draw, and a busy service says nothing about the key. */
function isConclusive(error: unknown, service: Service): boolean {
  if (!(error instanceof APIError) || lacksPermission(error.message)) return false;
  const { code } = failureOf(error, service, 0);
  return (
    code === 'invalid_api_key' ||
    code === 'not_verified' ||
    code === 'quota_exceeded' ||
    error.code === 'model_not_found'
  );
}
