/** Turns a refusal or a failure that the service reports, in any of its formats, into a failure of ours. */
import * as v from 'valibot';
import { type GenerationFailed, inSentence } from '../generator.ts';
import { FASTEST_DRAWING_MS, failed, maybeDrawn, type Verdict } from './failures.ts';
import type { Service } from './service.ts';

/** The fields that tell the service's failures apart. Its texts are read for that and never repeated (rule S7). */
export interface Refusal {
  readonly status?: number | undefined;
  readonly code?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly message?: string | null | undefined;
  /** At moderation: whether the prompt was refused, or the picture. */
  readonly stage?: 'input' | 'output' | undefined;
  readonly requestId?: string | null | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A minor field of an answer: if it has an unexpected type, it counts as absent and the rest of the answer still counts. */
export const optionalText = v.fallback(v.nullish(v.string()), undefined);

/** OpenAI's codes are words. Some compatible servers put the HTTP status there. */
export const optionalCode = v.fallback(v.nullish(v.union([v.string(), v.number()])), undefined);

const ErrorBody = v.object({
  code: optionalCode,
  type: optionalText,
  message: optionalText,
  moderation_details: v.fallback(v.nullish(v.object({ moderation_stage: v.picklist(['input', 'output']) })), undefined),
});

/** Reads an `error` field, which is an object as OpenAI writes it, or a mere text that may be a code. */
export function parseRefusal(error: unknown): Refusal {
  if (typeof error === 'string') return { code: error, message: error };
  const parsed = v.safeParse(ErrorBody, error);
  if (!parsed.success) return {};
  const { code, type, message, moderation_details: moderation } = parsed.output;
  const refusal = { type, message, ...(moderation && { stage: moderation.moderation_stage }) };
  return typeof code === 'number' ? { ...refusal, status: code } : { ...refusal, code };
}

const unknown = v.optional(v.unknown());
const ErrorAnswer = v.object({ error: unknown, errors: unknown, detail: unknown, message: unknown, code: unknown });

/**
 * The failure that an answer with status 200 reports, in the fields that OpenAI, FastAPI and others have for it. Undefined if it reports
 * none.
 */
export function refusalIn(answer: unknown): Refusal | undefined {
  const { success, output } = v.safeParse(ErrorAnswer, answer);
  if (!success) return undefined;
  const { error, errors, detail, message, code } = output;
  const reported = error || (Array.isArray(errors) ? errors[0] : errors) || detail;
  if (reported) return parseRefusal(reported);
  return message || code ? parseRefusal(answer) : undefined;
}

type Matches = (refusal: Refusal, service: Service) => boolean;

interface Rule extends Verdict {
  readonly when: Matches;
}

/** The first rule that matches decides. Rules for codes come before rules for statuses, which say less. */
const rules: readonly Rule[] = [
  ...moderation(isModeration),
  {
    when: says('insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active'),
    code: 'quota_exceeded',
    retry: 'never',
    message: ({ name }) =>
      `The account at ${inSentence(name)} has no credit left or has reached its spending limit. ` +
      "Whoever runs this server can add credit or raise the limit in the account's billing settings.",
  },
  {
    when: ({ status, message }) => status === 403 && /\bverif/i.test(message ?? ''),
    code: 'not_verified',
    retry: 'never',
    message: ({ name, imageModel }) =>
      `${name} lets only verified organizations use the image model ${imageModel}. Verify the organization in ` +
      "the account's organization settings, or set PROOFROOM_IMAGE_MODEL to a model that needs no verification.",
  },
  {
    when: says('model_not_found'),
    code: 'provider_error',
    retry: 'never',
    message: (service) =>
      service.api === 'images'
        ? `${service.name} has no image model named ${service.imageModel}. ` +
          'Correct PROOFROOM_IMAGE_MODEL and restart the server.'
        : `${service.name} offers this API key no model named ${service.model} or ${service.imageModel}. ` +
          'Correct PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL and restart the server.',
  },
  {
    when: ({ status, message }) => (status === 401 || status === 403) && lacksPermission(message),
    code: 'invalid_api_key',
    retry: 'never',
    message: (service) =>
      `The API key may not draw images. Allow it the ${apiName(service)} in the key's permissions, ` +
      'or set OPENAI_API_KEY to another key and restart the server.',
  },
  {
    when: anyOf(hasStatus(401), says('invalid_api_key')),
    code: 'invalid_api_key',
    retry: 'never',
    message: ({ name }) => `${name} refused the API key. Set OPENAI_API_KEY to a valid key and restart the server.`,
  },
  {
    when: says('unsupported_country_region_territory'),
    code: 'provider_error',
    retry: 'never',
    message: ({ name }) => `${name} does not serve the country or region in which this server runs.`,
  },
  // Some services say it only in their sentence, with any status.
  ...moderation(allOf(speaksOfModeration, not(anyOf(hasStatus(401, 429), isRateLimit)))),
  {
    when: hasStatus(407),
    code: 'provider_error',
    retry: 'never',
    message: () =>
      'A proxy asks this server to sign in. Put the name and the password into HTTPS_PROXY, as in http://name:password@proxy.example:3128, and restart the server.',
  },
  {
    when: hasStatus(403),
    code: 'provider_error',
    retry: 'never',
    message: ({ name }) =>
      `${name} does not allow this server to draw images. ` +
      "Check the API key's project and permissions in the account there.",
  },
  {
    when: (refusal, service) =>
      service.api === 'images' && service.endpoint === 'edits' && hasStatus(404, 405, 501)(refusal, service),
    code: 'provider_error',
    retry: 'never',
    message: ({ name }) =>
      `${name} can't change an image that is there. Ask for a new one in other words; ` +
      'whoever runs this server can set PROOFROOM_REFINE=0.',
  },
  {
    when: ({ status = 0 }) => status >= 300 && status < 400,
    code: 'provider_error',
    retry: 'never',
    message: () =>
      'The service sends its callers to another address. Correct OPENAI_BASE_URL, perhaps to https, and restart the server.',
  },
  {
    when: hasStatus(404),
    code: 'provider_error',
    retry: 'never',
    message: (service) =>
      `The service has no ${apiName(service)} at its address. Correct OPENAI_BASE_URL and restart the server.`,
  },
  {
    when: anyOf(hasStatus(413), says('image_file_too_large', 'image_too_large')),
    code: 'provider_error',
    retry: 'never',
    message: ({ name }) =>
      `${name}, or a gateway or proxy between, takes no request of so many bytes. ` +
      'Start from a smaller image, or from one in the format jpeg or webp; ' +
      'whoever runs the gateway can raise its limit.',
  },
  {
    when: anyOf(hasStatus(429), isRateLimit),
    code: 'rate_limited',
    retry: 'automatic',
    message: ({ name }) => `${name} is busy, or this account asks too often. Wait a minute and ask again.`,
  },
  {
    when: hasStatus(408),
    code: 'timeout',
    retry: 'automatic',
    message: ({ name }) => `${name} took too long to answer. Ask again.`,
  },
  {
    when: anyOf(({ status = 0 }) => status === 409 || status >= 500, says('server_error')),
    code: 'provider_error',
    retry: 'automatic',
    message: ({ name }) => `${name} had a fault of its own and drew nothing. Ask again in a moment.`,
  },
  {
    when: ({ status = 0 }) => status >= 400,
    code: 'provider_error',
    retry: 'never',
    message: ({ name }) =>
      `${name} refused the request, perhaps for an option that the model does not support. ` +
      'Change the size, quality, background or format and ask again.',
  },
];

const unexplained: Verdict = {
  code: 'provider_error',
  retry: 'by a person',
  message: ({ name }) => `${name} failed without a reason that this server knows. Ask again.`,
};

/**
 * Statuses of a server, or of a gateway in front of it, that waited too long or lost the connection to what draws. The image may have
 * been drawn and billed all the same.
 */
const isCutOff = hasStatus(408, 502, 504, 520, 524);

/**
 * Whether the service certainly drew nothing: it refused the request itself. A picture that moderation refused was drawn, and a fault
 * of the service that comes late may have come after the drawing.
 */
function drewNothing(refusal: Refusal, service: Service, sentForMs: number): boolean {
  const { status = 0, stage } = refusal;
  if (anyOf(hasStatus(401, 429), isRateLimit, says('insufficient_quota'))(refusal, service)) return true;
  if (isModeration(refusal) || speaksOfModeration(refusal)) return stage === 'input' && status >= 400;
  return status >= 300 && (status < 500 || sentForMs < FASTEST_DRAWING_MS);
}

/** Whether the service gave a reason that this server knows. */
export const isExplained = (refusal: Refusal, service: Service): boolean =>
  rules.some(({ when }) => when(refusal, service));

/**
 * Judges what the service said: an HTTP error, an error event, a failed response.
 * @param sentForMs how long ago the request was sent, in milliseconds
 */
export function refused(refusal: Refusal, service: Service, sentForMs = 0): GenerationFailed {
  const verdict = rules.find(({ when }) => when(refusal, service)) ?? unexplained;
  const { retryAfterMs } = refusal;
  return failed({ ...verdict, drewNothing: drewNothing(refusal, service, sentForMs) }, service, describe(refusal), {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isCutOff(refusal, service) && maybeDrawn(service, sentForMs)),
  });
}

