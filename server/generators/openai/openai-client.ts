/** Requests to OpenAI, or to the server that OPENAI_BASE_URL names: each has a client and a watchdog of its own. */
import OpenAI from 'openai';
import { fetch as undiciFetch } from 'undici';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { GenerationFailed } from '../generator.ts';
import { failure } from './failures.ts';
import { dispatcherFor, type ProxySettings } from './proxy.ts';
import type { Service } from './service.ts';
import { failureOf } from './thrown-errors.ts';
import { UpstreamWatchdog, type WatchdogLimits } from './upstream-watchdog.ts';

export interface OpenAIAccess {
  readonly apiKey: string;
  /** If absent, the environment's OPENAI_BASE_URL, or else OpenAI itself. */
  readonly baseURL?: string;
  /** If absent, the service is reached directly. */
  readonly proxy?: ProxySettings;
}

export interface RequestOptions extends OpenAIAccess {
  readonly limits: WatchdogLimits;
  readonly clock?: Pick<Clock, 'now' | 'monotonic' | 'after'>;
}

/**
 * Makes one request: passes `request` a client and the signal that its calls must take.
 * @throws {GenerationFailed} for every failure but an abort; that with which `caller` is aborted, if it is with one
 * @throws {DOMException} `AbortError` when `caller` is aborted with any other reason
 */
export async function makeRequest<Result>(
  { limits, clock = systemClock, ...access }: RequestOptions,
  service: Service,
  caller: AbortSignal,
  request: (client: OpenAI, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const watchdog = new UpstreamWatchdog(caller, service, limits, clock);
  const { signal } = watchdog;
  const startedAt = clock.monotonic();
  try {
    return await request(createClient(access, service, watchdog), signal);
  } catch (error) {
    if (caller.aborted && !(caller.reason instanceof GenerationFailed)) {
      throw new DOMException('The generation was aborted.', 'AbortError');
    }
    // When the watchdog ends the request, the SDK only throws that the stream broke off.
    throw failureOf(signal.aborted ? signal.reason : error, service, clock.now(), clock.monotonic() - startedAt);
  } finally {
    watchdog.dispose();
  }
}

/** The SDK's timeout covers only the headers, so it is set to the longest that a timer can hold. */
const NEVER_MS = 2 ** 31 - 1;

/** Retries nothing, and logs nothing: OPENAI_LOG could make the SDK log prompts. */
function createClient({ apiKey, baseURL, proxy }: OpenAIAccess, service: Service, watchdog: UpstreamWatchdog): OpenAI {
  // The error that such a key raises in a header would quote it (rule S3).
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw failure('unusable_key', service);
  return new OpenAI({
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    // Given a `Response`, the SDK need not make a request to find out whether `fetch` can send forms.
    fetch: Object.assign(watchedFetch(watchdog, proxy), { Response }),
  });
}

function watchedFetch(watchdog: UpstreamWatchdog, proxy: ProxySettings | undefined) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET' } = init;
    const { body, headers } = await encodeBody(init);
    const response = await undiciFetch(input instanceof Request ? input.url : input, {
      method,
      headers: [...headers],
      body,
      // Also while the body of the answer is read, which the SDK has no part in.
      signal: watchdog.signal,
      dispatcher: dispatcherFor(proxy),
      // Prompts and images go only to the address that was configured.
      redirect: 'manual',
    });
    return watchdog.guard(response);
  };
}

/** The `undici` package doesn't accept the platform's forms and headers, so it gets bytes and pairs. */
async function encodeBody({ body, headers: given }: RequestInit) {
  const headers = new Headers(given);
  if (typeof body === 'string' || !body) return { body: body ?? null, headers };
  const form = new Response(body);
  const contentType = form.headers.get('content-type');
  if (contentType !== null) headers.set('content-type', contentType);
  return { body: await form.bytes(), headers };
}
