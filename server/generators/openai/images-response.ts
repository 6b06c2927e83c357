/** The answer of an Images API, parsed: what a compatible server sends need not be what the SDK's types say. */
import * as v from 'valibot';
import type { GenerateResult } from '../generator.ts';
import { type ImageByteLimits, readBase64Image } from '../read-image.ts';
import { optionalText, refusalOf } from './error-body.ts';
import { failuresOf } from './failures.ts';
import type { TokenPrices } from './prices.ts';
import { refused } from './refusals.ts';
import { revisedPromptOf } from './revised-prompt.ts';
import type { Service } from './service.ts';
import { ImageTokens, usageOf } from './usage.ts';

const Answer = v.object({
  data: v.fallback(
    v.nullish(v.array(v.object({ b64_json: optionalText, url: optionalText, revised_prompt: optionalText }))),
    undefined,
  ),
  usage: v.fallback(v.optional(ImageTokens), undefined),
  /** With status 200 all the same. */
  error: v.optional(v.unknown()),
  detail: v.optional(v.unknown()),
});

/**
 * The image in `answer`, parsed from JSON where it was JSON.
 * @throws {GenerationFailed} for everything that holds no image
 */
export function readAnswer(
  answer: unknown,
  service: Service,
  limits: ImageByteLimits,
  prices: TokenPrices | undefined,
): GenerateResult {
  const failures = failuresOf(service);
  const parsed = v.safeParse(Answer, answer);
  // A page of a proxy is a text.
  if (!parsed.success) throw failures.notTheApi(typeof answer === 'string' ? 'text' : 'other JSON');
  const { data, usage, error, detail } = parsed.output;
  const first = data?.[0];
  if (!first) {
    if (error || detail) throw refused(refusalOf(error), service);
    throw failures.noImage();
  }
  if (!first.b64_json) throw first.url ? failures.onlyAnAddress() : failures.noImage();
  const image = readBase64Image(first.b64_json, limits);
  if (image === 'too big') throw failures.imageTooBig();
  if (!image) throw failures.notAnImage();
  return { image, ...revisedPromptOf(first.revised_prompt), ...(usage && usageOf(usage, prices)) };
}
