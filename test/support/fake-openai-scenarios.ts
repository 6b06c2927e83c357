/** How the fake OpenAI answers a request for an image: one good way, and every bad day. */
import { answerGzipBomb, pixelBomb } from './bombs.ts';
import { type ApiError, answerError, EventStream, type Exchange } from './fake-openai-exchange.ts';

export interface ScenarioOptions {
  /** The `retry-after` header, in seconds. */
  readonly retryAfter?: number;
  /** The `retry-after-ms` header. */
  readonly retryAfterMs?: number;
}

type Scenario = (exchange: Exchange, options: ScenarioOptions) => void | Promise<void>;

/** What the service says; a test looks that no word of it comes through. */
export const UPSTREAM_WORDS = 'words of the upstream service';

const html = Buffer.from('<!doctype html><title>Sign in to the network</title><p>Sign in');
const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>',
);

const http =
  (status: number, error: ApiError): Scenario =>
  ({ response }, { retryAfter, retryAfterMs }) =>
    answerError(response, status, error, {
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(retryAfterMs !== undefined && { 'retry-after-ms': String(retryAfterMs) }),
    });

const afterPartial =
  (end: (stream: EventStream) => void | Promise<void>): Scenario =>
  async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.partial(0);
    await end(stream);
  };

interface Oddities {
  readonly status?: string;
  readonly data?: Buffer;
  readonly mediaType?: string;
}

const drawn = async (exchange: Exchange, { status, data, mediaType }: Oddities = {}): Promise<void> => {
  const stream = new EventStream(exchange);
  await stream.begin(mediaType);
  for (let index = 0; index < stream.partials; index++) await stream.partial(index);
  stream.completed(await stream.image(status, data), status);
};

const moderation: ApiError = {
  message: `Your request was rejected by the safety system. ${UPSTREAM_WORDS}`,
  type: 'image_generation_user_error',
  code: 'moderation_blocked',
};

