/**
 * What people read when a drawing fails: one row for each failure, and the sentences of a retry. Clients get a sentence in English, with
 * its row's name and parameters, from which they can word it in another language.
 */
import type {
  FailureDetail,
  GenerationError,
  GenerationErrorCode,
  RetryDetail,
  SentenceParameters,
} from '../../shared/model.ts';

/** How a failure is judged, and how it is told. */
interface Failure {
  readonly code: GenerationErrorCode;
  /** Whether the request is tried again: never, when a person sends it again, or automatically by `withRetries`. */
  readonly retry: 'never' | 'by a person' | 'automatic';
  /** `{service}` and the other parameters are filled in; `{Service}` begins a sentence. */
  readonly sentence: string;
}

export const failures = {
  moderation_picture: {
    code: 'moderation_blocked',
    retry: 'never',
    sentence: "The picture was refused by {service}'s safety system. Change the wording and ask again.",
  },
  moderation_prompt: {
    code: 'moderation_blocked',
    retry: 'never',
    sentence: "The prompt was refused by {service}'s safety system. Change the wording and ask again.",
  },
  moderation_request: {
    code: 'moderation_blocked',
    retry: 'never',
    sentence: "The request was refused by {service}'s safety system. Change the wording and ask again.",
  },
  no_credit: {
    code: 'quota_exceeded',
    retry: 'never',
    sentence:
      "The account at {service} has no credit left or has reached its spending limit. Whoever runs this server can add credit or raise the limit in the account's billing settings.",
  },
  unverified_organization: {
    code: 'not_verified',
    retry: 'never',
    sentence:
      "{Service} lets only verified organizations use the image model {imageModel}. Verify the organization in the account's organization settings, or set PROOFROOM_IMAGE_MODEL to a model that needs no verification.",
  },
  no_such_model: {
    code: 'provider_error',
    retry: 'never',
    sentence: '{Service} has no image model named {imageModel}. Correct PROOFROOM_IMAGE_MODEL and restart the server.',
  },
  no_such_models: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      '{Service} offers this API key no model named {model} or {imageModel}. Correct PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL and restart the server.',
  },
  key_lacks_permission: {
    code: 'invalid_api_key',
    retry: 'never',
    sentence:
      "The API key may not draw images. Allow it the {api} in the key's permissions, or set OPENAI_API_KEY to another key and restart the server.",
  },
  key_refused: {
    code: 'invalid_api_key',
    retry: 'never',
    sentence: '{Service} refused the API key. Set OPENAI_API_KEY to a valid key and restart the server.',
  },
  key_unusable: {
    code: 'invalid_api_key',
    retry: 'never',
    sentence: 'The OpenAI API key holds a character that no key has. Correct OPENAI_API_KEY and restart the server.',
  },
  region_unsupported: {
    code: 'provider_error',
    retry: 'never',
    sentence: '{Service} does not serve the country or region in which this server runs.',
  },
  proxy_sign_in: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      'A proxy asks this server to sign in. Put the name and the password into HTTPS_PROXY, as in http://name:password@proxy.example:3128, and restart the server.',
  },
  not_allowed: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      "{Service} does not allow this server to draw images. Check the API key's project and permissions in the account there.",
  },
  no_edits: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      "{Service} can't change an image that is there. Ask for a new one in other words; whoever runs this server can set PROOFROOM_REFINE=0.",
  },
  redirected: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      'The service sends its callers to another address. Correct OPENAI_BASE_URL, perhaps to https, and restart the server.',
  },
  no_such_api: {
    code: 'provider_error',
    retry: 'never',
    sentence: 'The service has no {api} at its address. Correct OPENAI_BASE_URL and restart the server.',
  },
  not_the_api: {
    code: 'provider_error',
    retry: 'by a person',
    sentence:
      "What answered is not {service}'s API. Check OPENAI_BASE_URL, and any proxy between this server and {service}.",
  },
  request_too_large: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      '{Service}, or a gateway or proxy between, takes no request of so many bytes. Start from a smaller image, or from one in the format jpeg or webp; whoever runs the gateway can raise its limit.',
  },
  rate_limited: {
    code: 'rate_limited',
    retry: 'automatic',
    sentence: '{Service} is busy, or this account asks too often. Wait a minute and ask again.',
  },
  wait_minutes: {
    code: 'rate_limited',
    retry: 'by a person',
    sentence: '{Service} asks everyone with this key to wait {minutes}. Ask again after that.',
  },
  wait_hours: {
    code: 'rate_limited',
    retry: 'by a person',
    sentence: '{Service} asks everyone with this key to wait {hours}. Ask again after that.',
  },
  wait_days: {
    code: 'rate_limited',
    retry: 'by a person',
    sentence: '{Service} asks everyone with this key to wait more than a day. Ask again after that.',
  },
  timed_out: {
    code: 'timeout',
    retry: 'automatic',
    sentence: '{Service} took too long to answer. Ask again.',
  },
  silent: {
    code: 'timeout',
    retry: 'automatic',
    sentence:
      '{Service} sent nothing for {seconds}, so the try was given up. Whether {service} drew and billed the image is not known. Ask again.',
  },
  unfinished: {
    code: 'timeout',
    retry: 'by a person',
    sentence:
      '{Service} had not finished after {seconds}, so it was given up. Whether {service} drew and billed the image is not known. Ask again.',
  },
  service_fault: {
    code: 'provider_error',
    retry: 'automatic',
    sentence: '{Service} had a fault of its own and drew nothing. Ask again in a moment.',
  },
  request_refused: {
    code: 'provider_error',
    retry: 'never',
    sentence:
      '{Service} refused the request, perhaps for an option that the model does not support. Change the size, quality, background or format and ask again.',
  },
  unexplained: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: '{Service} failed without a reason that this server knows. Ask again.',
  },
  unexpected: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: 'Asking {service} failed for a reason that this server does not know.',
  },
  unreachable: {
    code: 'network',
    retry: 'automatic',
    sentence:
      '{Service} could not be reached. Check the network of this server, and OPENAI_BASE_URL and HTTPS_PROXY if they are set.',
  },
  cut: {
    code: 'network',
    retry: 'automatic',
    sentence: 'The connection to {service} broke before the image was complete. Ask again.',
  },
  too_much_data: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: '{Service} sent more data than this server accepts for one image.',
  },
  not_an_image: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: '{Service} sent something that is no PNG, JPEG or WebP image. Ask again.',
  },
  image_damaged: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: 'The image arrived incomplete or damaged. It may have been billed all the same. Ask again.',
  },
  image_too_big: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: '{Service} sent an image of more bytes or pixels than this server takes. Ask for a smaller one.',
  },
  only_an_address: {
    code: 'provider_error',
    retry: 'by a person',
    sentence:
      '{Service} sent the address of an image in place of the image, and this server fetches none. Set it up to answer with b64_json.',
  },
  no_image: {
    code: 'no_image',
    retry: 'by a person',
    sentence: '{Service} answered without an image. Say more plainly in the prompt what to draw, and ask again.',
  },
  demo_failed: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: 'The demo painter could not finish the picture. Try again.',
  },
  demo_too_large: {
    code: 'provider_error',
    retry: 'never',
    sentence: 'The demo painter paints up to {pixels} by {pixels} pixels. Choose a smaller size.',
  },
  no_memory: {
    code: 'server_busy',
    retry: 'by a person',
    sentence: 'The server has no memory left for another image. Nothing was drawn or billed. Ask again in a while.',
  },
  no_budget: {
    code: 'quota_exceeded',
    retry: 'by a person',
    sentence: 'Today’s budget of this server is not enough for another try. There is a new one at midnight UTC.',
  },
  server_fault: {
    code: 'provider_error',
    retry: 'by a person',
    sentence: 'Something went wrong on the server while the image was made. Please try again.',
  },
  servers_stopped: {
    code: 'provider_error',
    retry: 'by a person',
    sentence:
      'Two servers that drew this stopped, one after the other. Both tries may have been billed. Please ask again.',
  },
} as const satisfies Readonly<Record<FailureDetail, Failure>>;

