/** Reads the events of one streamed response: reports progress, and keeps the images or the reason why there are none. */
import * as v from 'valibot';
import type { DecodedText } from '../base64-decoder.ts';
import { type GenerateContext, type GenerateResult, GenerationFailed } from '../generator.ts';
import { type ImageByteLimits, readDecodedImage } from '../read-image.ts';
import { failure } from './failures.ts';
import { combineResults, ImageText, ImageTokens, optionalImage, readImageResult } from './image-result.ts';
import type { TokenPrices } from './models.ts';
import { isExplained, optionalText, parseRefusal, type Refusal, refusalIn, refused } from './refusals.ts';
import type { Service } from './service.ts';

const refusal = v.pipe(
  v.optional(v.unknown()),
  v.transform((error) => (error ? parseRefusal(error) : undefined)),
);

const ImageCall = v.object({
  type: v.literal('image_generation_call'),
  id: optionalText,
  /** The image. Its presence decides: the call's `status` may still be `generating` then. */
  result: optionalImage,
  revised_prompt: optionalText,
  error: v.optional(refusal),
});
type ImageCall = v.InferOutput<typeof ImageCall>;

/** What the model says besides. Only that it refuses matters. */
const Message = v.object({
  type: v.literal('message'),
  content: v.fallback(v.array(v.fallback(v.nullable(v.object({ type: optionalText })), null)), []),
});

const Item = v.variant('type', [ImageCall, Message]);
type Item = v.InferOutput<typeof Item>;

const FinishedResponse = v.object({
  /** Other items may have any form. */
  output: v.fallback(v.array(v.fallback(v.nullable(Item), null)), []),
  error: v.optional(refusal),
  incomplete_details: v.fallback(v.nullish(v.object({ reason: optionalText })), undefined),
  tool_usage: v.fallback(v.optional(v.object({ image_gen: ImageTokens })), undefined),
});

const LastEvent = v.object({
  type: v.picklist(['response.completed', 'response.failed', 'response.incomplete']),
  response: v.fallback(v.optional(FinishedResponse), undefined),
});
type LastEvent = v.InferOutput<typeof LastEvent>;

/**
 * The events that matter here. Compatible servers don't always send what the SDK's types promise, so every event is parsed. The last
 * events are recognised even if the rest of them is damaged.
 */
const StreamEvent = v.variant('type', [
  v.object({ type: v.literal('response.image_generation_call.in_progress') }),
  v.object({ type: v.literal('response.image_generation_call.generating') }),
  v.object({ type: v.literal('response.image_generation_call.partial_image'), partial_image_b64: ImageText }),
  v.object({ type: v.literal('response.refusal.done') }),
  v.object({ type: v.literal('response.output_item.done'), item: Item }),
  LastEvent,
]);

/** The response itself, which some servers send in place of a stream. */
const WholeResponse = v.object({ output: v.array(v.unknown()), status: optionalText });

interface ReceivedImage {
  readonly id: string | null | undefined;
  /** An image that comes again in the last event is told by it. */
  readonly sha256: string | undefined;
  readonly result: GenerateResult;
}

export class ResponseReader {
  readonly #onProgress: GenerateContext['onProgress'];
  readonly #service: Service;
  readonly #limits: ImageByteLimits;
  readonly #prices: TokenPrices | undefined;
  #phase: 'sent' | 'started' | 'drawing' = 'sent';
  #images: readonly ReceivedImage[] = [];
  /** The image that was reported while the stream went on. */
  #shown: ReceivedImage | undefined;
  #tokens: ImageTokens | undefined;
  /** Why there is no image, unless one comes all the same. */
  #reason: GenerationFailed | undefined;
  #isExplained = false;
  #isOver = false;

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

