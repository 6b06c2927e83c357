/**
 * The ceiling on spending (rule S9): how many images may be asked for in a minute, by a session, an address and all together, and how
 * many, for how many dollars, in a day. Nothing is kept over a restart.
 */
import { inSeconds } from '../generators/generator.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { RateLimiter } from '../platform/rate-limiter.ts';
import { type Rejection, reject } from './rejections.ts';
import type { Requester } from './turn-order.ts';

export type SpendingLimits = Pick<
  Limits,
  'ASKS_PER_MINUTE_PER_SESSION' | 'ASKS_PER_MINUTE_PER_ADDRESS' | 'ASKS_PER_MINUTE' | 'DAILY_ASKS' | 'DAILY_DOLLARS'
>;

/** What counts against the budget of a day. */
export interface Amount {
  /** Images that the generator was asked for. */
  readonly asks: number;
  readonly dollars: number;
}

/** What was asked for and may be billed: it counts from the command on, and is corrected when more is known. */
export interface Expense {
  /** The generator is asked. From here on a try may be billed. */
  begin(): void;
  /** The model has begun to draw in this try, so it may be billed whatever follows. */
  drew(): void;
  /**
   * The try has failed, and another one follows. If it may be billed, it counts, and as much is set aside for the next one.
   * @returns false when the budget has not so much left: then no try may follow
   */
  retry(mayBeBilled: boolean): boolean;
  /** An image came, for so many dollars; undefined: nobody knows, so it counts as what it may have cost. */
  succeed(dollars: number | undefined): void;
  /** There will be no image. A try that was begun counts if it may be billed. The first end counts, here and above. */
  fail(mayBeBilled: boolean): void;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A clock that is set forward and back near midnight must not bring a new budget each time. */
const LEAST_DAY_MS = 60 * 60 * 1_000;
const MICRODOLLARS = 1_000_000;

export class Spending {
  readonly #limits: SpendingLimits;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #onUsedUp: (spent: Amount) => void;
  readonly #rates: readonly {
    readonly limiter: RateLimiter;
    readonly keyOf: (requester: Requester) => string;
    readonly where: string;
  }[];
  #day: number;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isReported = false;
  // Whole microdollars, so that what is set aside and given back leaves no fractions.
  #spent = { asks: 0, microdollars: 0 };
  #held = { asks: 0, microdollars: 0 };

