/** How the server stops (rule R6): new work is refused, what runs comes to its end, and everybody is sent away. */
import type { Clock } from './platform/clock.ts';
import type { GenerationQueue } from './session/generation-queue.ts';
import type { Sessions } from './session/sessions.ts';
import type { Connection } from './ws/connection.ts';

export interface DrainParts {
  /** Refuses new connections once it is closed, and knows those that are open. */
  readonly door: { close(): void; readonly open: ReadonlySet<Pick<Connection, 'isQuiet' | 'dismiss'>> };
  readonly queue: Pick<GenerationQueue, 'close'>;
  readonly sessions: Pick<Sessions, 'generating' | 'closeAll'>;
  readonly clock: Clock;
  /** From 0, below 1. */
  readonly random: () => number;
}

/** How long running generations may go on once the server is to stop. */
const GENERATION_GRACE_MS = 8_000;
/** How long goodbyes may take to arrive. */
const GOODBYE_GRACE_MS = 1_000;
const POLL_MS = 50;
/** How far apart clients are asked to come back after a restart, so that they do not come as a herd. */
const RECONNECT_SPREAD_MS = 5_000;

/** Resolves when nothing is left that would be waited for, at the latest after both graces. */
export async function drain({ door, queue, sessions, clock, random }: DrainParts): Promise<void> {
  door.close();
  queue.close();
  // What was drawn is to arrive, too: a tab in the middle of its last image is not cut off.
  const isDone = () => sessions.generating.length === 0 && [...door.open].every(({ isQuiet }) => isQuiet);
  await until(isDone, GENERATION_GRACE_MS, clock);
  for (const connection of door.open) {
    connection.dismiss(1012, 'restart', Math.round(random() * RECONNECT_SPREAD_MS));
  }
  await until(() => door.open.size === 0, GOODBYE_GRACE_MS, clock);
  sessions.closeAll();
}

function until(isSo: () => boolean, withinMs: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = clock.monotonic() + withinMs;
  const stop = clock.every(POLL_MS, () => {
    if (isSo() || clock.monotonic() >= deadline) resolve();
  });
  return promise.finally(stop);
}
