/** What image models charge for their tokens. */

/** In US dollars for a million tokens. */
export interface TokenPrices {
  readonly textInput: number;
  readonly imageInput: number;
  readonly imageOutput: number;
}

const CURRENT: TokenPrices = { textInput: 5, imageInput: 8, imageOutput: 30 };

/**
 * Standard prices, without discounts for cached input or batches, which a usage does not show; so an estimate is rather too high.
 * As of 22 November 2026; https://developers.openai.com/api/docs/pricing has those of the day. A model of which they were not certain
 * has no row. Where they have changed, `PROOFROOM_TOKEN_PRICES` stands above them.
 */
const published: Readonly<Record<string, TokenPrices>> = {
  'gpt-image-2.6-sunburst': CURRENT,
  'gpt-image-2.6-flare': CURRENT,
  'gpt-image-2.5-sunburst': CURRENT,
  'gpt-image-2.5-flare': CURRENT,
  'gpt-image-2': CURRENT,
  'gpt-image-1-mini': { textInput: 2, imageInput: 2.5, imageOutput: 8 },
};

/** The prices of one model, which stand above the published ones. */
export interface ModelPrices {
  /** Absent: of the model that the server draws with by its own choice. */
  readonly model: string | undefined;
  readonly prices: TokenPrices;
}

/** Nothing for a model of unknown price. A dated snapshot, such as `gpt-image-2-2026-04-21`, costs what its model costs. */
export function pricesOf(model: string | undefined, known?: ModelPrices): TokenPrices | undefined {
  if (known && model === known.model) return known.prices;
  if (model === undefined) return undefined;
  const name = model.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  return Object.hasOwn(published, name) ? published[name] : undefined;
}
