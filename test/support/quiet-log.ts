/** A log that is kept to itself. */
import type { Logger } from '../../server/platform/logger.ts';

/** The fields of a line, and its message as `msg`. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** `onFault` receives the server's own mistakes, `onLine` the lines about what happened. */
export function quietLog(onFault: (error: unknown) => void, onLine: (line: LogLine) => void = () => {}): Logger {
  const write = (fields: unknown, msg?: unknown) => {
    if (fields instanceof Object) onLine({ ...fields, msg: String(msg) });
  };
  return { debug: () => {}, info: write, warn: write, error: ({ err }: { err?: unknown }) => onFault(err) };
}