  /** `onUsedUp` is called at the first refusal of a day. */
  constructor(
    limits: SpendingLimits,
    clock: Pick<Clock, 'now' | 'monotonic'>,
    onUsedUp: (spent: Amount) => void = () => {},
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onUsedUp = onUsedUp;
    this.#day = this.#today;
    const rate = (perMinute: number, keyOf: (requester: Requester) => string, where: string) => ({
      limiter: new RateLimiter(perMinute, perMinute / 60, clock),
      keyOf,
      where,
    });
    this.#rates = [
      rate(limits.ASKS_PER_MINUTE_PER_SESSION, ({ sessionId }) => sessionId, 'in this session'),
      rate(limits.ASKS_PER_MINUTE_PER_ADDRESS, ({ address }) => address, 'from your address'),
      rate(limits.ASKS_PER_MINUTE, () => '', 'on this server'),
    ];
  }

  /** What today's budget has lost: what was spent, and what is set aside for images to come. */
  get today(): Amount {
    this.#renew();
    return {
      asks: this.#spent.asks + this.#held.asks,
      dollars: (this.#spent.microdollars + this.#held.microdollars) / MICRODOLLARS,
    };
  }

  /**
   * Sets aside what `images` may cost.
   * @param dollars what each may cost at most
   * @returns an expense for each, or `rate_limited`, or `budget_exhausted`
   */
  reserve(requester: Requester, images: number, dollars: number): readonly Expense[] | Rejection {
    const waits = this.#rates.map(({ limiter, keyOf }) => limiter.waitMs(keyOf(requester), images));
    const waitMs = Math.max(...waits);
    if (waitMs > 0) {
      const { where = '' } = this.#rates[waits.indexOf(waitMs)] ?? {};
      return reject('rate_limited', `Too many pictures were asked for ${where} within a minute. ${whenAgain(waitMs)}`);
    }
    const each = { asks: 1, microdollars: Math.ceil(dollars * MICRODOLLARS) };
    const affordable = Math.min(images, this.#affordable(each));
    if (affordable < images) return reject('budget_exhausted', this.#refuse(affordable));
    for (const { limiter, keyOf } of this.#rates) limiter.take(keyOf(requester), images);
    return Array.from({ length: images }, () => this.#expense(each));
  }

  get #renewal(): string {
    const { DAILY_DOLLARS } = this.#limits;
    const settings = ['PROOFROOM_DAILY_ASKS', ...(Number.isFinite(DAILY_DOLLARS) ? ['PROOFROOM_DAILY_DOLLARS'] : [])];
    const hours = Math.ceil(((this.#day + 1) * DAY_MS - this.#clock.now()) / (60 * 60 * 1_000));
    const wait = hours > 1 ? `in less than ${hours} hours` : 'within the hour';
    const whoCanRaise = `whoever runs the server can raise ${settings.join(' or ')}`;
    return `There is a new budget ${wait}, at midnight UTC; ${whoCanRaise}.`;
  }

  #refuse(affordable: number): string {
    if (!this.#isReported) this.#onUsedUp(this.today);
    this.#isReported = true;
    const left = affordable === 1 ? 'one more picture' : `${affordable} more pictures`;
    const state = affordable > 0 ? `is enough for ${left} only` : 'is used up';
    return `Today’s budget of this server ${state}. ${this.#renewal}`;
  }

  /** How many of these the rest of the budget is enough for. */
  #affordable(each: { readonly asks: number; readonly microdollars: number }): number {
    const { asks, dollars } = this.today;
    const byAsks = this.#limits.DAILY_ASKS - asks;
    const restMicrodollars = Math.round((this.#limits.DAILY_DOLLARS - dollars) * MICRODOLLARS);
    const byDollars = each.microdollars > 0 ? Math.floor(restMicrodollars / each.microdollars) : byAsks;
    return Math.max(0, Math.min(byAsks, byDollars));
  }

  #expense(each: { readonly asks: number; readonly microdollars: number }): Expense {
    let isOver = false;
    let isTrying = false;
    let hasDrawn = false;
    const hold = (sign: 1 | -1) => {
      this.#held.asks += sign * each.asks;
      this.#held.microdollars += sign * each.microdollars;
    };
    const spend = (microdollars: number) => {
      this.#renew();
      hold(-1);
      this.#spent.asks += each.asks;
      this.#spent.microdollars += microdollars;
    };
    const end = (run: () => void) => {
      if (isOver) return;
      isOver = true;
      run();
    };
    hold(1);
    return {
      begin: () => {
        isTrying = true;
      },
      drew: () => {
        isTrying = true;
        hasDrawn = true;
      },
      retry: (mayBeBilled) => {
        if (isOver) return false;
        const isBilled = mayBeBilled || hasDrawn;
        isTrying = false;
        hasDrawn = false;
        if (!isBilled) return true;
        spend(each.microdollars);
        isOver = this.#affordable(each) < 1;
        if (isOver) this.#refuse(0);
        else hold(1);
        return !isOver;
      },
      succeed: (dollars) =>
        end(() => spend(dollars === undefined ? each.microdollars : Math.ceil(dollars * MICRODOLLARS))),
      fail: (mayBeBilled) => end(() => (isTrying && (mayBeBilled || hasDrawn) ? spend(each.microdollars) : hold(-1))),
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
    this.#isReported = false;
  }
}

const whenAgain = (waitMs: number): string =>
  Number.isFinite(waitMs) ? `Ask again in ${inSeconds(Math.max(1_000, waitMs))}.` : 'Ask for fewer at once.';
