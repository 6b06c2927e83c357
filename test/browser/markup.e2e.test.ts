import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();

/** Each would leave an element that can be found, and something that has run. */
const PROMPT = '<img src=x onerror="window.ran=1"><b data-made>bold</b>"\'{{1}}';
const NEXT_PROMPT = '<script>window.ran=1</script><style data-made>*{display:none}</style>';
const WORDS = '</blockquote><svg onload="window.ran=1"><iframe srcdoc="<script>parent.ran=1</script>">';
const REASON = '"><details open ontoggle=window.ran=1 data-made></details><a href="javascript:ran=1">';
/** No longer than names may be. */
const ANA = '<img src=x onerror=window.ran=1>';
const BO = '<script>window.ran=1</script>';

/** Whatever any of them would have made, in whichever shadow root. */
const MADE = '[onerror], [onload], [ontoggle], [data-made], [src="x"], [href^="javascript"], iframe, script:not([src])';

test('S5: markup in prompt, feedback, reason and name is text wherever it is shown, and runs nowhere, under a strict policy', async () => {
  const { address, openai } = await startProduct();
  const tabs = [await browser.newPage(), await browser.newPage()] as const;
  const policies = Promise.all(tabs.map((tab) => policyOf(tab)));
  const ana = await enter(tabs[0], address);
  const bo = await enter(tabs[1], ana.reviewLink);
  for (const policy of await policies) {
    expect(policy).toContain("script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|data:/);
  }
  const both = [ana, bo] as const;
  await ana.callMe(ANA);
  await bo.callMe(BO);

  await ana.prompt.fill(PROMPT);
  await see(bo.prompt).toHaveValue(PROMPT);
  await ana.press('Generate');
  for (const room of both) {
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await room.root.getByText('About this picture').click();
    // The service's own prompt, in which ours stands, too.
    await see(room.root.getByRole('definition').filter({ hasText: PROMPT })).toHaveText([
      PROMPT,
      `${PROMPT}, in soft morning light`,
    ]);
    await isUnharmed(room);
  }

  openai.next('held');
  await bo.ask(NEXT_PROMPT, 'Regenerate');
  for (const room of both)
    await see(room.picture('Preview, still being drawn')).toHaveAccessibleName(new RegExp(escaped(NEXT_PROMPT)));
  await bo.reason.fill(REASON);
  await bo.press('Cancel');
  await see(ana.status(`${BO} cancelled it: “${REASON}”`)).toBeVisible();
  await see(bo.status(`You cancelled it: “${REASON}”`)).toBeVisible();
  for (const room of both) {
    await see(room.feedback).toHaveValue(REASON);
    await see(room.prompt).toHaveValue(NEXT_PROMPT);
    await isUnharmed(room);
  }

  await ana.feedback.fill(WORDS);
  await ana.press('Refine No. 1');
  for (const room of both) {
    await see(room.attempt(2)).toHaveAccessibleName(/^No\. 2, <img src=x onerror=.*, refined from No\. 1$/);
    await see(room.root.getByRole('region', { name: 'What changed' }).getByRole('blockquote')).toHaveText(WORDS);
    await isUnharmed(room);
  }

  await ana.prompt.fill(NEXT_PROMPT);
  await ana.press('Regenerate');
  for (const room of both) {
    await see(room.attempt(3)).toHaveAccessibleName(/^No\. 3, <script>window\.ran=1<\/script>.*, /);
    // As what was taken out of the prompt, and what was put in.
    const change = room.root.getByRole('region', { name: 'What changed' });
    await see(change.getByRole('insertion').first()).toBeVisible();
    await see(change.getByRole('deletion').first()).toBeVisible();
    await isUnharmed(room);
  }

  await ana.press('Discard No. 3');
  await see(bo.status(`No. 3 was discarded by ${ANA}.`)).toBeVisible();
  await ana.press('Approve');
  for (const room of both) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.root.getByText(`by ${ANA},`)).toBeVisible();
    await see(room.status(`The picture was approved by ${ANA}.`)).toBeAttached();
    await see(room.root.getByRole('blockquote').filter({ hasText: WORDS })).not.toHaveCount(0);
    for (const words of [PROMPT, NEXT_PROMPT, WORDS, ANA, BO])
      expect(await room.state()).toContain(JSON.stringify(words).slice(1, -1));
    await isUnharmed(room);
  }
  await ana.root.getByRole('button', { name: /Change your name$/ }).click();
  await see(ana.root.getByRole('textbox', { name: 'Your name' })).toHaveValue(ANA);
  await isUnharmed(ana);
});

/** The policy of the page that the tab opens next. */
async function policyOf(tab: Page): Promise<string | undefined> {
  const answer = await tab.waitForResponse((response) => response.request().isNavigationRequest());
  return (await answer.allHeaders())['content-security-policy'];
}

/** No text has become an element, or run. What the policy had to stop would be an error on the page, which fails the test. */
async function isUnharmed({ page }: Room): Promise<void> {
  expect(await page.locator(MADE).evaluateAll((made) => made.map(({ outerHTML }) => outerHTML))).toEqual([]);
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
