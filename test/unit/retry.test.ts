import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  type GenerateContext,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorProgress,
  type Transient,
  UpstreamFault,
} from '../../server/generators/generator.ts';
import { type RetryOptions, withRetries } from '../../server/generators/retry.ts';
import type { GenerationErrorCode } from '../../shared/model.ts';
import { FakeClock } from '../support/fake-clock.ts';

type Try = (context: GenerateContext) => Promise<GenerateResult>;

const drawn: GenerateResult = { image: { bytes: new Uint8Array([1]), mediaType: 'image/png', width: 1, height: 1 } };
const succeeds: Try = () => Promise.resolve(drawn);

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

/** Runs `tries`, one after the other, under a clock that stands still. */
function run(tries: readonly Try[], options: RetryOptions = {}) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const progress: GeneratorProgress[] = [];
  let retryNoticed = Promise.withResolvers<void>();
  let made = 0;
  const generator: Generator = {
    name: 'The service',
    model: 'model-1',
    demo: false,
    maxTries: 1,
    supports: { refine: true },
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
      onProgress: (news) => {
        progress.push(news);
        if (news.phase === 'retrying') retryNoticed.resolve();
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
      return progress.filter((news) => news.phase === 'retrying');
    },
    /** Waits for the next `retrying`, then lets its time pass. */
    async passWait() {
      await retryNoticed.promise;
      retryNoticed = Promise.withResolvers();
      const last = progress.at(-1);
      await Promise.resolve();
      clock.advance(last?.phase === 'retrying' ? last.retryInMs : 0);
    },
  };
}

describe('what is tried again', () => {
  test('a success needs one try and no timer', async () => {
    const one = run([succeeds]);
    expect(await one.result).toBe(drawn);
    expect([one.made, one.progress, one.clock.timers]).toEqual([1, [], 0]);
  });

  test('a transient failure is tried again, and its wait is told before it begins', async () => {
    const two = run([fails('rate_limited', {}), succeeds]);
    await two.passWait();
    expect(await two.result).toBe(drawn);
    expect(two.progress).toEqual([
      { phase: 'retrying', try: 2, retryInMs: 2_000, reason: 'The service is busy.' },
      { phase: 'started' },
    ]);
    expect([two.clock.timers, getEventListeners(two.abort.signal, 'abort')]).toEqual([0, []]);
  });

  test('three tries in all, and the last failure is the one that is told', async () => {
    const three = run([fails('network', {}), fails('timeout', {}), fails('provider_error', {})]);
    await three.passWait();
    await three.passWait();
    await expect(three.result).rejects.toMatchObject({ code: 'provider_error' });
    expect(three.made).toBe(3);
    expect(three.retries.map(({ try: number }) => number)).toEqual([2, 3]);
  });

  test('the generator says how many tries it makes, and is otherwise what it was', () => {
    expect(run([succeeds]).retrying).toMatchObject({
      name: 'The service',
      model: 'model-1',
      demo: false,
      maxTries: 3,
      supports: { refine: true },
    });
    expect(run([succeeds], { tries: 5 }).retrying.maxTries).toBe(5);
  });

  test.each(['moderation_blocked', 'quota_exceeded', 'no_image'] as const)('%s is not tried again', async (code) => {
    const one = run([fails(code)]);
    await expect(one.result).rejects.toMatchObject({ code });
    expect(one.made).toBe(1);
  });

  test.each([
    ['an error', new Error('a mistake')],
    ['a TypeError', new TypeError('fetch failed')],
  ])('%s of ours is not tried again, and comes through as it is', async (_, mistake) => {
    const one = run([() => Promise.reject(mistake)]);
    await expect(one.result).rejects.toBe(mistake);
    expect(one.made).toBe(1);
  });
});