  /** Whether nothing that could follow matters. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads one event, or a whole response, parsed from JSON. Unknown and damaged events are ignored. */
  read(value: unknown): void {
    if (this.#phase === 'sent') this.#enter('started');
    if (v.is(WholeResponse, value)) {
      const last = value.status === 'failed' || value.status === 'incomplete' ? value.status : 'completed';
      return this.#readEvent({ type: `response.${last}`, response: value });
    }
    const reported = errorIn(value);
    if (!reported) return this.#readEvent(value);
    this.#refuse(reported);
    // After an error without a known reason the last event may still tell it.
    this.#isOver = this.#isExplained;
  }

  /**
   * The result of a stream that has ended, or that broke off with the failure `broken`. What the stream itself said counts first: a
   * complete image is billed, so a break after it is no reason to draw it again.
   * @throws {GenerationFailed} if it left no image, or if the image that was shown is refused
   */
  finish(broken: GenerationFailed = failure('cut', this.#service, 'no last event')): GenerateResult {
    const [first, ...more] = this.#images.map(({ result }) => result);
    if (!first || (this.#shown && this.#shown.result !== first)) throw this.#reason ?? broken;
    return combineResults([first, ...more], this.#tokens, this.#prices);
  }

  #readEvent(value: unknown): void {
    const { success, output: event } = v.safeParse(StreamEvent, value);
    if (!success) return;
    switch (event.type) {
      case 'response.image_generation_call.in_progress':
      case 'response.image_generation_call.generating':
        return this.#enter('drawing');
      case 'response.image_generation_call.partial_image':
        this.#enter('drawing');
        return this.#preview(event.partial_image_b64);
      case 'response.refusal.done':
        return this.#refuse({ code: 'refusal' });
      case 'response.output_item.done':
        this.#readItem(event.item);
        return this.#show();
      default:
        return this.#readLast(event);
    }
  }

  /** Some servers send the image, or the reason why there is none, only here. */
  #readLast({ type, response }: LastEvent): void {
    for (const item of response?.output ?? []) if (item) this.#readItem(item);
    this.#tokens = response?.tool_usage?.image_gen;
    if (response?.error) this.#refuse(response.error);
    else if (response?.incomplete_details?.reason === 'content_filter') {
      this.#refuse({ code: 'content_filter', stage: 'output' });
    } else if (type === 'response.failed') this.#refuse({});
    this.#reason ??= failure('no_image', this.#service);
    this.#isOver = true;
  }

  #readItem(item: Item): void {
    if (item.type === 'image_generation_call') return this.#readCall(item);
    if (item.content.some((part) => part?.type === 'refusal')) this.#refuse({ code: 'refusal' });
  }

  #readCall({ id, result: text, revised_prompt: revisedPrompt, error }: ImageCall): void {
    if (!text) {
      if (error) this.#refuse(error, id);
      return;
    }
    const { sha256 } = text;
    if (this.#images.some((image) => image.sha256 === sha256)) return;
    const result = readImageResult(text, revisedPrompt, this.#service, this.#limits);
    if (!(result instanceof GenerationFailed)) this.#images = [...this.#images, { id, sha256, result }];
    else if (!this.#isExplained) this.#explain(result);
  }

  /** Reports each phase once. */
  #enter(phase: 'started' | 'drawing'): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#onProgress({ phase });
  }

  /** The last event, which has the usage, repeats the image: at 10 Mbit/s that takes seconds. */
  #show(): void {
    const [first] = this.#images;
    if (this.#shown || !first) return;
    this.#shown = first;
    this.#onProgress({ phase: 'finished', ...first.result });
  }

  /** A preview that can't be shown is ignored. */
  #preview(text: DecodedText): void {
    const image = readDecodedImage(text, this.#limits);
    if (typeof image === 'object') this.#onProgress({ phase: 'partial', image });
  }

  /**
   * Keeps the first reason that is known. Images that have come stay, since they are billed, unless moderation refuses them: all of them,
   * or that of the item `id`.
   */
  #refuse(refusal: Refusal, id?: string | null): void {
    const hasImages = this.#images.length > 0;
    const reason = refused(hasImages ? { stage: 'output', ...refusal } : refusal, this.#service);
    const isModeration = reason.code === 'moderation_blocked';
    if (isModeration) this.#images = this.#images.filter((image) => id && image.id && image.id !== id);
    if (this.#reason?.code === 'moderation_blocked') return;
    if (isModeration || !this.#isExplained) {
      this.#reason = reason;
      this.#isExplained = isExplained(refusal, this.#service);
    }
  }

  #explain(reason: GenerationFailed): void {
    this.#reason = reason;
    this.#isExplained = true;
  }
}

/** Events that report an error may have any type, and a server that fails at once may answer with an error alone. */
function errorIn(value: unknown): Refusal | undefined {
  const { success, output } = v.safeParse(v.object({ type: optionalText, error: v.optional(v.unknown()) }), value);
  if (!success) return undefined;
  if (output.type && output.type !== 'error' && !output.error) return undefined;
  return refusalIn(value) ?? (output.type ? {} : undefined);
}
