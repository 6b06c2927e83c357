/** A connection to OpenAI, or to what OPENAI_BASE_URL names, that is watched over. */
import OpenAI from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import { failuresOf } from './failures.ts';
import { openAI } from './service.ts';
import type { UpstreamWatch } from './upstream-watchdog.ts';

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
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw failuresOf(openAI).unusableKey();
  return new OpenAI({
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    // With its `Response` at hand, the SDK need not find out by a request of its own whether forms can be sent.
    fetch: Object.assign(watchedFetch(watch), { Response }),
  });
}

function watchedFetch(watch: UpstreamWatch) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', signal } = init;
    const { body, headers } = await encoded(init);
    const response = await undiciFetch(input instanceof Request ? input.url : input, {
      method,
      headers: [...headers],
      body,
      signal: signal ?? null,
      dispatcher: agent,
      // Where the service sends its callers is not where its owner said that prompts and images may go.
      redirect: 'manual',
    });
    return watch.guard(response);
  };
}

/** The package undici knows only its own forms and headers, not those of the platform: it gets bytes and pairs. */
async function encoded({ body, headers: given }: RequestInit) {
  const headers = new Headers(given);
  if (typeof body === 'string' || !body) return { body: body ?? null, headers };
  const form = new Response(body);
  const contentType = form.headers.get('content-type');
  if (contentType !== null) headers.set('content-type', contentType);
  return { body: await form.bytes(), headers };
}
