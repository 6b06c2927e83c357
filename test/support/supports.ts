/** A server that has something of everything to choose from. */
import type { Supports } from '../../shared/model.ts';

export const supports: Supports = {
  models: ['model-a', 'model-b'],
  sizes: ['1024x1024', '1536x1024', '2048x1152'],
  qualities: ['low', 'high', 'xhigh'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 3,
  candidates: 4,
  refine: true,
};
