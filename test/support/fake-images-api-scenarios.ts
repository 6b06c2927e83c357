/** The answers of the fake Images API. fake-images-api.ts explains how a test or a prompt chooses one. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { answerGzipBomb } from './bombs.ts';
import { UPSTREAM_TEXT } from './fake-openai-scenarios.ts';

export interface ImagesExchange {
  readonly response: ServerResponse;
  /** Paints the requested picture. */
  paint(): Promise<Buffer>;
  /** Waits until the test calls `release`. */
  released(): Promise<void>;
}

export interface ImagesScenarioOptions {
  /** The `retry-after` header, in seconds. */
  readonly retryAfter?: number;
}

type Scenario = (exchange: ImagesExchange, options: ImagesScenarioOptions) => void | Promise<void>;

const page = `<!doctype html><title>502 Bad Gateway</title><p>${UPSTREAM_TEXT}`;

const json =
  (status: number, body: unknown): Scenario =>
  ({ response }, { retryAfter }) => {
    const wait = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    response.writeHead(status, { 'content-type': 'application/json', ...wait }).end(JSON.stringify(body));
  };

const text =
  (status: number, type: string, body: string): Scenario =>
  ({ response }) =>
    void response.writeHead(status, { 'content-type': type }).end(body);

/** Answers with the picture in base64, inside whatever `answer` returns. */
const picture =
  (answer: (base64: string) => unknown): Scenario =>
  async (exchange, options) =>
    json(200, answer((await exchange.paint()).toString('base64')))(exchange, options);

