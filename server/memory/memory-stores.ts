/** All that a server keeps when it is the only one: in its own memory. */
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { ImageMemory } from '../session/image-memory.ts';
import type { Stores } from '../session/stores.ts';
import { MemoryBudgets } from './memory-budgets.ts';
import { MemoryImageStore, MemoryImages } from './memory-image-store.ts';
import { MemoryJobQueue, MemoryJobs } from './memory-job-queue.ts';
import { MemorySessions } from './memory-session-store.ts';
import { MemorySignalBoard } from './memory-signals.ts';

export function createMemoryStores(clock: Clock, limits: Limits): Stores {
  return {
    sessions: new MemorySessions(clock, limits).forServer(),
    signals: new MemorySignalBoard(clock).forServer(),
    // The server's own budget counts the same bytes.
    images: new MemoryImageStore(new MemoryImages(new ImageMemory(Number.POSITIVE_INFINITY))),
    jobs: new MemoryJobQueue(new MemoryJobs(limits, clock)),
    budgets: new MemoryBudgets(clock),
    isReady: true,
    close: async () => {},
  };
}
