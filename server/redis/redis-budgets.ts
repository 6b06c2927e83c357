/** Rates and the budget of the day for all servers of a deployment, by the clock of Redis. */
import * as v from 'valibot';
import type { Bought, Bucket, Budgets, Purchase, RateExceeded, Spent } from '../session/budgets.ts';
import type { RedisDeployment } from './deployment.ts';
import { RedisScript } from './script.ts';

/**
 * A bucket is the moment at which it will be full, in milliseconds (the generic cell rate algorithm), and expires then.
 * KEYS: the budget of the day, then the buckets. ARGV[1]: items; then the burst and the tokens per second of each bucket. The arguments
 * of `buy` come before these.
 */
const buckets = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local today = math.floor(time[1] / 86400)

local function fill(count, first)
  local fullAt, longest, slowest = {}, 0, 0
  for bucket = 1, #KEYS - 1 do
    local burst = tonumber(ARGV[first + 2 * (bucket - 1)])
    local interval = 1000 / tonumber(ARGV[first + 2 * (bucket - 1) + 1])
    fullAt[bucket] = math.max(now, tonumber(redis.call('GET', KEYS[bucket + 1]) or '0')) + count * interval
    local wait = count > burst and math.huge or fullAt[bucket] - now - burst * interval
    -- Less than a hundredth of a millisecond is an error of rounding.
    if wait > 0.01 and wait > longest then longest, slowest = wait, bucket end
  end
  return fullAt, longest, slowest
end

local function refuse(longest, slowest)
  return { 'rate_exceeded', slowest - 1, longest == math.huge and -1 or math.ceil(longest) }
end

local function take(fullAt)
  for bucket, at in ipairs(fullAt) do
    redis.call('SET', KEYS[bucket + 1], string.format('%.3f', at), 'PX', math.ceil(at - now))
  end
end
`;

/** A day that is over is replaced by the next. When the clock is set back, the day that was begun goes on. */
const day = `
local function spent()
  local values = redis.call('HMGET', KEYS[1], 'day', 'asks', 'microdollars')
  local begun = tonumber(values[1] or '-1')
  if today > begun then return today, 0, 0 end
  return begun, tonumber(values[2]), tonumber(values[3])
end
`;

const takeTokens = new RedisScript(`#!lua
${buckets}
local fullAt, longest, slowest = fill(tonumber(ARGV[1]), 2)
if longest > 0 then return refuse(longest, slowest) end
take(fullAt)
return { 'taken' }
`);

const buy = new RedisScript(`#!lua
${buckets}${day}
local count = tonumber(ARGV[1])
local fullAt, longest, slowest = fill(count, 6)
if longest > 0 then return refuse(longest, slowest) end

local begun, asks, microdollars = spent()
local affordable = count
local function afford(limit, rest, cost)
  if limit ~= '' and cost > 0 then affordable = math.min(affordable, math.max(0, math.floor((limit - rest) / cost))) end
end
afford(ARGV[4], asks, tonumber(ARGV[2]))
afford(ARGV[5], microdollars, tonumber(ARGV[3]))
if affordable < count then return { 'budget_exceeded', affordable, asks, microdollars } end

take(fullAt)
redis.call('HSET', KEYS[1], 'day', begun,
  'asks', string.format('%.0f', asks + count * ARGV[2]), 'microdollars', string.format('%.0f', microdollars + count * ARGV[3]))
redis.call('EXPIRE', KEYS[1], 172800)
return { 'bought', begun }
`);

const correct = new RedisScript(`#!lua flags=allow-oom
local values = redis.call('HMGET', KEYS[1], 'day', 'asks', 'microdollars')
if values[1] ~= ARGV[1] then return end
redis.call('HSET', KEYS[1],
  'asks', string.format('%.0f', math.max(0, values[2] + ARGV[2])),
  'microdollars', string.format('%.0f', math.max(0, values[3] + ARGV[3])))
`);

const readToday = new RedisScript(`#!lua flags=no-writes
local today = math.floor(redis.call('TIME')[1] / 86400)
${day}
local _, asks, microdollars = spent()
return { asks, microdollars }
`);

const rateExceeded = v.tuple([v.literal('rate_exceeded'), v.number(), v.number()]);
const takeReply = v.union([v.tuple([v.literal('taken')]), rateExceeded]);
const buyReply = v.union([
  v.tuple([v.literal('bought'), v.number()]),
  rateExceeded,
  v.tuple([v.literal('budget_exceeded'), v.number(), v.number(), v.number()]),
]);
const todayReply = v.tuple([v.number(), v.number()]);

export class RedisBudgets implements Budgets {
  readonly #redis: Pick<RedisDeployment, 'connection' | 'prefix'>;

  constructor(redis: Pick<RedisDeployment, 'connection' | 'prefix'>) {
    this.#redis = redis;
  }

  async take(buckets: readonly Bucket[], count: number): Promise<{ readonly outcome: 'taken' } | RateExceeded> {
    const reply = v.parse(
      takeReply,
      await takeTokens.run(this.#redis.connection, this.#keys(buckets), [count, ...rates(buckets)]),
    );
    return reply[0] === 'taken' ? { outcome: 'taken' } : exceeded(reply);
  }

  async buy({ buckets, count, each, limits }: Purchase): Promise<Bought> {
    const costs = [each.asks, each.microdollars, limit(limits.asks), limit(limits.microdollars)];
    const args = [count, ...costs, ...rates(buckets)];
    const reply = v.parse(buyReply, await buy.run(this.#redis.connection, this.#keys(buckets), args));
    switch (reply[0]) {
      case 'bought':
        return { outcome: 'bought', day: reply[1] };
      case 'rate_exceeded':
        return exceeded(reply);
      case 'budget_exceeded': {
        const [outcome, affordable, asks, microdollars] = reply;
        return { outcome, affordable, today: { asks, microdollars } };
      }
    }
  }

  async correct(day: number, { asks, microdollars }: Spent): Promise<void> {
    await correct.run(this.#redis.connection, this.#keys([]), [day, asks, microdollars]);
  }

  async today(): Promise<Spent> {
    const [asks, microdollars] = v.parse(todayReply, await readToday.run(this.#redis.connection, this.#keys([])));
    return { asks, microdollars };
  }

  /** They share a hash slot. */
  #keys(buckets: readonly Bucket[]): string[] {
    const prefix = `${this.#redis.prefix}{budgets}:`;
    return [`${prefix}day`, ...buckets.map(({ key }) => `${prefix}rate:${key}`)];
  }
}

const rates = (buckets: readonly Bucket[]): number[] => buckets.flatMap(({ burst, perSecond }) => [burst, perSecond]);

/** An empty text is no limit. */
const limit = (limit: number): number | '' => (Number.isFinite(limit) ? limit : '');

const exceeded = ([outcome, bucket, waitMs]: v.InferOutput<typeof rateExceeded>): RateExceeded => ({
  outcome,
  bucket,
  waitMs: waitMs < 0 ? Number.POSITIVE_INFINITY : waitMs,
});
