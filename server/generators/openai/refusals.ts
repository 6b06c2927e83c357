/** What a service itself says when it refuses or fails, as a failure of ours: a code, a sentence for people, whether to try again. */
import type { GenerationErrorCode } from '../../../shared/model.ts';
import { GenerationFailed, UpstreamFault } from '../generator.ts';
import { inSentence, type Service } from './service.ts';

/** What the service says of a failure, by its status, in its body or in an event of the stream. */
export interface Refusal {
  readonly status?: number | undefined;
  readonly code?: string | null | undefined;
  readonly type?: string | null | undefined;
  /** Read to tell failures apart, never repeated. */
  readonly message?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether an image was to be edited, for which a compatible server may have no endpoint. */
  readonly isEdit?: boolean | undefined;
}

interface Verdict {
  readonly code: GenerationErrorCode;
  readonly sentence: string | ((service: Service) => string);
  readonly retryable: boolean;
  readonly isTransient?: true;
}

/** The first rule that holds decides: what the code says comes before what the status says. */
const rules: readonly (readonly [holds: (refusal: Refusal) => boolean, verdict: Verdict])[] = [
  [
    says(
      'moderation_blocked',
      'content_policy_violation',
      'image_content_policy_violation',
      'content_filter',
      'invalid_prompt',
      'bio_policy',
      'misalignment_policy_violation',
    ),
    {
      code: 'moderation_blocked',
      sentence: ({ name }) =>
        `The prompt was refused by ${inSentence(name)}'s safety system. Change the wording and ask again.`,
      retryable: false,
    },
  ],
  [
    says('insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active'),
    {
      code: 'quota_exceeded',
      sentence: ({ name }) =>
        `The account at ${inSentence(name)} has no credit left or has reached its spending limit. ` +
        "Whoever runs this server can add credit or raise the limit in the account's billing settings.",
      retryable: false,
    },
  ],
  [
    ({ status, message }) => status === 403 && /\bverif/i.test(message ?? ''),
    {
      code: 'not_verified',
      sentence: ({ name, imageModel }) =>
        `${name} lets only verified organizations use the image model ${imageModel}. Verify the organization in ` +
        "the account's organization settings, or set PROOFROOM_IMAGE_MODEL to a model that needs no verification.",
      retryable: false,
    },
  ],
  [
    says('model_not_found'),
    {
      code: 'provider_error',
      sentence: ({ name, model, imageModel }) =>
        model === undefined
          ? `${name} has no image model named ${imageModel}. Correct PROOFROOM_IMAGE_MODEL and restart the server.`
          : `${name} offers this API key no model named ${model} or ${imageModel}. ` +
            'Correct PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL and restart the server.',
      retryable: false,
    },
  ],
  [
    ({ status, message }) => (status === 401 || status === 403) && lacksPermission(message),
    {
      code: 'invalid_api_key',
      sentence: (service) =>
        `The API key may not draw images. Allow it the ${apiName(service)} in the key's permissions, ` +
        'or set OPENAI_API_KEY to another key and restart the server.',
      retryable: false,
    },
  ],
  [
    (refusal) => refusal.status === 401 || says('invalid_api_key')(refusal),
    {
      code: 'invalid_api_key',
      sentence: ({ name }) => `${name} refused the API key. Set OPENAI_API_KEY to a valid key and restart the server.`,
      retryable: false,
    },
  ],
  [
    says('unsupported_country_region_territory'),
    {
      code: 'provider_error',
      sentence: ({ name }) => `${name} does not serve the country or region in which this server runs.`,
      retryable: false,
    },
  ],
  [
    has(403),
    {
      code: 'provider_error',
      sentence: ({ name }) =>
        `${name} does not allow this server to draw images. ` +
        "Check the API key's project and permissions in the account there.",
      retryable: false,
    },
  ],
  [
    ({ isEdit, status }) => isEdit === true && (status === 404 || status === 405 || status === 501),
    {
      code: 'provider_error',
      sentence: ({ name }) =>
        `${name} can't change an image that is there. Ask for a new one in other words; ` +
        'whoever runs this server can set PROOFROOM_REFINE=0.',
      retryable: false,
    },
  ],
  [
    ({ status = 0 }) => status >= 300 && status < 400,
    {
      code: 'provider_error',
      sentence: () =>
        'The service sends its callers to another address. Correct OPENAI_BASE_URL, perhaps to https, and restart the server.',
      retryable: false,
    },
  ],
  [
    has(404),
    {
      code: 'provider_error',
      sentence: (service) =>
        `The service has no ${apiName(service)} at its address. Correct OPENAI_BASE_URL and restart the server.`,
      retryable: false,
    },
  ],
  [
    (refusal) => refusal.status === 429 || says('rate_limit_exceeded', 'rate_limit_error')(refusal),
    {
      code: 'rate_limited',
      sentence: ({ name }) => `${name} is busy, or this account asks too often. Wait a minute and ask again.`,
      retryable: true,
      isTransient: true,
    },
  ],
  [
    has(408),
    {
      code: 'timeout',
      sentence: ({ name }) => `${name} took too long to answer. Ask again.`,
      retryable: true,
      isTransient: true,
    },
  ],
  [
    ({ status = 0, code, type }) =>
      status === 409 || status >= 500 || code === 'server_error' || type === 'server_error',
    {
      code: 'provider_error',
      sentence: ({ name }) => `${name} had a fault of its own and drew nothing. Ask again in a moment.`,
      retryable: true,
      isTransient: true,
    },
  ],
  [
    ({ status = 0 }) => status >= 400,
    {
      code: 'provider_error',
      sentence: ({ name }) =>
        `${name} refused the request, perhaps for an option that the model does not support. ` +
        'Change the size, quality, background or format and ask again.',
      retryable: false,
    },
  ],
];

const unexplained: Verdict = {
  code: 'provider_error',
  sentence: ({ name }) => `${name} failed without a reason that this server knows. Ask again.`,
  retryable: true,
};

/** Judges what the service itself said: an HTTP error, an error event, a failed response. */
export function refused(refusal: Refusal, service: Service): GenerationFailed {
  const { code, sentence, retryable, isTransient } = rules.find(([holds]) => holds(refusal))?.[1] ?? unexplained;
  const { retryAfterMs } = refusal;
  return new GenerationFailed(code, typeof sentence === 'string' ? sentence : sentence(service), {
    retryable,
    ...(isTransient && { transient: retryAfterMs === undefined ? {} : { retryAfterMs } }),
    cause: new UpstreamFault(describe(refusal)),
  });
}

const apiName = ({ api }: Service): string => (api === 'images' ? 'Images API' : 'Responses API');

/** A key with restricted permissions: the service names the scopes that it misses. */
export const lacksPermission = (message: string | null | undefined): boolean =>
  /insufficient permissions|missing scopes?/i.test(message ?? '');

function says(...words: readonly string[]): (refusal: Refusal) => boolean {
  return ({ code, type }) => words.some((word) => word === code || word === type);
}

function has(status: number): (refusal: Refusal) => boolean {
  return (refusal) => refusal.status === status;
}

/** Only words of a known form: what the service sends could be anything, its caller's key included. */
function describe({ status, code, type, requestId }: Refusal): string {
  const word = [code, type].find((candidate) => /^[a-z][a-z0-9_]{0,63}$/.test(candidate ?? ''));
  const request = /^(req_)?[0-9a-f-]{16,64}$/.test(requestId ?? '') && `request ${requestId}`;
  return [status !== undefined && `HTTP ${status}`, word, request].filter(Boolean).join(', ') || 'no details';
}
