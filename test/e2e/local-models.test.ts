/** A server for local models that speaks the Images API, set up as the README says. */
import { expect, onTestFinished, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { type FakeImagesApi, startFakeImagesApi } from '../support/fake-images-api.ts';
import { UPSTREAM_TEXT } from '../support/fake-openai-scenarios.ts';
import { startMain } from '../support/main-process.ts';
import { twoReviewers } from '../support/people.ts';
import { project } from '../support/product.ts';
import { digest, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const FEEDBACK = 'Warmer light, and no tree';

async function start(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ ana: Room; bo: Room; fake: FakeImagesApi }> {
  const fake = await startFakeImagesApi();
  onTestFinished(() => fake.close());
  const main = startMain(project, { PROOFROOM_API: 'images', OPENAI_BASE_URL: fake.baseURL, ...environment });
  return { fake, ...(await twoReviewers(browser, await main.address())) };
}

/** Waits until both people see the picture that was sent as number `count`, counted from 1. */
async function bothSee(rooms: readonly Room[], fake: FakeImagesApi, count: number): Promise<void> {
  for (const room of rooms) {
    await see(room.heading('Is this the picture?')).toBeVisible();
    await expect
      .poll(() => room.digestOf(room.picture('Generated image')), { timeout: 15_000 })
      .toSatisfy((shown) => shown === digest(fake.sent[count - 1]), `picture ${count}`);
  }
}

test('a local model draws without previews, fails with a plain sentence, and refines through its edits', async () => {
  const { ana, bo, fake } = await start();
  const both = [ana, bo];
  await ana.openOptions();
  await see(ana.option('Previews')).toHaveCount(0);
  for (const [scenario, tries, sentence] of [
    ['string_refusal', 1, /^[^.]*The image server refused the request, perhaps for an option/],
    ['string_error_in_200', 1, /The image server .* without a reason that this server knows/],
  ] as const) {
    const count = fake.requests.length;
    fake.next(scenario);
    await ana.submitPrompt(PROMPT);
    for (const room of both) {
      await see(room.alert(sentence)).toBeVisible();
      await see(room.text(UPSTREAM_TEXT)).toHaveCount(0);
      await see(room.prompt).toHaveValue(PROMPT);
    }
    expect(fake.requests.length - count).toBe(tries);
  }

  fake.next('held');
  await bo.press('Generate');
  await fake.request(3);
  for (const room of both) {
    await see(room.button('Cancel')).toBeVisible();
    await see(room.heading('Sent to the model')).toBeVisible();
    await see(room.picture('Preview, still being drawn')).toHaveCount(0);
    await see(room.alert(/\S/)).toHaveCount(0);
  }
  fake.release();
  await bothSee(both, fake, 1);

  await bo.refine(1, FEEDBACK);
  await bothSee(both, fake, 2);
  const { path, fields, files } = await fake.request(4);
  expect(path).toBe('/v1/images/edits');
  expect(fields.prompt).toContain(FEEDBACK);
  expect(files.map(({ field, bytes }) => [field, digest(bytes)])).toEqual([['image', digest(fake.sent[0])]]);
  for (const room of both) await see(room.changes).toContainText(FEEDBACK);
});

test('a local model without edits is never asked to refine, and a reason to cancel can go into the prompt', async () => {
  const { ana, bo, fake } = await start({ PROOFROOM_REFINE: '0' });
  const both = [ana, bo];
  await ana.submitPrompt(PROMPT);
  await bothSee(both, fake, 1);
  fake.next('held');
  await ana.press('Regenerate');
  await bo.cancel('Five legs');
  for (const room of both) {
    await see(room.button('Add to the prompt')).toBeVisible();
    await see(room.button('Regenerate')).toBeVisible();
    await see(room.feedback).toHaveCount(0);
    await see(room.root.getByRole('button', { name: /^Refine/ })).toHaveCount(0);
  }
  expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/images/generations', '/v1/images/generations']);
});
