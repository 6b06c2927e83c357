/** A finished image as both APIs send it: base64, a rewritten prompt, and the tokens that it took. */
import * as v from 'valibot';
import type { FailureDetail } from '../../../shared/model.ts';
import { Count } from '../../../shared/schemas.ts';
import { DecodedText } from '../base64-decoder.ts';
import type { GenerateResult, GenerationFailed } from '../generator.ts';
import { type ImageByteLimits, type ImageRejection, readDecodedImage } from '../read-image.ts';
import { failure } from './failures.ts';
import type { TokenPrices } from './models.ts';
import type { Service } from './service.ts';

/** A rewritten prompt stands in every snapshot, so it is cut to the length that a person's own prompt may have. */
const REVISED_PROMPT_CHARACTERS = 4_000;

/** An image in base64, as `JsonReader` hands it over. */
export const ImageText = v.instance(DecodedText);
/** The same, if there is one. */
export const optionalImage = v.fallback(v.nullish(ImageText), undefined);

/** A failure if the text is no image, not whole, or beyond the limits. */
export function readImageResult(
  text: DecodedText,
  revisedPrompt: string | null | undefined,
  service: Service,
  limits: ImageByteLimits,
): GenerateResult | GenerationFailed {
  if (/^https?:/i.test(text.start)) return failure('only_an_address', service);
  const image = readDecodedImage(text, limits);
  if (typeof image === 'string') return failure(rejections[image], service);
  if (!revisedPrompt) return { image };
  return { image, revisedPrompt: revisedPrompt.slice(0, REVISED_PROMPT_CHARACTERS).toWellFormed() };
}

const rejections = {
  'too big': 'image_too_big',
  'not an image': 'not_an_image',
  damaged: 'image_damaged',
} as const satisfies Record<ImageRejection, FailureDetail>;

/** Images beyond the requested one that are kept, so that a service can't fill the memory with them (rule S4). */
const MORE_IMAGES = 3;

/** The images of one answer as one result. `prices` are needed only with `tokens`. */
export function combineResults(
  [first, ...more]: readonly [GenerateResult, ...GenerateResult[]],
  tokens: ImageTokens | undefined,
  prices: TokenPrices | undefined,
): GenerateResult {
  return {
    ...first,
    ...(more.length > 0 && { moreImages: more.slice(0, MORE_IMAGES).map(({ image }) => image) }),
    ...(tokens && usageOf(tokens, prices)),
  };
}

/** No image takes more than some ten thousand tokens. A count beyond this is a mistake of the service, and none is shown then. */
const MOST_TOKENS = 1_000_000;
const Tokens = v.pipe(Count, v.maxValue(MOST_TOKENS));

export const ImageTokens = v.object({
  input_tokens: Tokens,
  output_tokens: Tokens,
  total_tokens: Tokens,
  /** Text and images have different prices. Some compatible servers don't say how many of each there were. */
  input_tokens_details: v.optional(
    v.fallback(v.optional(v.object({ text_tokens: Tokens, image_tokens: Tokens })), undefined),
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
