/**
 * Draws through the Images API of OpenAI, or of a server that speaks it, such as stable-diffusion.cpp, LocalAI and vLLM-Omni. One call
 * makes one try.
 *
 * Such a server answers once, at the very end. So there is no progress and no preview to report, and a long silence before the answer
 * is normal: until then only the total time limits the request (rule R10).
 */
import type OpenAI from 'openai';
import * as v from 'valibot';
import type { Clock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import type { GenerateRequest, GenerateResult, Generator, GeneratorCapabilities } from '../generator.ts';
import type { ImageByteLimits } from '../read-image.ts';
import { failure } from './failures.ts';
import { ImageTokens, readImageResult, usageOf } from './image-result.ts';
import {
  isOpenAIImageModel,
  type ModelPrices,
  openAICapabilities,
  pricesOf,
  standardSizes,
  type TokenPrices,
} from './models.ts';
import { makeRequest, type OpenAIAccess } from './openai-client.ts';
import { modelOf, parametersOf } from './parameters.ts';
import { optionalText, parseRefusal, refused } from './refusals.ts';
import { imagesService, type Service } from './service.ts';

export interface ImagesApiOptions extends OpenAIAccess {
  /** If absent, the server draws with a model of its own choice. */
  readonly imageModel?: string | undefined;
  /** Further image models that may be chosen. */
  readonly imageModels?: readonly string[] | undefined;
  /** The sizes that may be chosen. If absent, OpenAI's standard ones. */
  readonly sizes?: readonly string[] | undefined;
  /** Whether the server has the endpoint for edits. */
  readonly canEdit: boolean;
  readonly prices?: ModelPrices | undefined;
  readonly limits: Limits;
  readonly clock?: Pick<Clock, 'now' | 'after'>;
}

/** A generator that makes one try per image. `withRetries` adds more. */
export function createImagesApiGenerator(options: ImagesApiOptions): Generator {
  return {
    name: imagesService(options).name,
    model: options.imageModel ?? 'the model it runs',
    demo: false,
    maxTries: 1,
    capabilities: capabilitiesOf(options),
    generate: (request, { signal }) => generate(request, signal, options),
  };
}

/** Of a compatible server's models nothing is known but their names. Sizes are suggested all the same, or there would be little to choose. */
function capabilitiesOf({ imageModel, imageModels = [], sizes, canEdit }: ImagesApiOptions): GeneratorCapabilities {
  const models = [...new Set([imageModel, ...imageModels])].filter((name) => name !== undefined);
  if (models.length > 0 && models.every(isOpenAIImageModel)) {
    return { ...openAICapabilities(models, sizes), refine: canEdit };
  }
  return { ...(models.length > 0 && { models }), sizes: [...(sizes ?? standardSizes)], refine: canEdit };
}

function generate(request: GenerateRequest, caller: AbortSignal, options: ImagesApiOptions): Promise<GenerateResult> {
  const imageModel = modelOf(request.options, options.imageModel);
  const service = imagesService({ ...options, imageModel }, request.parent ? 'edits' : 'generations');
  return makeRequest(options, service, caller, async ({ images }, signal) => {
    const answer = await send(images, request, imageModel, signal);
    return readAnswer(answer, service, options.limits, pricesOf(imageModel, options.prices));
  });
}

function send(
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

function fieldsOf({ options }: GenerateRequest, model: string | undefined) {
  return {
    n: 1,
    ...(model !== undefined && { model }),
    // OpenAI's models reject this field and always send the image itself. Other servers may send an address instead.
    ...(!isOpenAIImageModel(model) && { response_format: 'b64_json' as const }),
    // `auto` is the default, and some servers fail when they read it as a size. Without a stream there are no previews.
    ...parametersOf(options, (name, value) => value !== 'auto' && name !== 'partialImages'),
  };
}

/**
 * The prompt of an edit must serve two kinds of models. One kind follows instructions: it needs the feedback, and must be told that all
 * else stays, or the first prompt would undo what earlier refinements changed. The other kind draws what the prompt describes, starting
 * from the image: without the first prompt it forgets what the image shows. Feedback comes first, since some models read only the
 * beginning of a long prompt.
 */
function editPrompt({ prompt, feedback }: GenerateRequest): string {
  if (feedback === undefined) return prompt;
  return `${feedback}\n\nAll else stays as it is in the image, which was first asked for in these words: ${prompt}`;
}

const Answer = v.object({
  data: v.fallback(
    v.nullish(v.array(v.object({ b64_json: optionalText, url: optionalText, revised_prompt: optionalText }))),
    undefined,
  ),
  usage: v.fallback(v.optional(ImageTokens), undefined),
  /** Some servers report errors with status 200. */
  error: v.optional(v.unknown()),
  detail: v.optional(v.unknown()),
});

/**
 * Reads the image from `answer`: parsed JSON, or a text if the answer was none. Compatible servers don't always send what the SDK's
 * types promise.
 * @throws {GenerationFailed} if it holds no image
 */
export function readAnswer(
  answer: unknown,
  service: Service,
  limits: ImageByteLimits,
  prices: TokenPrices | undefined,
): GenerateResult {
  const { success, output } = v.safeParse(Answer, answer);
  if (!success) {
    throw failure('not_the_api', service, `answered with ${typeof answer === 'string' ? 'text' : 'other JSON'}`);
  }
  const { data, usage, error, detail } = output;
  const first = data?.[0];
  if (!first && (error || detail)) throw refused(parseRefusal(error), service);
  if (!first?.b64_json) throw failure(first?.url ? 'only_an_address' : 'no_image', service);
  const result = readImageResult(first.b64_json, first.revised_prompt, service, limits);
  return usage ? { ...result, ...usageOf(usage, prices) } : result;
}
