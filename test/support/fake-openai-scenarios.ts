/** The answers of the fake OpenAI to a request for an image. fake-openai.ts explains how a test or a prompt chooses one. */
import { answerGzipBomb, pixelBomb } from './bombs.ts';
import { type ApiError, answerError, EventStream, type Exchange } from './fake-openai-exchange.ts';

export interface ScenarioOptions {
  /** The `retry-after` header, in seconds. */
  readonly retryAfter?: number;
  /** The `retry-after-ms` header. */
  readonly retryAfterMs?: number;
}

type Scenario = (exchange: Exchange, options: ScenarioOptions) => void | Promise<void>;

/** The service's own text in every failure. Tests check that it is never repeated. */
export const UPSTREAM_TEXT = 'words of the upstream service';

const html = Buffer.from('<!doctype html><title>Sign in to the network</title><p>Sign in');
const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>',
);

const httpError =
  (status: number, error: Omit<ApiError, 'message'> & { readonly message?: string }): Scenario =>
  ({ response }, { retryAfter, retryAfterMs }) =>
    answerError(
      response,
      status,
      { ...error, message: error.message ? `${error.message} ${UPSTREAM_TEXT}` : UPSTREAM_TEXT },
      {
        ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
        ...(retryAfterMs !== undefined && { 'retry-after-ms': String(retryAfterMs) }),
      },
    );

const afterPreview =
  (end: (stream: EventStream) => void | Promise<void>): Scenario =>
  async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.partial(0);
    await end(stream);
  };

interface Oddities {
  /** The status of the finished item. */
  readonly status?: string;
  /** In place of the final image. */
  readonly data?: Buffer;
  /** The `content-type` of the answer. */
  readonly mediaType?: string;
}

const drawn = async (exchange: Exchange, { status, data, mediaType }: Oddities = {}): Promise<void> => {
  const stream = new EventStream(exchange);
  await stream.begin(mediaType);
  for (let index = 0; index < stream.partials; index++) await stream.partial(index);
  stream.completed(await stream.image(status, data), status);
};

const moderation = {
  message: `Your request was rejected by the safety system. ${UPSTREAM_TEXT}`,
  type: 'image_generation_user_error',
  code: 'moderation_blocked',
} as const satisfies ApiError;

