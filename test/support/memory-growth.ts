/** How much a server may hold more after an attack or a long day than before. */
import type { Holdings } from './memory-probe.ts';

const MiB = 1024 * 1024;
/** Of the heap and of array buffers each: caches that fill up once, and the noise of a garbage collection. */
const ALLOWED_GROWTH_BYTES = 8 * MiB;
/** Connections to the image service that are kept alive, and a few that are being closed. */
const ALLOWED_SOCKETS = 9;

/** A line for everything that `after` holds too much of. Both are taken at rest, after a full garbage collection. */
export function growthProblems(before: Holdings, after: Holdings): string[] {
  const grown = (what: string, from: number, to: number) =>
    to - from < ALLOWED_GROWTH_BYTES
      ? []
      : [`${what} grew by ${mib(to - from)} MiB; ${mib(ALLOWED_GROWTH_BYTES)} MiB are allowed`];
  return [
    ...grown('the heap', before.heapBytes, after.heapBytes),
    ...grown('array buffers', before.bufferBytes, after.bufferBytes),
    ...(after.sockets <= ALLOWED_SOCKETS ? [] : [`${after.sockets} sockets are open; ${ALLOWED_SOCKETS} are allowed`]),
  ];
}

export const mib = (bytes: number): string => (bytes / MiB).toFixed(1);
