/** The port for candidates that wait for their turn to be drawn, or are being drawn, by any of the servers. */
import type { Requester } from './turn-order.ts';

export interface Job {
  readonly generationId: string;
  /** From 0. */
  readonly candidate: number;
  readonly requester: Requester;
}

/** Which of the limits is reached: the deployment's, or those of one address or session. */
export type Shortage = 'server' | 'address' | 'session';

export interface JobRun {
  /** Aborted when the job was withdrawn, or when another server has taken it over. */
  readonly signal: AbortSignal;
  /** A server that had begun with it has stopped. */
  readonly isTakenOver: boolean;
}

/** Every method that returns a promise rejects with `StoreUnavailable` when the store can't be reached in time. */
export interface JobQueue {
  /** Sets places aside for all of the jobs; names the limit that leaves no place for them. Places that no job takes are free after 30 s. */
  reserve(jobs: readonly Job[]): Promise<Shortage | undefined>;
  /** Queues the jobs. One that is there already is not queued again. */
  add(jobs: readonly Job[]): Promise<void>;
  /** Gives up places and jobs, wherever they run. Those that are not there are ignored. */
  withdraw(jobs: readonly Job[]): Promise<void>;
  /** This server takes jobs from now on: `CONCURRENT_CANDIDATES` at once over all servers. A rejected promise ends the job as well. */
  process(run: (job: Job, how: JobRun) => Promise<void>): void;
  /** Tells of the places in line of this server's own listeners' jobs; 1 is the next to start. Returns the undo. */
  onPosition(listener: (job: Job, position: number) => void): () => void;
  counts(): Promise<{ readonly running: number; readonly waiting: number }>;
  /** Takes no more jobs. Those that run here go on; `idle` resolves when they have ended. */
  close(): Promise<void>;
}