describe('how long is waited', () => {
  test.each([
    [0, [0, 0]],
    [0.5, [2_000, 4_000]],
    [0.999, [3_996, 7_992]],
  ])('exponential backoff with full jitter, by a random of %d', async (random, waits) => {
    const three = run([fails('network', {}), fails('network', {}), succeeds], { random: () => random });
    await three.passWait();
    await three.passWait();
    await three.result;
    expect(three.retries.map(({ retryInMs }) => retryInMs)).toEqual(waits);
  });

  test('never less than the service asks for, and everybody a little later than that', async () => {
    const two = run([fails('rate_limited', { retryAfterMs: 30_000 }), succeeds]);
    await two.passWait();
    await two.result;
    expect(two.retries).toMatchObject([{ retryInMs: 32_000 }]);
  });

  test('up to a minute', async () => {
    const two = run([fails('rate_limited', { retryAfterMs: 60_000 }), succeeds]);
    await two.passWait();
    await two.result;
    expect(two.retries).toMatchObject([{ retryInMs: 62_000 }]);
  });

  test('not a moment earlier than was told', async () => {
    const two = run([fails('network', {}), succeeds]);
    await expect.poll(() => two.clock.timers).toBe(1);
    two.clock.advance(1_999);
    await new Promise(setImmediate);
    expect(two.made).toBe(1);
    two.clock.advance(1);
    await two.result;
    expect(two.made).toBe(2);
  });

  test.each([
    [60_001, '2 minutes'],
    [59 * 60_000, '59 minutes'],
    [60 * 60_000, 'an hour'],
    [61 * 60_000, '2 hours'],
    [24 * 3_600_000, '24 hours'],
    [24 * 3_600_000 + 1, 'more than a day'],
    [1e15, 'more than a day'],
  ])('a service that asks for %d ms is not waited for: the person is told how long', async (retryAfterMs, words) => {
    const one = run([fails('provider_error', { retryAfterMs })]);
    await expect(one.result).rejects.toMatchObject({
      code: 'rate_limited',
      message: `The service asks everyone with this key to wait ${words}. Ask again after that.`,
      retryable: true,
      transient: undefined,
    });
    expect([one.made, one.retries]).toEqual([1, []]);
  });

  test('what such a service said is still there for the log', async () => {
    const cause = new UpstreamFault('HTTP 429, rate_limit_exceeded');
    const transient = { retryAfterMs: 61_000 };
    const one = run([
      () => Promise.reject(new GenerationFailed('rate_limited', 'Busy.', { retryable: true, transient, cause })),
    ]);
    await expect(one.result).rejects.toMatchObject({ code: 'rate_limited', cause });
  });
});

describe('R10: a try that may have been billed is told of', () => {
  test('the first one', async () => {
    const two = run([failsWhileDrawing, succeeds]);
    await two.passWait();
    await two.result;
    expect(two.retries).toMatchObject([
      { reason: 'The connection to the service failed. The first try had begun to draw and may have been billed.' },
    ]);
  });

  test('still at the third try, after a second that did not draw', async () => {
    const three = run([failsWhileDrawing, fails('network', {}), succeeds]);
    await three.passWait();
    await three.passWait();
    await three.result;
    expect(three.retries[1]?.reason).toContain('The first try had begun to draw and may have been billed.');
  });

  test('and one of which nobody knows whether it drew', async () => {
    const three = run([fails('network', { mayBeDrawn: true }), fails('provider_error', {}), succeeds]);
    await three.passWait();
    await three.passWait();
    await three.result;
    const doubt = 'Whether the service drew and billed it all the same is not known.';
    expect(three.retries.map(({ reason }) => reason)).toEqual([
      `The connection to the service failed. ${doubt}`,
      `The service had a fault of its own. ${doubt}`,
    ]);
  });

  test('both of two', async () => {
    const three = run([failsWhileDrawing, failsWhileDrawing, succeeds]);
    await three.passWait();
    await three.passWait();
    await three.result;
    expect(three.retries[1]?.reason).toContain('2 tries had begun to draw and may have been billed.');
  });

  test('a second one alone', async () => {
    const three = run([fails('network', {}), failsWhileDrawing, succeeds]);
    await three.passWait();
    await three.passWait();
    await three.result;
    expect(three.retries.map(({ reason }) => reason)).toEqual([
      'The connection to the service failed.',
      'The connection to the service failed. The second try had begun to draw and may have been billed.',
    ]);
  });
});

describe('an abort', () => {
  test('during the wait ends it at once, and no try follows', async () => {
    const one = run([fails('network', {})]);
    await expect.poll(() => one.clock.timers).toBe(1);
    one.abort.abort(new Error('a reason of the caller'));
    await expect(one.result).rejects.toMatchObject({ name: 'AbortError' });
    expect([one.made, one.clock.timers]).toEqual([1, 0]);
  });

  test('during a try is an abort, whatever the try failed with', async () => {
    const one = run([
      async (context) => {
        await Promise.resolve();
        one.abort.abort();
        return fails('network', {})(context);
      },
    ]);
    await expect(one.result).rejects.toMatchObject({ name: 'AbortError' });
    expect([one.made, one.retries]).toEqual([1, []]);
  });

  test('before the first try makes none', async () => {
    const { retrying } = run([succeeds]);
    const context = { signal: AbortSignal.abort(), onProgress: () => undefined };
    const result = retrying.generate({ prompt: 'x', options: {}, attempt: 0 }, context);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  });
});
