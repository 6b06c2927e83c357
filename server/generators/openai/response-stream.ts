/** Reads the events of one streamed response: reports progress, and keeps the image or the reason why there is none. */
import * as v from 'valibot';
import { type GenerateContext, type GenerateResult, GenerationFailed } from '../generator.ts';
import { type ImageByteLimits, readBase64Image } from '../read-image.ts';
import { failure } from './failures.ts';
import { ImageTokens, readImageResult, usageOf } from './image-result.ts';
import type { TokenPrices } from './models.ts';
import { optionalCode, optionalText, parseRefusal, refused } from './refusals.ts';
import type { Service } from './service.ts';

const refusal = v.pipe(
  v.optional(v.unknown()),
  v.transform((error) => (error ? parseRefusal(error) : undefined)),
);

const ImageCall = v.object({
  type: v.literal('image_generation_call'),
  /** The image in base64. Its presence decides: the call's `status` may still be `generating` then. */
  result: optionalText,
  revised_prompt: optionalText,
  error: v.optional(refusal),
});
type ImageCall = v.InferOutput<typeof ImageCall>;

const Completed = v.pipe(
  v.object({
    /** Other items, such as messages of the model, may have any form. */
    output: v.fallback(v.array(v.fallback(v.nullable(ImageCall), null)), []),
    tool_usage: v.optional(v.fallback(v.optional(v.object({ image_gen: ImageTokens })), undefined)),
  }),
  v.transform(({ output, tool_usage }) => ({ call: output.find((item) => item !== null), tool_usage })),
);

const Incomplete = v.object({
  incomplete_details: v.fallback(v.nullish(v.object({ reason: optionalText })), undefined),
});

/**
 * The events that matter here. Compatible servers don't always send what the SDK's types promise, so every event is parsed. The last
 * events are recognised even if the rest of them is damaged.
 */
const StreamEvent = v.variant('type', [
  v.object({ type: v.literal('response.image_generation_call.in_progress') }),
  v.object({ type: v.literal('response.image_generation_call.generating') }),
  v.object({ type: v.literal('response.image_generation_call.partial_image'), partial_image_b64: v.string() }),
  v.object({ type: v.literal('response.output_item.done'), item: ImageCall }),
  v.object({ type: v.literal('response.completed'), response: v.fallback(v.optional(Completed), undefined) }),
  v.object({
    type: v.literal('response.failed'),
    response: v.fallback(v.optional(v.object({ error: v.optional(refusal) })), undefined),
  }),
  v.object({ type: v.literal('response.incomplete'), response: v.fallback(v.optional(Incomplete), undefined) }),
  v.object({ type: v.literal('error'), code: optionalCode, message: optionalText }),
]);

export class ResponseReader {
  readonly #onProgress: GenerateContext['onProgress'];
  readonly #service: Service;
  readonly #limits: ImageByteLimits;
  readonly #prices: TokenPrices | undefined;
  #phase: 'sent' | 'started' | 'drawing' = 'sent';
  /** What the stream has said so far. One field, so that a result and a failure exclude each other. */
  #outcome: GenerateResult | GenerationFailed | undefined;

  constructor(
    onProgress: GenerateContext['onProgress'],
    service: Service,
    limits: ImageByteLimits,
    prices: TokenPrices | undefined,
  ) {
    this.#onProgress = onProgress;
    this.#service = service;
    this.#limits = limits;
    this.#prices = prices;
  }

  /**
   * Reads one event, parsed from JSON. Unknown and damaged events are ignored.
   * @throws {GenerationFailed} when the event says that there will be no image
   */
  read(data: unknown): void {
    if (this.#phase === 'sent') this.#enter('started');
    const { success, output: event } = v.safeParse(StreamEvent, data);
    if (!success) return;
    switch (event.type) {
      case 'response.image_generation_call.in_progress':
      case 'response.image_generation_call.generating':
        return this.#enter('drawing');
      case 'response.image_generation_call.partial_image':
        this.#enter('drawing');
        return this.#preview(event.partial_image_b64);
      case 'response.output_item.done':
        return this.#keep(event.item);
      case 'response.completed':
        // Some servers send the image only here.
        if (event.response?.call) this.#keep(event.response.call);
        this.#addUsage(event.response?.tool_usage?.image_gen);
        this.#outcome ??= failure('no_image', this.#service);
        return;
      case 'response.incomplete':
        if (event.response?.incomplete_details?.reason === 'content_filter') {
          return this.#fail(refused({ code: 'content_filter' }, this.#service));
        }
        this.#outcome ??= failure('no_image', this.#service);
        return;
      case 'response.failed':
        return this.#fail(refused(event.response?.error ?? {}, this.#service));
      case 'error':
        return this.#fail(refused(parseRefusal(event), this.#service));
    }
  }

  /**
   * The result of a stream that has ended, or that broke off with the failure `broken`. What the stream itself said counts first: a
   * complete image is billed, so a break after it is no reason to draw it again.
   * @throws {GenerationFailed} if it left no image
   */
  finish(broken: GenerationFailed = failure('cut', this.#service, 'no last event')): GenerateResult {
    const outcome = this.#outcome ?? broken;
    if (outcome instanceof GenerationFailed) throw outcome;
    return outcome;
  }

  /** Reports each phase once. */
  #enter(phase: 'started' | 'drawing'): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#onProgress({ phase });
  }

  /** A preview that can't be shown is ignored. */
  #preview(base64: string): void {
    const image = readBase64Image(base64, this.#limits);
    if (typeof image === 'object') this.#onProgress({ phase: 'partial', image });
  }

  /** A tool error is only kept, not thrown, since the last event may still hold an image. */
  #keep({ result, revised_prompt: revisedPrompt, error }: ImageCall): void {
    if (this.#outcome && !(this.#outcome instanceof GenerationFailed)) return;
    if (result) this.#outcome = readImageResult(result, revisedPrompt, this.#service, this.#limits);
    else if (error) this.#outcome = refused(error, this.#service);
  }

  #addUsage(tokens: ImageTokens | undefined): void {
    if (!tokens || !this.#outcome || this.#outcome instanceof GenerationFailed) return;
    this.#outcome = { ...this.#outcome, ...usageOf(tokens, this.#prices) };
  }

  /** Replaces an image that has already come: the service has taken it back. */
  #fail(reason: GenerationFailed): never {
    this.#outcome = reason;
    throw reason;
  }
}
