/** How the fake images server answers: one good way, and every bad day of those that speak the Images API. */
import type { ServerResponse } from 'node:http';
import { answerGzipBomb, pixelBomb } from './bombs.ts';
import { UPSTREAM_WORDS } from './fake-openai-scenarios.ts';

export interface ImagesExchange {
  readonly response: ServerResponse;
  /** The picture that was asked for, painted. */
  paint(): Promise<Buffer>;
  /** Waits until the test says so. */
  released(): Promise<void>;
}

export interface ImagesScenarioOptions {
  /** The `retry-after` header, in seconds. */
  readonly retryAfter?: number;
}

type Scenario = (exchange: ImagesExchange, options: ImagesScenarioOptions) => void | Promise<void>;

const page = `<!doctype html><title>502 Bad Gateway</title><p>${UPSTREAM_WORDS}`;
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>';

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

/** An answer around the picture, in base64. */
const drawn =
  (answer: (base64: string) => unknown): Scenario =>
  async (exchange, options) =>
    json(200, answer((await exchange.paint()).toString('base64')))(exchange, options);

const base64 = (content: string): string => Buffer.from(content).toString('base64');
const pictured = (content: string): Scenario => json(200, { created: 1, data: [{ b64_json: base64(content) }] });

/** The beginning of an answer, and then whatever `then` does. */
const begun =
  (then: (response: ServerResponse) => void): Scenario =>
  ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"created":1,"data":[{"b64_json":"iVBORw0KGgo', () => then(response));
  };

const plainly = drawn((b64_json) => ({ created: 1, data: [{ b64_json }], output_format: 'png' }));

export const imagesScenarios = {
  /** As stable-diffusion.cpp answers. */
  drawn: plainly,
  /** As vLLM-Omni answers. */
  drawn_with_nulls: drawn((b64_json) => ({
    created: 1,
    data: [{ b64_json, url: null, revised_prompt: null }],
    output_format: null,
    size: null,
    error: null,
  })),
  /** As OpenAI answers. */
  drawn_with_usage: drawn((b64_json) => ({
    created: 1,
    data: [{ b64_json, revised_prompt: 'a lighthouse, at length' }],
    usage: {
      input_tokens: 60,
      input_tokens_details: { text_tokens: 20, image_tokens: 40 },
      output_tokens: 100,
      total_tokens: 160,
    },
  })),
  drawn_with_odd_usage: drawn((b64_json) => ({ data: [{ b64_json, revised_prompt: 7 }], usage: 'plenty' })),
  /** Two, where one was asked for. */
  drawn_twice: drawn((b64_json) => ({ data: [{ b64_json }, { b64_json: base64('another') }] })),
  /** Answers when the test calls `release`. */
  held: async (exchange, options) => {
    await exchange.released();
    await plainly(exchange, options);
  },

  string_error: json(500, { error: UPSTREAM_WORDS }),
  string_refusal: json(400, { error: UPSTREAM_WORDS }),
  /** As stable-diffusion.cpp tells an exception. */
  word_error: json(500, { error: 'server_error', message: UPSTREAM_WORDS }),
  /** As LocalAI answers: the code is the status. */
  object_error: json(500, { error: { code: 500, message: UPSTREAM_WORDS, type: '' } }),
  /** As FastAPI answers. */
  detail: json(400, { detail: UPSTREAM_WORDS }),
  detail_list: json(422, { detail: [{ loc: ['body', 'prompt'], msg: UPSTREAM_WORDS, type: 'value_error' }] }),
  not_ready: json(503, { detail: UPSTREAM_WORDS }),
  plain_error: text(500, 'text/plain', UPSTREAM_WORDS),
  proxy_error: text(502, 'text/html', page),
  proxy_timeout: text(504, 'text/html', page),
  /** To where a server inside the network would hear prompt and picture. */
  redirected: ({ response }) => void response.writeHead(307, { location: '/v1/elsewhere' }).end(),
  rate_limited: json(429, { error: { message: UPSTREAM_WORDS, type: 'requests', code: 'rate_limit_exceeded' } }),
  moderated: json(400, { error: { message: UPSTREAM_WORDS, type: 'user_error', code: 'moderation_blocked' } }),
  wrong_key: json(401, { error: UPSTREAM_WORDS }),
  no_credit: json(429, { error: { message: UPSTREAM_WORDS, type: 'insufficient_quota', code: 'insufficient_quota' } }),
  no_model: json(404, { error: { message: UPSTREAM_WORDS, type: 'invalid_request', code: 'model_not_found' } }),
  no_endpoint: text(404, 'text/plain', '404 page not found'),

  string_error_in_200: json(200, { error: UPSTREAM_WORDS }),
  detail_in_200: json(200, { detail: UPSTREAM_WORDS }),
  status_in_200: json(200, { error: { code: 503, message: UPSTREAM_WORDS, type: 'unavailable' }, data: null }),
  moderated_in_200: json(200, { error: { code: 'content_policy_violation', message: UPSTREAM_WORDS } }),
  page_in_200: text(200, 'text/html', page),
  null_in_200: json(200, null),
  list_in_200: json(200, [UPSTREAM_WORDS]),
  nothing_in_200: text(200, 'application/json', ''),
  damaged_json: text(200, 'application/json', `{"data":[{"b64_json":"${UPSTREAM_WORDS}`),

  no_images: json(200, { created: 1, data: [] }),
  no_data: json(200, { created: 1 }),
  empty_image: json(200, { created: 1, data: [{ b64_json: '' }] }),
  only_url: json(200, { created: 1, data: [{ url: 'http://169.254.169.254/latest/meta-data' }] }),
  not_base64: json(200, { data: [{ b64_json: `${UPSTREAM_WORDS}!` }] }),
  page_image: pictured(page),
  svg_image: pictured(svg),
  pixel_bomb: json(200, { data: [{ b64_json: pixelBomb.toString('base64') }] }),
  gzip_bomb: ({ response }) =>
    answerGzipBomb(response, 200, 'application/json', '{"created":1,"data":[{"b64_json":"iVBORw0KGgo'),
  gzip_bomb_refusal: ({ response }) => answerGzipBomb(response, 400, 'application/json', '{"error":"'),

  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  cut: begun((response) => response.socket?.destroy()),
  silence: () => undefined,
  silence_within: begun(() => undefined),
  /** Goes on until the client has had enough. */
  endless: begun((response) => {
    const chunk = 'A'.repeat(64 * 1024);
    const more = () => {
      let isTaken = true;
      while (isTaken && !response.destroyed) isTaken = response.write(chunk);
    };
    response.on('drain', more);
    more();
  }),
} as const satisfies Record<string, Scenario>;

export type ImagesScenarioName = keyof typeof imagesScenarios;

/** Reads `[[string_error]]` in a prompt, for use by hand. */
export function imagesMarkerIn(prompt: string): ImagesScenarioName | undefined {
  const [, word = ''] = /\[\[(\w+)\]\]/.exec(prompt) ?? [];
  return isScenario(word) ? word : undefined;
}

const isScenario = (word: string): word is ImagesScenarioName => Object.hasOwn(imagesScenarios, word);

export async function playImages(
  name: ImagesScenarioName,
  exchange: ImagesExchange,
  options: ImagesScenarioOptions = {},
): Promise<void> {
  const scenario: Scenario = imagesScenarios[name];
  await scenario(exchange, options);
}