export const scenarios = {
  drawn: (exchange) => drawn(exchange),
  /** The item's status may lag behind its image. */
  odd_status: (exchange) => drawn(exchange, { status: 'generating' }),
  odd_media_type: (exchange) => drawn(exchange, { mediaType: 'Text/Event-Stream' }),
  /** Draws its last stroke when the test calls `release`. */
  held: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    if (stream.partials > 0) await stream.partial(0);
    await exchange.released();
    stream.completed(await stream.image());
  },

  rate_limited: http(429, { message: UPSTREAM_WORDS, type: 'requests', code: 'rate_limit_exceeded' }),
  insufficient_quota: http(429, { message: UPSTREAM_WORDS, type: 'insufficient_quota', code: 'insufficient_quota' }),
  server_error: http(500, { message: UPSTREAM_WORDS, type: 'server_error' }),
  unavailable: http(503, { message: UPSTREAM_WORDS, type: 'service_unavailable_error' }),
  request_timeout: http(408, { message: UPSTREAM_WORDS, type: 'timeout' }),
  conflict: http(409, { message: UPSTREAM_WORDS, type: 'conflict' }),
  moderation_blocked: http(400, moderation),
  bad_option: http(400, { message: UPSTREAM_WORDS, type: 'invalid_request_error', code: 'invalid_value' }),
  billing_limit: http(400, {
    message: UPSTREAM_WORDS,
    type: 'billing_limit_user_error',
    code: 'billing_hard_limit_reached',
  }),
  invalid_api_key: http(401, {
    message: `Incorrect API key provided. ${UPSTREAM_WORDS}`,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  }),
  missing_scope: http(403, {
    message: `You have insufficient permissions for this operation. Missing scopes: api.responses.write. ${UPSTREAM_WORDS}`,
    type: 'invalid_request_error',
  }),
  not_verified: http(403, {
    message: `Your organization must be verified to use the model. ${UPSTREAM_WORDS}`,
    type: 'invalid_request_error',
  }),
  forbidden: http(403, { message: UPSTREAM_WORDS, type: 'request_forbidden' }),
  unsupported_country: http(403, {
    message: UPSTREAM_WORDS,
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  }),
  model_not_found: http(404, { message: UPSTREAM_WORDS, type: 'invalid_request_error', code: 'model_not_found' }),
  wrong_path: ({ response }) => void response.writeHead(404, { 'content-type': 'text/html' }).end(html),

  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  cut: afterPartial((stream) => stream.cut()),
  cut_after_image: afterPartial(async (stream) => {
    await stream.image();
    stream.cut();
  }),
  cut_inside_event: afterPartial((stream) => {
    stream.raw('event: response.output_item.done\ndata: {"type":"response.output_item.done","item":{"type":"image_gen');
    stream.end();
  }),
  silent_end: afterPartial((stream) => stream.end()),
  failed_server_error: afterPartial((stream) => stream.failed({ code: 'server_error', message: UPSTREAM_WORDS })),
  failed_rate_limit: afterPartial((stream) => stream.failed({ code: 'rate_limit_exceeded', message: UPSTREAM_WORDS })),
  failed_invalid_prompt: afterPartial((stream) => stream.failed({ code: 'invalid_prompt', message: UPSTREAM_WORDS })),
  /** The image was there, and was then taken back. */
  failed_after_image: afterPartial(async (stream) => {
    await stream.image();
    stream.failed({ code: 'image_content_policy_violation', message: UPSTREAM_WORDS });
  }),
  incomplete: afterPartial((stream) => stream.incomplete('max_output_tokens')),
  incomplete_filtered: afterPartial((stream) => stream.incomplete('content_filter')),
  named_error: afterPartial((stream) => {
    stream.event('error', { code: 'server_error', message: UPSTREAM_WORDS, param: null });
    stream.end();
  }),
  unnamed_error: afterPartial((stream) => {
    stream.unnamedEvent('error', { code: 'server_error', message: UPSTREAM_WORDS, param: null });
    stream.end();
  }),
  nested_error: afterPartial((stream) => {
    stream.unnamedEvent('error', { error: { type: 'rate_limit_error', code: null, message: UPSTREAM_WORDS } });
    stream.end();
  }),
  html: ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end(html),
  no_image: afterPartial((stream) => stream.completed()),
  moderated_item: afterPartial((stream) => {
    stream.noImage(moderation);
    stream.completed();
  }),
  html_image: (exchange) => drawn(exchange, { data: html }),
  svg_image: (exchange) => drawn(exchange, { data: svg }),
  pixel_bomb: (exchange) => drawn(exchange, { data: pixelBomb }),
  gzip_bomb: ({ response }) => answerGzipBomb(response, 200, 'text/event-stream', 'data: {"type":"'),
  gzip_bomb_refusal: ({ response }) => answerGzipBomb(response, 400, 'application/json', '{"error":{"message":"'),
  /** A damaged preview in front of a good image. */
  bad_partial: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    await stream.partial(0, html);
    stream.completed(await stream.image());
  },
  /** As a server that sends the item only at the end. */
  late_item: async (exchange) => {
    const stream = new EventStream(exchange);
    await stream.begin();
    stream.completed((await stream.paintFinal()).toString('base64'));
  },
  /** Events, items and fields that nobody has heard of. */
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
  silence: (exchange) => new EventStream(exchange).open(),
  silence_after_partial: afterPartial(() => undefined),
  silence_before_headers: () => undefined,
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

/** Shorter names, for a marker in a prompt. */
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

/** Reads `[[500]]`, `[[no_image]]` or, for the first request with that prompt alone, `[[500 once]]`. */
export function markerIn(prompt: string): { readonly name: ScenarioName; readonly isOnce: boolean } | undefined {
  const [, word = '', once] = /\[\[(\w+)( once)?\]\]/.exec(prompt) ?? [];
  const name = aliases[word] ?? (isScenario(word) ? word : undefined);
  return name && { name, isOnce: once !== undefined };
}

const isScenario = (word: string): word is ScenarioName => Object.hasOwn(scenarios, word);

export async function play(name: ScenarioName, exchange: Exchange, options: ScenarioOptions = {}): Promise<void> {
  const scenario: Scenario = scenarios[name];
  await scenario(exchange, options);
}
