/**
 * The ceiling on spending (rule S9): how many images may be asked for in a minute, by a session, an address and all together, and how
 * many, for how many dollars, in a day. It holds for all servers that share their budgets.
 */
import { durations } from '../generators/failure-sentences.ts';
import { inSeconds } from '../generators/generator.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import type { Budgets, Spent } from './budgets.ts';
import { type Rejection, reject } from './rejections.ts';
import { StoreUnavailable } from './session-store.ts';
import type { Requester } from './turn-order.ts';

export type SpendingLimits = Pick<
  Limits,
  'ASKS_PER_MINUTE_PER_SESSION' | 'ASKS_PER_MINUTE_PER_ADDRESS' | 'ASKS_PER_MINUTE' | 'DAILY_ASKS' | 'DAILY_DOLLARS'
>;

/** An amount that counts against the budget of a day. */
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
   * The try has failed, and another one follows. If it may be billed, it counts, and as much is spent for the next one.
   * @returns false when the budget has not so much left: then no try may follow
   * @throws {StoreUnavailable} it may be asked for again
   */
  retry(mayBeBilled: boolean): Promise<boolean>;
  /** An image came, for so many dollars; undefined: nobody knows, so it counts as what it may have cost. */
  succeed(dollars: number | undefined): void;
  /** There will be no image. A try that was begun counts if it may be billed. The first end counts, here and above. */
  fail(mayBeBilled: boolean): void;
}

/** The money that was spent for one image of a generation, and the day. Any server may go on with it. */
export interface SpentForImage {
  readonly day: number;
  readonly microdollars: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const MICRODOLLARS = 1_000_000;

export class Spending {
  readonly #budgets: Budgets;
  readonly #limits: SpendingLimits;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #onUsedUp: (spent: Amount) => void;
  readonly #onFault: (error: unknown) => void;
  #reportedDay: number | undefined;

  /** `onUsedUp` is called at this server's first refusal of a day, `onFault` when a correction of the budget is lost. */
  constructor(
    budgets: Budgets,
    limits: SpendingLimits,
    clock: Pick<Clock, 'now'>,
    { onUsedUp, onFault }: { onUsedUp: (spent: Amount) => void; onFault: (error: unknown) => void },
  ) {
    this.#budgets = budgets;
    this.#limits = limits;
    this.#clock = clock;
    this.#onUsedUp = onUsedUp;
    this.#onFault = onFault;
  }

