/** Markup that people type is shown as text. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { enterAs } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { type Room, see } from '../support/room.ts';

const browser = useBrowser();

/** Each would leave an element that can be found and a script that has run. */
const PROMPT = '<img src=x onerror="window.ran=1"><b data-made>bold</b>"\'{{1}}';
const NEXT_PROMPT = '<script>window.ran=1</script><style data-made>*{display:none}</style>';
const FEEDBACK = '</blockquote><svg onload="window.ran=1"><iframe srcdoc="<script>parent.ran=1</script>">';
const REASON = '"><details open ontoggle=window.ran=1 data-made></details><a href="javascript:ran=1">';
/** No longer than a name may be. */
const ANA = '<img src=x onerror=window.ran=1>';
const BO = '<script>window.ran=1</script>';

/** The elements that they would make. */
const MADE = '[onerror], [onload], [ontoggle], [data-made], [src="x"], [href^="javascript"], iframe, script:not([src])';

/** The CSP of the page that the tab opens next. */
async function policyOf(tab: Page): Promise<string | undefined> {
  const response = await tab.waitForResponse((response) => response.request().isNavigationRequest());
  return (await response.allHeaders())['content-security-policy'];
}

/** No text has become an element, and none has run. A violation of the CSP would be an error on the page, which fails the test. */
async function expectOnlyText({ page }: Room): Promise<void> {
  expect(await page.locator(MADE).evaluateAll((made) => made.map(({ outerHTML }) => outerHTML))).toEqual([]);
  expect(await page.evaluate(() => 'ran' in window)).toBe(false);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('S5: markup in prompt, feedback, reason and name is text wherever it is shown, under a strict CSP', async () => {
  const { address, openai } = await startProduct();
  const ana = await enterAs(ANA, browser, address);
  const policy = policyOf(ana.page);
  await ana.reload();
  expect(await policy).toContain("script-src 'self'; style-src 'self'");
  expect(await policy).toContain("require-trusted-types-for 'script'");
  expect(await policy).not.toMatch(/unsafe|data:/);
  const bo = await enterAs(BO, browser, ana.reviewLink);
  const both = [ana, bo] as const;

  await ana.prompt.fill(PROMPT);
  await see(bo.prompt).toHaveValue(PROMPT);
  await ana.press('Generate');
  for (const room of both) {
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await room.text('About this picture').click();
    // The prompt as OpenAI revised it contains ours.
    await see(room.root.getByRole('definition').filter({ hasText: PROMPT })).toHaveText([
      PROMPT,
      `${PROMPT}, in soft morning light`,
    ]);
    await expectOnlyText(room);
  }

  openai.next('held');
  await bo.submitPrompt(NEXT_PROMPT, 'Regenerate');
  for (const room of both)
    await see(room.picture('Preview, still being drawn')).toHaveAccessibleName(new RegExp(escaped(NEXT_PROMPT)));
  await bo.cancel(REASON);
  await see(ana.status(`${BO} cancelled it: “${REASON}”`)).toBeVisible();
  await see(bo.status(`You cancelled it: “${REASON}”`)).toBeVisible();
  for (const room of both) {
    await see(room.feedback).toHaveValue(REASON);
    await see(room.prompt).toHaveValue(NEXT_PROMPT);
    await expectOnlyText(room);
  }

  await ana.refine(1, FEEDBACK);
  for (const room of both) {
    await see(room.attempt(2)).toHaveAccessibleName(/^No\. 2, <img src=x onerror=.*, refined from No\. 1$/);
    await see(room.changes.getByRole('blockquote')).toHaveText(FEEDBACK);
    await expectOnlyText(room);
  }

  await ana.submitPrompt(NEXT_PROMPT, 'Regenerate');
  for (const room of both) {
    await see(room.attempt(3)).toHaveAccessibleName(/^No\. 3, <script>window\.ran=1<\/script>.*, /);
    await see(room.changes.getByRole('insertion').first()).toBeVisible();
    await see(room.changes.getByRole('deletion').first()).toBeVisible();
    await expectOnlyText(room);
  }

  await ana.press('Discard No. 3');
  await see(bo.status(`${ANA} discarded No. 3, which you have open.`)).toBeVisible();
  await ana.press('Approve');
  for (const room of both) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.root.getByText(`by ${ANA},`)).toBeVisible();
    await see(room.status(`The picture was approved by ${ANA}.`)).toBeAttached();
    await see(room.root.getByRole('blockquote').filter({ hasText: FEEDBACK })).not.toHaveCount(0);
    const state = await room.state();
    for (const text of [PROMPT, NEXT_PROMPT, FEEDBACK, ANA, BO])
      expect(state).toContain(JSON.stringify(text).slice(1, -1));
    await expectOnlyText(room);
  }
  await ana.nameButton.click();
  await see(ana.root.getByRole('textbox', { name: 'Your name' })).toHaveValue(ANA);
  await expectOnlyText(ana);
});