/** Sends the beginning of an answer, then does what `then` does. */
const begin =
  (then: (response: ServerResponse) => void): Scenario =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"created":1,"data":[{"b64_json":"iVBORw0KGgo', () => then(response));
  };

/** As stable-diffusion.cpp answers. */
const drawn = picture((b64_json) => ({ created: 1, data: [{ b64_json }], output_format: 'png' }));

export const imagesScenarios = {
  // Successes.
  drawn,
  /** As OpenAI answers. */
  drawn_with_usage: picture((b64_json) => ({
    created: 1,
    data: [{ b64_json, revised_prompt: 'a lighthouse, at length' }],
    usage: {
      input_tokens: 60,
      input_tokens_details: { text_tokens: 20, image_tokens: 40 },
      output_tokens: 100,
      total_tokens: 160,
    },
  })),
  /** An empty entry before the image, which stands in a `data:` address with line breaks. */
  odd_entries: picture((base64) => ({
    data: [null, {}, { b64_json: null, url: `data:image/png;base64,${base64.replace(/.{76}/g, '$&\n')}` }],
  })),
  /** JSON without a word of what it is. */
  no_media_type: async ({ response, paint }) => {
    const b64_json = (await paint()).toString('base64');
    response.writeHead(200).end(`\ufeff${JSON.stringify({ data: [{ b64_json }] })}`);
  },
  /** JSON that is declared as a page. */
  wrong_media_type: async ({ response, paint }) => {
    const b64_json = (await paint()).toString('base64');
    response.writeHead(200, { 'content-type': 'text/html' }).end(JSON.stringify({ data: [{ b64_json }] }));
  },
  /** The stream of the Images API, which nobody asked for. */
  streamed: async ({ response, paint }) => {
    const b64_json = (await paint()).toString('base64');
    const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`: ping\n\n${event('image_generation.partial_image', { b64_json: b64_json.slice(0, 80) })}`);
    response.end(event('image_generation.completed', { b64_json }));
  },
  /** Answers when the test calls `release`. */
  held: async (exchange, options) => {
    await exchange.released();
    await drawn(exchange, options);
  },

  // HTTP errors.
  string_error: json(500, { error: UPSTREAM_TEXT }),
  string_refusal: json(400, { error: UPSTREAM_TEXT }),
  /** As stable-diffusion.cpp reports an exception. */
  code_as_error: json(500, { error: 'server_error', message: UPSTREAM_TEXT }),
  /** As LocalAI answers: the code is the status. */
  object_error: json(500, { error: { code: 500, message: UPSTREAM_TEXT, type: '' } }),
  /** As FastAPI answers. */
  detail: json(400, { detail: UPSTREAM_TEXT }),
  detail_list: json(422, { detail: [{ loc: ['body', 'prompt'], msg: UPSTREAM_TEXT, type: 'value_error' }] }),
  not_ready: json(503, { detail: UPSTREAM_TEXT }),
  plain_error: text(500, 'text/plain', UPSTREAM_TEXT),
  proxy_error: text(502, 'text/html', page),
  proxy_timeout: text(504, 'text/html', page),
  /** Prompts and images must not follow to another address, which may be inside the network. */
  redirected: ({ response }) => void response.writeHead(307, { location: '/v1/elsewhere' }).end(),
  too_big: text(413, 'text/html', page),
  rate_limited: json(429, { error: { message: UPSTREAM_TEXT, type: 'requests', code: 'rate_limit_exceeded' } }),
  moderated: json(400, { error: { message: UPSTREAM_TEXT, type: 'user_error', code: 'moderation_blocked' } }),
  wrong_key: json(401, { error: UPSTREAM_TEXT }),
  no_credit: json(429, { error: { message: UPSTREAM_TEXT, type: 'insufficient_quota', code: 'insufficient_quota' } }),
  no_model: json(404, { error: { message: UPSTREAM_TEXT, type: 'invalid_request', code: 'model_not_found' } }),
  no_endpoint: text(404, 'text/plain', '404 page not found'),

  // Answers with status 200 and without an image.
  string_error_in_200: json(200, { error: UPSTREAM_TEXT }),
  page_in_200: text(200, 'text/html', page),
  empty_in_200: text(200, 'application/json', ''),
  cut_image: async (exchange, options) => {
    const b64_json = (await exchange.paint()).subarray(0, -30).toString('base64');
    await json(200, { data: [{ b64_json }] })(exchange, options);
  },
  damaged_json: text(200, 'application/json', `{"data":[{"b64_json":"${UPSTREAM_TEXT}`),
  only_url: json(200, { created: 1, data: [{ url: 'http://169.254.169.254/latest/meta-data' }] }),
  gzip_bomb: ({ response }) =>
    answerGzipBomb(response, 200, 'application/json', '{"created":1,"data":[{"b64_json":"iVBORw0KGgo'),
  gzip_bomb_refusal: ({ response }) => answerGzipBomb(response, 400, 'application/json', '{"error":"'),

  // Connections that break or go silent.
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  cut: begin((response) => response.socket?.destroy()),
  /** Fewer bytes than the header promises. */
  cut_length: ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"data":[{"b64_json":"iVBOR', () => response.socket?.destroy());
  },
  /** A compressed answer that breaks off. */
  cut_gzip: ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(gzipSync('{"data":[{"b64_json":"iVBORw0KGgo"}]}'.repeat(50)).subarray(0, 30));
  },
  silence: () => undefined,
  silence_within: begin(() => undefined),
  /** Sends data until the client closes the connection. */
  endless: begin((response) => {
    const chunk = 'A'.repeat(64 * 1024);
    const more = () => {
      let isWritable = true;
      while (isWritable && !response.destroyed) isWritable = response.write(chunk);
    };
    response.on('drain', more);
    more();
  }),
} as const satisfies Record<string, Scenario>;

export type ImagesScenarioName = keyof typeof imagesScenarios;

/** Reads a marker such as `[[string_error]]`. */
export function imagesMarkerIn(prompt: string): ImagesScenarioName | undefined {
  const [, marker = ''] = /\[\[(\w+)\]\]/.exec(prompt) ?? [];
  return isScenario(marker) ? marker : undefined;
}

const isScenario = (marker: string): marker is ImagesScenarioName => Object.hasOwn(imagesScenarios, marker);

export async function playImages(
  name: ImagesScenarioName,
  exchange: ImagesExchange,
  options: ImagesScenarioOptions = {},
): Promise<void> {
  const scenario: Scenario = imagesScenarios[name];
  await scenario(exchange, options);
}
