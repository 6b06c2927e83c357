/** A server of somebody's own that speaks the Images API: what it can't do is not offered, and what it can is the same as ever. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { openOptions } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { type FakeImagesApi, startFakeImagesApi } from '../support/fake-images-api.ts';
import { UPSTREAM_TEXT } from '../support/fake-openai-scenarios.ts';
import { startMain } from '../support/main-process.ts';
import { project } from '../support/product.ts';
import { digest, enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const WORDS = 'Warmer light, and no tree';

/** Two people in one session of a server that was set up as the README says. */
async function two(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ ana: Room; bo: Room; fake: FakeImagesApi }> {
  const fake = await startFakeImagesApi();
  onTestFinished(() => fake.close());
  const main = startMain(project, { PROOFROOM_API: 'images', OPENAI_BASE_URL: fake.baseURL, ...environment });
  const ana = await enter(await browser.newPage(), await main.address());
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  return { ana, bo, fake };
}

/** Waits until both look at the picture that was painted as number `count`, from 1, byte for byte. */
async function bothShow(rooms: readonly Room[], fake: FakeImagesApi, count: number): Promise<void> {
  for (const room of rooms) {
    await see(room.heading('Is this the picture?')).toBeVisible();
    await expect
      .poll(() => room.digestOf(room.picture('Generated image')), { timeout: 15_000 })
      // What is awaited may still be painted.
      .toSatisfy((shown) => shown === digest(fake.sent[count - 1]), `picture ${count}`);
  }
}

describe('a local model', () => {
  test('draws without previews, none offered and none shown; what it draws is refined through its edits, in both tabs', async () => {
    const { ana, bo, fake } = await two();
    const both = [ana, bo];
    await openOptions(ana);
    await see(ana.root.getByRole('combobox', { name: 'Previews' })).toHaveCount(0);

    fake.next('held');
    await ana.ask(PROMPT);
    await fake.request(1);
    for (const room of both) {
      await see(room.button('Cancel')).toBeVisible();
      await see(room.heading('Sent to the model')).toBeVisible();
      await see(room.picture('Preview, still being drawn')).toHaveCount(0);
    }
    fake.release();
    await bothShow(both, fake, 1);

    await bo.feedback.fill(WORDS);
    await bo.press('Refine No. 1');
    await bothShow(both, fake, 2);
    const { path, fields, files } = await fake.request(2);
    expect(path).toBe('/v1/images/edits');
    expect(fields.prompt).toContain(WORDS);
    expect(files.map(({ field, bytes }) => [field, digest(bytes)])).toEqual([['image', digest(fake.sent[0])]]);
    for (const room of both) await see(room.root.getByRole('region', { name: 'What changed' })).toContainText(WORDS);
    await ana.press('Approve');
    await see(bo.heading('Approved')).toBeVisible();
    expect(await bo.state()).toBe(await ana.state());
  });

  test.for([
    ['string_refusal', 1, /^[^.]*The image server refused the request, perhaps for an option/],
    ['string_error', 3, /The image server had a fault of its own and drew nothing\./],
    ['string_error_in_200', 1, /The image server .* without a reason that this server knows/],
  ] as const)(
    'that fails with a plain string (%s), %d times, is told of in a sentence, in both tabs, and can be asked again',
    async ([scenario, tries, sentence]) => {
      const { ana, bo, fake } = await two();
      for (let count = 0; count < tries; count += 1) fake.next(scenario);
      await ana.ask(PROMPT);
      for (const room of [ana, bo]) {
        await see(room.alert(sentence)).toBeVisible();
        await see(room.root.getByText(UPSTREAM_TEXT)).toHaveCount(0);
        await see(room.prompt).toHaveValue(PROMPT);
      }
      expect(fake.requests).toHaveLength(tries);
      await bo.press('Generate');
      await bothShow([ana, bo], fake, 1);
      for (const room of [ana, bo]) await see(room.alert(/\S/)).toHaveCount(0);
    },
  );

  test('without edits is asked for none: the page offers no refinement, to nobody', async () => {
    const { ana, bo, fake } = await two({ PROOFROOM_REFINE: '0' });
    await ana.ask(PROMPT);
    await bothShow([ana, bo], fake, 1);
    for (const room of [ana, bo]) {
      await see(room.button('Regenerate')).toBeVisible();
      await see(room.feedback).toHaveCount(0);
      await see(room.root.getByRole('button', { name: /^Refine/ })).toHaveCount(0);
    }
    fake.next('held');
    await ana.press('Regenerate');
    await bo.reason.fill('Five legs');
    await bo.press('Cancel');
    // A reason that can't go into a refinement is for the prompt.
    for (const room of [ana, bo]) {
      await see(room.button('Add to the prompt')).toBeVisible();
      await see(room.feedback).toHaveCount(0);
    }
    expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/images/generations', '/v1/images/generations']);
  });
});
