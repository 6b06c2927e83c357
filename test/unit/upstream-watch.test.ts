import { expect, test } from 'vitest';
import { UpstreamWatch } from '../../server/generators/openai/upstream-watchdog.ts';
import { FakeClock } from '../support/fake-clock.ts';

const limits = { UPSTREAM_SILENCE_MS: 100, UPSTREAM_TOTAL_MS: 1_000, UPSTREAM_STREAM_BYTES: 1_000 };

function watchOver(body: AsyncIterable<Uint8Array> | null = null) {
  const clock = new FakeClock();
  const caller = new AbortController();
  const watch = new UpstreamWatch(caller.signal, limits, clock);
  const answer = (ok = true) => watch.guard({ ok, status: ok ? 200 : 500, statusText: '', headers: [], body });
  return { clock, caller, watch, answer };
}

/** Chunks of so many bytes. */
async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

test('R10: the headers begin the silence anew', () => {
  const { clock, watch, answer } = watchOver();
  clock.advance(99);
  answer();
  clock.advance(99);
  expect(watch.signal.aborted).toBe(false);
  clock.advance(1);
  expect(watch.signal.reason).toMatchObject({ code: 'timeout' });
});

test('R10: so does each chunk, but not the total time', async () => {
  const { clock, watch, answer } = watchOver(chunks(...Array.from({ length: 20 }, () => 1)));
  const reader = answer().body?.getReader();
  for (let passed = 0; passed < 990; passed += 99) {
    await reader?.read();
    clock.advance(99);
  }
  expect(watch.signal.aborted).toBe(false);
  await reader?.read();
  clock.advance(10);
  expect(watch.signal.reason).toMatchObject({ code: 'timeout', message: expect.stringContaining('not finished') });
});

test.each([
  [{ UPSTREAM_SILENCE_MS: 1_000, UPSTREAM_TOTAL_MS: 2_000 }, 'for 1 second,'],
  [{ UPSTREAM_SILENCE_MS: 180_000, UPSTREAM_TOTAL_MS: 600_000 }, 'for 180 seconds,'],
  [{ UPSTREAM_SILENCE_MS: 2_000, UPSTREAM_TOTAL_MS: 1_000 }, 'after 1 second,'],
  [{ UPSTREAM_SILENCE_MS: 3_600_000, UPSTREAM_TOTAL_MS: 1_800_000 }, 'after 1,800 seconds,'],
])('%j: a person reads “%s”', (given, words) => {
  const clock = new FakeClock();
  const watch = new UpstreamWatch(new AbortController().signal, { ...limits, ...given }, clock);
  clock.advance(3_600_000);
  expect(watch.signal.reason).toMatchObject({ message: expect.stringContaining(words) });
});

test('S4: a stream ends where it becomes too big, and its source is let go', async () => {
  const body = chunks(600, 400, 1, 600);
  const { watch, answer } = watchOver(body);
  expect(await answer().bytes()).toHaveLength(1_000);
  expect(await body.next()).toEqual({ done: true, value: undefined });
  expect(watch.signal.reason).toMatchObject({ code: 'provider_error', transient: undefined });
});

test('S4: an error page is read only as far as an error needs', async () => {
  const { watch, answer } = watchOver(chunks(64 * 1024, 1, 1));
  expect(await answer(false).bytes()).toHaveLength(64 * 1024);
  expect(watch.signal.aborted).toBe(false);
});

test('nothing is left behind once it is disposed of, whatever still comes', async () => {
  const { clock, caller, watch, answer } = watchOver(chunks(1, 1));
  watch.dispose();
  watch.dispose();
  await answer().bytes();
  caller.abort();
  expect(clock.timers).toBe(0);
});

test('R2: the first reason to stop counts', () => {
  const { clock, caller, watch } = watchOver();
  const reason = new Error('cancelled');
  caller.abort(reason);
  clock.advance(10_000);
  expect(watch.signal.reason).toBe(reason);
});
