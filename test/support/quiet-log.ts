/** A log that is kept to itself, but for the server's own mistakes. */
import type { Logger } from '../../server/platform/logger.ts';

export function quietLog(onFault: (error: unknown) => void): Logger {
  const quiet = () => {};
  return { debug: quiet, info: quiet, warn: quiet, error: ({ err }: { err?: unknown }) => onFault(err) };
}
