/** Retries: the only place where a failed generation is tried again. */
import pRetry from 'p-retry';
import type { GenerationErrorCode, RetryDetail } from '../../shared/model.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { defaultLimits } from '../platform/limits.ts';
import { LinkedAbortController } from '../platform/linked-abort-controller.ts';
import { type RetryReason, retrySentence, serviceParameter } from './failure-sentences.ts';
import {
  type GenerateContext,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
  inSeconds,
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
  const { name, model, demo, capabilities, mostDollars, promptCharacters } = generator;
  const service = serviceParameter(name);
  const generate = async (request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> => {
    const { signal, onProgress } = context;
    const startedAt = clock.monotonic();
    const abort = new LinkedAbortController(signal);
    const cancelTimer = clock.after(totalMs, () => abort.abort(unfinished(service, totalMs)));
    /** The numbers of the tries in which the model had begun to draw. */
    const drawingTries = new Set<number>();
    /** Whether any other try may have drawn the image. */
    let mayBeDrawn = false;
    /** Whether an image is shown: it is not drawn again. */
    let isFinished = false;
    let lastTry = tries;

    const tryOnce = (number: number) => {
      if (number > 1) onProgress({ phase: 'started' });
      const onTryProgress = (progress: GeneratorProgress) => {
        if (progress.phase === 'drawing' || progress.phase === 'partial') drawingTries.add(number);
        isFinished ||= progress.phase === 'finished';
        onProgress(progress);
      };
      return generator.generate(request, { signal: abort.signal, onProgress: onTryProgress });
    };

    const shouldRetry = async ({ error, attemptNumber }: { error: Error; attemptNumber: number }) => {
      if (isFinished || !(error instanceof GenerationFailed) || !error.transient) return false;
      const { retryAfterMs = 0, mayBeDrawn: isInDoubt = false } = error.transient;
      if (isInDoubt) lastTry = Math.min(lastTry, attemptNumber + 1);
      if (attemptNumber >= lastTry) return false;
      mayBeDrawn ||= isInDoubt && !drawingTries.has(attemptNumber);
      if (retryAfterMs > LONGEST_WAIT_MS) throw waitTooLong(service, retryAfterMs, error);
      const retryInMs = Math.round(retryAfterMs + random() * BACKOFF_MS * 2 ** (attemptNumber - 1));
      if (clock.monotonic() - startedAt + retryInMs >= totalMs) return false;
      const reasons = [
        { detail: causeOf(error.code), params: { service } },
        ...billing(service, drawingTries, mayBeDrawn),
      ];
      const reason = retrySentence(reasons);
      const mayBeBilled = error.mayBeBilled || drawingTries.has(attemptNumber);
      onProgress({ phase: 'retrying', try: attemptNumber + 1, retryInMs, reason, reasons, mayBeBilled });
      await pause(retryInMs, clock, signal);
      return true;
    };

    try {
      // p-retry can't delay each error differently, so `shouldRetry` does the waiting and p-retry adds none of its own.
      return await pRetry(tryOnce, { retries: tries - 1, minTimeout: 0, shouldRetry, signal });
    } catch (error) {
      if (signal.aborted) throw new DOMException('The generation was aborted.', 'AbortError');
      throw abort.signal.aborted && !(error instanceof GenerationFailed) ? abort.signal.reason : error;
    } finally {
      cancelTimer();
      abort.dispose();
    }
  };
  return {
    name,
    model,
    demo,
    capabilities,
    maxTries: tries,
    ...(promptCharacters !== undefined && { promptCharacters }),
    ...(mostDollars && { mostDollars }),
    generate,
  };
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

function causeOf(code: GenerationErrorCode): RetryDetail {
  switch (code) {
    case 'rate_limited':
      return 'busy';
    case 'timeout':
      return 'slow';
    case 'network':
      return 'connection_failed';
    default:
      return 'fault';
  }
}

/** Rule R10: people are told that they may pay for an image twice. */
function billing(service: string, drawingTries: ReadonlySet<number>, mayBeDrawn: boolean): RetryReason[] {
  const reasons: RetryReason[] = [];
  const [number] = drawingTries;
  if (drawingTries.size > 1) reasons.push({ detail: 'tries_had_begun', params: { tries: drawingTries.size } });
  else if (number !== undefined) reasons.push({ detail: 'try_had_begun', params: { try: number } });
  if (mayBeDrawn) reasons.push({ detail: 'billing_unknown', params: { service } });
  return reasons;
}

const unfinished = (service: string, totalMs: number): GenerationFailed =>
  GenerationFailed.of(
    'unfinished',
    { service, seconds: inSeconds(totalMs) },
    { cause: new UpstreamFault('total time') },
  );

/** The log still gets what the service said. The wait is more than a minute. */
function waitTooLong(service: string, retryAfterMs: number, failure: GenerationFailed): GenerationFailed {
  const { mayBeBilled, cause } = failure;
  const context = { transient: { retryAfterMs }, mayBeBilled, cause };
  const minutes = Math.ceil(retryAfterMs / 60_000);
  const hours = Math.ceil(minutes / 60);
  if (hours > 24) return GenerationFailed.of('wait_days', { service }, context);
  return minutes < 60
    ? GenerationFailed.of('wait_minutes', { service, minutes }, context)
    : GenerationFailed.of('wait_hours', { service, hours }, context);
}
