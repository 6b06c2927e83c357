/** One try's stream, followed to its end: what it reports on the way, and the image that it leaves. */

import type { GenerateContext, GenerateResult } from '../generator.ts';
import { type ImageByteLimits, readBase64Image } from '../read-image.ts';
import { refusalOf } from './error-body.ts';
import { failuresOf } from './failures.ts';
import type { TokenPrices } from './prices.ts';
import { type Refusal, refused } from './refusals.ts';
import { revisedPromptOf } from './revised-prompt.ts';
import type { Service } from './service.ts';
import { type ImageCall, parseStreamEvent, type StreamEvent } from './stream-events.ts';
import { type ImageTokens, usageOf } from './usage.ts';

type Phase = 'asked' | 'started' | 'drawing' | 'over';

export class OpenAIDrawing {
  readonly #onProgress: GenerateContext['onProgress'];
  readonly #service: Service;
  readonly #failures: ReturnType<typeof failuresOf>;
  readonly #limits: ImageByteLimits;
  readonly #prices: TokenPrices | undefined;
  #phase: Phase = 'asked';
  #result: GenerateResult | undefined;
  /** Why the image tool drew nothing, where it says so. */
  #toolError: Refusal | undefined;

  constructor(
    onProgress: GenerateContext['onProgress'],
    service: Service,
    limits: ImageByteLimits,
    prices: TokenPrices | undefined,
  ) {
    this.#onProgress = onProgress;
    this.#service = service;
    this.#failures = failuresOf(service);
    this.#limits = limits;
    this.#prices = prices;
  }

  /** The image, once it is here as a whole; before the end of the stream it may still lack its usage. */
  get result(): GenerateResult | undefined {
    return this.#result;
  }

  /**
   * Takes one event of the stream, parsed from JSON; what is unknown is passed over.
   * @throws {GenerationFailed} when the event says that there will be no image
   */
  hear(data: unknown): void {
    if (this.#phase === 'asked') this.#enter('started');
    const event = parseStreamEvent(data);
    if (event) this.#follow(event);
  }

  /**
   * The result of a stream that has ended.
   * @throws {GenerationFailed} when it left no image
   */
  finish(): GenerateResult {
    if (this.#result) return this.#result;
    if (this.#toolError) throw refused(this.#toolError, this.#service);
    throw this.#phase === 'over' ? this.#failures.noImage() : this.#failures.cut('no last event');
  }

  #follow(event: StreamEvent): void {
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
        // The image again, for a server that sends it only here.
        if (event.response?.call) this.#keep(event.response.call);
        this.#addUsage(event.response?.tool_usage?.image_gen);
        return this.#enter('over');
      case 'response.incomplete': {
        const reason = event.response?.incomplete_details?.reason;
        return reason === 'content_filter' ? this.#refuse({ code: reason }) : this.#enter('over');
      }
      case 'response.failed':
        return this.#refuse(event.response?.error ?? {});
      case 'error':
        return this.#refuse(refusalOf(event));
    }
  }

  /** Reports each phase once; none comes back. */
  #enter(phase: Exclude<Phase, 'asked'>): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    if (phase !== 'over') this.#onProgress({ phase });
  }

  /** A preview that is no image is no loss. */
  #preview(base64: string): void {
    const image = readBase64Image(base64, this.#limits);
    if (image && image !== 'too big') this.#onProgress({ phase: 'partial', image });
  }

  #keep({ result, revised_prompt: revisedPrompt, error }: ImageCall): void {
    if (this.#result) return;
    if (!result) {
      this.#toolError = error;
      return;
    }
    const image = readBase64Image(result, this.#limits);
    if (image === 'too big') throw this.#failures.imageTooBig();
    if (!image) throw this.#failures.notAnImage();
    this.#result = { image, ...revisedPromptOf(revisedPrompt) };
  }

  #addUsage(tokens: ImageTokens | undefined): void {
    if (!tokens || !this.#result) return;
    this.#result = { ...this.#result, ...usageOf(tokens, this.#prices) };
  }

  #refuse(refusal: Refusal): never {
    this.#result = undefined;
    throw refused(refusal, this.#service);
  }
}
