/** Draws through the image tool of OpenAI's Responses API, or of a server that speaks it. One call makes one try. */
import type { ResponseCreateParamsStreaming, ResponseInputContent } from 'openai/resources/responses/responses';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import { LinkedAbortController } from '../../platform/linked-abort-controller.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from '../generator.ts';
import { valuesOf } from './answer.ts';
import { failure } from './failures.ts';
import { type ModelPrices, mostDollarsOf, openAICapabilities, PROMPT_CHARACTERS, pricesOf } from './models.ts';
import { makeRequest, type OpenAIAccess } from './openai-client.ts';
import { modelOf, parametersOf } from './parameters.ts';
import { ResponseReader } from './response-stream.ts';
import { responsesService } from './service.ts';

export interface OpenAIOptions extends OpenAIAccess {
  /** The mainline model that calls the image tool. */
  readonly model: string;
  /** The image tool's own model, unless a request chooses one of `imageModels`. */
  readonly imageModel: string;
  /** Further image models that may be chosen. */
  readonly imageModels?: readonly string[] | undefined;
  /** The sizes that may be chosen. If absent, OpenAI's standard ones are suggested. */
  readonly sizes?: readonly string[] | undefined;
  /** How many previews of each image to request, 1 to 3, unless a request says otherwise. Fewer may come. */
  readonly partialImages: number;
  readonly prices?: ModelPrices | undefined;
  /** What one image costs at most, in US dollars; if absent, that is estimated from the prices of tokens. */
  readonly imageDollars?: number | undefined;
  readonly limits: Limits;
  readonly clock?: Pick<Clock, 'now' | 'monotonic' | 'after'>;
}

/** A generator that makes one try per image. `withRetries` adds more. */
export function createOpenAIGenerator(options: OpenAIOptions): Generator {
  const { imageModel, imageModels = [], sizes } = options;
  const models = [...new Set([imageModel, ...imageModels])];
  const previewsOf = (request: GenerateRequest) => request.options.partialImages ?? options.partialImages;
  const mostDollars = mostDollarsOf(models, options, previewsOf);
  return {
    name: 'OpenAI',
    model: imageModel,
    demo: false,
    maxTries: 1,
    promptCharacters: PROMPT_CHARACTERS,
    capabilities: { ...openAICapabilities(models, sizes), partialImages: 3, refine: true },
    ...(mostDollars && { mostDollars }),
    generate: (request, context) => generate(request, context, options),
  };
}

/** The longest that an image is shown, and can't be approved, for want of the service's last word. */
const LAST_WORD_MS = 10_000;

async function generate(
  request: GenerateRequest,
  { signal: caller, onProgress }: GenerateContext,
  options: OpenAIOptions,
): Promise<GenerateResult> {
  const imageModel = modelOf(request.options, options.imageModel);
  const service = responsesService({ model: options.model, imageModel });
  const { clock = systemClock } = options;
  const abort = new LinkedAbortController(caller);
  let cancelTimer = () => {};
  const onReaderProgress = (progress: GeneratorProgress) => {
    if (progress.phase === 'finished') {
      cancelTimer = clock.after(LAST_WORD_MS, () => abort.abort(failure('cut', service, 'no last event')));
    }
    onProgress(progress);
  };
  const reader = new ResponseReader(onReaderProgress, service, options.limits, pricesOf(imageModel, options.prices));
  try {
    return await makeRequest(options, service, abort.signal, async (client, signal) => {
      const body = requestBody(request, imageModel, options);
      // The SDK's own reader fails at the first event that is not JSON.
      const response = await client.responses.create(body, { signal }).asResponse();
      for await (const value of valuesOf(response, service, options.limits)) {
        reader.read(value);
        if (reader.isOver) break;
      }
      return reader.finish();
    });
  } catch (error) {
    if (error instanceof GenerationFailed) return reader.finish(error);
    throw error;
  } finally {
    cancelTimer();
    abort.dispose();
  }
}

function requestBody(
  request: GenerateRequest,
  imageModel: string,
  { model, partialImages }: OpenAIOptions,
): ResponseCreateParamsStreaming {
  const parameters = parametersOf({
    ...request.options,
    partialImages: request.options.partialImages ?? partialImages,
  });
  return {
    model,
    input: [{ type: 'message', role: 'user', content: contentOf(request) }],
    tools: [{ type: 'image_generation', model: imageModel, ...parameters }],
    tool_choice: { type: 'image_generation' },
    stream: true,
    store: false,
  };
}

/** A refinement sends only the feedback with its image: the first prompt would undo what earlier refinements changed. */
function contentOf({ prompt, parent, feedback }: GenerateRequest): ResponseInputContent[] {
  if (!parent) return [{ type: 'input_text', text: prompt }];
  const { buffer, byteOffset, byteLength } = parent.bytes;
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return [
    { type: 'input_image', detail: 'auto', image_url: `data:${parent.mediaType};base64,${base64}` },
    { type: 'input_text', text: feedback ?? prompt },
  ];
}
