import { getEventListeners, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  type GenerateContext,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
  type Transient,
  UpstreamFault,
} from '../../../../server/generators/generator.ts';
import { type RetryOptions, withRetries } from '../../../../server/generators/retry.ts';
import type { GenerationErrorCode } from '../../../../shared/model.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

type Try = (context: GenerateContext) => Promise<GenerateResult>;

const image: GenerateResult = { image: { bytes: new Uint8Array([1]), mediaType: 'image/png', width: 1, height: 1 } };
const succeeds: Try = () => Promise.resolve(image);

const fails =
  (code: GenerationErrorCode, transient?: Transient): Try =>
  () =>
    Promise.reject(
      new GenerationFailed(code, `Failed with ${code}.`, { retryable: true, ...(transient && { transient }) }),
    );

const failsWhileDrawing: Try = ({ onProgress }) => {
  onProgress({ phase: 'drawing' });
  return Promise.reject(new GenerationFailed('network', 'Cut.', { retryable: true, transient: {} }));
};

/** Starts a generation whose tries end as given, under a fake clock. */
function start(tries: readonly Try[], options: RetryOptions = {}) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  let nextRetry = Promise.withResolvers<void>();
  let made = 0;
  const generator: Generator = {
    name: 'The service',
    model: 'model-1',
    demo: false,
    maxTries: 1,
    capabilities: { refine: true },
    generate: (_, context) => {
      const next = tries[made++];
      if (!next) throw new Error('one try too many');
      return next(context);
    },
  };
  const retrying = withRetries(generator, { clock, random: () => 0.5, ...options });
  const result = retrying.generate(
    { prompt: 'a lighthouse', options: {}, attempt: 0 },
    {
      signal: abort.signal,
      onProgress: (update) => {
        progress.push(update);
        if (update.phase === 'retrying') nextRetry.resolve();
      },
    },
  );
  result.catch(() => undefined);
  return {
    result,
    clock,
    abort,
    retrying,
    progress,
    get made() {
      return made;
    },
    get retries() {
      return progress.filter((update) => update.phase === 'retrying');
    },
    /** Waits for the next retry to be announced, then lets its wait pass. */
    async passWait() {
      await nextRetry.promise;
      nextRetry = Promise.withResolvers();
      const last = progress.at(-1);
      await Promise.resolve();
      clock.advance(last?.phase === 'retrying' ? last.retryInMs : 0);
    },
  };
}

test('S9: a retry says whether the failed try may be billed', async () => {
  const free = new GenerationFailed('rate_limited', 'Busy.', { retryable: true, transient: {}, mayBeBilled: false });
  const failsFree: Try = () => Promise.reject(free);
  const failsFreeWhileDrawing: Try = ({ onProgress }) => {
    onProgress({ phase: 'drawing' });
    return Promise.reject(free);
  };
  const run = start([failsFree, failsFreeWhileDrawing, failsFree, fails('network', {}), succeeds], { tries: 5 });
  for (let count = 0; count < 4; count += 1) await run.passWait();
  await run.result;
  expect(run.retries.map(({ mayBeBilled }) => mayBeBilled)).toEqual([false, true, false, true]);
});

describe('which failures are tried again', () => {
  test('a success makes one try and sets no timer', async () => {
    const run = start([succeeds]);
    expect(await run.result).toBe(image);
    expect([run.made, run.progress, run.clock.timers]).toEqual([1, [], 0]);
  });

  test('a transient failure is tried again, and the wait is reported before it begins', async () => {
    const run = start([fails('rate_limited', {}), succeeds]);
    await run.passWait();
    expect(await run.result).toBe(image);
    expect(run.progress).toEqual([
      { phase: 'retrying', try: 2, retryInMs: 2_000, reason: 'The service is busy.', mayBeBilled: true },
      { phase: 'started' },
    ]);
    expect([run.clock.timers, getEventListeners(run.abort.signal, 'abort')]).toEqual([0, []]);
  });

  test('three tries are made, and the last failure is reported', async () => {
    const run = start([fails('network', {}), fails('timeout', {}), fails('provider_error', {})]);
    await run.passWait();
    await run.passWait();
    await expect(run.result).rejects.toMatchObject({ code: 'provider_error' });
    expect(run.made).toBe(3);
    expect(run.retries.map(({ try: number }) => number)).toEqual([2, 3]);
  });

  test('the generator keeps its name and capabilities, and says how many tries it makes', () => {
    expect(start([succeeds]).retrying).toMatchObject({
      name: 'The service',
      model: 'model-1',
      demo: false,
      maxTries: 3,
      capabilities: { refine: true },
    });
    expect(start([succeeds], { tries: 5 }).retrying.maxTries).toBe(5);
  });

  test.each([
    ['a failure that is not transient', new GenerationFailed('no_image', 'No image.', { retryable: true })],
    ['an error', new Error('a mistake')],
    ['a TypeError', new TypeError('fetch failed')],
  ])('%s is rethrown without another try', async (_, error) => {
    const run = start([() => Promise.reject(error)]);
    await expect(run.result).rejects.toBe(error);
    expect(run.made).toBe(1);
  });
});

