/**
 * Draws through the Images API: OpenAI's own, or that of a server that speaks it, such as stable-diffusion.cpp, LocalAI and
 * vLLM-Omni. One call is one try.
 *
 * What such a server sends is one answer at the very end. So nothing is reported on the way, neither a beginning nor a preview,
 * and a long silence before the answer is usual: until then only the total time counts (rule R10).
 */
import type OpenAI from 'openai';
import { APIError } from 'openai';
import type { ImageGenerateParamsNonStreaming } from 'openai/resources/images';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorSupports,
} from '../generator.ts';
import { failureOf } from './failures.ts';
import { readAnswer } from './images-response.ts';
import { type OpenAIAccess, openAIClient } from './openai-client.ts';
import { type ModelPrices, pricesOf } from './prices.ts';
import type { Service } from './service.ts';
import { isOpenAIImageModel, modelOf, openAIImageOptions, standardSizes } from './supports.ts';
import { UpstreamWatch } from './upstream-watchdog.ts';

export interface ImagesApiOptions extends OpenAIAccess {
  /** Absent: the server draws with a model of its own choice. */
  readonly imageModel?: string | undefined;
  /** Further image models that may be chosen. */
  readonly imageModels?: readonly string[] | undefined;
  /** The sizes that may be chosen; OpenAI's standard ones when absent. */
  readonly sizes?: readonly string[] | undefined;
  /** Whether the server has the endpoint for edits. */
  readonly canEdit: boolean;
  readonly prices?: ModelPrices | undefined;
  readonly limits: Limits;
  readonly clock?: Pick<Clock, 'now' | 'after'>;
}

/** Who answers at `baseURL`. Its host stays out of the name: everybody in a session may read that, with a watch link alone. */
export function imagesService({ baseURL, imageModel }: Pick<ImagesApiOptions, 'baseURL' | 'imageModel'>): Service {
  const isOpenAI = baseURL === undefined || URL.parse(baseURL)?.hostname === 'api.openai.com';
  return { name: isOpenAI ? 'OpenAI' : 'The image server', api: 'images', imageModel };
}

/** A generator that makes one try per image; see `withRetries` for more. */
export function createImagesApiGenerator(options: ImagesApiOptions): Generator {
  return {
    name: imagesService(options).name,
    model: options.imageModel ?? 'the model it runs',
    demo: false,
    maxTries: 1,
    supports: supportsOf(options),
    generate: (request, context) => draw(request, context, options),
  };
}

/** What can't be known of a compatible server is not offered, but for the sizes, without which there is little to choose. */
function supportsOf({ imageModel, imageModels = [], sizes, canEdit }: ImagesApiOptions): GeneratorSupports {
  const models = [...new Set([imageModel, ...imageModels])].filter((name) => name !== undefined);
  if (models.length > 0 && models.every(isOpenAIImageModel)) {
    return { ...openAIImageOptions(models, sizes), refine: canEdit };
  }
  return { ...(models.length > 0 && { models }), sizes: [...(sizes ?? standardSizes)], refine: canEdit };
}

async function draw(
  request: GenerateRequest,
  { signal }: GenerateContext,
  options: ImagesApiOptions,
): Promise<GenerateResult> {
  const { limits, clock = systemClock } = options;
  const imageModel = modelOf(request.options, options.imageModel);
  const service = imagesService({ ...options, imageModel });
  const watch = new UpstreamWatch(signal, limits, clock, { service, silenceFrom: 'answer' });
  try {
    const { images } = openAIClient(options, watch);
    const answer: unknown = await ask(images, request, imageModel, watch.signal);
    return readAnswer(answer, service, limits, pricesOf(imageModel, options.prices));
  } catch (error) {
    if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
    const reason = watch.signal.aborted ? watch.signal.reason : error;
    const failure = failureOf(reason, service, clock.now(), request.parent !== undefined);
    throw reason instanceof APIError ? behindGateway(failure, reason.status) : unheard(failure);
  } finally {
    watch.dispose();
  }
}

function ask(
  images: OpenAI['images'],
  request: GenerateRequest,
  model: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const { parent, prompt } = request;
  const fields = fieldsOf(request, model);
  if (!parent) return images.generate({ ...fields, prompt }, { signal });
  const image = new File([new Uint8Array(parent.bytes)], `image.${parent.mediaType.slice('image/'.length)}`, {
    type: parent.mediaType,
  });
  return images.edit({ ...fields, prompt: editPrompt(request), image }, { signal });
}

/** `auto` goes unsaid: it means the same, and servers that read a size from it fail. */
function fieldsOf({ options }: GenerateRequest, model: string | undefined) {
  const { size, quality, background, format, compression } = options;
  return {
    n: 1,
    ...(model !== undefined && { model }),
    // OpenAI's models refuse it and always send the image itself; others send an address unless they are asked not to.
    ...(!isOpenAIImageModel(model) && { response_format: 'b64_json' as const }),
    ...(size && size !== 'auto' && { size }),
    ...(quality && quality !== 'auto' && { quality }),
    ...(background && background !== 'auto' && { background }),
    ...(format && { output_format: format }),
    ...(compression !== undefined && { output_compression: compression }),
  } satisfies Omit<ImageGenerateParamsNonStreaming, 'prompt'>;
}

/**
 * The words for an edit must serve two kinds of model. One follows instructions: it needs the feedback, and to be told that all
 * else stays, or the first prompt would undo what earlier refinements changed. The other starts from the image and draws what the
 * words describe: without the first prompt it forgets what the picture shows. Feedback comes first, since some read only the
 * beginning of a long prompt.
 */
function editPrompt({ prompt, feedback }: GenerateRequest): string {
  if (feedback === undefined) return prompt;
  return `${feedback}\n\nAll else stays as it is in the image, which was first asked for in these words: ${prompt}`;
}

/** The line failed before the request was on it. */
const neverAsked: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/**
 * Nothing was heard before the end, so whether the server drew is not known. After the total time it likely still draws, and
 * asking again right away would only wait behind that.
 */
function unheard(failure: GenerationFailed): GenerationFailed {
  const { code, message, retryable, transient, cause } = failure;
  const detail = cause instanceof Error ? cause.message : '';
  if (!transient || (code !== 'network' && code !== 'timeout') || neverAsked.includes(detail)) return failure;
  if (detail === 'total time') return new GenerationFailed(code, message, { retryable, cause });
  return new GenerationFailed(code, message, { retryable, transient: { ...transient, mayBeDrawn: true }, cause });
}

/** A gateway that could not wait for the server behind it, or lost it, knows nothing of the image: it may be drawn, and billed. */
const fromGateways: ReadonlySet<number | undefined> = new Set([502, 504, 520, 524]);

function behindGateway(failure: GenerationFailed, status: number | undefined): GenerationFailed {
  const { code, message, retryable, transient, cause } = failure;
  if (!transient || !fromGateways.has(status)) return unheard(failure);
  return new GenerationFailed(code, message, { retryable, transient: { ...transient, mayBeDrawn: true }, cause });
}
