/** One connection's refusals in the journal: all are counted, and so many may get a line that it does not take those of others. */
import type { RejectCode } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Journal } from '../platform/telemetry.ts';
import { TokenBucket } from '../platform/token-bucket.ts';

const LINES_AT_ONCE = 20;
const LINES_PER_SECOND = 1;

export class RefusalLog {
  readonly #connection: string;
  readonly #journal: Journal;
  readonly #lines: TokenBucket;
  #withheld = 0;

  constructor(connection: string, clock: Clock, journal: Journal) {
    this.#connection = connection;
    this.#journal = journal;
    this.#lines = new TokenBucket(LINES_AT_ONCE, LINES_PER_SECOND, clock);
  }

  note(code: RejectCode): void {
    const isLogged = this.#lines.take();
    if (!isLogged) this.#withheld += 1;
    this.#journal.messageRefused(this.#connection, code, isLogged);
  }

  /** Says how many got no line; may be called twice. */
  close(): void {
    if (this.#withheld > 0) this.#journal.messagesRefused(this.#connection, this.#withheld);
    this.#withheld = 0;
  }
}
