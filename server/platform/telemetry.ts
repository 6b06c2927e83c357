/** Log lines and Prometheus metrics, for people who run the server (rule S7). Labels are codes and stages: no client and no upstream chooses them. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CloseCode } from '../../shared/close-codes.ts';
import type { Decision, EstimatedCost, GenerationErrorCode, Usage } from '../../shared/model.ts';
import type { RejectCode } from '../../shared/protocol.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { RateLimiter, TokenBucket } from './rate-limiter.ts';

export interface CandidateIds {
  /** The session id; the logger shows it as a digest (rule S3). */
  readonly session: string;
  readonly generationId: string;
  readonly candidate: number;
}

export interface EndedCandidate extends CandidateIds {
  readonly outcome: 'generated' | 'cancelled' | GenerationErrorCode;
  /** From the command to the end, in milliseconds, waiting included. */
  readonly durationMs: number;
  /** The provider's failure in words of ours. */
  readonly upstream?: string;
  /** Of a finished image. */
  readonly byteLength?: number;
  readonly usage?: Usage | undefined;
  readonly estimatedCost?: EstimatedCost | undefined;
}

/** In seconds: from a demo picture to the longest generation (rule R10). */
const DURATION_BUCKETS = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600];

/** Lines about refusals, which strangers cause: of all connections together, and of each one. What exceeds them is counted. */
const REFUSAL_LINES = { burst: 100, perSecond: 5 };
const REFUSAL_LINES_PER_CONNECTION = { burst: 20, perSecond: 1 };

