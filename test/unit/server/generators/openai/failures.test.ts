import { APIConnectionError, APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { parseRefusal, type Refusal, refused } from '../../../../../server/generators/openai/refusals.ts';
import { imagesService, responsesService, type Service } from '../../../../../server/generators/openai/service.ts';
import { failureOf } from '../../../../../server/generators/openai/thrown-errors.ts';
import { UPSTREAM_TEXT as TEXT } from '../../../../support/fake-openai-scenarios.ts';
import {
  automatically,
  byAPerson,
  type ExpectedFailure,
  fullText,
  never,
  withDoubt,
} from '../../../../support/generation.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

const openAI = responsesService({ model: 'gpt-6-luna', imageModel: 'gpt-image-2' });
const imageServer = imagesService({ baseURL: 'http://127.0.0.1:1234/v1', imageModel: 'sdxl' });
const edits = imagesService({ baseURL: 'http://127.0.0.1:1234/v1', imageModel: 'sdxl' }, 'edits');

const ofPrompt = /^The prompt was refused by OpenAI's safety system/;
const ofPicture = /^The picture was refused by OpenAI's safety system/;
const ofEither = /^The request was refused by OpenAI's safety system/;
const moderation = { code: 'moderation_blocked', ...never } as const;
const fault = { code: 'provider_error', message: /had a fault of its own and drew nothing/, ...automatically } as const;
const busy = { code: 'rate_limited', message: /is busy, or this account asks too often/, ...automatically } as const;

const refusals: readonly (readonly [Refusal, ExpectedFailure, Service?])[] = [
  // Moderation: of the prompt, of the picture, or of either, where the service doesn't tell.
  [
    { status: 400, code: 'moderation_blocked' },
    {
      ...moderation,
      message: /^The request was refused by OpenAI's safety system\. Change the wording and ask again\.$/,
    },
  ],
  [
    { code: 'content_policy_violation' },
    { ...moderation, message: /^The request was refused by the image server's safety system/ },
    imageServer,
  ],
  [
    { code: 'moderation_blocked', stage: 'input' },
    { ...moderation, message: ofPrompt },
  ],
  [{ code: 'invalid_prompt' }, { ...moderation, message: ofPrompt }],
  [
    { code: 'moderation_blocked', stage: 'output' },
    { ...moderation, message: ofPicture },
  ],
  [{ code: 'image_content_policy_violation' }, { ...moderation, message: ofPicture }],
  [
    { code: 'image_content_policy_violation', stage: 'input' },
    { ...moderation, message: ofPrompt },
  ],
  ...[
    { code: 'content_filter' },
    { code: 'refusal' },
    { status: 403, code: 'bio_policy' },
    { type: 'misalignment_policy_violation' },
    { status: 400, code: 'ResponsibleAIPolicyViolation' },
    { status: 422, code: 'content_safety_violation' },
    { status: 500, code: 'server_error', message: 'Your request was rejected by the safety system.' },
    { status: 403, message: 'The response was filtered by our content management policy.' },
    { status: 400, message: 'Request blocked by content moderation' },
    { status: 400, message: 'NSFW content detected' },
    { status: 451 },
  ].map((refusal) => [refusal, { ...moderation, message: ofEither }] as const),
  [{ status: 429, message: 'Rate limit reached for the safety system.' }, busy],
  [
    { status: 400, message: "Unknown parameter: 'moderation'." },
    { code: 'provider_error', message: /perhaps for an option/, ...never },
  ],

  // The account, the key and the models.
  [
    { status: 429, code: 'insufficient_quota' },
    { code: 'quota_exceeded', message: /^The account at OpenAI has no credit left.*billing settings/, ...never },
  ],
  [
    { status: 400, code: 'billing_hard_limit_reached' },
    { code: 'quota_exceeded', message: /account at the image server.*reached its spending limit/, ...never },
    imageServer,
  ],
  [
    { status: 429, type: 'billing_not_active' },
    { code: 'quota_exceeded', message: /no credit/, ...never },
  ],
  [
    { status: 403, message: 'Your organization must be verified to use the model.' },
    { code: 'not_verified', message: /^OpenAI lets only verified organizations use.*gpt-image-2/, ...never },
  ],
  [
    { status: 404, code: 'model_not_found' },
    {
      code: 'provider_error',
      message: /gpt-6-luna or gpt-image-2.*PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL/,
      ...never,
    },
  ],
  [
    { status: 404, code: 'model_not_found' },
    { code: 'provider_error', message: /no image model named sdxl\. Correct PROOFROOM_IMAGE_MODEL/, ...never },
    imageServer,
  ],
  ...[401, 403].map(
    (status) =>
      [
        { status, message: 'You have insufficient permissions for this operation. Missing scopes: api.x.' },
        { code: 'invalid_api_key', message: /may not draw images\. Allow it the Responses API/, ...never },
      ] as const,
  ),
  [{ status: 401 }, { code: 'invalid_api_key', message: /refused the API key\. Set OPENAI_API_KEY/, ...never }],
  [{ code: 'invalid_api_key' }, { code: 'invalid_api_key', message: /refused the API key/, ...never }],
  [
    { status: 403, code: 'unsupported_country_region_territory' },
    { code: 'provider_error', message: /does not serve the country or region/, ...never },
  ],
  [{ status: 403 }, { code: 'provider_error', message: /does not allow this server to draw images/, ...never }],

  // The address and the options.
  ...[404, 405, 501].map(
    (status) =>
      [
        { status },
        { code: 'provider_error', message: /^The image server can't change an image.*PROOFROOM_REFINE=0/, ...never },
        edits,
      ] as const,
  ),
  [{ status: 307 }, { code: 'provider_error', message: /to another address\. Correct OPENAI_BASE_URL/, ...never }],
  [{ status: 404 }, { code: 'provider_error', message: /no Responses API at its address.*OPENAI_BASE_URL/, ...never }],
  [
    { status: 404 },
    { code: 'provider_error', message: /no Images API at its address.*OPENAI_BASE_URL/, ...never },
    imageServer,
  ],
  ...[400, 405, 422].map(
    (status) =>
      [
        { status, code: 'invalid_value' },
        { code: 'provider_error', message: /perhaps for an option.*Change the size/, ...never },
      ] as const,
  ),

  // What stands between.
  ...[{ status: 413 }, { status: 400, code: 'image_file_too_large' }].map(
    (refusal) =>
      [
        refusal,
        { code: 'provider_error', message: /takes no request of so many bytes\. Start from a smaller image/, ...never },
        edits,
      ] as const,
  ),
  [{ status: 407 }, { code: 'provider_error', message: /^A proxy asks this server to sign in.*HTTPS_PROXY/, ...never }],

  // Faults that pass.
  [{ status: 429, code: 'rate_limit_exceeded' }, busy],
  [{ status: 429 }, { ...busy, message: /^The image server is busy/ }, imageServer],
  [{ code: 'rate_limit_exceeded' }, busy],
  [{ type: 'rate_limit_error' }, busy],
  [{ status: 408 }, { code: 'timeout', message: /took too long to answer/, ...automatically }],
  [{ code: 'server_error' }, fault],
  [{ type: 'server_error' }, fault],
  ...[409, 500, 501, 502, 503, 504].map((status) => [{ status }, fault] as const),
  [{ status: 500 }, { ...fault, message: /^The image server had a fault/ }, imageServer],
  [{}, { code: 'provider_error', message: /failed without a reason that this server knows/, ...byAPerson }],
];

describe('what the service says is judged by its code, then by its status', () => {
  test.for(refusals)('%j', ([refusal, { code, message, retryable, transient }, service = openAI]) => {
    const failure = refused({ message: TEXT, ...refusal }, service);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message), retryable });
    expect(failure.transient).toEqual(transient);
  });

  test.each([408, 502, 504, 520, 524])(
    'R10: after status %d from a server that is silent until its answer, it is unknown whether the image was drawn',
    (status) => {
      expect(refused({ status }, imageServer).transient).toEqual({ mayBeDrawn: true });
    },
  );

  test.each([408, 502, 504, 520, 524])('R10: so it is after status %d that a gateway sends late', (status) => {
    expect(refused({ status }, openAI, 4_999).transient, 'before any model could draw').toEqual({});
    expect(refused({ status }, openAI, 5_000).transient).toEqual({ mayBeDrawn: true });
    expect(refused({ status: 503 }, openAI, 60_000).transient, 'nothing took the request').toEqual({});
  });

  test('whether the prompt or the picture was refused is read from the service’s details', () => {
    const details = (moderation_stage: string) =>
      parseRefusal({ code: 'moderation_blocked', moderation_details: { moderation_stage, categories: ['x'] } }).stage;
    expect(['input', 'output', 'unknown'].map(details)).toEqual(['input', 'output', undefined]);
    const error = { code: 'moderation_blocked', moderation_details: { moderation_stage: 'output' } };
    expect(failureOf(APIError.generate(400, { error }, undefined, new Headers()), openAI, NOW)).toMatchObject({
      message: expect.stringMatching(ofPicture),
    });
  });

  test('S3, S7: the log gets the status, the code and the request, and nothing that could hold a secret', () => {
    const cause = (refusal: Refusal) => refused({ message: TEXT, ...refusal }, openAI).cause;
    expect(cause({ status: 429, code: 'rate_limit_exceeded', requestId: 'req_0123456789abcdef' })).toMatchObject({
      message: 'HTTP 429, rate_limit_exceeded, request req_0123456789abcdef',
    });
    expect(cause({ code: TEXT, type: 'server_error', requestId: 'sk-secret' })).toMatchObject({
      message: 'server_error',
    });
    for (const [refusal, , service = openAI] of refusals) {
      expect(fullText(refused({ message: TEXT, ...refusal }, service))).not.toContain(TEXT);
    }
  });
});

