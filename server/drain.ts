/** How the server stops (rule R6): it refuses new work, lets running generations end, and sends everybody away. */
import type { Clock } from './platform/clock.ts';
import type { Sessions } from './session/sessions.ts';
import type { Stores } from './session/stores.ts';
import type { Connection } from './ws/connection.ts';

export interface DrainParts {
  readonly door: { close(): void; readonly connections: ReadonlySet<Pick<Connection, 'isQuiet' | 'dismiss'>> };
  readonly sessions: Pick<Sessions, 'isDrawing' | 'stopWork' | 'closeAll' | 'eventsSettled'>;
  readonly stores: Pick<Stores, 'close'>;
  readonly clock: Clock;
  /** From 0, below 1. */
  readonly random: () => number;
}

/** How long running generations may go on. */
const GENERATION_GRACE_MS = 8_000;
/** How long goodbyes may take to arrive. */
const GOODBYE_GRACE_MS = 1_000;
/** How long handlers of the last events may take: a webhook that tells of a decision should not be lost. */
const HANDLER_GRACE_MS = 5_000;
/** How long the stores may take to be told that this server stops. What is still drawn here then, another server takes over. */
const CLOSE_GRACE_MS = 500;
const POLL_MS = 50;
/** Clients come back spread over this time, so that they do not come as a herd. */
const RECONNECT_SPREAD_MS = 5_000;

/** Resolves when nothing is left to wait for, at the latest after the graces. */
export async function drain({ door, sessions, stores, clock, random }: DrainParts): Promise<void> {
  door.close();
  sessions.stopWork();
  // Images that are being sent may arrive as well.
  const isDone = () => !sessions.isDrawing && [...door.connections].every(({ isQuiet }) => isQuiet);
  await until(isDone, GENERATION_GRACE_MS, clock);
  for (const connection of door.connections) {
    connection.dismiss(1012, 'restart', Math.round(random() * RECONNECT_SPREAD_MS));
  }
  await until(() => door.connections.size === 0, GOODBYE_GRACE_MS, clock);
  await sessions.closeAll();
  await within(HANDLER_GRACE_MS, sessions.eventsSettled(), clock);
  await within(CLOSE_GRACE_MS, stores.close(), clock);
}

/** Waits for the promise, but no longer than that. */
function within(ms: number, promise: Promise<unknown>, clock: Clock): Promise<void> {
  let isSettled = false;
  void promise.finally(() => {
    isSettled = true;
  });
  return until(() => isSettled, ms, clock);
}

function until(isDone: () => boolean, withinMs: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = clock.monotonic() + withinMs;
  const stop = clock.every(POLL_MS, () => {
    if (isDone() || clock.monotonic() >= deadline) resolve();
  });
  return promise.finally(stop);
}
