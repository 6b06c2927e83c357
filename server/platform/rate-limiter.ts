/** Rate limits: a burst, and after it so much a second. */
import type { Clock } from './clock.ts';

type MonotonicClock = Pick<Clock, 'monotonic'>;

export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: MonotonicClock;
  #tokens: number;
  #filledAt: number;

  /** Starts full. `burst` is 1 or more. */
  constructor(burst: number, perSecond: number, clock: MonotonicClock) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.monotonic();
  }

  /** Takes tokens; false when there are not so many. */
  take(count = 1): boolean {
    this.#fill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes tokens for what has happened already, though there may be fewer: the debt has to be filled up as well. */
  charge(count: number): void {
    this.#fill();
    this.#tokens -= count;
  }

  /** How long until there are so many tokens, in milliseconds; 0 when there are. For ever when they are more than the burst. */
  waitMs(count: number): number {
    this.#fill();
    if (count > this.#burst) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.ceil(((count - this.#tokens) / this.#perSecond) * 1000));
  }

  get isFull(): boolean {
    this.#fill();
    return this.#tokens >= this.#burst;
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}

/** Below this many keys the full buckets are not worth looking for. */
const SWEEP_ABOVE = 1_000;

/** One bucket for each key, such as an address. Full buckets are forgotten, so that keys from strangers do not fill the memory. */
export class RateLimiter {
  readonly #newBucket: () => TokenBucket;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweepAbove = SWEEP_ABOVE;

  constructor(burst: number, perSecond: number, clock: MonotonicClock) {
    this.#newBucket = () => new TokenBucket(burst, perSecond, clock);
  }

  /** Takes tokens of `key`; false when there are not so many. */
  take(key: string, count = 1): boolean {
    return this.#bucketOf(key).take(count);
  }

  /** How long until `key` has so many tokens, in milliseconds; 0 when it has. For ever when they are more than the burst. */
  waitMs(key: string, count: number): number {
    return this.#bucketOf(key).waitMs(count);
  }

  #bucketOf(key: string): TokenBucket {
    if (this.#buckets.size > this.#sweepAbove) this.#sweep();
    const bucket = this.#buckets.get(key) ?? this.#newBucket();
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** The next sweep waits until the map has doubled, so that sweeping costs a constant time for each `take` on average. */
  #sweep(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(key);
    this.#sweepAbove = Math.max(SWEEP_ABOVE, 2 * this.#buckets.size);
  }
}
