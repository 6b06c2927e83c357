/** All that servers share: in the memory of one process, or on Redis. */
import type { Budgets } from './budgets.ts';
import type { ImageStore } from './image-store.ts';
import type { JobQueue } from './job-queue.ts';
import type { SessionStore } from './session-store.ts';
import type { Signals } from './signals.ts';

export interface Stores {
  readonly sessions: SessionStore;
  readonly signals: Signals;
  readonly images: ImageStore;
  readonly jobs: JobQueue;
  readonly budgets: Budgets;
  /** Absent: this server is the only one, so nobody else has to hear of anything. */
  readonly sharing?: Sharing;
  /** Whether they can be reached now. */
  readonly isReady: boolean;
  /** Gives up what this server holds. Call it when nothing is drawn any more; twice is harmless. */
  close(): Promise<void>;
}

export interface Sharing {
  readonly serverId: string;
  /** How often a server says who is there, and looks for what it may have missed. */
  readonly intervalMs: number;
}
