/** OpenAI fails: a failure is a sentence that a person can act on, and a retry is shown while it waits. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type ScenarioName, UPSTREAM_TEXT } from '../support/fake-openai-scenarios.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

interface Failure {
  readonly scenario: ScenarioName;
  readonly sentence: RegExp;
  /** More than one where the server retries by itself. */
  readonly tries: 1 | 3;
  /** The page offers to try again. */
  readonly isRetryable: boolean;
}

const failures: readonly Failure[] = [
  { scenario: 'moderation_blocked', sentence: /refused by OpenAI's safety system/, tries: 1, isRetryable: false },
  { scenario: 'insufficient_quota', sentence: /no credit left.*billing settings/, tries: 1, isRetryable: false },
  { scenario: 'invalid_api_key', sentence: /refused the API key.*OPENAI_API_KEY/, tries: 1, isRetryable: false },
  { scenario: 'not_verified', sentence: /only verified organizations.*an-image-model/, tries: 1, isRetryable: false },
  { scenario: 'bad_option', sentence: /an option that the model does not support/, tries: 1, isRetryable: false },
  { scenario: 'no_image', sentence: /answered without an image/, tries: 1, isRetryable: true },
  { scenario: 'html', sentence: /not OpenAI's API.*OPENAI_BASE_URL/, tries: 1, isRetryable: true },
  { scenario: 'rate_limited', sentence: /OpenAI is busy.*Wait a minute/, tries: 3, isRetryable: true },
  { scenario: 'server_error', sentence: /had a fault of its own/, tries: 3, isRetryable: true },
  { scenario: 'failed_server_error', sentence: /had a fault of its own/, tries: 3, isRetryable: true },
  { scenario: 'reset', sentence: /could not be reached/, tries: 3, isRetryable: true },
  { scenario: 'cut', sentence: /broke before the image was complete/, tries: 3, isRetryable: true },
];

test.each(['no picture', 'a picture'])(
  'M5, M8: with %s on show, a failure says what to do, keeps prompt and picture, and goes with the next success',
  async (before) => {
    const { address, openai } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    const hasPicture = before === 'a picture';
    if (hasPicture) await ana.makePicture(PROMPT);
    const button = hasPicture ? 'Regenerate' : 'Generate';
    // Each kind of failure once, half of them beside a picture.
    for (const { scenario, sentence, tries, isRetryable } of failures.filter(
      (_, index) => hasPicture === index % 2 > 0,
    )) {
      const count = openai.requests.length;
      for (let each = 0; each < tries; each += 1) openai.next(scenario);
      await ana.submitPrompt(`${PROMPT}, ${scenario}`, button);
      await see(ana.alert(sentence), scenario).toBeVisible();
      await see(ana.text(UPSTREAM_TEXT)).toHaveCount(0);
      await see(ana.prompt).toHaveValue(`${PROMPT}, ${scenario}`);
      await see(ana.button('Try again')).toHaveCount(isRetryable ? 1 : 0);
      await see(ana.picture('Generated image')).toHaveCount(hasPicture ? 1 : 0);
      await see(ana.button('Approve')).toHaveCount(hasPicture ? 1 : 0);
      expect(openai.requests.length - count, scenario).toBe(tries);
    }
    await ana.press('Try again');
    await see(ana.picture('Generated image')).toHaveAccessibleName(/^Generated image: A fox in the snow, \w+$/);
    await see(ana.alert(/\S/)).toHaveCount(0);
  },
);

test('R2, R10: the wait before a retry is shown and can be cancelled, and a silent try is given up', async () => {
  const retryClock = new FakeClock();
  const upstreamClock = new FakeClock();
  const { address, openai } = await startProduct({ retryClock, upstreamClock });
  const ana = await enter(await browser.newPage(), address);

  openai.next('rate_limited', { retryAfter: 30 });
  await ana.submitPrompt(PROMPT);
  const countdown = ana.heading(/^Second try in (30|2\d) s$/);
  await see(countdown).toBeVisible();
  await see(ana.root.getByRole('paragraph').filter({ hasText: /^OpenAI is busy\.$/ })).toBeVisible();
  await see(ana.status(/OpenAI is busy\. Second try follows\./)).toBeAttached();
  await see(countdown).not.toHaveText(await countdown.innerText());
  await ana.press('Cancel');
  await see(ana.heading('What should the picture show?')).toBeVisible();
  await see(ana.prompt).toHaveValue(PROMPT);
  expect(retryClock.timers).toBe(0);
  expect(openai.requests).toHaveLength(1);

  openai.next('cut');
  await ana.press('Generate');
  await see(ana.text(/The first try had begun to draw and may have been billed\.$/)).toBeVisible();
  retryClock.advance(0);
  await see(ana.heading('Is this the picture?')).toBeVisible();
  expect(openai.requests).toHaveLength(3);

  for (const _try of [1, 2]) openai.next('silence');
  await ana.press('Regenerate');
  for (const count of [4, 5]) {
    const request = await openai.request(count);
    upstreamClock.advance(180_000);
    await request.closedEarly;
    retryClock.advance(0);
  }
  await see(ana.alert(/sent nothing for 180 seconds/)).toBeVisible();
  await ana.press('Try again');
  await see(ana.attempt(2)).toBeVisible();
});

test('S9: when the budget of the day is used up, the page says so and who can raise it, and keeps the prompt', async () => {
  const { address, openai } = await startProduct({ limits: { DAILY_ASKS: 1 } });
  const ana = await enter(await browser.newPage(), address);
  await ana.makePicture(PROMPT);
  await ana.submitPrompt('A fox in the rain', 'Regenerate');
  await see(ana.alert(/^Today’s budget of this server is used up\..*whoever runs the server can raise/)).toBeVisible();
  await see(ana.prompt).toHaveValue('A fox in the rain');
  await see(ana.picture('Generated image')).toHaveCount(1);
  await see(ana.button('Approve')).toBeVisible();
  expect(openai.requests).toHaveLength(1);
});
