/** The core's behaviour while a store can't be reached: it refuses what a caller waits for, and repeats what nobody can ask for again. */
import type { Clock } from '../platform/clock.ts';
import { type Rejection, reject } from './rejections.ts';
import { StoreUnavailable } from './session-store.ts';

/** Rejects with `server_busy` what the store can't do now. */
export async function whileAvailable<Result>(run: () => Promise<Result>): Promise<Result | Rejection> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StoreUnavailable) return OUTAGE;
    throw error;
  }
}

/** The store may have done what was asked for all the same. */
export const OUTAGE: Rejection = {
  ...reject(
    'server_busy',
    'The server can’t reach the sessions at the moment. What you see is kept: try again in a little while.',
  ),
  isOutage: true,
};

const RETRY_MS = 1_000;

/** Tries again each second until the store can be reached. @returns undefined when `isOver` says that nobody needs it any more */
export async function whenAvailable<Result>(
  run: () => Promise<Result>,
  clock: Pick<Clock, 'after'>,
  isOver: () => boolean,
): Promise<Result | undefined> {
  while (!isOver()) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
  }
  return undefined;
}

/** For what nobody waits for, and what may be lost. */
export function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}
