/** A generator that knows every option. */
import type { Capabilities } from '../../shared/options.ts';

export const capabilities: Capabilities = {
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
