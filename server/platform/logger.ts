/** Structured logs: ids, codes, sizes and times; never a prompt, an image, a key, a token or an upstream's text (rule S7). */
import pino from 'pino';
import { loggedId } from './secrets.ts';
import { StandardErrorStream } from './standard-error-stream.ts';

export interface Logger extends Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> {
  /** How many lines could not be written, where the logger counts them. */
  readonly lostLines?: number;
}

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes JSON lines, to standard error by default. A field `session` is shown as a digest (rule S3). */
export function createLogger(
  level: LogLevel,
  stream: pino.DestinationStream & Pick<Logger, 'lostLines'> = new StandardErrorStream(),
): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { session: loggedId, err: errorOrigin },
    },
    stream,
  );
  return Object.defineProperty(logger, 'lostLines', { get: () => stream.lostLines });
}

/** An error's name and the place it was thrown at. Its message may quote a client or an upstream. */
function errorOrigin(error: unknown): { readonly name: string; readonly at?: string } {
  if (!(error instanceof Error)) return { name: typeof error };
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return { name: error.name, ...(frame && { at: frame.trim() }) };
}
