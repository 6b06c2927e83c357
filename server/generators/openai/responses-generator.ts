/** Draws through OpenAI's Responses API and its image tool, or through any server that speaks it. One call is one try. */
import type { ResponseCreateParamsStreaming, ResponseInputContent, Tool } from 'openai/resources/responses/responses';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import type { GenerateContext, GenerateRequest, GenerateResult, Generator, GeneratorSupports } from '../generator.ts';
import { failureOf, failuresOf } from './failures.ts';
import { type OpenAIAccess, openAIClient } from './openai-client.ts';
import { type ModelPrices, pricesOf } from './prices.ts';
import { OpenAIDrawing } from './response-reader.ts';
import { openAI, type Service } from './service.ts';
import { modelOf, openAIImageOptions } from './supports.ts';
import { UpstreamWatch } from './upstream-watchdog.ts';

/** It only hands the prompt to the image tool: the cheapest current mainline model that has that tool and sees images. */
export const DEFAULT_MODEL = 'gpt-6-luna';
/** The image tool's own default, named here so that a change of it over there changes nothing unnoticed. */
export const DEFAULT_IMAGE_MODEL = 'gpt-image-2.6-sunburst';

export interface OpenAIOptions extends OpenAIAccess {
  /** The mainline model that calls the image tool. */
  readonly model: string;
  /** The image tool's own model, unless a request chooses one of `imageModels`. */
  readonly imageModel: string;
  /** Further image models that may be chosen. */
  readonly imageModels?: readonly string[] | undefined;
  /** The sizes that may be chosen; OpenAI's standard ones when absent. */
  readonly sizes?: readonly string[] | undefined;
  /** How many previews of each image to ask for, 1 to 3, unless a request says; fewer may come. */
  readonly partialImages: number;
  readonly prices?: ModelPrices | undefined;
  readonly limits: Limits;
  readonly clock?: Pick<Clock, 'now' | 'after'>;
}

/** A generator that makes one try per image; see `withRetries` for more. */
export function createOpenAIGenerator(options: OpenAIOptions): Generator {
  return {
    name: 'OpenAI',
    model: options.imageModel,
    demo: false,
    maxTries: 1,
    supports: supportsOf(options),
    generate: (request, context) => draw(request, context, options),
  };
}

function supportsOf({ imageModel, imageModels = [], sizes }: OpenAIOptions): GeneratorSupports {
  const models = [...new Set([imageModel, ...imageModels])];
  return { ...openAIImageOptions(models, sizes), partialImages: 3, refine: true };
}

async function draw(
  request: GenerateRequest,
  { signal, onProgress }: GenerateContext,
  options: OpenAIOptions,
): Promise<GenerateResult> {
  const { limits, model, prices, clock = systemClock } = options;
  const imageModel = modelOf(request.options, options.imageModel);
  const service: Service = { ...openAI, model, imageModel };
  const watch = new UpstreamWatch(signal, limits, clock);
  const drawing = new OpenAIDrawing(onProgress, service, limits, pricesOf(imageModel, prices));
  try {
    const client = openAIClient(options, watch);
    const answer = client.responses.create(requestBody(request, imageModel, options), { signal: watch.signal });
    const { data: events, response } = await answer.withResponse();
    requireEventStream(response);
    for await (const event of events) drawing.hear(event);
    return drawing.finish();
  } catch (error) {
    if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
    // A whole image is here and will be billed: what breaks after it is nothing to ask for it again.
    if (drawing.result) return drawing.result;
    // What ended the request from here only shows as a stream that broke off, or that ended.
    throw failureOf(watch.signal.aborted ? watch.signal.reason : error, service, clock.now());
  } finally {
    watch.dispose();
  }
}

function requestBody(
  request: GenerateRequest,
  imageModel: string,
  { model, partialImages }: OpenAIOptions,
): ResponseCreateParamsStreaming {
  const { size, quality, background, format, compression } = request.options;
  const tool: Tool.ImageGeneration = {
    type: 'image_generation',
    model: imageModel,
    partial_images: request.options.partialImages ?? partialImages,
    ...(size && { size }),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(format && { output_format: format }),
    ...(compression !== undefined && { output_compression: compression }),
  };
  return {
    model,
    input: [{ type: 'message', role: 'user', content: inputOf(request) }],
    tools: [tool],
    tool_choice: { type: 'image_generation' },
    stream: true,
    store: false,
  };
}

/** A refinement sends the words alone with its image: the first prompt would undo what earlier refinements changed. */
function inputOf({ prompt, parent, feedback }: GenerateRequest): ResponseInputContent[] {
  if (!parent) return [{ type: 'input_text', text: prompt }];
  const { buffer, byteOffset, byteLength } = parent.bytes;
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return [
    { type: 'input_image', detail: 'auto', image_url: `data:${parent.mediaType};base64,${base64}` },
    { type: 'input_text', text: feedback ?? prompt },
  ];
}

/** A page of a proxy comes with status 200, and as a stream it would only look empty. */
function requireEventStream({ headers }: Response): void {
  const mediaType = (headers.get('content-type') ?? '').toLowerCase();
  if (mediaType && !mediaType.startsWith('text/event-stream')) throw failuresOf(openAI).notTheApi(mediaType);
}
