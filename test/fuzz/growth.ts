/** What a server may have kept of an attack, or of a long day: next to nothing. */
import type { Holdings } from './memory-probe.ts';

const MiB = 1024 * 1024;
/** Of the heap, and of array buffers: caches that find their level, and the noise of a collection. */
const ALLOWED_GROWTH_BYTES = 8 * MiB;
/** Connections kept alive to the image service, and a few that are on their way out. */
const ALLOWED_SOCKETS = 9;

/** A line for each thing of which `after` holds more than it may, given `before`; both at rest, after a full collection. */
export function growthProblems(before: Holdings, after: Holdings): string[] {
  const grown = (what: string, from: number, to: number) =>
    to - from < ALLOWED_GROWTH_BYTES
      ? []
      : [`${what} grew by ${mib(to - from)} MiB; ${mib(ALLOWED_GROWTH_BYTES)} MiB are allowed`];
  return [
    ...grown('the heap', before.heapBytes, after.heapBytes),
    ...grown('array buffers', before.bufferBytes, after.bufferBytes),
    ...(after.sockets <= ALLOWED_SOCKETS ? [] : [`${after.sockets} sockets are left; ${ALLOWED_SOCKETS} are allowed`]),
  ];
}

export const mib = (bytes: number): string => (bytes / MiB).toFixed(1);
