/** Rates and the budget of the day for servers in one process. */
import type { Clock } from '../platform/clock.ts';
import { RateLimiter } from '../platform/rate-limiter.ts';
import type { Bought, Bucket, Budgets, Purchase, RateExceeded, Spent } from '../session/budgets.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A clock that is set forward and back near midnight must not bring a new budget each time. */
const LEAST_DAY_MS = 60 * 60 * 1_000;

export class MemoryBudgets implements Budgets {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** By burst and rate. */
  readonly #limiters = new Map<string, RateLimiter>();
  #day: number;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #spent: Spent = { asks: 0, microdollars: 0 };

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#day = this.#today;
  }

  async take(buckets: readonly Bucket[], count: number): Promise<{ readonly outcome: 'taken' } | RateExceeded> {
    const exceeded = this.#exceeded(buckets, count);
    if (exceeded) return exceeded;
    this.#take(buckets, count);
    return { outcome: 'taken' };
  }

  async buy({ buckets, count, each, limits }: Purchase): Promise<Bought> {
    const exceeded = this.#exceeded(buckets, count);
    if (exceeded) return exceeded;
    this.#renew();
    const affordable = Math.min(
      count,
      affordableOf(limits.asks - this.#spent.asks, each.asks),
      affordableOf(limits.microdollars - this.#spent.microdollars, each.microdollars),
    );
    if (affordable < count) return { outcome: 'budget_exceeded', affordable, today: this.#spent };
    this.#take(buckets, count);
    this.#spend({ asks: each.asks * count, microdollars: each.microdollars * count });
    return { outcome: 'bought', day: this.#day };
  }

  async correct(day: number, by: Spent): Promise<void> {
    this.#renew();
    if (day === this.#day) this.#spend(by);
  }

  async today(): Promise<Spent> {
    this.#renew();
    return this.#spent;
  }

  #exceeded(buckets: readonly Bucket[], count: number): RateExceeded | undefined {
    const waits = buckets.map((bucket) => this.#limiterOf(bucket).waitMs(bucket.key, count));
    const waitMs = Math.max(0, ...waits);
    return waitMs > 0 ? { outcome: 'rate_exceeded', bucket: waits.indexOf(waitMs), waitMs } : undefined;
  }

  #take(buckets: readonly Bucket[], count: number): void {
    for (const bucket of buckets) this.#limiterOf(bucket).take(bucket.key, count);
  }

  #limiterOf({ burst, perSecond }: Bucket): RateLimiter {
    const name = `${burst} ${perSecond}`;
    const limiter = this.#limiters.get(name) ?? new RateLimiter(burst, perSecond, this.#clock);
    this.#limiters.set(name, limiter);
    return limiter;
  }

  #spend({ asks, microdollars }: Spent): void {
    this.#spent = {
      asks: Math.max(0, this.#spent.asks + asks),
      microdollars: Math.max(0, this.#spent.microdollars + microdollars),
    };
  }

  get #today(): number {
    return Math.floor(this.#clock.now() / DAY_MS);
  }

  /** A later day brings a new budget. A clock that is set back brings none, and its own midnight counts from then on. */
  #renew(): void {
    const today = this.#today;
    const [isLater, now] = [today > this.#day, this.#clock.monotonic()];
    this.#day = today;
    if (!isLater || now - this.#renewedAt < LEAST_DAY_MS) return;
    this.#renewedAt = now;
    this.#spent = { asks: 0, microdollars: 0 };
  }
}

/** How many items of such a cost the rest is enough for. */
const affordableOf = (rest: number, cost: number): number =>
  cost > 0 ? Math.max(0, Math.floor(rest / cost)) : Number.POSITIVE_INFINITY;