describe('how long the service asks to wait', () => {
  test.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '7', 'retry-after-ms': '1500.5' }, 1_500.5],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '9999999999999' }, undefined],
  ])('%j is %s ms', (headers, retryAfterMs) => {
    const error = APIError.generate(429, { error: {} }, undefined, new Headers(headers));
    expect(failureOf(error, openAI, NOW).transient).toEqual(retryAfterMs === undefined ? {} : { retryAfterMs });
  });
});

describe('what the SDK and the network throw', () => {
  const connection = (code: string) =>
    new APIConnectionError({ cause: new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) }) });

  test.each([
    ['no connection', connection('ECONNREFUSED'), 'network', 'ECONNREFUSED', {}, {}],
    ['a proxy that makes no connection', connection('UND_ERR_ABORTED'), 'network', 'UND_ERR_ABORTED', {}, {}],
    ['a slow connection', connection('UND_ERR_CONNECT_TIMEOUT'), 'network', 'UND_ERR_CONNECT_TIMEOUT', {}, {}],
    ['a reset', connection('ECONNRESET'), 'network', 'ECONNRESET', {}, withDoubt.transient],
    [
      'a socket that was cut',
      new TypeError('terminated', { cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }) }),
      'network',
      'UND_ERR_SOCKET',
      {},
      withDoubt.transient,
    ],
    ['JSON that broke off', new SyntaxError('Unexpected end'), 'network', 'SyntaxError', {}, withDoubt.transient],
    [
      'a mistake of ours',
      new TypeError('x is not a function'),
      'provider_error',
      'unexpected TypeError',
      undefined,
      undefined,
    ],
    ['anything else', 'a text', 'provider_error', 'unexpected', undefined, undefined],
  ])('R10: %s', (_, error, code, detail, transient, transientWithoutStream) => {
    const failure = failureOf(error, openAI, NOW);
    expect(failure).toMatchObject({ code, retryable: true, cause: { message: detail } });
    expect(failure.transient).toEqual(transient);
    expect(failureOf(error, imageServer, NOW).transient).toEqual(transientWithoutStream);
    expect(failureOf(error, openAI, NOW, 60_000).transient, 'after a minute').toEqual(transientWithoutStream);
  });
});

