/** S9: what a client can make the server spend, with real sockets and a fake OpenAI that begins to draw and never ends. */
import { expect, test } from 'vitest';
import type { Limits } from '../../../server/platform/limits.ts';
import { setUpOpenAI } from '../../support/openai-adapter.ts';
import { startServer, startSession } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

/** A server that draws with a fake OpenAI. Its commands are limited by what they ask for alone. */
async function startHeld(limits: Partial<Limits>) {
  const { fake, generator } = await setUpOpenAI();
  const server = await startServer(
    { limits: { COMMAND_BURST: 10_000, SESSION_BURST_PER_ADDRESS: 1_000, ...limits } },
    generator,
  );
  return { ...server, fake };
}

/** Generates and cancels again and again. Returns the codes of the refusals. */
async function generateAndCancel(client: WsClient, times: number, hold: () => void): Promise<string[]> {
  const codes: string[] = [];
  for (let count = 0; count < times; count += 1) {
    hold();
    client.send({ type: 'generate', commandId: `go ${count}`, prompt: 'a cat' });
    const answer = await client.answer(`go ${count}`);
    if (answer.type === 'reject') codes.push(answer.code);
    else {
      await client.until('progress', ({ phase }) => phase === 'drawing');
      client.send({ type: 'cancel', commandId: `stop ${count}` });
      await client.answer(`stop ${count}`);
    }
  }
  return codes;
}

test('S9: generate and cancel in a loop reaches the service as often as the session’s rate allows', async () => {
  const { client, fake, metrics } = await startHeld({ ASKS_PER_MINUTE_PER_SESSION: 5 });
  const ana = client();
  await ana.join();
  const codes = await generateAndCancel(ana, 40, () => fake.next('held'));
  expect(new Set(codes)).toEqual(new Set(['rate_limited']));
  // The bucket of five fills by one each twelve seconds, and this takes less.
  expect(fake.requests.length).toBeGreaterThanOrEqual(5);
  expect(fake.requests.length).toBeLessThanOrEqual(7);
  expect((await metrics()).proofroom_asks_today).toBe(fake.requests.length);
});

test('S9: many sessions of one address have one rate', async () => {
  const { client, fake } = await startHeld({ ASKS_PER_MINUTE_PER_ADDRESS: 6 });
  const clients = Array.from({ length: 12 }, () => client());
  const codes: string[] = [];
  for (const one of clients) {
    await one.join();
    codes.push(...(await generateAndCancel(one, 2, () => fake.next('held'))));
  }
  expect(codes).toContain('rate_limited');
  expect(fake.requests.length).toBeLessThanOrEqual(8);
});

test('S9: begun and cancelled tries use up the budget of the day, in dollars too, and the log tells it once', async () => {
  const { client, fake, metrics, logged } = await startHeld({ DAILY_DOLLARS: 1 });
  const ana = client();
  await ana.join();
  const codes = await generateAndCancel(ana, 12, () => fake.next('held'));
  expect(new Set(codes)).toEqual(new Set(['budget_exhausted']));
  const { proofroom_dollars_today: dollars } = await metrics();
  expect(dollars).toBeGreaterThan(0.5);
  expect(dollars).toBeLessThanOrEqual(1);
  expect(fake.requests.length).toBe(12 - codes.length);
  expect(logged('today’s budget is used up, or almost')).toMatchObject([{ level: expect.anything(), dollars }]);
});

test('S9: the answer says that the budget is used up and who can raise it, and leaves the session as it was', async () => {
  const { ana, generator } = await startSession({ limits: { DAILY_ASKS: 2 } });
  ana.send({ type: 'generate', commandId: 'four', prompt: 'a cat', options: { candidates: 2 } });
  for (const index of [0, 1]) (await generator.drawing(index)).finish();
  const { revision } = await ana.stage('user_feedback');
  ana.send({ type: 'regenerate', commandId: 'more' });
  expect(await ana.answer('more')).toMatchObject({
    code: 'budget_exhausted',
    message: expect.stringMatching(
      /^Today’s budget of this server is used up\. .* midnight UTC; .* PROOFROOM_DAILY_ASKS\.$/,
    ),
  });
  await ana.roundTrip();
  expect(ana.last('snapshot')).toMatchObject({ stage: 'user_feedback', revision });
  expect(generator.drawings).toHaveLength(2);
});

test('S9: a ceiling in dollars needs a generator that knows its prices', async () => {
  await expect(startServer({ limits: { DAILY_DOLLARS: 1 } })).rejects.toThrow('mostDollars');
});
