/** One picture asked of a generator, without a server around it: what it reports on the way, and how it fails. */
import {
  type GenerateRequest,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from '../../server/generators/generator.ts';

export const PROMPT = 'a lighthouse in the rain';

/** Asks for a picture; that it may fail is for the test to notice. */
export function ask(generator: Generator, request: Partial<GenerateRequest> = {}) {
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  const waiting = new Map<GeneratorProgress['phase'], () => void>();
  const result = generator.generate(
    { prompt: PROMPT, options: {}, attempt: 0, ...request },
    {
      signal: abort.signal,
      onProgress: (news) => {
        progress.push(news);
        waiting.get(news.phase)?.();
      },
    },
  );
  result.catch(() => undefined);
  /** Resolves when that phase has been reported, or with the end of the generation. */
  const reached = async (phase: GeneratorProgress['phase']) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(phase, resolve);
    if (!progress.some((news) => news.phase === phase)) await Promise.race([promise, result]);
  };
  return { result, abort, progress, reached };
}

export async function failureOf(result: Promise<unknown>): Promise<GenerationFailed> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GenerationFailed) return error;
  throw new Error('it did not fail as a generation does', { cause: error });
}

/** An error's whole text, all causes and all fields included: what a careless logger would write. */
export function everythingSaid(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return [error.message, error.stack, JSON.stringify(error), everythingSaid(error.cause)].join('\n');
}

export interface ExpectedFailure {
  readonly code: GenerationFailed['code'];
  readonly sentence: RegExp;
  readonly retryable: boolean;
  readonly transient: GenerationFailed['transient'];
}

/** What another try is worth. */
export const never = { retryable: false, transient: undefined } as const;
export const later = { retryable: true, transient: undefined } as const;
export const again = { retryable: true, transient: {} } as const;
