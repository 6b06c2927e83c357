/** A finished image as both APIs send it: base64, a rewritten prompt, and the tokens that it took. */
import * as v from 'valibot';
import { Count } from '../../../shared/schemas.ts';
import type { GenerateResult } from '../generator.ts';
import { type ImageByteLimits, readBase64Image } from '../read-image.ts';
import { failure } from './failures.ts';
import type { TokenPrices } from './models.ts';
import type { Service } from './service.ts';

/** A rewritten prompt stands in every snapshot, so it is cut to the length that a person's own prompt may have. */
const REVISED_PROMPT_CHARACTERS = 4_000;

/** @throws {GenerationFailed} if `base64` is no image, or one beyond the limits */
export function readImageResult(
  base64: string,
  revisedPrompt: string | null | undefined,
  service: Service,
  limits: ImageByteLimits,
): GenerateResult {
  const image = readBase64Image(base64, limits);
  if (image === 'too big') throw failure('image_too_big', service);
  if (image === 'not an image') throw failure('not_an_image', service);
  if (!revisedPrompt) return { image };
  return { image, revisedPrompt: revisedPrompt.slice(0, REVISED_PROMPT_CHARACTERS).toWellFormed() };
}

export const ImageTokens = v.object({
  input_tokens: Count,
  output_tokens: Count,
  total_tokens: Count,
  /** Text and images have different prices. Some compatible servers don't say how many of each there were. */
  input_tokens_details: v.optional(
    v.fallback(v.optional(v.object({ text_tokens: Count, image_tokens: Count })), undefined),
  ),
});
export type ImageTokens = v.InferOutput<typeof ImageTokens>;

/** The cost is left out if the prices or the kinds of input tokens are unknown. */
export function usageOf(
  tokens: ImageTokens,
  prices: TokenPrices | undefined,
): Pick<GenerateResult, 'usage' | 'estimatedCost'> {
  const usage = {
    inputTokens: tokens.input_tokens,
    outputTokens: tokens.output_tokens,
    totalTokens: tokens.total_tokens,
  };
  const details = tokens.input_tokens_details;
  if (!prices || !details) return { usage };
  const microdollars =
    details.text_tokens * prices.textInput +
    details.image_tokens * prices.imageInput +
    tokens.output_tokens * prices.imageOutput;
  // Rounded, since fractions of a microdollar are artefacts of floating point.
  return { usage, estimatedCost: { amount: Math.round(microdollars) / 1_000_000, currency: 'USD' } };
}