/** They name the cause. Unlike a failure's sentence they give no advice, since a retry needs no action. */
const retrySentences: Readonly<Record<RetryDetail, string>> = {
  busy: '{Service} is busy.',
  slow: '{Service} took too long to answer.',
  connection_failed: 'The connection to {service} failed.',
  fault: '{Service} had a fault of its own.',
  try_had_begun: 'The {try} try had begun to draw and may have been billed.',
  tries_had_begun: '{tries} tries had begun to draw and may have been billed.',
  server_stopped: 'The server that drew this stopped. The first try may have been billed.',
  billing_unknown: 'Whether {service} drew and billed it all the same is not known.',
};

/** One sentence of the reason of a retry. */
export interface RetryReason {
  readonly detail: RetryDetail;
  readonly params: SentenceParameters;
}

/** As one text in English. */
export const retrySentence = (reasons: readonly RetryReason[]): string =>
  reasons.map(({ detail, params }) => filled(retrySentences[detail], params)).join(' ');

/** A failure as clients get it. */
interface KnownFailure extends GenerationError {
  readonly code: GenerationErrorCode;
  readonly detail: FailureDetail;
  readonly params: SentenceParameters;
}

/** `params` may hold more than the sentence speaks of. */
export function failureOf(
  detail: FailureDetail,
  params: Readonly<Record<string, string | number | undefined>> = {},
): KnownFailure {
  const { code, retry, sentence } = failures[detail];
  const named = Object.entries(params).filter(([name]) => new RegExp(`\\{${name}\\}`, 'i').test(sentence));
  const used: SentenceParameters = {};
  for (const [name, value] of named) if (value !== undefined) used[name] = value;
  return { code, message: filled(sentence, used), detail, params: used, retryable: retry !== 'never' };
}

/** The generator's name for a service that has none. It is no name, so a client has to translate it: its parameter is a word of its own. */
const NAMELESS = 'The image server';
const NAMELESS_PARAMETER = 'image_server';

/** A generator's name as a parameter. */
export const serviceParameter = (name: string): string => (name === NAMELESS ? NAMELESS_PARAMETER : name);

/** The name that a parameter stands for, as it begins a sentence. */
const serviceOf = ({ service = '' }: SentenceParameters): string =>
  service === NAMELESS_PARAMETER ? NAMELESS : String(service);

function filled(sentence: string, params: SentenceParameters): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'Service') return serviceOf(params);
    if (name === 'service') return serviceOf(params).replace(/^The /, 'the ');
    if (name === 'try') return ordinals[Number(params.try) - 1] ?? `${params.try}th`;
    const value = params[name] ?? '';
    return isDuration(name) ? durations[name].format(Number(value)) : String(value);
  });
}

const ordinals = ['first', 'second', 'third'];

const inUnit = (unit: string) => new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' });

/** The parameters that are durations, in words. */
export const durations = { seconds: inUnit('second'), minutes: inUnit('minute'), hours: inUnit('hour') } as const;
const isDuration = (name: string): name is keyof typeof durations => Object.hasOwn(durations, name);
