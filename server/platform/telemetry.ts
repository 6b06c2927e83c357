/** What the server tells whoever runs it: a log line and a count for each thing that matters (rule S7). */
import type { CloseCode } from '../../shared/close-codes.ts';
import type { EstimatedCost, GenerationErrorCode, Stage, Usage } from '../../shared/model.ts';
import type { RejectCode } from '../../shared/protocol.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { TokenBucket } from './token-bucket.ts';

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
  /** Of a finished image. */
  readonly byteLength?: number;
  readonly usage?: Usage | undefined;
  readonly estimatedCost?: EstimatedCost | undefined;
}

/** Nobody came back for a while, or its memory was needed for those who are here. */
export type EndOfSession = 'idle' | 'memory';

/** What strangers make us say gets a line of its own as long as that is not too much, from all of them: so many at once, then so many a second. */
const LINES_AT_ONCE = 100;
const LINES_PER_SECOND = 5;

export class Journal {
  readonly log: Logger;
  readonly metrics = new Metrics();
  readonly #lines: TokenBucket;
  #withheld = 0;

  constructor(log: Logger, clock: Clock) {
    this.log = log;
    this.#lines = new TokenBucket(LINES_AT_ONCE, LINES_PER_SECOND, clock);
  }

  generationEnded({ usage, estimatedCost, ...ended }: EndedGeneration): void {
    this.metrics.generationEnded(ended.outcome, ended.durationMs);
    if (usage) this.metrics.imagePaid(usage, estimatedCost?.amount ?? 0);
    const cost = {
      ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
      ...(estimatedCost && { estimatedCostDollars: estimatedCost.amount }),
    };
    this.log.info({ ...ended, ...cost }, 'generation');
  }

  /** `attempts` are those that went with it. */
  sessionEnded(ended: { session: string; reason: EndOfSession; stage: Stage; attempts: number }): void {
    this.metrics.sessionEnded(ended.reason);
    this.log.info(ended, 'session ended');
  }

  /** A generation is tried again; `try` counts from 1, so this is 2 or more. */
  triedAgain(retry: Pick<EndedGeneration, 'session' | 'generationId' | 'candidate'> & { readonly try: number }): void {
    this.metrics.retried();
    this.log.info(retry, 'generation tried again');
  }

  /** Each is counted; one that is not to be logged stands in the number that `messagesRefused` gives. */
  messageRefused(connection: string, code: RejectCode, isLogged: boolean): void {
    this.metrics.refused(code);
    if (isLogged && this.#mayTell()) this.log.info({ connection, code }, 'message refused');
  }

  messagesRefused(connection: string, count: number): void {
    if (this.#mayTell(count)) this.log.info({ connection, count }, 'more messages refused');
  }

  /** A connection was closed for what came on it, or did not come, where no refused message tells of it. */
  connectionRefused(connection: string, code: CloseCode): void {
    this.metrics.refused(`closed_${code}`);
    if (this.#mayTell()) this.log.info({ connection, code }, 'connection refused');
  }

  /** A client broke the protocol, or the line. `code` is that of `ws` or of the system. */
  socketFailed(connection: string, code: string | undefined): void {
    this.metrics.socketFailed();
    if (this.#mayTell()) this.log.info({ connection, code }, 'socket error');
  }

  /**
   * An upgrade or a request was answered with an HTTP status from 400 on, by a rule of ours. Each is counted; no flood of them fills
   * the log. `hint` tells whoever runs the server what to do about it, where that may not have been meant.
   */
  requestRefused(status: number, hint?: { readonly message: string; readonly origin?: string }): void {
    this.metrics.refused(`http_${status}`);
    if (!this.#mayTell()) return;
    if (!hint) return this.log.info({ status }, 'request refused');
    const { message, ...where } = hint;
    this.log.warn({ status, ...where }, message);
  }

  /** Whether there may be another line; what would have stood in those that may not be is counted in the next that may. */
  #mayTell(count = 1): boolean {
    if (!this.#lines.take()) {
      this.#withheld += count;
      return false;
    }
    if (this.#withheld > 0) this.log.info({ count: this.#withheld }, 'more refused');
    this.#withheld = 0;
    return true;
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
