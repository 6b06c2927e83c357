/** One request to the fake OpenAI and its answer, in the formats of the Responses API. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { PictureOrder, PictureSize } from './fake-openai-pictures.ts';

/** The parts of a request that the fake reads. `RecordedRequest.body` has all of it. */
const Body = v.object({
  model: v.string(),
  input: v.array(v.object({ content: v.array(v.object({ type: v.string(), text: v.optional(v.string()) })) })),
  tools: v.tuple([
    v.object({
      model: v.string(),
      size: v.optional(v.string()),
      quality: v.optional(v.string()),
      background: v.optional(v.string()),
      output_format: v.optional(v.picklist(['png', 'jpeg', 'webp'])),
      partial_images: v.optional(v.number()),
    }),
  ]),
});

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed from JSON; absent without a body. */
  readonly body?: unknown;
  /** Whether the client closed the connection before the answer was complete. */
  readonly isClosedEarly: boolean;
  /** Resolves when the client closes the connection early. */
  readonly closedEarly: Promise<void>;
}

/** The exact bytes of the images that were sent. */
export interface SentImages {
  readonly partials: Buffer[];
  final?: Buffer;
}

export interface Exchange {
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  /** Which request for an image this is, counted from 1. */
  readonly number: number;
  readonly sent: SentImages;
  /** If absent, the requested size. */
  readonly pictureSize?: PictureSize;
  paint(order: PictureOrder): Promise<Buffer>;
  /** Waits for one step of drawing: no time at all in tests. */
  pace(): Promise<void>;
  /** Waits until the test calls `release`. */
  released(): Promise<void>;
}

/** The `error` field of the API's error responses. */
export interface ApiError {
  readonly message: string;
  readonly type: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const requestId = 'req_00000000000000000000000000000001';
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId, ...headers });
  response.end(JSON.stringify(body));
}

export function answerError(
  response: ServerResponse,
  status: number,
  error: ApiError,
  headers?: Record<string, string>,
): void {
  answerJson(response, status, { error: { param: null, code: null, ...error } }, headers);
}

/** The request's prompt, or its feedback if it refines an image. */
export function promptOf(body: unknown): string {
  if (!v.is(Body, body)) return '';
  return body.input.flatMap(({ content }) => content.map(({ text }) => text ?? '')).join('\n');
}

