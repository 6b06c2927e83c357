import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryBudgets } from '../../../../server/memory/memory-budgets.ts';
import { defaultLimits } from '../../../../server/platform/limits.ts';
import type { Rejection } from '../../../../server/session/rejections.ts';
import {
  type Amount,
  type Expense,
  Spending,
  type SpendingLimits,
  type SpentForImage,
} from '../../../../server/session/spending.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const requester = { address: '192.0.2.1', sessionId: 'one' };
const isRejection = (answer: SpentForImage | Rejection): answer is Rejection => 'code' in answer;

function create(limits: Partial<SpendingLimits> = {}) {
  const clock = new FakeClock();
  const reports: Amount[] = [];
  const spending = new Spending(new MemoryBudgets(clock), { ...defaultLimits, ...limits }, clock, {
    onUsedUp: (today) => reports.push(today),
    onFault: (error) => expect.fail(String(error)),
  });
  let sessions = 0;
  /** Asks in a session of its own unless `who` says otherwise, so that only the budget can refuse. */
  const ask = (images = 1, dollars = 0, who = { sessionId: `${++sessions}`, address: `${sessions}` }) =>
    spending.spend(who, images, dollars);
  const expenses = async (images = 1, dollars = 0) => {
    const answer = await ask(images, dollars);
    if (isRejection(answer)) return expect.fail(answer.detail);
    return Array.from({ length: images }, () => spending.expense(answer));
  };
  const expense = async (dollars = 0) => (await expenses(1, dollars))[0] ?? expect.fail('no expense');
  const codeOf = (answer: SpentForImage | Rejection) => (isRejection(answer) ? answer.code : 'accepted');
  return { clock, spending, reports, ask, expenses, expense, codeOf };
}

describe('S9: the rates of asks', () => {
  test.each([
    [
      'a session',
      'ASKS_PER_MINUTE_PER_SESSION',
      'in this session',
      (n: number) => ({ address: `${n}`, sessionId: 'one' }),
    ],
    [
      'an address',
      'ASKS_PER_MINUTE_PER_ADDRESS',
      'from your address',
      (n: number) => ({ address: 'one', sessionId: `${n}` }),
    ],
    ['the server', 'ASKS_PER_MINUTE', 'on this server', (n: number) => ({ address: `${n}`, sessionId: `${n}` })],
  ] as const)(
    'images of %s are counted, not commands, and fill again within a minute',
    async (_, limit, where, who) => {
      const { clock, ask, codeOf } = create({ [limit]: 12 });
      for (const count of [0, 1, 2]) expect(codeOf(await ask(4, 0, who(count)))).toBe('accepted');
      const answer = await ask(1, 0, who(4));
      expect(answer).toMatchObject({ code: 'rate_limited', detail: expect.stringContaining(where) });
      expect(answer).toMatchObject({ detail: expect.stringContaining('Ask again in 5 seconds.') });
      clock.advance(5_000);
      expect(codeOf(await ask(1, 0, who(5)))).toBe('accepted');
      expect(codeOf(await ask(1, 0, who(6)))).toBe('rate_limited');
    },
  );

  test('an ask that one rate refuses takes nothing from the others', async () => {
    const { ask, codeOf } = create({ ASKS_PER_MINUTE_PER_SESSION: 4, ASKS_PER_MINUTE_PER_ADDRESS: 8 });
    expect(codeOf(await ask(4, 0, requester))).toBe('accepted');
    for (let count = 0; count < 10; count += 1) expect(codeOf(await ask(4, 0, requester))).toBe('rate_limited');
    expect(codeOf(await ask(4, 0, { ...requester, sessionId: 'two' }))).toBe('accepted');
  });

  test('the default rates leave a team at hard work alone: four pictures every ten seconds', async () => {
    const { clock, ask, codeOf } = create();
    for (let count = 0; count < 60; count += 1) {
      expect(codeOf(await ask(4, 0, requester))).toBe('accepted');
      clock.advance(10_000);
    }
  });
});