/** Whether a key has restricted permissions: then the service names the scopes that it lacks. */
export const lacksPermission = (message: string | null | undefined): boolean =>
  /insufficient permissions|missing scopes?/i.test(message ?? '');

const apiName = ({ api }: Service): string => (api === 'images' ? 'Images API' : 'Responses API');

/** Says what was refused, if the service tells it. */
function moderation(when: Matches): readonly Rule[] {
  const refusalOf = (subject: string, condition: Matches): Rule => ({
    when: condition,
    code: 'moderation_blocked',
    retry: 'never',
    message: ({ name }) =>
      `${subject} was refused by ${inSentence(name)}'s safety system. Change the wording and ask again.`,
  });
  return [
    refusalOf('The picture', allOf(when, isOfPicture)),
    refusalOf('The prompt', allOf(when, isOfPrompt)),
    refusalOf('The request', when),
  ];
}

/** In a code or a type, of OpenAI, Azure and others. 451 is the status of some gateways for it. */
function isModeration({ code, type, status }: Refusal): boolean {
  const pattern =
    /moderation_blocked|content_?(policy|filter|safety)|policy_violation|^(bio_policy|invalid_prompt|refusal)$|responsibleai|nsfw/i;
  return status === 451 || [code, type].some((word) => pattern.test(word ?? ''));
}

