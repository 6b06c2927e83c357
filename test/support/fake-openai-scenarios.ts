/** The answers of the fake OpenAI to a request for an image. fake-openai.ts explains how a test or a prompt chooses one. */
import { gzipSync } from 'node:zlib';
import { answerGzipBomb, pixelBomb } from './bombs.ts';
import { type ApiError, answerError, answerJson, EventStream, type Exchange } from './fake-openai-exchange.ts';
import { pngOfSize } from './image-files.ts';

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
/** A picture that differs from those that are painted. */
const second = pngOfSize(48, 32);
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
  /** How the base64 of the final image is written. */
  readonly spell?: (base64: string) => string;
}

const drawn = async (exchange: Exchange, { status, data, mediaType, spell }: Oddities = {}): Promise<void> => {
  const stream = new EventStream(exchange);
  await stream.begin(mediaType);
  for (let index = 0; index < stream.partials; index++) await stream.partial(index);
  stream.completed(await stream.image(status, data, spell), status);
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
  wrong_media_type: (exchange) => drawn(exchange, { mediaType: 'application/json' }),
  /** Base64 with line breaks, in a `data:` address. */
  odd_base64: (exchange) =>
    drawn(exchange, { spell: (base64) => `data:image/png;base64,${base64.replace(/.{76}/g, '$&\r\n')}` }),
  /** One JSON answer, though a stream was asked for. */
  whole_response: async (exchange) => {
    const stream = new EventStream(exchange);
    const image = await stream.paintFinal();
    answerJson(exchange.response, 200, stream.finished(image.toString('base64')));
  },
  /** Finishes when the test calls `release`. */
  held: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    if (stream.partials > 0) await stream.partial(0);
    await exchange.released();
    stream.completed(await stream.image());
  },
  /** The last event comes when the test calls `release`. */
  held_after_image: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    const image = await stream.image();
    await exchange.released();
    stream.completed(image);
  },
  /** Previews that can't be shown, then a valid image. */
  bad_partial: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.partial(0, html);
    await stream.partial(1, (await stream.paintFinal()).subarray(0, -20));
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
  /** Keep-alives without JSON, and an event that is damaged. */
  pings: async (exchange) => {
    const stream = new EventStream(exchange);
    const ping = () => stream.raw('data:\n\ndata: ping\n\nevent: ping\ndata\n\n: ping\n\n');
    await stream.begin();
    ping();
    stream.raw('event: response.in_progress\ndata: {"type":"response.in_prog\n\n');
    const image = await stream.image();
    ping();
    stream.completed(image);
  },
  /** A second image that nobody asked for. */
  two_images: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.image('completed', second);
    stream.completed(await stream.image());
  },
  /** The connection stays open after the last event. */
  never_ends: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    stream.event('response.completed', { response: stream.finished(await stream.image()) });
  },
  /** A failure after the complete image. */
  server_error_after_image: afterPreview(async (stream) => {
    await stream.image();
    stream.failed({ code: 'server_error', message: UPSTREAM_TEXT });
  }),
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

  too_big: ({ response }) => void response.writeHead(413, { 'content-type': 'text/html' }).end(html),
  gateway_timeout: ({ response }) => void response.writeHead(504, { 'content-type': 'text/html' }).end(html),
  /** A gateway gives up when the test calls `release`. */
  held_timeout: async ({ response, released }) => {
    await released();
    response.writeHead(504, { 'content-type': 'text/html' }).end(html);
  },
  /** An error, with status 200. */
  error_in_200: ({ response }) =>
    answerJson(response, 200, { error: { message: UPSTREAM_TEXT, type: 'server_error', code: 'server_error' } }),

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

  refused: afterPreview((stream) => {
    stream.refusal(UPSTREAM_TEXT);
    stream.completed();
  }),

  // Streams without a usable image.
  no_image: afterPreview((stream) => stream.completed()),
  html_image: (exchange) => drawn(exchange, { data: html }),
  svg_image: (exchange) => drawn(exchange, { data: svg }),
  cut_image: (exchange) => drawn(exchange, { data: second.subarray(0, -30) }),
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
  /** A compressed answer that breaks off. */
  cut_gzip: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.end(gzipSync('data: {"type":"response.created"}\n\n'.repeat(50)).subarray(0, 30));
  },
  /** The stream ends without a last event. */
  silent_end: afterPreview((stream) => stream.end()),
  silence: (exchange) => new EventStream(exchange).open(),
  silence_after_partial: afterPreview(() => undefined),
  /** The preview after the image tells a test that the image has been read. */
  silence_after_image: afterPreview(async (stream) => {
    await stream.image();
    await stream.partial(1);
  }),
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
