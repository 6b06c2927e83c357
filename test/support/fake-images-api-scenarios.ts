/** The answers of the fake Images API. fake-images-api.ts explains how a test or a prompt chooses one. */
import type { ServerResponse } from 'node:http';
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
  damaged_json: text(200, 'application/json', `{"data":[{"b64_json":"${UPSTREAM_TEXT}`),
  only_url: json(200, { created: 1, data: [{ url: 'http://169.254.169.254/latest/meta-data' }] }),
  gzip_bomb: ({ response }) =>
    answerGzipBomb(response, 200, 'application/json', '{"created":1,"data":[{"b64_json":"iVBORw0KGgo'),
  gzip_bomb_refusal: ({ response }) => answerGzipBomb(response, 400, 'application/json', '{"error":"'),

  // Connections that break or go silent.
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  cut: begin((response) => response.socket?.destroy()),
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
