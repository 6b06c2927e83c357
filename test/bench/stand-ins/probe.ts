/** Loaded into a process before its own code. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { offer } from './offer.ts';

const delays = monitorEventLoopDelay({ resolution: 1 });

/** A collection frees array buffers only after it has returned, so a second one counts what is left. */
async function collectGarbage(): Promise<void> {
  globalThis.gc?.();
  await setImmediate();
  globalThis.gc?.();
}

offer({
  collectGarbage,
  async heldBytes() {
    await collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  watchStalls() {
    delays.enable();
    delays.reset();
  },
  /** The longest time that the loop took no event, since `watchStalls`. */
  worstStallMs() {
    delays.disable();
    return delays.max / 1e6;
  },
});