/** In a sentence. A fault of the moderation itself, or an option of that name, is no refusal. */
function speaksOfModeration({ message }: Refusal): boolean {
  return /safety (system|filter)|content (policy|filter|management policy|moderation)|(blocked|flagged|refused|rejected) by .{0,30}moderation|nsfw/i.test(
    message ?? '',
  );
}

/** Also of the picture that is to be refined. */
function isOfPicture({ stage, code }: Refusal): boolean {
  return stage === 'output' || (stage === undefined && /^image_/.test(code ?? ''));
}

function isOfPrompt({ stage, code }: Refusal): boolean {
  return stage === 'input' || code === 'invalid_prompt';
}

function isRateLimit(refusal: Refusal, service: Service): boolean {
  return says('rate_limit_exceeded', 'rate_limit_error')(refusal, service);
}

function says(...codes: readonly string[]): Matches {
  return ({ code, type }) => codes.some((known) => known === code || known === type);
}

function hasStatus(...statuses: readonly number[]): Matches {
  return ({ status = 0 }) => statuses.includes(status);
}

function anyOf(...conditions: readonly Matches[]): Matches {
  return (refusal, service) => conditions.some((condition) => condition(refusal, service));
}

function allOf(...conditions: readonly Matches[]): Matches {
  return (refusal, service) => conditions.every((condition) => condition(refusal, service));
}

function not(condition: Matches): Matches {
  return (refusal, service) => !condition(refusal, service);
}

/** For the log. Only codes and ids of a known form: the service may send anything, even its caller's key. */
function describe({ status, code, type, requestId }: Refusal): string {
  const word = [code, type].find((candidate) => /^[a-z][a-z0-9_]{0,63}$/.test(candidate ?? ''));
  const request = /^(req_)?[0-9a-f-]{16,64}$/.test(requestId ?? '') && `request ${requestId}`;
  return [status !== undefined && `HTTP ${status}`, word, request].filter(Boolean).join(', ') || 'no details';
}
