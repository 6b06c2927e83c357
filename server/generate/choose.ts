/** Which generator draws, and what is to be said of it when the server starts. */
import type { Config } from '../config.ts';
import { createDemoPainter } from './demo-painter.ts';
import type { Generator } from './generator.ts';
import { checkOpenAIKey, createOpenAIGenerator } from './openai.ts';
import { withRetries } from './retry.ts';

export function createGenerator({ generator, limits }: Config): Generator {
  return generator.generator === 'demo'
    ? createDemoPainter()
    : withRetries(createOpenAIGenerator({ ...generator, limits }));
}

/** Who draws, in a sentence for whoever starts the server. */
export function describeGenerator({ generator }: Config): string {
  return generator.generator === 'demo'
    ? 'The demo painter draws. To draw with OpenAI, set OPENAI_API_KEY and start again.'
    : `OpenAI draws with ${generator.imageModel}, called by ${generator.model}.`;
}

/** What is wrong with the key or the models, told at the start and not by the first person who asks. Never rejects. */
export async function findGeneratorProblem({ generator }: Config): Promise<string | undefined> {
  if (generator.generator === 'demo') return undefined;
  const check = await checkOpenAIKey(generator);
  return check.verdict === 'refused' ? check.failure.message : undefined;
}
