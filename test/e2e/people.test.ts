/** Who is here: names, which people are asked for once, and what each of them looks at. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { makePictures, twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist'] as const;

test('S10: people are asked for their name before their first decision, which goes on, and never again', async () => {
  const { address } = await startProduct();
  const mira = await enter(await browser.newPage({ unnamed: true }), address);
  await mira.makePicture(PROMPTS[0]);
  const other = await enter(await browser.newPage({ unnamed: true }), mira.reviewLink);
  const idleTab = await enter(await other.page.context().newPage(), mira.reviewLink);

  await mira.page.bringToFront();
  await mira.press('Approve');
  await mira.page.keyboard.press('Escape');
  await see(mira.nameQuestion).toBeHidden();
  await see(mira.button('Approve')).toBeFocused();
  await mira.press('Approve');
  await mira.sayName('Mira');
  await see(mira.heading('Approved')).toBeVisible();
  await see(mira.text(/by Mira,/)).toBeVisible();

  // A reload and another tab have the name, and whoever takes the same one is told apart.
  await mira.reload();
  const secondTab = await enter(await mira.page.context().newPage(), mira.reviewLink);
  await secondTab.startOver();
  await secondTab.makePicture(PROMPTS[1]);
  await other.page.bringToFront();
  await see(other.picture('Generated image')).toBeVisible();
  await other.press('Approve');
  await other.sayName('Mira');
  for (const room of [mira, secondTab, other]) {
    await room.page.bringToFront();
    await see(room.heading('Approved')).toBeVisible();
    await see(room.text(/by Mira 2,/)).toBeVisible();
  }
  // A tab that was open before has the name, too, and does not give the old one back when it joins again.
  await idleTab.page.bringToFront();
  await see(idleTab.live).toBeVisible();
  await idleTab.nameButton.click();
  await see(idleTab.root.getByRole('textbox', { name: 'Your name' })).toHaveValue('Mira 2');
  const { decisions } = await mira.snapshot();
  expect(new Set(decisions.map(({ participantId }) => participantId)).size).toBe(2);
  await mira.page.bringToFront();
  await mira.nameButton.click();
  await see(mira.peopleDialog.getByRole('listitem')).toHaveText([
    /^\s*Mira \(you\)\s*Reviewer, looks at No\. 1\s*$/,
    /^\s*Mira 2\s*Reviewer, looks at No\. 1\s*Turn out\s*$/,
  ]);
});

test('S10: a decision that waits for a name is not sent once the picture has changed', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await ana.makePicture(PROMPTS[0]);
  const bo = await enter(await browser.newPage({ unnamed: true }), ana.reviewLink);
  await see(bo.picture('Generated image')).toBeVisible();
  await bo.press('Approve');
  await bo.nameQuestion.getByRole('textbox').fill('Bo');
  await ana.submitPrompt(PROMPTS[1], 'Regenerate');
  await see(bo.alert(/your decision was not sent/)).toBeVisible();
  await bo.nameQuestion.getByRole('button', { name: 'Save name' }).click();
  await see(bo.nameQuestion).toBeHidden();
  await see(ana.attempt(2)).toBeVisible();
  await see(bo.button('Approve')).toBeVisible();
  expect((await ana.snapshot()).decisions).toEqual([]);
  await bo.press('Approve');
  await see(ana.text(/by Bo,/)).toBeVisible();
});

test('everybody sees who looks at which picture', async () => {
  const { address } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await makePictures([ana, bo, cy], PROMPTS);
  await see(ana.attempt(2)).toHaveAccessibleDescription('Bo and Cy look at it.');
  await bo.page.bringToFront();
  await bo.select(1);
  await ana.page.bringToFront();
  await see(ana.attempt(1)).toHaveAccessibleDescription('Bo looks at it.');
  await see(ana.attempt(2)).toHaveAccessibleDescription('Cy looks at it.');
  await ana.nameButton.click();
  await see(ana.peopleDialog.getByRole('listitem').filter({ hasText: 'Cy' })).toHaveText(/Watching, looks at No\. 2/);
  await see(ana.peopleDialog.getByRole('listitem').filter({ hasText: 'Bo' })).toHaveText(/Reviewer, looks at No\. 1/);
  await cy.page.close();
  await see(ana.peopleDialog.getByRole('listitem')).toHaveCount(2);
});
