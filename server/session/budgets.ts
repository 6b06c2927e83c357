/** The port for what all servers count together: rates, and the budget of the day (rule S9). */

/** A token bucket. It is full at first, and holds `burst` tokens, 1 or more, at most. */
export interface Bucket {
  /** Names the bucket; the same key comes with the same `burst` and `perSecond` each time. */
  readonly key: string;
  readonly burst: number;
  readonly perSecond: number;
}

/** An amount that counts against the budget of a day. */
export interface Spent {
  /** Images that the generator was asked for. */
  readonly asks: number;
  /** Whole millionths of a US dollar. */
  readonly microdollars: number;
}

export interface RateExceeded {
  readonly outcome: 'rate_exceeded';
  /** Which bucket keeps the caller waiting longest, by its place in `buckets`. */
  readonly bucket: number;
  /** Whole milliseconds until it has enough tokens. Infinite when it never has as many. */
  readonly waitMs: number;
}

export interface Purchase {
  /** Each loses a token for each item. */
  readonly buckets: readonly Bucket[];
  /** 1 or more. */
  readonly count: number;
  /** The most that one item costs. */
  readonly each: Spent;
  /** The most that may be spent in a day. Infinity is no limit. */
  readonly limits: Spent;
}

export type Bought =
  | {
      readonly outcome: 'bought';
      /** The day that it counts for. */
      readonly day: number;
    }
  | RateExceeded
  | {
      readonly outcome: 'budget_exceeded';
      /** How many items the rest of the day's budget is enough for. */
      readonly affordable: number;
      readonly today: Spent;
    };

/** Days are those of UTC, counted from 1970. Every method rejects with `StoreUnavailable` when the store can't be reached in time. */
export interface Budgets {
  /** Takes `count` tokens, 1 or more, from each of the buckets, or from none. */
  take(buckets: readonly Bucket[], count: number): Promise<{ readonly outcome: 'taken' } | RateExceeded>;
  /** Takes the tokens and spends the money, or neither. The money stays spent, whatever becomes of this server, until it is corrected. */
  buy(purchase: Purchase): Promise<Bought>;
  /** Something cost more (above 0) or less (below 0) than was spent for it on that day. Ignored when that day is over. */
  correct(day: number, by: Spent): Promise<void>;
  /** The amount that was spent today. */
  today(): Promise<Spent>;
}
