/** The tokens that a service says one image took, and what they cost. */
import * as v from 'valibot';
import { Count, type EstimatedCost, type Usage } from '../../../shared/model.ts';
import type { TokenPrices } from './prices.ts';

/** As OpenAI writes it, for the image tool and for the Images API alike. */
export const ImageTokens = v.object({
  input_tokens: Count,
  output_tokens: Count,
  total_tokens: Count,
  /** Text and images have different prices; a compatible server may not tell them apart. */
  input_tokens_details: v.optional(
    v.fallback(v.optional(v.object({ text_tokens: Count, image_tokens: Count })), undefined),
  ),
});
export type ImageTokens = v.InferOutput<typeof ImageTokens>;

/** What a result says of its tokens: nothing of the cost where a price or the kinds of token are not known. */
export function usageOf(
  tokens: ImageTokens,
  prices: TokenPrices | undefined,
): { readonly usage: Usage; readonly estimatedCost?: EstimatedCost } {
  const usage = {
    inputTokens: tokens.input_tokens,
    outputTokens: tokens.output_tokens,
    totalTokens: tokens.total_tokens,
  };
  const details = tokens.input_tokens_details;
  if (!prices || !details) return { usage };
  const millionths =
    details.text_tokens * prices.textInput +
    details.image_tokens * prices.imageInput +
    tokens.output_tokens * prices.imageOutput;
  // Whole millionths of a dollar: what is smaller is an artefact of the sum.
  return { usage, estimatedCost: { amount: Math.round(millionths) / 1_000_000, currency: 'USD' } };
}
