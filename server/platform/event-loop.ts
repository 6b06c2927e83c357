/** Shares the event loop between pieces of long work, such as streams that arrive faster than they are read. */
import { setImmediate } from 'node:timers/promises';

/** How long all such work together may keep the loop from other events. */
const SLICE_MS = 8;

let turn: { readonly beganAt: number; readonly end: Promise<void> } | undefined;

/**
 * Resolves at once until this turn of the loop has taken 8 ms, and then only when the loop has handled the events that wait. To be called
 * between two pieces of work, of about a millisecond each.
 */
export async function giveWay(): Promise<void> {
  turn ??= { beganAt: performance.now(), end: endOfTurn() };
  if (performance.now() - turn.beganAt > SLICE_MS) await turn.end;
}

async function endOfTurn(): Promise<void> {
  await setImmediate();
  turn = undefined;
}