describe('S9: whether a failure may be billed', () => {
  const cases: readonly (readonly [Refusal, boolean, number?])[] = [
    [{ status: 401 }, false],
    [{ status: 429 }, false],
    [{ status: 429, message: 'Rate limit reached for the safety system.' }, false],
    [{ code: 'rate_limit_exceeded' }, false],
    [{ status: 400, code: 'invalid_value' }, false],
    [{ status: 404 }, false],
    [{ status: 503 }, false],
    [{ status: 400, code: 'moderation_blocked', stage: 'input' }, false],
    [{ status: 500 }, true, 60_000],
    [{ status: 504 }, true, 60_000],
    [{ status: 400, code: 'moderation_blocked', stage: 'output' }, true],
    [{ status: 400, code: 'moderation_blocked' }, true],
    [{ code: 'moderation_blocked', stage: 'input' }, true],
    [{ code: 'server_error' }, true],
    [{}, true],
  ];
  test.each(cases.map(([refusal, mayBeBilled, sentForMs = 0]) => ({ refusal, mayBeBilled, sentForMs })))(
    '$refusal after $sentForMs ms: $mayBeBilled',
    ({ refusal, mayBeBilled, sentForMs }) => {
      expect(refused(refusal, openAI, sentForMs).mayBeBilled).toBe(mayBeBilled);
    },
  );

  test.each([
    ['a connection that was refused', 'ECONNREFUSED', 0, false],
    ['a connection that broke at once', 'ECONNRESET', 0, false],
    ['a connection that broke late', 'ECONNRESET', 60_000, true],
  ])('%s', (_, code, sentForMs, mayBeBilled) => {
    const cause = Object.assign(new Error(code), { code });
    const error = new APIConnectionError({ cause });
    expect(failureOf(error, openAI, NOW, sentForMs).mayBeBilled).toBe(mayBeBilled);
  });
});
