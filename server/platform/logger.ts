/** Structured logs: ids, codes, sizes and times; never a prompt, an image, a key, a token or an upstream's words (rule S7). */
import pino from 'pino';
import { loggedId } from './secrets.ts';

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Writes JSON lines to standard error. A field `session` is shown as the digest that S3 asks for. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { session: loggedId, err: errorName },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** An error's kind and where it arose: its message may quote what a client or an upstream sent. */
function errorName(error: unknown): { readonly name: string; readonly at?: string } {
  if (!(error instanceof Error)) return { name: typeof error };
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return { name: error.name, ...(frame && { at: frame.trim() }) };
}
