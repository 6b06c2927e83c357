/** Draws through OpenAI's Responses API and its image tool, or through any server that speaks it. One call is one try. */
import { APIError } from 'openai';
import type { ResponseCreateParamsStreaming, ResponseInputContent, Tool } from 'openai/resources/responses/responses';
import { type Clock, systemClock } from '../clock.ts';
import type { Limits } from '../limits.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
} from './generator.ts';
import { type OpenAIAccess, openAIClient } from './openai-client.ts';
import { OpenAIDrawing } from './openai-drawing.ts';
import { failureOf, failures } from './openai-failures.ts';
import { lacksPermission, type ModelNames } from './openai-refusals.ts';
import { UpstreamWatch } from './upstream-watch.ts';

/** It only hands the prompt to the image tool: the cheapest current mainline model that has that tool and sees images. */
export const DEFAULT_MODEL = 'gpt-6-luna';
/** The image tool's own default, named here so that a change of it over there changes nothing unnoticed. */
export const DEFAULT_IMAGE_MODEL = 'gpt-image-2.6-sunburst';

export interface OpenAIOptions extends OpenAIAccess, ModelNames {
  /** How many previews of each image to ask for, 1 to 3; fewer may come. */
  readonly partialImages: number;
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
    generate: (request, context) => draw(request, context, options),
  };
}

async function draw(
  request: GenerateRequest,
  { signal, onProgress }: GenerateContext,
  options: OpenAIOptions,
): Promise<GenerateResult> {
  const { limits, clock = systemClock } = options;
  const watch = new UpstreamWatch(signal, limits, clock);
  const drawing = new OpenAIDrawing(onProgress, options, limits);
  try {
    const client = openAIClient(options, watch);
    const answer = client.responses.create(requestBody(request, options), { signal: watch.signal });
    const { data: events, response } = await answer.withResponse();
    requireEventStream(response);
    for await (const event of events) drawing.hear(event);
    return drawing.finish();
  } catch (error) {
    if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
    // A whole image is here and will be billed: what breaks after it is nothing to ask for it again.
    if (drawing.result) return drawing.result;
    // What ended the request from here only shows as a stream that broke off, or that ended.
    throw failureOf(watch.signal.aborted ? watch.signal.reason : error, options, clock.now());
  } finally {
    watch.dispose();
  }
}

function requestBody(
  request: GenerateRequest,
  { model, imageModel, partialImages }: OpenAIOptions,
): ResponseCreateParamsStreaming {
  const { size, quality, background, format } = request.options;
  const tool: Tool.ImageGeneration = {
    type: 'image_generation',
    model: imageModel,
    partial_images: partialImages,
    ...(size && { size }),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(format && { output_format: format }),
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
  const mediaType = headers.get('content-type') ?? '';
  if (mediaType && !mediaType.startsWith('text/event-stream')) throw failures.notTheApi(mediaType);
}

export type KeyVerdict =
  | { readonly verdict: 'ok' }
  /** The failure's message is a sentence for people, as ever. */
  | { readonly verdict: 'refused'; readonly failure: GenerationFailed }
  /** Nothing to worry about: no answer in time, or a compatible server without a list of models. */
  | { readonly verdict: 'unknown' };

const CHECK_MS = 10_000;
const CHECK_BYTES = 1024 * 1024;

/** Asks, without cost, whether the key is accepted and both models exist. Never rejects; takes at most 10 seconds. */
export async function checkOpenAIKey(
  options: OpenAIAccess & ModelNames,
  clock: Pick<Clock, 'now' | 'after'> = systemClock,
): Promise<KeyVerdict> {
  const limits = { UPSTREAM_SILENCE_MS: CHECK_MS, UPSTREAM_TOTAL_MS: CHECK_MS, UPSTREAM_STREAM_BYTES: CHECK_BYTES };
  const watch = new UpstreamWatch(new AbortController().signal, limits, clock);
  try {
    const { models } = openAIClient(options, watch);
    for (const name of [options.imageModel, options.model]) {
      const model: unknown = await models.retrieve(name, { signal: watch.signal });
      if (typeof model !== 'object') return { verdict: 'unknown' };
    }
    return { verdict: 'ok' };
  } catch (error) {
    const failure = failureOf(error, options, clock.now());
    return isCertain(error, failure) ? { verdict: 'refused', failure } : { verdict: 'unknown' };
  } finally {
    watch.dispose();
  }
}

/** A key may well draw without the permission to read models, and a busy service says nothing of the key. */
function isCertain(error: unknown, { code }: GenerationFailed): boolean {
  if (!(error instanceof APIError)) return error instanceof GenerationFailed;
  if (lacksPermission(error.message)) return false;
  return (
    code === 'invalid_api_key' ||
    code === 'not_verified' ||
    code === 'quota_exceeded' ||
    error.code === 'model_not_found'
  );
}
