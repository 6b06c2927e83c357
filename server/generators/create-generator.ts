/** Creates the generator that the configuration names, describes it, and checks it when the server starts. */
import type { Config } from '../config.ts';
import { limitsOf } from '../platform/limits.ts';
import { createDemoGenerator } from './demo/demo-generator.ts';
import type { Generator } from './generator.ts';
import { createImagesApiGenerator } from './openai/images-generator.ts';
import { checkKey } from './openai/key-check.ts';
import { createOpenAIGenerator } from './openai/responses-generator.ts';
import { imagesService, responsesService } from './openai/service.ts';
import { withRetries } from './retry.ts';

export function createGenerator({ generator, limits: set }: Config): Generator {
  const limits = limitsOf(set);
  if (generator.generator === 'demo') return createDemoGenerator(generator);
  return withRetries(
    generator.api === 'images'
      ? createImagesApiGenerator({ ...generator, limits })
      : createOpenAIGenerator({ ...generator, limits }),
    { totalMs: limits.UPSTREAM_TOTAL_MS },
  );
}

/** A sentence for the person who starts the server: which generator draws, with which models. */
export function describeGenerator({ generator }: Config): string {
  if (generator.generator === 'demo') {
    return 'The demo painter draws. To draw with OpenAI, set OPENAI_API_KEY and start again.';
  }
  if (generator.api === 'responses') return `OpenAI draws with ${generator.imageModel}, called by ${generator.model}.`;
  const { baseURL, imageModel } = generator;
  const host = baseURL === undefined ? '' : ` at ${URL.parse(baseURL)?.host}`;
  return `${imagesService(generator).name}${host} draws with ${imageModel ?? 'the model it runs'}, through its Images API.`;
}

/**
 * Checks the key and the models when the server starts, before the first person asks for an image. Never rejects.
 * @returns a sentence that says what is wrong; undefined if nothing certainly is
 */
export async function checkGenerator({ generator }: Config): Promise<string | undefined> {
  if (generator.generator === 'demo') return undefined;
  const service = generator.api === 'images' ? imagesService(generator) : responsesService(generator);
  const check = await checkKey(generator, service);
  return check.verdict === 'refused' ? check.failure.message : undefined;
}
