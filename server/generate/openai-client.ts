/** A connection to OpenAI, or to what OPENAI_BASE_URL names, that is watched over. */
import OpenAI from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import { failures } from './openai-failures.ts';
import type { UpstreamWatch } from './upstream-watch.ts';

export interface OpenAIAccess {
  readonly apiKey: string;
  /** OPENAI_BASE_URL, or else OpenAI itself, when absent. */
  readonly baseURL?: string;
}

/** Undici gives up a silent stream after 300 s by itself; the watch is the one place that decides when. */
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

/** The SDK's timeout ends at the headers, so it is set out of the way: the longest that a timer can hold. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * A client for one request under `watch`. It retries nothing and logs nothing: OPENAI_LOG could make it log prompts.
 * @throws {GenerationFailed} when the key can't stand in a header; the header's own error would quote it (rule S3)
 */
export function openAIClient({ apiKey, baseURL }: OpenAIAccess, watch: UpstreamWatch): OpenAI {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw failures.unusableKey();
  return new OpenAI({
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    fetch: async (input, { method = 'GET', headers, body, signal } = {}) => {
      const url = input instanceof Request ? input.url : input;
      // All that is asked here has a JSON text for a body, or none. The headers are copied because undici knows only its own.
      const text = typeof body === 'string' ? body : null;
      const ownHeaders = [...new Headers(headers)];
      const response = await undiciFetch(url, {
        method,
        headers: ownHeaders,
        body: text,
        signal: signal ?? null,
        dispatcher: agent,
      });
      return watch.guard(response);
    },
  });
}