describe('how long a retry waits', () => {
  test.each([
    [0, [0, 0]],
    [0.5, [2_000, 4_000]],
    [0.999, [3_996, 7_992]],
  ])('exponential backoff with full jitter, for a random number of %d', async (random, waits) => {
    const run = start([fails('network', {}), fails('network', {}), succeeds], { random: () => random });
    await run.passWait();
    await run.passWait();
    await run.result;
    expect(run.retries.map(({ retryInMs }) => retryInMs)).toEqual(waits);
  });

  test.each([30_000, 60_000])('the backoff is added to the %d ms that the service asked for', async (retryAfterMs) => {
    const run = start([fails('rate_limited', { retryAfterMs }), succeeds]);
    await run.passWait();
    await run.result;
    expect(run.retries).toMatchObject([{ retryInMs: retryAfterMs + 2_000 }]);
  });

  test('the retry begins no sooner than reported', async () => {
    const run = start([fails('network', {}), succeeds]);
    await expect.poll(() => run.clock.timers, { message: 'of the wait, and of the whole time' }).toBe(2);
    run.clock.advance(1_999);
    await new Promise(setImmediate);
    expect(run.made).toBe(1);
    run.clock.advance(1);
    await run.result;
    expect(run.made).toBe(2);
  });

  test.each([
    [60_001, '2 minutes'],
    [59 * 60_000, '59 minutes'],
    [60 * 60_000, 'an hour'],
    [61 * 60_000, '2 hours'],
    [24 * 3_600_000, '24 hours'],
    [24 * 3_600_000 + 1, 'more than a day'],
    [1e15, 'more than a day'],
  ])('a service that asks for %d ms fails at once, and the message says to wait %s', async (retryAfterMs, duration) => {
    const cause = new UpstreamFault('HTTP 503');
    const failure = { retryable: true, transient: { retryAfterMs }, cause };
    const run = start([() => Promise.reject(new GenerationFailed('provider_error', 'Busy.', failure))]);
    await expect(run.result).rejects.toMatchObject({
      code: 'rate_limited',
      message: `The service asks everyone with this key to wait ${duration}. Ask again after that.`,
      retryable: true,
      transient: undefined,
      cause,
    });
    expect([run.made, run.retries]).toEqual([1, []]);
  });
});

describe('R10: the reason of a retry says which tries may have been billed', () => {
  const cut = 'The connection to the service failed.';
  const fault = 'The service had a fault of its own.';
  const unknown = 'Whether the service drew and billed it all the same is not known.';
  const first = 'The first try had begun to draw and may have been billed.';
  const second = 'The second try had begun to draw and may have been billed.';

  test.each([
    ['neither try had begun to draw', [fails('network', {}), fails('network', {})], [cut, cut]],
    ['the first had', [failsWhileDrawing, fails('network', {})], [`${cut} ${first}`, `${cut} ${first}`]],
    ['the second had', [fails('network', {}), failsWhileDrawing], [cut, `${cut} ${second}`]],
    [
      'both had',
      [failsWhileDrawing, failsWhileDrawing],
      [`${cut} ${first}`, `${cut} 2 tries had begun to draw and may have been billed.`],
    ],
    [
      'it is unknown whether the second had',
      [fails('provider_error', {}), fails('network', { mayBeDrawn: true })],
      [fault, `${cut} ${unknown}`],
    ],
    [
      'one had, and of the other it is unknown',
      [failsWhileDrawing, fails('network', { mayBeDrawn: true })],
      [`${cut} ${first}`, `${cut} ${first} ${unknown}`],
    ],
  ])('R10: %s', async (_, tries, reasons) => {
    const run = start([...tries, succeeds]);
    await run.passWait();
    await run.passWait();
    await run.result;
    expect(run.retries.map(({ reason }) => reason)).toEqual(reasons);
  });
});

