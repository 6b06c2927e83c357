/** Maps what the SDK and the network throw to failures of ours. */
import { APIConnectionError, APIError } from 'openai';
import { GenerationFailed } from '../generator.ts';
import { failure, maybeDrawn } from './failures.ts';
import { parseRefusal, refused } from './refusals.ts';
import type { Service } from './service.ts';

/** Codes of connections that broke before the request was sent, perhaps at a proxy: the service can't have drawn anything. */
const neverConnected: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_ABORTED',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_PRX_TLS',
];

/**
 * Judges what was thrown while a request was made or its answer was read.
 * @param now in milliseconds since the epoch
 * @param sentForMs how long ago the request was sent, in milliseconds
 */
export function failureOf(error: unknown, service: Service, now: number, sentForMs = 0): GenerationFailed {
  if (error instanceof GenerationFailed) return error;
  if (error instanceof APIConnectionError) {
    const detail = transportDetail(error);
    return failure(
      'unreachable',
      service,
      detail,
      neverConnected.includes(detail) ? {} : maybeDrawn(service, sentForMs),
    );
  }
  if (error instanceof APIError) {
    const { status, requestID: requestId, headers } = error;
    const refusal = { ...parseRefusal(error.error), status, requestId, retryAfterMs: retryAfterOf(headers, now) };
    return refused(refusal, service, sentForMs);
  }
  // The SDK doesn't wrap these: undici's `TypeError: terminated` of a cut socket, and the JSON of an answer that broke off. A TypeError
  // without a cause is a mistake in this program, and trying again would only cost money.
  const isCut = error instanceof SyntaxError || (error instanceof TypeError && error.cause !== undefined);
  if (isCut) return failure('cut', service, transportDetail(error), maybeDrawn(service, sentForMs));
  return failure('unexpected', service, error instanceof Error ? `unexpected ${safeWord(error.name)}` : 'unexpected');
}

/** The system's code of a broken connection, such as `ECONNRESET`, from anywhere in the chain of causes. */
function transportDetail(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return 'no details';
  if ('code' in error && typeof error.code === 'string') return safeWord(error.code);
  return error.cause === undefined ? safeWord(error.name) : transportDetail(error.cause, depth + 1);
}

/** A word that may be logged. Anything else could be a text of the service. */
export const safeWord = (text: string): string => /^[A-Za-z][\w./+]{0,63}$/.exec(text)?.[0] ?? 'something unnamed';

/**
 * The shortest wait that an answer asks for, in milliseconds.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date. OpenAI also sends `retry-after-ms`.
 */
function retryAfterOf(headers: Headers | undefined, now: number): number | undefined {
  const ms = numberOf(headers?.get('retry-after-ms'));
  if (ms !== undefined) return ms;
  const text = headers?.get('retry-after');
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = Date.parse(text ?? '');
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const numberOf = (text: string | null | undefined): number | undefined =>
  text && /^\s*\d{1,12}(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
