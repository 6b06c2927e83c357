/** The one place where a generation is tried again. */
import pRetry from 'p-retry';
import type { GenerationErrorCode } from '../../shared/model.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
} from './generator.ts';
import { inSentence } from './openai/service.ts';

/** The wait before the second try is at most this long, and doubles for each further one. */
const BACKOFF_MS = 4_000;
/** A service that asks for a longer wait is not waited for. */
const LONGEST_WAIT_MS = 60_000;

export interface RetryOptions {
  /** In all, the first included; 1 or more. */
  readonly tries?: number;
  readonly clock?: Pick<Clock, 'after'>;
  /** From 0 up to, not including, 1. */
  readonly random?: () => number;
}

/**
 * The same generator, trying again after failures that say they are `transient`: exponential backoff with full jitter
 * after the wait that the service asked for. Each wait is reported as `retrying`, and ends at once on an abort.
 */
export function withRetries(
  generator: Generator,
  { tries = 3, clock = systemClock, random = Math.random }: RetryOptions = {},
): Generator {
  const { name, model, demo, supports } = generator;
  const generate = async (request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> => {
    const { signal, onProgress } = context;
    const drawn = new Set<number>();
    let isInDoubt = false;

    const tryOnce = (number: number) => {
      if (number > 1) onProgress({ phase: 'started' });
      const watched = (progress: GeneratorProgress) => {
        if (progress.phase === 'drawing' || progress.phase === 'partial') drawn.add(number);
        onProgress(progress);
      };
      return generator.generate(request, { signal, onProgress: watched });
    };

    const shouldRetry = async ({ error, attemptNumber }: { error: Error; attemptNumber: number }) => {
      if (!(error instanceof GenerationFailed) || !error.transient) return false;
      const { retryAfterMs = 0, mayBeDrawn } = error.transient;
      isInDoubt ||= mayBeDrawn ?? false;
      if (retryAfterMs > LONGEST_WAIT_MS) throw asksForTooLong(name, retryAfterMs, error);
      const retryInMs = Math.round(retryAfterMs + random() * BACKOFF_MS * 2 ** (attemptNumber - 1));
      const reason = [whatHappened(error.code, name), billing(drawn), isInDoubt && doubt(name)]
        .filter(Boolean)
        .join(' ');
      onProgress({ phase: 'retrying', try: attemptNumber + 1, retryInMs, reason });
      await pause(retryInMs, clock, signal);
      return true;
    };

    try {
      // p-retry knows no delay per error, so it waits for none of its own: `shouldRetry` waits.
      return await pRetry(tryOnce, { retries: tries - 1, minTimeout: 0, shouldRetry, signal });
    } catch (error) {
      if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
      throw error;
    }
  };
  return { name, model, demo, supports, maxTries: tries, generate };
}

/** Resolves early on an abort, which p-retry then notices by itself. */
async function pause(ms: number, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve: wake } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, wake);
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  await promise;
  signal.removeEventListener('abort', onAbort);
  cancel();
}

/** What happened, without the advice that the failure's own sentence ends with: here nobody has to do anything. */
function whatHappened(code: GenerationErrorCode, name: string): string {
  switch (code) {
    case 'rate_limited':
      return `${name} is busy.`;
    case 'timeout':
      return `${name} took too long to answer.`;
    case 'network':
      return `The connection to ${inSentence(name)} failed.`;
    default:
      return `${name} had a fault of its own.`;
  }
}

const ordinals = ['first', 'second', 'third'];

/** Rule R10: nobody is to pay twice without being told. */
function billing(drawn: ReadonlySet<number>): string | undefined {
  if (drawn.size > 1) return `${drawn.size} tries had begun to draw and may have been billed.`;
  const [only] = drawn;
  if (only === undefined) return undefined;
  return `The ${ordinals[only - 1] ?? `${only}th`} try had begun to draw and may have been billed.`;
}

/** The same rule, where nobody knows whether the service had begun. */
function doubt(name: string): string {
  return `Whether ${inSentence(name)} drew and billed it all the same is not known.`;
}

function asksForTooLong(name: string, retryAfterMs: number, cause: GenerationFailed): GenerationFailed {
  return new GenerationFailed(
    'rate_limited',
    `${name} asks everyone with this key to wait ${inWords(retryAfterMs)}. Ask again after that.`,
    // What the service itself said is what the log is to know.
    { retryable: true, cause: cause.cause },
  );
}

function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  if (hours > 24) return 'more than a day';
  return hours === 1 ? 'an hour' : `${hours} hours`;
}