export class Telemetry {
  readonly log: Logger;
  readonly #registry = new Registry();
  readonly #refusals = this.#counter('proofroom_refusals_total', 'Refused messages, upgrades and requests.', ['code']);
  readonly #retries = this.#counter('proofroom_retries_total', 'Tries after the first, of all generations.');
  readonly #candidates = this.#counter('proofroom_generations_total', 'Candidates by how they ended.', ['outcome']);
  readonly #decisions = this.#counter('proofroom_decisions_total', 'Decisions by their kind.', ['decision']);
  readonly #silent = this.#counter(
    'proofroom_silent_connections_total',
    'Connections closed because their peer was silent.',
  );
  readonly #socketErrors = this.#counter(
    'proofroom_socket_errors_total',
    'Connections that broke, or broke the protocol.',
  );
  readonly #tokens = this.#counter('proofroom_tokens_total', 'Tokens that finished images took.', ['direction']);
  readonly #cost = this.#counter(
    'proofroom_estimated_cost_dollars_total',
    'What finished images cost, where tokens and prices are known.',
  );
  readonly #ended = this.#counter('proofroom_sessions_ended_total', 'Ended sessions by the reason.', ['reason']);
  readonly #durations = new Histogram({
    name: 'proofroom_generation_seconds',
    help: 'From the command to the end of a candidate, waiting included.',
    labelNames: ['outcome'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  });
  readonly #lines: TokenBucket;
  readonly #linesPerConnection: RateLimiter;
  #withheldLines = 0;

  constructor(log: Logger, clock: Clock) {
    this.log = log;
    this.#lines = new TokenBucket(REFUSAL_LINES.burst, REFUSAL_LINES.perSecond, clock);
    const { burst, perSecond } = REFUSAL_LINES_PER_CONNECTION;
    this.#linesPerConnection = new RateLimiter(burst, perSecond, clock);
  }

  candidateEnded({ usage, estimatedCost, ...ended }: EndedCandidate): void {
    this.#candidates.inc({ outcome: ended.outcome });
    this.#durations.observe({ outcome: ended.outcome }, ended.durationMs / 1000);
    if (usage) {
      this.#tokens.inc({ direction: 'input' }, usage.inputTokens);
      this.#tokens.inc({ direction: 'output' }, usage.outputTokens);
      this.#cost.inc(estimatedCost?.amount ?? 0);
    }
    const cost = {
      ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
      ...(estimatedCost && { estimatedCostDollars: estimatedCost.amount }),
    };
    this.log.info({ ...ended, ...cost }, 'candidate ended');
  }

  /** The service sent an image that nobody had asked for, and there was no memory for it. */
  extraImageLost(lost: CandidateIds & { readonly byteLength: number }): void {
    this.log.warn(lost, 'an additional image was dropped, because there was no memory for it');
  }

  /** Try number `attempt` (2 or more) of a candidate begins. */
  candidateRetried(retry: CandidateIds & { readonly try: number }): void {
    this.#retries.inc();
    this.log.info(retry, 'candidate retried');
  }

  /** `outcome`: what became of the review by it. */
  decided(session: string, { decision, imageId, sha256, participantId, withdrawn }: Decision, outcome: string): void {
    this.#decisions.inc({ decision: withdrawn ? 'withdrawn' : decision });
    this.log.info(
      { session, decision, imageId, sha256, participantId, outcome },
      withdrawn ? 'decision withdrawn' : 'decided',
    );
  }

  /** Today's budget refuses an image; told once a day. */
  budgetUsedUp(today: { readonly asks: number; readonly dollars: number }): void {
    this.log.warn(today, 'today’s budget is used up, or almost');
  }

  /** A session gave up so many attempts, because their memory was needed. */
  attemptsForgotten(session: string, attempts: number): void {
    this.log.info({ session, attempts }, 'attempts given up for memory');
  }

  linkChanged(changed: { session: string; change: string; role: string; participant: string }): void {
    this.log.info(changed, 'link changed');
  }

  /** `invitation`: the id of its key, not the key; absent for somebody who came by an open link. */
  invitationChanged(changed: {
    session: string;
    change: 'invited' | 'revoked' | 'expired';
    role: string;
    participant: string;
    invitation?: string;
  }): void {
    this.log.info(changed, 'invitation changed');
  }

  /** `attempts` counts the attempts that went with the session, discarded ones included. */
  sessionEnded(ended: {
    session: string;
    reason: string;
    stage: string;
    attempts: number;
    participantId?: string;
  }): void {
    this.#ended.inc({ reason: ended.reason });
    this.log.info(ended, 'session ended');
  }

  messageRejected(connection: string, code: RejectCode): void {
    this.#refusals.inc({ code });
    if (!this.#linesPerConnection.take(connection)) this.#withheldLines += 1;
    else if (this.#mayLog()) this.log.info({ connection, code }, 'message rejected');
  }

  /** A connection was closed for what came on it, or did not come, where no rejected message says so. */
  connectionRefused(connection: string, code: CloseCode): void {
    this.#refusals.inc({ code: `closed_${code}` });
    if (this.#mayLog()) this.log.info({ connection, code }, 'connection refused');
  }

  /** `code` is that of `ws` or of the system. */
  socketFailed(connection: string, code: string | undefined): void {
    this.#socketErrors.inc();
    if (this.#mayLog()) this.log.info({ connection, code }, 'socket error');
  }

  /**
   * One of our rules answered an upgrade or a request with an HTTP status of 400 or more. `hint` says what to change about the server
   * where the refusal may not have been meant.
   */
  requestRefused(status: number, hint?: { readonly message: string; readonly origin?: string }): void {
    this.#refusals.inc({ code: `http_${status}` });
    if (!this.#mayLog()) return;
    if (!hint) return this.log.info({ status }, 'request refused');
    const { message, ...where } = hint;
    this.log.warn({ status, ...where }, message);
  }

  /** A connection was closed before it sent anything, since there are too many. */
  httpConnectionRefused(): void {
    this.#refusals.inc({ code: 'http_connection' });
    if (this.#mayLog()) this.log.info('connection refused: too many are open');
  }

  connectionWentSilent(connection: string): void {
    this.#silent.inc();
    this.log.info({ connection }, 'connection silent');
  }

  /** A mistake of our own, which the server survives (rule R8). */
  fault(err: unknown, message: string): void {
    this.log.error({ err }, message);
  }

  /** A value that is read at each scrape; one that can't be read keeps the value of before. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        try {
          this.set(await read());
        } catch {
          // A store that can’t be reached must not take the other metrics away.
        }
      },
    });
  }

  /** The same, with one value for each value of a label. */
  labelledGauge(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
      },
    });
  }

  get metricsContentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Whether a refusal gets a line of its own. The next line that is written says how many did not. */
  #mayLog(): boolean {
    if (!this.#lines.take()) {
      this.#withheldLines += 1;
      return false;
    }
    if (this.#withheldLines > 0) this.log.info({ count: this.#withheldLines }, 'more refusals');
    this.#withheldLines = 0;
    return true;
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