describe('S9: the budget of a day', () => {
  test('images to come count from the command on; what ends without cost is given back', async () => {
    const { spending, ask, expenses, codeOf } = create({ DAILY_ASKS: 4 });
    const [drawn, cancelled, queued, refused] = await expenses(4);
    expect(codeOf(await ask())).toBe('budget_exhausted');
    drawn?.begin();
    drawn?.succeed(undefined);
    cancelled?.begin();
    cancelled?.fail(true);
    queued?.fail(true);
    refused?.begin();
    refused?.fail(false);
    expect(await spending.today()).toEqual({ asks: 2, dollars: 0 });
    expect(codeOf(await ask(2))).toBe('accepted');
    expect(codeOf(await ask())).toBe('budget_exhausted');
  });

  test('dollars are corrected by what the image cost; what may have been billed counts with what it may have cost', async () => {
    const { spending, expense } = create({ DAILY_DOLLARS: 2 });
    const [known, unknown, cancelled, drawing, free] = await Promise.all([0.1, 0.2, 0.3, 0.4, 0.5].map(expense));
    expect((await spending.today()).dollars).toBeCloseTo(1.5);
    for (const one of [known, unknown, cancelled, drawing, free]) one?.begin();
    known?.succeed(0.031_765);
    unknown?.succeed(undefined);
    cancelled?.fail(true);
    drawing?.drew();
    drawing?.fail(false);
    free?.fail(false);
    for (const one of [known, unknown, cancelled, drawing, free]) {
      one?.fail(true);
      one?.succeed(1);
    }
    expect(await spending.today()).toEqual({ asks: 4, dollars: 0.931_765 });
  });

  test('a retry of what may have been billed counts once more, and is refused when the rest is not enough', async () => {
    const { spending, reports, expense } = create({ DAILY_DOLLARS: 1 });
    const one = await expense(0.4);
    one.begin();
    expect(await one.retry(false)).toBe(true);
    expect(await spending.today()).toEqual({ asks: 1, dollars: 0.4 });
    one.begin();
    expect(await one.retry(true)).toBe(true);
    expect(await spending.today()).toEqual({ asks: 2, dollars: 0.8 });
    one.drew();
    expect(await one.retry(false)).toBe(false);
    expect(await spending.today()).toEqual({ asks: 2, dollars: 0.8 });
    expect(reports).toEqual([{ asks: 2, dollars: 0.8 }]);
    one.succeed(0.4);
    expect(await spending.today()).toEqual({ asks: 2, dollars: 0.8 });
  });

  test('a cancel while a try that cost nothing waits for the next one costs nothing', async () => {
    const { spending, expense } = create();
    const one = await expense(0.4);
    one.begin();
    await one.retry(false);
    one.fail(true);
    expect(await spending.today()).toEqual({ asks: 0, dollars: 0 });
  });

  test('the refusal says how much is left, when there is more, and who can raise it; it is reported once a day', async () => {
    const { clock, reports, ask, expenses } = create({ DAILY_ASKS: 5 });
    clock.advance(20.5 * HOUR_MS);
    await expenses(2);
    expect(await ask(4)).toMatchObject({
      code: 'budget_exhausted',
      detail:
        'Today’s budget of this server is enough for 3 more pictures only. ' +
        'There is a new budget in less than 4 hours, at midnight UTC; whoever runs the server can raise PROOFROOM_DAILY_ASKS.',
    });
    await expenses(3);
    clock.advance(3 * HOUR_MS);
    expect(await ask()).toMatchObject({
      detail:
        'Today’s budget of this server is used up. ' +
        'There is a new budget within the hour, at midnight UTC; whoever runs the server can raise PROOFROOM_DAILY_ASKS.',
    });
    expect(reports).toEqual([{ asks: 2, dollars: 0 }]);
    expect(await create({ DAILY_DOLLARS: 1 }).ask(1, 2)).toMatchObject({
      detail: expect.stringContaining('PROOFROOM_DAILY_ASKS or PROOFROOM_DAILY_DOLLARS.'),
    });
  });

  test('midnight UTC brings a new budget; what is still being drawn counts for the day on which it was asked for', async () => {
    const { clock, spending, reports, ask, expense, codeOf } = create({ DAILY_ASKS: 2 });
    (await expense()).begin();
    const running = await expense();
    running.begin();
    expect(codeOf(await ask())).toBe('budget_exhausted');
    clock.advance(DAY_MS - 1);
    expect(codeOf(await ask())).toBe('budget_exhausted');
    clock.advance(1);
    expect(await spending.today()).toEqual({ asks: 0, dollars: 0 });
    running.fail(false);
    expect((await spending.today()).asks).toBe(0);
    expect(codeOf(await ask(2))).toBe('accepted');
    expect(codeOf(await ask())).toBe('budget_exhausted');
    expect(reports.length).toBe(2);
  });

  test('a clock that is set back brings no new budget, and that clock’s own midnight does', async () => {
    const { clock, ask, expense, codeOf } = create({ DAILY_ASKS: 1 });
    (await expense()).succeed(0);
    clock.set(-40 * DAY_MS);
    expect(codeOf(await ask())).toBe('budget_exhausted');
    clock.advance(DAY_MS);
    expect(codeOf(await ask())).toBe('accepted');
  });

  test('a clock that is set forward and back near midnight brings one new budget, not several', async () => {
    const { clock, ask, expense, codeOf } = create({ DAILY_ASKS: 1 });
    clock.advance(DAY_MS - 1_000);
    (await expense()).succeed(0);
    clock.set(2_000);
    expect(codeOf(await ask())).toBe('accepted');
    for (let count = 0; count < 5; count += 1) {
      clock.set(-3_000);
      expect(codeOf(await ask())).toBe('budget_exhausted');
      clock.set(3_000);
      expect(codeOf(await ask())).toBe('budget_exhausted');
    }
  });

  test('whatever happens, no more is spent and set aside in a day than the budget', async () => {
    const step = fc.oneof(
      fc.record({
        does: fc.constant('ask' as const),
        images: fc.integer({ min: 1, max: 4 }),
        cents: fc.integer({ min: 0, max: 60 }),
      }),
      fc.record({
        does: fc.constantFrom('begin', 'drew', 'retry', 'succeed', 'fail'),
        which: fc.nat(20),
        isBilled: fc.boolean(),
      }),
      fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: DAY_MS / 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const { clock, spending, ask } = create({ DAILY_ASKS: 20, DAILY_DOLLARS: 3 });
        const open: { expense: Expense; dollars: number }[] = [];
        for (const one of steps) {
          if (one.does === 'ask' && 'images' in one) {
            const dollars = one.cents / 100;
            const answer = await ask(one.images, dollars);
            if (isRejection(answer)) continue;
            for (let count = 0; count < one.images; count += 1)
              open.push({ expense: spending.expense(answer), dollars });
          } else if ('ms' in one) clock.advance(one.ms);
          else if ('which' in one && open.length > 0) {
            const { expense, dollars } = open[one.which % open.length] ?? expect.fail('none');
            if (one.does === 'begin') expense.begin();
            else if (one.does === 'drew') expense.drew();
            else if (one.does === 'retry') await expense.retry(one.isBilled);
            else if (one.does === 'succeed') expense.succeed(one.isBilled ? undefined : dollars / 2);
            else expense.fail(one.isBilled);
          }
          const { asks, dollars } = await spending.today();
          expect(asks).toBeLessThanOrEqual(20);
          expect(dollars).toBeLessThanOrEqual(3);
          expect(asks).toBeGreaterThanOrEqual(0);
          expect(dollars).toBeGreaterThanOrEqual(0);
        }
        for (const { expense } of open) expense.fail(false);
        clock.advance(DAY_MS);
        expect(await spending.today()).toEqual({ asks: 0, dollars: 0 });
      }),
    );
  });
});
