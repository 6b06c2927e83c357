/** The port for candidates that wait for their turn to be drawn, or are being drawn, by any of the servers. */
import type { Limits } from '../platform/limits.ts';
import type { Requester } from './turn-order.ts';

export type QueueLimits = Pick<
  Limits,
  'CONCURRENT_CANDIDATES' | 'QUEUED_CANDIDATES' | 'QUEUED_CANDIDATES_PER_ADDRESS' | 'QUEUED_CANDIDATES_PER_SESSION'
>;

export interface JobId {
  readonly generationId: string;
  /** From 0. */
  readonly candidate: number;
}

export interface Job extends JobId {
  readonly requester: Requester;
}

/** Which of the limits is reached: the deployment's, or those of one address or session. */
export type Shortage = 'server' | 'address' | 'session';

export interface JobRun {
  /** Aborted when the job was withdrawn, or when another server takes it over. */
  readonly signal: AbortSignal;
  /** How many servers had taken the job before and have stopped, or were away for too long. They may have begun. */
  readonly takeovers: number;
}

/** Calls `run` for each job that this server is to do. When its promise ends, in whatever way, so does the job. */
export type RunJob = (job: Job, how: JobRun) => Promise<void>;

/** How long places are kept for jobs that were not added yet. */
export const PLACE_KEPT_MS = 30_000;

/** How long a withdrawal is remembered: longer than a job can take, taken over as often as it may be. */
export const WITHDRAWAL_KEPT_MS = 60 * 60 * 1_000;

/** Every method that returns a promise rejects with `StoreUnavailable` when the store can't be reached in time. */
export interface JobQueue {
  /**
   * Sets places aside for all of the jobs, which have one requester, or for none: names the limit that leaves no place for them. A place
   * that no `add` follows is free after `PLACE_KEPT_MS`. A server that was closed has none.
   */
  reserve(jobs: readonly Job[]): Promise<Shortage | undefined>;
  /**
   * Queues the jobs, whether there are places for them or not. One that is there already is not queued again, nor is one that was
   * withdrawn within `WITHDRAWAL_KEPT_MS`.
   */
  add(jobs: readonly Job[]): Promise<void>;
  /**
   * Gives up places and jobs, wherever they run. Those that are not there are ignored.
   * @returns those that no server has begun, each to one call only
   */
  withdraw<Id extends JobId>(jobs: readonly Id[]): Promise<readonly Id[]>;
  /** This server takes jobs from now on: `CONCURRENT_CANDIDATES` at once over all servers. Call it once. */
  process(run: RunJob): void;
  /** Tells of all places in line that change; 1 is the next to start. Returns the undo. */
  onPosition(listener: (job: JobId, position: number) => void): () => void;
  /** As it was told last. Undefined for a job that does not wait, or that this server does not know of yet. */
  position(job: JobId): number | undefined;
  counts(): Promise<{ readonly running: number; readonly waiting: number }>;
  /** Takes no more jobs, and resolves when those that run here have ended. Those that wait go to other servers. */
  close(): Promise<void>;
}

/** Names a job, in 1 to 128 characters without a colon. */
export const jobName = ({ generationId, candidate }: JobId): string => `${generationId}.${candidate}`;
