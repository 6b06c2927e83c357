import { once } from 'node:events';
import { expect, test } from 'vitest';
import { imagesService, responsesService, type Service } from '../../../../../server/generators/openai/service.ts';
import { UpstreamWatchdog } from '../../../../../server/generators/openai/upstream-watchdog.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const limits = { UPSTREAM_SILENCE_MS: 100, UPSTREAM_STREAM_BYTES: 1_000 };
const responses = responsesService({ model: 'm', imageModel: 'i' });

function watch(body: AsyncIterable<Uint8Array> | null = null, service: Service = responses, changed = {}) {
  const clock = new FakeClock();
  const caller = new AbortController();
  const watchdog = new UpstreamWatchdog(caller.signal, service, { ...limits, ...changed }, clock);
  const answer = (ok = true) => watchdog.guard({ ok, status: ok ? 200 : 500, statusText: '', headers: [], body });
  return { clock, caller, watchdog, answer };
}

async function* chunksOf(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

test('R10: the headers restart the silence timer', () => {
  const { clock, watchdog, answer } = watch();
  clock.advance(99);
  answer();
  clock.advance(99);
  expect(watchdog.signal.aborted).toBe(false);
  clock.advance(1);
  expect(watchdog.signal.reason).toMatchObject({ code: 'timeout', transient: {} });
});

test('R10: each chunk restarts the silence timer', async () => {
  const { clock, watchdog, answer } = watch(chunksOf(...Array.from({ length: 20 }, () => 1)));
  const reader = answer().body?.getReader();
  for (let passed = 0; passed < 990; passed += 99) {
    await reader?.read();
    clock.advance(99);
  }
  expect(watchdog.signal.aborted).toBe(false);
});

test('R10: the Images API may be silent before its answer', () => {
  const { clock, watchdog } = watch(null, imagesService({}));
  clock.advance(3_600_000);
  expect([watchdog.signal.aborted, clock.timers]).toEqual([false, 0]);
});

test('R10: a silence within such an answer leaves it unknown whether the image was drawn', () => {
  const { clock, watchdog, answer } = watch(null, imagesService({}));
  answer();
  clock.advance(100);
  expect(watchdog.signal.reason).toMatchObject({ code: 'timeout', transient: { mayBeDrawn: true } });
});

test.each([
  [1_000, '1 second', {}],
  [180_000, '180 seconds', { mayBeDrawn: true }],
  [1_800_000, '1,800 seconds', { mayBeDrawn: true }],
])('R10: after %d ms the message says %s, and that nobody knows of a bill', (silenceMs, duration, transient) => {
  const { clock, watchdog } = watch(null, responses, { UPSTREAM_SILENCE_MS: silenceMs });
  clock.advance(silenceMs);
  expect(watchdog.signal.reason).toMatchObject({
    message:
      `OpenAI sent nothing for ${duration}, so the try was given up. ` +
      'Whether OpenAI drew and billed the image is not known. Ask again.',
  });
  expect(watchdog.signal.reason.transient).toEqual(transient);
});

test('S4: a stream ends where it exceeds the limit, and its source is released', async () => {
  const body = chunksOf(600, 400, 1, 600);
  const { watchdog, answer } = watch(body);
  expect(await answer().bytes()).toHaveLength(1_000);
  expect(await body.next()).toEqual({ done: true, value: undefined });
  expect(watchdog.signal.reason).toMatchObject({ code: 'provider_error', transient: undefined });
});

test('S4: of an error response 64 KiB are read', async () => {
  const { watchdog, answer } = watch(chunksOf(64 * 1024, 1, 1));
  expect(await answer(false).bytes()).toHaveLength(64 * 1024);
  expect(watchdog.signal.aborted).toBe(false);
});

test('S4: a reader that stops early releases the source', async () => {
  const body = chunksOf(1, 1, 1);
  const reader = watch(body).answer().body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test('R2: a reader that stops while nothing comes ends the request at once', async () => {
  const silent = async function* (signal: AbortSignal) {
    yield new Uint8Array(1);
    await once(signal, 'abort');
  };
  const caller = new AbortController();
  const watchdog = new UpstreamWatchdog(caller.signal, responses, limits, new FakeClock());
  const body = silent(watchdog.signal);
  const reader = watchdog.guard({ ok: true, status: 200, statusText: '', headers: [], body }).body?.getReader();
  await reader?.read();
  // Until then the next chunk is waited for.
  await new Promise(setImmediate);
  await reader?.cancel();
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test('dispose leaves no timer and no listener behind, even if more data arrives', async () => {
  const { clock, caller, watchdog, answer } = watch(chunksOf(1, 1));
  watchdog.dispose();
  watchdog.dispose();
  await answer().bytes();
  caller.abort();
  expect(clock.timers).toBe(0);
});

test('R2: only the first reason to end the request counts', () => {
  const { clock, caller, watchdog } = watch();
  const reason = new Error('cancelled');
  caller.abort(reason);
  clock.advance(10_000);
  expect(watchdog.signal.reason).toBe(reason);
});