  /** What today's budget has lost: what was spent, and what is set aside for images to come. */
  async today(): Promise<Amount> {
    return amountOf(await this.#budgets.today());
  }

  /**
   * Spends what `images` may cost.
   * @param dollars what each may cost at most
   * @returns what was spent for each, or `rate_limited`, or `budget_exhausted`
   * @throws {StoreUnavailable}
   */
  async spend(requester: Requester, images: number, dollars: number): Promise<SpentForImage | Rejection> {
    const rates = this.#ratesOf(requester);
    const each = { asks: 1, microdollars: Math.ceil(dollars * MICRODOLLARS) };
    const buckets = rates.map(({ bucket }) => bucket);
    const bought = await this.#budgets.buy({ buckets, count: images, each, limits: this.#daily });
    switch (bought.outcome) {
      case 'bought':
        return { day: bought.day, microdollars: each.microdollars };
      case 'rate_exceeded':
        return tooMany(rates[bought.bucket]?.where ?? 'server', bought.waitMs);
      case 'budget_exceeded': {
        const detail = bought.affordable > 0 ? 'budget_low' : 'budget_used';
        const params = { pictures: bought.affordable, hours: this.#hoursToRenewal };
        return reject('budget_exhausted', this.#refuse(bought.affordable, bought.today), { detail, params });
      }
    }
  }

  /** Gives back what was spent for so many images that nobody has begun to draw. */
  giveBack({ day, microdollars }: SpentForImage, images: number): void {
    if (images > 0) this.#correct(day, { asks: -images, microdollars: -microdollars * images });
  }

  /** The expense of an image, for whoever draws it. */
  expense(spent: SpentForImage): Expense {
    let { day } = spent;
    const { microdollars } = spent;
    let isOver = false;
    let isTrying = false;
    let hasDrawn = false;
    let isBuying = false;
    /** What is to be corrected when the next try, which has ended already, was paid for. */
    let correctLater = () => {};
    const end = (correct: () => void) => {
      if (isOver) return;
      isOver = true;
      if (isBuying) correctLater = correct;
      else correct();
    };
    return {
      begin: () => {
        isTrying = true;
      },
      drew: () => {
        isTrying = true;
        hasDrawn = true;
      },
      retry: async (mayBeBilled) => {
        if (isOver) return false;
        const isBilled = mayBeBilled || hasDrawn;
        isTrying = false;
        hasDrawn = false;
        if (!isBilled) return true;
        const each = { asks: 1, microdollars };
        const purchase = { buckets: [], count: 1, each, limits: this.#daily };
        isBuying = true;
        try {
          const bought = await this.#budgets.buy(purchase);
          if (bought.outcome === 'bought') {
            day = bought.day;
            correctLater();
          } else {
            isOver = true;
            if (bought.outcome === 'budget_exceeded') this.#refuse(0, bought.today);
          }
        } catch (error) {
          // The try that has failed still counts, and the next one may be asked for again.
          isTrying = true;
          hasDrawn = true;
          throw error;
        } finally {
          isBuying = false;
        }
        return !isOver;
      },
      succeed: (dollars) =>
        end(() => {
          const cost = dollars === undefined ? microdollars : Math.ceil(dollars * MICRODOLLARS);
          if (cost !== microdollars) this.#correct(day, { asks: 0, microdollars: cost - microdollars });
        }),
      fail: (mayBeBilled) =>
        end(() => {
          if (!isTrying || !(mayBeBilled || hasDrawn)) this.#correct(day, { asks: -1, microdollars: -microdollars });
        }),
    };
  }

  #ratesOf({ sessionId, address }: Requester) {
    const { ASKS_PER_MINUTE_PER_SESSION, ASKS_PER_MINUTE_PER_ADDRESS, ASKS_PER_MINUTE } = this.#limits;
    const rate = (key: string, perMinute: number, where: keyof typeof places) => ({
      bucket: { key, burst: perMinute, perSecond: perMinute / 60 },
      where,
    });
    return [
      rate(`asks of session ${sessionId}`, ASKS_PER_MINUTE_PER_SESSION, 'session'),
      rate(`asks of address ${address}`, ASKS_PER_MINUTE_PER_ADDRESS, 'address'),
      rate('asks', ASKS_PER_MINUTE, 'server'),
    ];
  }

  get #daily(): Spent {
    const { DAILY_ASKS, DAILY_DOLLARS } = this.#limits;
    return { asks: DAILY_ASKS, microdollars: Math.round(DAILY_DOLLARS * MICRODOLLARS) };
  }

  /** A correction that is lost leaves more counted as spent than was. */
  #correct(day: number, by: Spent): void {
    this.#budgets.correct(day, by).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) this.#onFault(error);
    });
  }

  get #day(): number {
    return Math.floor(this.#clock.now() / DAY_MS);
  }

  get #hoursToRenewal(): number {
    return Math.ceil(((this.#day + 1) * DAY_MS - this.#clock.now()) / (60 * 60 * 1_000));
  }

  get #renewal(): string {
    const { DAILY_DOLLARS } = this.#limits;
    const settings = ['PROOFROOM_DAILY_ASKS', ...(Number.isFinite(DAILY_DOLLARS) ? ['PROOFROOM_DAILY_DOLLARS'] : [])];
    const hours = this.#hoursToRenewal;
    const wait = hours > 1 ? `in less than ${hours} hours` : 'within the hour';
    const whoCanRaise = `whoever runs the server can raise ${settings.join(' or ')}`;
    return `There is a new budget ${wait}, at midnight UTC; ${whoCanRaise}.`;
  }

  /** Reports the first refusal of a day. */
  #refuse(affordable: number, today: Spent): string {
    if (this.#reportedDay !== this.#day) this.#onUsedUp(amountOf(today));
    this.#reportedDay = this.#day;
    const left = affordable === 1 ? 'one more picture' : `${affordable} more pictures`;
    const state = affordable > 0 ? `is enough for ${left} only` : 'is used up';
    return `Today’s budget of this server ${state}. ${this.#renewal}`;
  }
}

const amountOf = ({ asks, microdollars }: Spent): Amount => ({ asks, dollars: microdollars / MICRODOLLARS });

const places = { session: 'in this session', address: 'from your address', server: 'on this server' } as const;

/** `waitMs` is infinite where so many are never allowed at once. */
function tooMany(where: keyof typeof places, waitMs: number): Rejection {
  const start = `Too many pictures were asked for ${places[where]} within a minute.`;
  if (!Number.isFinite(waitMs)) {
    return reject('rate_limited', `${start} Ask for fewer at once.`, { detail: 'fewer_pictures', params: { where } });
  }
  const seconds = inSeconds(waitMs);
  return reject('rate_limited', `${start} Ask again in ${durations.seconds.format(seconds)}.`, {
    detail: 'too_many_pictures',
    params: { where, seconds },
  });
}
