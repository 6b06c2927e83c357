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
import {
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorCapabilities,
} from '../generator.ts';
import type { ImageByteLimits } from '../read-image.ts';
import { valuesOf } from './answer.ts';
import { failure } from './failures.ts';
import { combineResults, ImageTokens, optionalImage, readImageResult } from './image-result.ts';
import {
  isOpenAIImageModel,
  type ModelPrices,
  mostDollarsOf,
  openAICapabilities,
  PROMPT_CHARACTERS,
  pricesOf,
  standardSizes,
  type TokenPrices,
} from './models.ts';
import { makeRequest, type OpenAIAccess } from './openai-client.ts';
import { modelOf, parametersOf } from './parameters.ts';
import { optionalText, refusalIn, refused } from './refusals.ts';
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
  /** What one image costs at most, in US dollars; if absent, that is estimated from the prices of tokens. */
  readonly imageDollars?: number | undefined;
  readonly limits: Limits;
  readonly clock?: Pick<Clock, 'now' | 'monotonic' | 'after'>;
}

/** A generator that makes one try per image. `withRetries` adds more. */
export function createImagesApiGenerator(options: ImagesApiOptions): Generator {
  const { imageModel, imageModels = [] } = options;
  const mostDollars = mostDollarsOf([imageModel, ...imageModels], options, () => 0);
  return {
    name: imagesService(options).name,
    model: imageModel ?? 'the model it runs',
    demo: false,
    maxTries: 1,
    ...(drawsWithOpenAI(options) && { promptCharacters: PROMPT_CHARACTERS }),
    capabilities: capabilitiesOf(options),
    ...(mostDollars && { mostDollars }),
    generate: (request, { signal }) => generate(request, signal, options),
  };
}

const modelsOf = ({ imageModel, imageModels = [] }: ImagesApiOptions): string[] =>
  [...new Set([imageModel, ...imageModels])].filter((name) => name !== undefined);

function drawsWithOpenAI(options: ImagesApiOptions): boolean {
  const models = modelsOf(options);
  return models.length > 0 && models.every(isOpenAIImageModel);
}

/** Of a compatible server's models nothing is known but their names. Sizes are suggested all the same, or there would be little to choose. */
function capabilitiesOf(options: ImagesApiOptions): GeneratorCapabilities {
  const { sizes, canEdit } = options;
  const models = modelsOf(options);
  if (drawsWithOpenAI(options)) {
    return { ...openAICapabilities(models, sizes), refine: canEdit };
  }
  return { ...(models.length > 0 && { models }), sizes: [...(sizes ?? standardSizes)], refine: canEdit };
}

function generate(request: GenerateRequest, caller: AbortSignal, options: ImagesApiOptions): Promise<GenerateResult> {
  const imageModel = modelOf(request.options, options.imageModel);
  const service = imagesService({ ...options, imageModel }, request.parent ? 'edits' : 'generations');
  return makeRequest(options, service, caller, async ({ images }, signal) => {
    const response = await send(images, request, imageModel, signal).asResponse();
    const values = await Array.fromAsync(valuesOf(response, service, options.limits));
    return readAnswer(values, service, options.limits, pricesOf(imageModel, options.prices));
  });
}

function send(images: OpenAI['images'], request: GenerateRequest, model: string | undefined, signal: AbortSignal) {
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
  const text = `${feedback}\n\nAll else stays as it is in the image, which was first asked for in these words: ${prompt}`;
  // Together they may be longer than what the service takes. A form sends each line break as two characters.
  const lineBreaks = text.split('\n').length - 1;
  return text.slice(0, PROMPT_CHARACTERS - lineBreaks).toWellFormed();
}

const image = {
  b64_json: optionalImage,
  /** Some servers put the image itself here, in a `data:` address. */
  url: optionalImage,
  revised_prompt: optionalText,
  /** False if moderation has kept the image back, as xAI tells it. */
  respect_moderation: v.fallback(v.optional(v.boolean()), undefined),
};

/** An answer, or an event of the Images API's own stream, which holds one image itself. */
const Answer = v.object({
  ...image,
  type: optionalText,
  data: v.fallback(v.nullish(v.array(v.fallback(v.nullable(v.object(image)), null))), undefined),
  usage: v.fallback(v.optional(ImageTokens), undefined),
});

/**
 * Reads the images in an answer: its one JSON value, or those of a stream. Compatible servers don't always send what the SDK's types
 * promise.
 * @throws {GenerationFailed} if it holds no image, or if moderation refuses it
 */
export function readAnswer(
  values: readonly unknown[],
  service: Service,
  limits: ImageByteLimits,
  prices: TokenPrices | undefined,
): GenerateResult {
  const answers = values
    .map((value) => v.safeParse(Answer, value))
    .flatMap(({ success, output }) => (success ? output : []));
  if (answers.length === 0) throw failure('not_the_api', service, 'answered with other JSON');
  const entries = answers
    .filter(({ type }) => !type?.endsWith('partial_image'))
    .flatMap(({ data, ...itself }) => data ?? itself)
    .filter((entry) => entry !== null);
  const results = entries.flatMap(({ b64_json, url, revised_prompt: revisedPrompt }) => {
    const text = b64_json || url;
    return text ? readImageResult(text, revisedPrompt, service, limits) : [];
  });
  const reported = values.map(refusalIn).find((refusal) => refusal !== undefined);
  const refusal = reported && refused(reported, service);
  const [first, ...more] = results.filter((result): result is GenerateResult => !(result instanceof GenerationFailed));
  if (first && refusal?.code !== 'moderation_blocked') {
    return combineResults([first, ...more], answers.findLast(({ usage }) => usage)?.usage, prices);
  }
  if (refusal) throw refusal;
  if (entries.some((entry) => entry.respect_moderation === false)) {
    throw refused({ code: 'moderation_blocked', stage: 'output' }, service);
  }
  throw results.find((result) => result instanceof GenerationFailed) ?? failure('no_image', service);
}
