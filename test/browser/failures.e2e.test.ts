import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type ScenarioName, UPSTREAM_TEXT } from '../support/fake-openai-scenarios.ts';
import { startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

describe('Cancel', () => {
  test('closes the request to OpenAI at once, and keeps the prompt (R2, M8)', async () => {
    const { address, openai } = await startProduct();
    openai.next('held');
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await room.press('Cancel');
    await openai.requests[0]?.closedEarly;
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPT);
    await see(room.root.getByRole('img')).toHaveCount(0);
    await room.press('Generate');
    await see(room.picture('Generated image')).toBeVisible();
  });

  test('leaves the earlier picture, and the prompt that was being drawn', async () => {
    const { address, openai } = await startProduct();
    openai.next('drawn');
    openai.next('held');
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    await room.ask('A heron', 'Regenerate');
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await room.press('Cancel');
    await openai.requests[1]?.closedEarly;
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(openai.sent[0]?.final));
    await see(room.prompt).toHaveValue('A heron');
    await see(room.button('Approve')).toBeVisible();
  });
});

interface BadDay {
  readonly scenario: ScenarioName;
  readonly says: RegExp;
  readonly tries: 1 | 3;
  readonly again: 'Try again' | 'nothing to try';
}

const badDays: readonly BadDay[] = [
  { scenario: 'moderation_blocked', says: /refused by OpenAI's safety system/, tries: 1, again: 'nothing to try' },
  { scenario: 'insufficient_quota', says: /no credit left.*billing settings/, tries: 1, again: 'nothing to try' },
  { scenario: 'invalid_api_key', says: /refused the API key.*OPENAI_API_KEY/, tries: 1, again: 'nothing to try' },
  { scenario: 'not_verified', says: /only verified organizations.*an-image-model/, tries: 1, again: 'nothing to try' },
  { scenario: 'bad_option', says: /an option that the model does not support/, tries: 1, again: 'nothing to try' },
  { scenario: 'no_image', says: /answered without an image/, tries: 1, again: 'Try again' },
  { scenario: 'html', says: /not OpenAI's API.*OPENAI_BASE_URL/, tries: 1, again: 'Try again' },
  { scenario: 'rate_limited', says: /OpenAI is busy.*Wait a minute/, tries: 3, again: 'Try again' },
  { scenario: 'server_error', says: /had a fault of its own/, tries: 3, again: 'Try again' },
  { scenario: 'failed_server_error', says: /had a fault of its own/, tries: 3, again: 'Try again' },
  { scenario: 'reset', says: /could not be reached/, tries: 3, again: 'Try again' },
  { scenario: 'cut', says: /broke before the image was complete/, tries: 3, again: 'Try again' },
];

describe('a failure is a sentence that a person can act on', () => {
  test.each(badDays)('$scenario, after $tries: $says, then $again', async ({ scenario, says, tries, again }) => {
    const { address, openai } = await startProduct();
    for (let count = 0; count < tries; count += 1) openai.next(scenario);
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.alert(says)).toBeVisible();
    await see(room.root.getByText(UPSTREAM_TEXT)).toHaveCount(0);
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPT);
    expect(openai.requests).toHaveLength(tries);

    await see(room.button('Try again')).toHaveCount(again === 'Try again' ? 1 : 0);
    await room.press(again === 'Try again' ? 'Try again' : 'Generate');
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await see(room.alert(/\S/)).toHaveCount(0);
  });

  test('silence is given up, and said to be that (R10)', async () => {
    const upstreamClock = new FakeClock();
    const { address, openai } = await startProduct({ upstreamClock });
    for (const _try of [1, 2, 3]) openai.next('silence');
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    for (const count of [1, 2, 3]) {
      const request = await openai.request(count);
      upstreamClock.advance(180_000);
      await request.closedEarly;
    }
    await see(room.alert(/sent nothing for 180 seconds/)).toBeVisible();
    await room.press('Try again');
    await see(room.picture('Generated image')).toBeVisible();
  });

  test('with a picture on show, the picture stays, and so does the prompt that failed (M8)', async () => {
    const { address, openai } = await startProduct();
    openai.next('drawn');
    openai.next('no_image');
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    await room.ask('A heron', 'Regenerate');
    await see(room.alert('answered without an image')).toBeVisible();
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await see(room.button('Approve')).toBeVisible();
    await see(room.prompt).toHaveValue('A heron');
    await room.press('Try again');
    await see(room.picture('Generated image')).toHaveAccessibleName('Generated image: A heron');
    await see(room.alert(/\S/)).toHaveCount(0);
  });
});

describe('a retry is shown while it happens', () => {
  test('with its number and its wait, which runs down, and then the picture', async () => {
    const retryClock = new FakeClock();
    const { address, openai } = await startProduct({ retryClock });
    openai.next('rate_limited', { retryAfter: 30 });
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.heading(/^Second try in (30|2\d) s$/)).toBeVisible();
    await see(room.root.getByRole('paragraph').filter({ hasText: /^OpenAI is busy\.$/ })).toBeVisible();
    await see(room.status(/OpenAI is busy\. Second try follows\./)).toBeAttached();
    const shown = await room.heading(/^Second try in/).innerText();
    await see(room.heading(/^Second try in/)).not.toHaveText(shown);
    await see(room.button('Cancel')).toBeVisible();
    retryClock.advance(30_000);
    await see(room.picture('Generated image')).toBeVisible();
    await see(room.alert(/\S/)).toHaveCount(0);
    expect(openai.requests).toHaveLength(2);
  });

  test('and says so when a try that broke off may have been billed (R10)', async () => {
    const retryClock = new FakeClock();
    const { address, openai } = await startProduct({ retryClock });
    openai.next('cut');
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.root.getByText(/The first try had begun to draw and may have been billed\.$/)).toBeVisible();
    retryClock.advance(0);
    await see(room.picture('Generated image')).toBeVisible();
  });

  test('and can be cancelled in its wait', async () => {
    const retryClock = new FakeClock();
    const { address, openai } = await startProduct({ retryClock });
    openai.next('rate_limited', { retryAfter: 30 });
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.heading(/^Second try in/)).toBeVisible();
    await room.press('Cancel');
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPT);
    expect(retryClock.timers).toBe(0);
    expect(openai.requests).toHaveLength(1);
  });
});
