/** Retries: the only place where a failed generation is tried again. */
import pRetry from 'p-retry';
import type { GenerationErrorCode } from '../../shared/model.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { defaultLimits } from '../platform/limits.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
  inSeconds,
  inSentence,
  UpstreamFault,
} from './generator.ts';

/** The wait before the second try is at most this long. It doubles for each further try. */
const BACKOFF_MS = 4_000;
/** If the service asks for a longer wait, the generation fails instead. */
const LONGEST_WAIT_MS = 60_000;

export interface RetryOptions {
  /** In all, including the first; 1 or more. */
  readonly tries?: number;
  /** The longest that one image may take, over all tries and the waits between them, in milliseconds (rule R10). */
  readonly totalMs?: number;
  readonly clock?: Pick<Clock, 'after' | 'monotonic'>;
  /** From 0 up to, not including, 1. */
  readonly random?: () => number;
}

/**
 * Wraps a generator so that it retries `transient` failures. Before each retry it waits as long as the service asked for, plus an
 * exponential backoff with full jitter. Each wait is reported as `retrying`, and an abort ends it at once. After a try of which nobody
 * knows whether it drew the image, and billed it, only one more is made.
 */
export function withRetries(
  generator: Generator,
  {
    tries = 3,
    totalMs = defaultLimits.UPSTREAM_TOTAL_MS,
    clock = systemClock,
    random = Math.random,
  }: RetryOptions = {},
): Generator {
  const { name, model, demo, capabilities, mostDollars } = generator;
  const generate = async (request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> => {
    const { signal, onProgress } = context;
    const startedAt = clock.monotonic();
    const deadline = new AbortController();
    const cancelTimer = clock.after(totalMs, () => deadline.abort(unfinished(name, totalMs)));
    /** The numbers of the tries in which the model had begun to draw. */
    const drawingTries = new Set<number>();
    /** Whether any other try may have drawn the image. */
    let mayBeDrawn = false;
    let lastTry = tries;

    const tryOnce = (number: number) => {
      if (number > 1) onProgress({ phase: 'started' });
      const onTryProgress = (progress: GeneratorProgress) => {
        if (progress.phase === 'drawing' || progress.phase === 'partial') drawingTries.add(number);
        onProgress(progress);
      };
      return generator.generate(request, {
        signal: AbortSignal.any([signal, deadline.signal]),
        onProgress: onTryProgress,
      });
    };

    const shouldRetry = async ({ error, attemptNumber }: { error: Error; attemptNumber: number }) => {
      if (!(error instanceof GenerationFailed) || !error.transient) return false;
      const { retryAfterMs = 0, mayBeDrawn: isInDoubt = false } = error.transient;
      if (isInDoubt) lastTry = Math.min(lastTry, attemptNumber + 1);
      if (attemptNumber >= lastTry) return false;
      mayBeDrawn ||= isInDoubt && !drawingTries.has(attemptNumber);
      if (retryAfterMs > LONGEST_WAIT_MS) throw waitTooLong(name, retryAfterMs, error);
      const retryInMs = Math.round(retryAfterMs + random() * BACKOFF_MS * 2 ** (attemptNumber - 1));
      if (clock.monotonic() - startedAt + retryInMs >= totalMs) return false;
      const reason = [causeSentence(error.code, name), ...billingSentences(name, drawingTries, mayBeDrawn)].join(' ');
      const mayBeBilled = error.mayBeBilled || drawingTries.has(attemptNumber);
      onProgress({ phase: 'retrying', try: attemptNumber + 1, retryInMs, reason, mayBeBilled });
      await pause(retryInMs, clock, signal);
      return true;
    };

    try {
      // p-retry can't delay each error differently, so `shouldRetry` does the waiting and p-retry adds none of its own.
      return await pRetry(tryOnce, { retries: tries - 1, minTimeout: 0, shouldRetry, signal });
    } catch (error) {
      if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
      throw deadline.signal.aborted && !(error instanceof GenerationFailed) ? deadline.signal.reason : error;
    } finally {
      cancelTimer();
    }
  };
  return { name, model, demo, capabilities, maxTries: tries, ...(mostDollars && { mostDollars }), generate };
}

/** Resolves after `ms` milliseconds, or early on an abort, which p-retry then notices by itself. */
async function pause(ms: number, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancelTimer = clock.after(ms, resolve);
  const onAbort = () => resolve();
  signal.addEventListener('abort', onAbort);
  await promise;
  signal.removeEventListener('abort', onAbort);
  cancelTimer();
}

/** Names the cause. Unlike the failure's own message it gives no advice, since a retry needs no action. */
function causeSentence(code: GenerationErrorCode, name: string): string {
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

/** Rule R10: people are told that they may pay for an image twice. */
function billingSentences(name: string, drawingTries: ReadonlySet<number>, mayBeDrawn: boolean): string[] {
  const sentences: string[] = [];
  const [number] = drawingTries;
  if (drawingTries.size > 1) sentences.push(`${drawingTries.size} tries had begun to draw and may have been billed.`);
  else if (number !== undefined) {
    sentences.push(`The ${ordinals[number - 1] ?? `${number}th`} try had begun to draw and may have been billed.`);
  }
  if (mayBeDrawn) sentences.push(`Whether ${inSentence(name)} drew and billed it all the same is not known.`);
  return sentences;
}

function unfinished(name: string, totalMs: number): GenerationFailed {
  const message =
    `${name} had not finished after ${inSeconds(totalMs)}, so it was given up. ` +
    `Whether ${inSentence(name)} drew and billed the image is not known. Ask again.`;
  return new GenerationFailed('timeout', message, { retryable: true, cause: new UpstreamFault('total time') });
}

function waitTooLong(name: string, retryAfterMs: number, failure: GenerationFailed): GenerationFailed {
  return new GenerationFailed(
    'rate_limited',
    `${name} asks everyone with this key to wait ${approximately(retryAfterMs)}. Ask again after that.`,
    // The log still gets what the service said.
    { retryable: true, mayBeBilled: failure.mayBeBilled, cause: failure.cause },
  );
}

/** A duration of more than a minute as people say it, rounded up. */
function approximately(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  if (hours > 24) return 'more than a day';
  return hours === 1 ? 'an hour' : `${hours} hours`;
}