/** The answer to a request as a stream of events. The methods are called in the order in which the API sends them. */
export class EventStream {
  readonly #exchange: Exchange;
  readonly #body: v.InferOutput<typeof Body>;
  readonly #responseId: string;
  readonly #itemId: string;
  #sequence = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#body = v.parse(Body, exchange.request.body);
    this.#responseId = `resp_${String(exchange.number).padStart(32, '0')}`;
    this.#itemId = `ig_${String(exchange.number).padStart(32, '0')}`;
  }

  get partials(): number {
    return this.#body.tools[0].partial_images ?? 0;
  }

  /** Sends only the headers. */
  open(mediaType = 'text/event-stream; charset=utf-8'): void {
    this.#exchange.response.writeHead(200, { 'content-type': mediaType });
    this.#exchange.response.flushHeaders();
  }

  /** Sends all events up to the one that says that the model draws. */
  async begin(mediaType?: string): Promise<void> {
    this.open(mediaType);
    this.event('response.created', { response: this.#response('in_progress', []) });
    this.event('response.in_progress', { response: this.#response('in_progress', []) });
    await this.#exchange.pace();
    this.event('response.output_item.added', { output_index: 0, item: this.#item('in_progress', null) });
    this.event('response.image_generation_call.in_progress', { output_index: 0, item_id: this.#itemId });
    await this.#exchange.pace();
    this.event('response.image_generation_call.generating', { output_index: 0, item_id: this.#itemId });
  }

  /** Sends a preview; `index` counts from 0. */
  async partial(index: number, data?: Buffer): Promise<void> {
    await this.#exchange.pace();
    const bytes = data ?? (await this.#paint((index + 1) / (this.partials + 1)));
    this.#exchange.sent.partials.push(bytes);
    this.event('response.image_generation_call.partial_image', {
      output_index: 0,
      item_id: this.#itemId,
      partial_image_index: index,
      partial_image_b64: bytes.toString('base64'),
      ...this.#drawingOptions(),
    });
  }

  /** Sends the item with the final image, and returns the image in base64, spelt by `spell`. */
  async image(status = 'completed', data?: Buffer, spell = (base64: string) => base64): Promise<string> {
    await this.#exchange.pace();
    const bytes = data ?? (await this.paintFinal());
    this.#exchange.sent.final = bytes;
    this.event('response.image_generation_call.completed', { output_index: 0, item_id: this.#itemId });
    const result = spell(bytes.toString('base64'));
    this.event('response.output_item.done', { output_index: 0, item: this.#item(status, result) });
    return result;
  }

  /** Paints the final image without sending its event. */
  async paintFinal(): Promise<Buffer> {
    const bytes = await this.#paint(1);
    this.#exchange.sent.final = bytes;
    return bytes;
  }

  /** Sends the item without an image, and the reason. */
  noImage(error?: ApiError): void {
    const item = { ...this.#item('failed', null), ...(error && { error: { param: null, ...error } }) };
    this.event('response.output_item.done', { output_index: 0, item });
  }

  completed(result?: string, status = 'completed'): void {
    this.event('response.completed', { response: this.finished(result, status) });
    this.end();
  }

  /** The response as the last event holds it. */
  finished(result?: string, status = 'completed'): object {
    const output = result === undefined ? [] : [this.#item(status, result)];
    return {
      ...this.#response('completed', output),
      usage: { input_tokens: 210, output_tokens: 34, total_tokens: 244 },
      tool_usage: {
        image_gen: {
          input_tokens: 17,
          input_tokens_details: { image_tokens: 0, text_tokens: 17 },
          output_tokens: 1_056,
          output_tokens_details: { image_tokens: 1_056, text_tokens: 0 },
          total_tokens: 1_073,
        },
        web_search: { num_requests: 0 },
      },
    };
  }

  /** Sends what the model says when it refuses. */
  refusal(text: string): void {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: text }] };
    this.event('response.output_item.done', { output_index: 0, item });
  }

  failed(error: { readonly code: string; readonly message: string }): void {
    this.event('response.failed', { response: { ...this.#response('failed', []), error } });
    this.end();
  }

  incomplete(reason: string): void {
    this.event('response.incomplete', {
      response: { ...this.#response('incomplete', []), incomplete_details: { reason } },
    });
    this.end();
  }

  event(type: string, fields: object): void {
    this.raw(`event: ${type}\ndata: ${this.#json(type, fields)}\n\n`);
  }

  /** Some gateways send errors like this: data without an `event:` line. */
  unnamedEvent(type: string, fields: object): void {
    this.raw(`data: ${this.#json(type, fields)}\n\n`);
  }

  raw(text: string): void {
    if (!this.#exchange.response.destroyed) this.#exchange.response.write(text);
  }

  end(): void {
    this.#exchange.response.end();
  }

  /** Breaks the connection, after all that was written has been sent. */
  cut(): void {
    this.#exchange.response.write('', () => this.#exchange.response.socket?.destroy());
  }

  #json(type: string, fields: object): string {
    return JSON.stringify({ type, sequence_number: this.#sequence++, ...fields });
  }

  #response(status: string, output: object[]): object {
    return {
      id: this.#responseId,
      object: 'response',
      created_at: 1_790_000_000,
      status,
      error: null,
      incomplete_details: null,
      model: this.#body.model,
      output,
      store: false,
      tool_choice: { type: 'image_generation' },
      tools: this.#body.tools,
    };
  }

  #item(status: string, result: string | null): object {
    return {
      id: this.#itemId,
      type: 'image_generation_call',
      status,
      result,
      ...(result !== null && { revised_prompt: this.#revisedPrompt, ...this.#drawingOptions() }),
    };
  }

  get #revisedPrompt(): string {
    return `${promptOf(this.#exchange.request.body)}, in soft morning light`;
  }

  #drawingOptions(): object {
    const { size = '1024x1024', quality = 'high', background = 'opaque', output_format = 'png' } = this.#body.tools[0];
    return { size, quality, background, output_format };
  }

  #paint(progress: number): Promise<Buffer> {
    const { number, pictureSize, request } = this.#exchange;
    const { size, output_format: format = 'png' } = this.#body.tools[0];
    const prompt = promptOf(request.body);
    return this.#exchange.paint({ prompt, number, progress, format, size: pictureSize ?? sizeOf(size) });
  }
}

function sizeOf(size: string | undefined): PictureSize {
  const [width, height] = (size ?? '').split('x').map(Number);
  return width && height ? { width, height } : { width: 1024, height: 1024 };
}
