/** What the server tells whoever runs it: a log line and a count for each thing that matters (rule S7). */
import type { RejectCode } from '../shared/protocol.ts';
import type { GenerationErrorCode } from '../shared/session.ts';
import type { Logger } from './logger.ts';
import { Metrics } from './metrics.ts';

export type Outcome = 'generated' | 'cancelled' | GenerationErrorCode;

interface EndedGeneration {
  readonly session: string;
  readonly generationId: string;
  readonly candidate: number;
  readonly outcome: Outcome;
  /** From the ask to the end, in milliseconds. */
  readonly durationMs: number;
  /** What the service said, in words of ours. */
  readonly upstream?: string;
}

export class Journal {
  readonly log: Logger;
  readonly metrics: Metrics;

  constructor(log: Logger, metrics = new Metrics()) {
    this.log = log;
    this.metrics = metrics;
  }

  generationEnded(ended: EndedGeneration): void {
    this.metrics.generationEnded(ended.outcome, ended.durationMs);
    this.log.info(ended, 'generation');
  }

  /** A generation is tried again; `try` counts from 1, so this is 2 or more. */
  triedAgain(retry: { readonly session: string; readonly generationId: string; readonly try: number }): void {
    this.metrics.retried();
    this.log.info(retry, 'generation tried again');
  }

  /** Each is counted; one that is not to be logged stands in the number that `messagesRefused` gives. */
  messageRefused(connection: string, code: RejectCode, isLogged: boolean): void {
    this.metrics.refused(code);
    if (isLogged) this.log.info({ connection, code }, 'message refused');
  }

  messagesRefused(connection: string, count: number): void {
    this.log.info({ connection, count }, 'more messages refused');
  }

  /** An upgrade or a request was answered with an HTTP status from 400 on, by a rule of ours. */
  requestRefused(status: number): void {
    this.metrics.refused(`http_${status}`);
    this.log.info({ status }, 'request refused');
  }

  connectionWentSilent(connection: string): void {
    this.metrics.connectionWentSilent();
    this.log.info({ connection }, 'connection silent');
  }

  /** A mistake of our own, which the server survives (rule R8). */
  fault(err: unknown, where: string): void {
    this.log.error({ err }, where);
  }
}
