/** Which generator draws, and what is to be said of it when the server starts. */
import type { Config } from '../config.ts';
import { createDemoGenerator } from './demo/demo-generator.ts';
import type { Generator } from './generator.ts';
import { createImagesApiGenerator, imagesService } from './openai/images-generator.ts';
import { checkKey } from './openai/key-check.ts';
import { createOpenAIGenerator } from './openai/responses-generator.ts';
import { openAI } from './openai/service.ts';
import { withRetries } from './retry.ts';

export function createGenerator({ generator, limits }: Config): Generator {
  if (generator.generator === 'demo') return createDemoGenerator(generator);
  return withRetries(
    generator.api === 'images'
      ? createImagesApiGenerator({ ...generator, limits })
      : createOpenAIGenerator({ ...generator, limits }),
  );
}

/** Who draws, in a sentence for whoever starts the server. */
export function describeGenerator({ generator }: Config): string {
  if (generator.generator === 'demo') {
    return 'The demo painter draws. To draw with OpenAI, set OPENAI_API_KEY and start again.';
  }
  if (generator.api === 'responses') return `OpenAI draws with ${generator.imageModel}, called by ${generator.model}.`;
  const { baseURL, imageModel } = generator;
  const host = baseURL === undefined ? '' : ` at ${URL.parse(baseURL)?.host}`;
  return `${imagesService(generator).name}${host} draws with ${imageModel ?? 'the model it runs'}, through its Images API.`;
}

/** What is wrong with the key or the models, told at the start and not by the first person who asks. Never rejects. */
export async function findGeneratorProblem({ generator }: Config): Promise<string | undefined> {
  if (generator.generator === 'demo') return undefined;
  const { imageModel } = generator;
  const service =
    generator.api === 'images' ? imagesService(generator) : { ...openAI, imageModel, model: generator.model };
  const check = await checkKey(generator, service);
  return check.verdict === 'refused' ? check.failure.message : undefined;
}
