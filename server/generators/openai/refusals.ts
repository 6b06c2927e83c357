/** Turns a refusal or a failure that the service reports, in any of its formats, into a failure of ours. */
import * as v from 'valibot';
import type { FailureDetail } from '../../../shared/model.ts';
import type { GenerationFailed } from '../generator.ts';
import { FASTEST_DRAWING_MS, failure, maybeDrawn } from './failures.ts';
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

/** The first rule that matches decides. Rules for codes come before rules for statuses, which say less. */
const rules: readonly (readonly [FailureDetail, Matches])[] = [
  ...moderation(isModeration),
  ['no_credit', says('insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active')],
  ['unverified_organization', ({ status, message }) => status === 403 && /\bverif/i.test(message ?? '')],
  ['no_such_model', allOf(says('model_not_found'), isOfImagesApi)],
  ['no_such_models', says('model_not_found')],
  ['key_lacks_permission', ({ status, message }) => (status === 401 || status === 403) && lacksPermission(message)],
  ['key_refused', anyOf(hasStatus(401), says('invalid_api_key'))],
  ['region_unsupported', says('unsupported_country_region_territory')],
  // Some services say it only in their sentence, with any status.
  ...moderation(allOf(speaksOfModeration, not(anyOf(hasStatus(401, 429), isRateLimit)))),
  ['proxy_sign_in', hasStatus(407)],
  ['not_allowed', hasStatus(403)],
  [
    'no_edits',
    (refusal, service) =>
      service.api === 'images' && service.endpoint === 'edits' && hasStatus(404, 405, 501)(refusal, service),
  ],
  ['redirected', ({ status = 0 }) => status >= 300 && status < 400],
  ['no_such_api', hasStatus(404)],
  ['request_too_large', anyOf(hasStatus(413), says('image_file_too_large', 'image_too_large'))],
  ['rate_limited', anyOf(hasStatus(429), isRateLimit)],
  ['timed_out', hasStatus(408)],
  ['service_fault', anyOf(({ status = 0 }) => status === 409 || status >= 500, says('server_error'))],
  ['request_refused', ({ status = 0 }) => status >= 400],
];

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
  rules.some(([, matches]) => matches(refusal, service));

/**
 * Judges what the service said: an HTTP error, an error event, a failed response.
 * @param sentForMs how long ago the request was sent, in milliseconds
 */
export function refused(refusal: Refusal, service: Service, sentForMs = 0): GenerationFailed {
  const [known] = rules.find(([, matches]) => matches(refusal, service)) ?? ['unexplained' as const];
  const { retryAfterMs } = refusal;
  return failure(known, service, describe(refusal), {
    drewNothing: drewNothing(refusal, service, sentForMs),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isCutOff(refusal, service) && maybeDrawn(service, sentForMs)),
  });
}

/** Whether a key has restricted permissions: then the service names the scopes that it lacks. */
export const lacksPermission = (message: string | null | undefined): boolean =>
  /insufficient permissions|missing scopes?/i.test(message ?? '');

/** Says what was refused, if the service tells it. */
function moderation(matches: Matches): readonly (readonly [FailureDetail, Matches])[] {
  return [
    ['moderation_picture', allOf(matches, isOfPicture)],
    ['moderation_prompt', allOf(matches, isOfPrompt)],
    ['moderation_request', matches],
  ];
}

function isOfImagesApi(_: Refusal, { api }: Service): boolean {
  return api === 'images';
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
