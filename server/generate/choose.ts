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