describe('R10: one image has a limited time and a limited number of tries', () => {
  const totalMs = 600_000;
  const untilAborted = async ({ signal }: GenerateContext) => {
    await once(signal, 'abort');
    return signal.reason as unknown;
  };
  /** Ends only when it is aborted, as the generators of OpenAI's APIs do. */
  const neverEnds: Try = async (context) => {
    throw await untilAborted(context);
  };

  test('R10: after a try of which nobody knows whether it was billed, one more is made', async () => {
    const run = start([fails('timeout', { mayBeDrawn: true }), fails('provider_error', {}), succeeds]);
    await run.passWait();
    await expect(run.result).rejects.toMatchObject({ code: 'provider_error' });
    expect([run.made, run.retries.length]).toEqual([2, 1]);
  });

  test('R10: a try that had begun to draw is not told twice', async () => {
    const silentWhileDrawing: Try = (context) => {
      context.onProgress({ phase: 'drawing' });
      return fails('timeout', { mayBeDrawn: true })(context);
    };
    const run = start([silentWhileDrawing, succeeds]);
    await run.passWait();
    await run.result;
    expect(run.retries).toMatchObject([
      { reason: 'The service took too long to answer. The first try had begun to draw and may have been billed.' },
    ]);
  });

  test('R10: the time is that of all tries together, and its end is not tried again', async () => {
    const run = start([fails('network', {}), neverEnds], { totalMs });
    await run.passWait();
    await expect.poll(() => run.made).toBe(2);
    run.clock.advance(totalMs - run.clock.monotonic() - 1);
    await new Promise(setImmediate);
    expect(run.clock.timers).toBe(1);
    run.clock.advance(1);
    await expect(run.result).rejects.toMatchObject({
      code: 'timeout',
      message:
        'The service had not finished after 600 seconds, so it was given up. ' +
        'Whether the service drew and billed the image is not known. Ask again.',
      retryable: true,
      transient: undefined,
    });
    expect([run.made, run.clock.timers]).toEqual([2, 0]);
  });

  test('R10: the end of the time is told as such, whatever error a generator makes of the abort', async () => {
    const throwsAbortError: Try = async (context) => {
      await untilAborted(context);
      throw new DOMException('Aborted.', 'AbortError');
    };
    const run = start([throwsAbortError], { totalMs });
    run.clock.advance(totalMs);
    await expect(run.result).rejects.toMatchObject({ code: 'timeout', cause: { message: 'total time' } });
  });

  test('R10: an image that had come when the time ended is kept', async () => {
    const keepsItsImage: Try = async (context) => {
      await untilAborted(context);
      return image;
    };
    const run = start([keepsItsImage], { totalMs });
    run.clock.advance(totalMs);
    expect(await run.result).toBe(image);
  });

  test('R10: a wait that the time does not allow is not begun', async () => {
    const run = start([fails('rate_limited', { retryAfterMs: 50_000 })], { totalMs: 52_000 });
    await expect(run.result).rejects.toMatchObject({ code: 'rate_limited', message: 'Failed with rate_limited.' });
    expect([run.made, run.retries, run.clock.timers]).toEqual([1, [], 0]);
  });
});

describe('R2: an abort', () => {
  test('R2: during a wait ends it at once, and no try follows', async () => {
    const run = start([fails('network', {})]);
    await expect.poll(() => run.clock.timers).toBe(2);
    run.abort.abort(new Error('a reason of the caller'));
    await expect(run.result).rejects.toMatchObject({ name: 'AbortError' });
    expect([run.made, run.clock.timers]).toEqual([1, 0]);
  });

  test('R2: during a try ends as an abort, whatever the try failed with', async () => {
    const run = start([
      async (context) => {
        await Promise.resolve();
        run.abort.abort();
        return fails('network', {})(context);
      },
    ]);
    await expect(run.result).rejects.toMatchObject({ name: 'AbortError' });
    expect([run.made, run.retries]).toEqual([1, []]);
  });

  test('R2: before the first try makes none', async () => {
    const run = start([succeeds]);
    const context = { signal: AbortSignal.abort(), onProgress: () => undefined };
    const result = run.retrying.generate({ prompt: 'x', options: {}, attempt: 0 }, context);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    expect(run.made).toBe(1);
  });
});
