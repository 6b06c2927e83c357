/** Every way in which asking OpenAI, or a server that speaks like it, can fail, as a failure of ours. */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import type { GenerationErrorCode } from '../../../shared/model.ts';
import { GenerationFailed, UpstreamFault } from '../generator.ts';
import { refused } from './refusals.ts';
import { inSentence, type Service } from './service.ts';

/** Judges what was thrown while a request was made or its answer read; `now` is in milliseconds since the epoch. */
export function failureOf(error: unknown, service: Service, now: number, isEdit = false): GenerationFailed {
  const failures = failuresOf(service);
  if (error instanceof GenerationFailed) return error;
  if (error instanceof APIConnectionTimeoutError) return failures.unreachable('connect timeout');
  if (error instanceof APIConnectionError) return failures.unreachable(transportDetail(error));
  if (error instanceof APIError) {
    const { status, code, type, message, requestID: requestId, headers } = error;
    const retryAfterMs = retryAfterOf(headers, now);
    return refused({ status, code, type, message, requestId, retryAfterMs, isEdit }, service);
  }
  // Thrown raw by what reads the stream: the socket was cut, or the stream ended inside an event.
  if (error instanceof TypeError || error instanceof SyntaxError) return failures.cut(transportDetail(error));
  return failures.unknown(error instanceof Error ? `unexpected ${wordOf(error.name)}` : 'unexpected');
}

/** The failures that the service does not tell of. */
export function failuresOf({ name }: Pick<Service, 'name'>) {
  return {
    unreachable: (detail: string) =>
      own(
        'network',
        `${name} could not be reached. Check the network of this server, and OPENAI_BASE_URL if it is set.`,
        detail,
        'again',
      ),
    cut: (detail: string) =>
      own(
        'network',
        `The connection to ${inSentence(name)} broke before the image was complete. Ask again.`,
        detail,
        'again',
      ),
    silent: (seconds: number) =>
      own(
        'timeout',
        `${name} sent nothing for ${inWords.format(seconds)}, so the try was given up. Ask again.`,
        'silence',
        'again',
      ),
    endless: (seconds: number) =>
      own(
        'timeout',
        `${name} had not finished after ${inWords.format(seconds)}, so the try was given up. Ask again.`,
        'total time',
        'again',
      ),
    tooBig: () =>
      own('provider_error', `${name} sent more data than this server accepts for one image.`, 'stream too big'),
    notTheApi: (detail: string) =>
      own(
        'provider_error',
        `What answered is not ${inSentence(name)}'s API. ` +
          `Check OPENAI_BASE_URL, and any proxy between this server and ${inSentence(name)}.`,
        `answered with ${wordOf(detail)}`,
      ),
    notAnImage: () =>
      own('provider_error', `${name} sent something that is no PNG, JPEG or WebP image. Ask again.`, 'no image type'),
    imageTooBig: () =>
      own(
        'provider_error',
        `${name} sent an image of more bytes or pixels than this server takes. Ask for a smaller one.`,
        'image too big',
      ),
    onlyAnAddress: () =>
      own(
        'provider_error',
        `${name} sent the address of an image in place of the image, and this server fetches none. ` +
          'Set it up to answer with b64_json.',
        'an address',
      ),
    noImage: () =>
      own(
        'no_image',
        `${name} answered without an image. Say more plainly in the prompt what to draw, and ask again.`,
        'no image',
      ),
    unusableKey: () =>
      own(
        'invalid_api_key',
        'The OpenAI API key holds a character that no key has. Correct OPENAI_API_KEY and restart the server.',
      ),
    unknown: (detail: string) =>
      own('provider_error', `Asking ${inSentence(name)} failed for a reason that this server does not know.`, detail),
  };
}

function own(code: GenerationErrorCode, sentence: string, detail?: string, when?: 'again'): GenerationFailed {
  return new GenerationFailed(code, sentence, {
    retryable: code !== 'invalid_api_key',
    ...(when === 'again' && { transient: {} }),
    ...(detail !== undefined && { cause: new UpstreamFault(detail) }),
  });
}

/** The system's code for a broken connection, such as `ECONNRESET`, from wherever it stands in the chain of causes. */
function transportDetail(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return 'no details';
  if ('code' in error && typeof error.code === 'string') return wordOf(error.code);
  return error.cause === undefined ? wordOf(error.name) : transportDetail(error.cause, depth + 1);
}

const inWords = new Intl.NumberFormat('en', { style: 'unit', unit: 'second', unitDisplay: 'long' });

/** Only words of a known form reach a log: what the service sends could be anything. */
const wordOf = (text: string): string => /^[A-Za-z][\w./+]{0,63}$/.exec(text)?.[0] ?? 'something unnamed';

/**
 * The least wait that an answer asks for, in milliseconds.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date; the service also knows `retry-after-ms`.
 */
export function retryAfterOf(headers: Headers | undefined, now: number): number | undefined {
  const inMs = numberOf(headers?.get('retry-after-ms'));
  if (inMs !== undefined) return inMs;
  const text = headers?.get('retry-after');
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = Date.parse(text ?? '');
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const numberOf = (text: string | null | undefined): number | undefined =>
  text && /^\s*\d{1,12}(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
