/** Failures that this server notices itself: no connection, a silence, an answer without an image. refusals.ts has those that the service reports. */
import type { GenerationErrorCode } from '../../../shared/model.ts';
import { GenerationFailed, inSeconds, inSentence, type Transient, UpstreamFault } from '../generator.ts';
import type { Service } from './service.ts';

/** How a failure is judged. */
export interface Verdict {
  readonly code: GenerationErrorCode;
  /** Whether the request is tried again: never, when a person sends it again, or automatically by `withRetries`. */
  readonly retry: 'never' | 'by a person' | 'automatic';
  /** The service certainly drew nothing, unless `mayBeDrawn` says otherwise. */
  readonly drewNothing?: boolean;
  /** A sentence for people. */
  readonly message: (service: Service) => string;
}

const verdicts = {
  unreachable: {
    code: 'network',
    retry: 'automatic',
    drewNothing: true,
    message: ({ name }) =>
      `${name} could not be reached. Check the network of this server, and OPENAI_BASE_URL and HTTPS_PROXY if they are set.`,
  },
  cut: {
    code: 'network',
    retry: 'automatic',
    message: ({ name }) => `The connection to ${inSentence(name)} broke before the image was complete. Ask again.`,
  },
  too_much_data: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) => `${name} sent more data than this server accepts for one image.`,
  },
  not_the_api: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) =>
      `What answered is not ${inSentence(name)}'s API. ` +
      `Check OPENAI_BASE_URL, and any proxy between this server and ${inSentence(name)}.`,
  },
  not_an_image: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) => `${name} sent something that is no PNG, JPEG or WebP image. Ask again.`,
  },
  damaged_image: {
    code: 'provider_error',
    retry: 'by a person',
    message: () => 'The image arrived incomplete or damaged. It may have been billed all the same. Ask again.',
  },
  image_too_big: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) =>
      `${name} sent an image of more bytes or pixels than this server takes. Ask for a smaller one.`,
  },
  only_an_address: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) =>
      `${name} sent the address of an image in place of the image, and this server fetches none. ` +
      'Set it up to answer with b64_json.',
  },
  no_image: {
    code: 'no_image',
    retry: 'by a person',
    message: ({ name }) =>
      `${name} answered without an image. Say more plainly in the prompt what to draw, and ask again.`,
  },
  unusable_key: {
    code: 'invalid_api_key',
    retry: 'never',
    drewNothing: true,
    message: () =>
      'The OpenAI API key holds a character that no key has. Correct OPENAI_API_KEY and restart the server.',
  },
  unexpected: {
    code: 'provider_error',
    retry: 'by a person',
    message: ({ name }) => `Asking ${inSentence(name)} failed for a reason that this server does not know.`,
  },
} as const satisfies Record<string, Verdict>;

export type FailureKind = keyof typeof verdicts;

/** `detail` goes to the log, so it holds no text of the service. */
export function failure(kind: FailureKind, service: Service, detail: string = kind, transient?: Transient) {
  return failed(verdicts[kind], service, detail, transient);
}

/** The service sent no byte for `silenceMs` milliseconds. */
export function silent(service: Service, silenceMs: number): GenerationFailed {
  const message = ({ name }: Service) =>
    `${name} sent nothing for ${inSeconds(silenceMs)}, so the try was given up. ` +
    `Whether ${inSentence(name)} drew and billed the image is not known. Ask again.`;
  return failed({ code: 'timeout', retry: 'automatic', message }, service, 'silence', maybeDrawn(service, silenceMs));
}

/** The Responses API streams events at once, so a request that fails sooner than any model draws has drawn nothing. */
export const FASTEST_DRAWING_MS = 5_000;

/**
 * Rule R10: a request that fails `sentForMs` after it was sent may have drawn the image. The Images API says nothing before its answer;
 * of the Responses API a gateway between may have held the events back.
 */
export const maybeDrawn = ({ api }: Service, sentForMs: number): Transient =>
  api === 'images' || sentForMs >= FASTEST_DRAWING_MS ? { mayBeDrawn: true } : {};

export function failed(
  { code, retry, drewNothing = false, message }: Verdict,
  service: Service,
  detail: string,
  transient: Transient = {},
): GenerationFailed {
  return new GenerationFailed(code, message(service), {
    retryable: retry !== 'never',
    ...(retry === 'automatic' && { transient }),
    mayBeBilled: !drewNothing || transient.mayBeDrawn === true,
    cause: new UpstreamFault(detail),
  });
}
