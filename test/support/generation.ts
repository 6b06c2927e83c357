/** Runs one generation of a generator without a server around it: what it reports on the way, and how it fails. */
import {
  type GenerateRequest,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from '../../server/generators/generator.ts';

export const PROMPT = 'a lighthouse in the rain';

/** Starts a generation. A failure that the test doesn't look at is ignored. */
export function startGeneration(generator: Generator, request: Partial<GenerateRequest> = {}) {
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  const waiting = new Map<GeneratorProgress['phase'], () => void>();
  const result = generator.generate(
    { prompt: PROMPT, options: {}, attempt: 0, ...request },
    {
      signal: abort.signal,
      onProgress: (update) => {
        progress.push(update);
        waiting.get(update.phase)?.();
      },
    },
  );
  result.catch(() => undefined);
  /** Resolves when the phase has been reported, or when the generation has ended. */
  const reached = async (phase: GeneratorProgress['phase']) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(phase, resolve);
    if (!progress.some((update) => update.phase === phase)) await Promise.race([promise, result]);
  };
  return { result, abort, progress, reached, phases: () => progress.map(({ phase }) => phase) };
}

export async function failureOf(result: Promise<unknown>): Promise<GenerationFailed> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GenerationFailed) return error;
  throw new Error('the generation did not fail with a GenerationFailed', { cause: error });
}

/** All texts of an error, its causes and its fields: what a careless logger would write. */
export function fullText(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return [error.message, error.stack, JSON.stringify(error), fullText(error.cause)].join('\n');
}

export interface ExpectedFailure {
  readonly code: GenerationFailed['code'];
  readonly message: RegExp;
  readonly retryable: boolean;
  readonly transient: GenerationFailed['transient'];
}

/** Whether a failed request is tried again. */
export const never = { retryable: false, transient: undefined } as const;
export const byAPerson = { retryable: true, transient: undefined } as const;
export const automatically = { retryable: true, transient: {} } as const;
/** Automatically, with the warning that the image may have been billed (rule R10). */
export const withDoubt = { retryable: true, transient: { mayBeDrawn: true } } as const;