export const scenarios = {
  // Successes.
  drawn: (exchange) => drawn(exchange),
  /** The item's status lags behind its image. */
  odd_status: (exchange) => drawn(exchange, { status: 'generating' }),
  odd_media_type: (exchange) => drawn(exchange, { mediaType: 'Text/Event-Stream' }),
  /** Finishes when the test calls `release`. */
  held: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    if (stream.partials > 0) await stream.partial(0);
    await exchange.released();
    stream.completed(await stream.image());
  },
  /** A damaged preview, then a valid image. */
  bad_partial: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.partial(0, html);
    stream.completed(await stream.image());
  },
  /** The image comes only in the last event, as some servers send it. */
  late_item: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    stream.completed((await stream.paintFinal()).toString('base64'));
  },
  /** A valid image among unknown events, items and fields. */
  strange_events: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    stream.raw(': keep-alive\n\n');
    stream.event('response.weather.changed', { weather: ['sun', null] });
    stream.event('response.output_item.done', { item: { type: 'message', content: null } });
    stream.event('response.output_item.done', { item: null });
    stream.event('response.image_generation_call.partial_image', { partial_image_b64: 7 });
    stream.unnamedEvent('null', {});
    stream.raw('data: null\n\ndata: [1]\n\ndata: "text"\n\n');
    stream.completed(await stream.image());
  },
  /** The connection breaks after the complete image. */
  cut_after_image: afterPreview(async (stream) => {
    await stream.image();
    stream.cut();
  }),

  // HTTP errors.
  rate_limited: httpError(429, { type: 'requests', code: 'rate_limit_exceeded' }),
  insufficient_quota: httpError(429, { type: 'insufficient_quota', code: 'insufficient_quota' }),
  server_error: httpError(500, { type: 'server_error' }),
  unavailable: httpError(503, { type: 'service_unavailable_error' }),
  request_timeout: httpError(408, { type: 'timeout' }),
  conflict: httpError(409, { type: 'conflict' }),
  moderation_blocked: httpError(400, { ...moderation, message: 'Your request was rejected by the safety system.' }),
  bad_option: httpError(400, { type: 'invalid_request_error', code: 'invalid_value' }),
  billing_limit: httpError(400, { type: 'billing_limit_user_error', code: 'billing_hard_limit_reached' }),
  invalid_api_key: httpError(401, {
    message: 'Incorrect API key provided.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  }),
  missing_scope: httpError(403, {
    message: 'You have insufficient permissions for this operation. Missing scopes: api.responses.write.',
    type: 'invalid_request_error',
  }),
  not_verified: httpError(403, {
    message: 'Your organization must be verified to use the model.',
    type: 'invalid_request_error',
  }),
  forbidden: httpError(403, { type: 'request_forbidden' }),
  unsupported_country: httpError(403, { type: 'request_forbidden', code: 'unsupported_country_region_territory' }),
  model_not_found: httpError(404, { type: 'invalid_request_error', code: 'model_not_found' }),
  /** No API at this path. */
  wrong_path: ({ response }) => void response.writeHead(404, { 'content-type': 'text/html' }).end(html),
  /** The page of a proxy, with status 200. */
  html: ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end(html),

  // Streams that report a failure.
  failed_server_error: afterPreview((stream) => stream.failed({ code: 'server_error', message: UPSTREAM_TEXT })),
  failed_rate_limit: afterPreview((stream) => stream.failed({ code: 'rate_limit_exceeded', message: UPSTREAM_TEXT })),
  failed_invalid_prompt: afterPreview((stream) => stream.failed({ code: 'invalid_prompt', message: UPSTREAM_TEXT })),
  /** The service takes a complete image back. */
  failed_after_image: afterPreview(async (stream) => {
    await stream.image();
    stream.failed({ code: 'image_content_policy_violation', message: UPSTREAM_TEXT });
  }),
  incomplete: afterPreview((stream) => stream.incomplete('max_output_tokens')),
  incomplete_filtered: afterPreview((stream) => stream.incomplete('content_filter')),
  named_error: afterPreview((stream) => {
    stream.event('error', { code: 'server_error', message: UPSTREAM_TEXT, param: null });
    stream.end();
  }),
  unnamed_error: afterPreview((stream) => {
    stream.unnamedEvent('error', { code: 'server_error', message: UPSTREAM_TEXT, param: null });
    stream.end();
  }),
  nested_error: afterPreview((stream) => {
    stream.unnamedEvent('error', { error: { type: 'rate_limit_error', code: null, message: UPSTREAM_TEXT } });
    stream.end();
  }),
  moderated_item: afterPreview((stream) => {
    stream.noImage(moderation);
    stream.completed();
  }),

  // Streams without a usable image.
  no_image: afterPreview((stream) => stream.completed()),
  html_image: (exchange) => drawn(exchange, { data: html }),
  svg_image: (exchange) => drawn(exchange, { data: svg }),
  pixel_bomb: (exchange) => drawn(exchange, { data: pixelBomb }),
  gzip_bomb: ({ response }) => answerGzipBomb(response, 200, 'text/event-stream', 'data: {"type":"'),
  gzip_bomb_refusal: ({ response }) => answerGzipBomb(response, 400, 'application/json', '{"error":{"message":"'),

  // Connections that break or go silent.
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  cut: afterPreview((stream) => stream.cut()),
  cut_inside_event: afterPreview((stream) => {
    stream.raw('event: response.output_item.done\ndata: {"type":"response.output_item.done","item":{"type":"image_gen');
    stream.end();
  }),
  /** The stream ends without a last event. */
  silent_end: afterPreview((stream) => stream.end()),
  silence: (exchange) => new EventStream(exchange).open(),
  silence_after_partial: afterPreview(() => undefined),
  silence_before_headers: () => undefined,
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

/** Shorter markers. */
const aliases: Record<string, ScenarioName> = {
  '401': 'invalid_api_key',
  '403': 'not_verified',
  '404': 'model_not_found',
  '429': 'rate_limited',
  '500': 'server_error',
  '503': 'unavailable',
  quota: 'insufficient_quota',
  moderation: 'moderation_blocked',
};

/** Reads a marker such as `[[500]]`, `[[no_image]]` or `[[500 once]]`. */
export function markerIn(prompt: string): { readonly name: ScenarioName; readonly isOnce: boolean } | undefined {
  const [, marker = '', once] = /\[\[(\w+)( once)?\]\]/.exec(prompt) ?? [];
  const name = aliases[marker] ?? (isScenario(marker) ? marker : undefined);
  return name && { name, isOnce: once !== undefined };
}

const isScenario = (marker: string): marker is ScenarioName => Object.hasOwn(scenarios, marker);

export async function play(name: ScenarioName, exchange: Exchange, options: ScenarioOptions = {}): Promise<void> {
  const scenario: Scenario = scenarios[name];
  await scenario(exchange, options);
}
