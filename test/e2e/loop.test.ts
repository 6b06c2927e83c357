/** The whole loop: a prompt, a picture, a decision, and a fresh start. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import type { RoomEventMap } from '../../client/components/room/room-events.ts';
import { useBrowser } from '../support/browser.ts';
import { startMain } from '../support/main-process.ts';
import { enterAs, seePicture, twoReviewersAndWatcher } from '../support/people.ts';
import { project, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

interface RoomEvents {
  readonly stages: string[];
  readonly approved: { readonly name: string; readonly type: string; readonly sha256: string }[];
}

/** Records what the room dispatches to its page from now on. */
async function recordEvents(page: Page): Promise<RoomEvents> {
  const events: RoomEvents = { stages: [], approved: [] };
  await page.exposeFunction('stageChanged', (stage: string) => void events.stages.push(stage));
  await page.exposeFunction(
    'approved',
    (approved: RoomEvents['approved'][number]) => void events.approved.push(approved),
  );
  await page.evaluate(() => {
    const { stageChanged, approved } = window as unknown as Record<string, (detail: unknown) => void>;
    document.addEventListener('proof-stage', (event) =>
      stageChanged?.((event as RoomEventMap['proof-stage']).detail.stage),
    );
    document.addEventListener('proof-approved', (event) => {
      const { file, sha256 } = (event as RoomEventMap['proof-approved']).detail;
      approved?.({ name: file.name, type: file.type, sha256 });
    });
  });
  return events;
}

test('W1, W4, W5, M6: every tab shows the same previews, picture and approval, and a watcher decides nothing', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  const events = await recordEvents(ana.page);
  const watchesOnly = async () => {
    await see(
      cy.root.getByRole('button', { name: /^(Generate|Regenerate|Cancel|Approve|Start over|Try again)$/ }),
    ).toHaveCount(0);
    await see(cy.root.getByRole('textbox')).toHaveCount(0);
  };
  await see(ana.heading('What should the picture show?')).toBeVisible();
  await see(ana.status('Ready for a prompt.')).toBeAttached();
  await see(cy.heading('You are watching')).toBeVisible();
  await watchesOnly();

  openai.next('held');
  await ana.submitPrompt(PROMPT);
  for (const room of [ana, bo]) await see(room.heading('Drawing')).toBeVisible();
  await see(ana.page).toHaveTitle('Drawing … · Proofroom');
  await see(ana.status('The picture is being made. Drawing.')).toBeAttached();
  const dan = await enterAs('Dan', browser, ana.reviewLink);
  for (const room of [ana, bo, cy, dan]) {
    const preview = room.picture('Preview, still being drawn');
    await see(preview).toHaveAccessibleName(`Preview, still being drawn: ${PROMPT}`);
    expect(await room.digestOf(preview)).toBe(digest(openai.sent[0]?.partials[0]));
  }
  await watchesOnly();

  openai.release();
  for (const room of [ana, bo, cy, dan]) {
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await seePicture(room, openai, 1);
  }
  await see(ana.page).toHaveTitle('Ready to decide · Proofroom');
  await see(ana.status('The picture is ready for your decision.')).toBeAttached();
  await watchesOnly();
  const bytes = openai.sent[0]?.final;
  expect(await cy.download()).toEqual({ name: 'a-fox-in-the-snow-unapproved.png', bytes });

  // Somebody who opens the page on a picture keeps the focus where it is.
  await dan.reload();
  await see(dan.heading('Is this the picture?')).toBeVisible();
  expect(await dan.page.evaluate(() => document.activeElement?.localName)).toBe('body');

  await bo.press('Approve');
  for (const room of [ana, bo, cy, dan]) {
    await see(room.heading('Approved')).toBeVisible();
    await see(room.text(/by Bo,/)).toBeVisible();
    await see(room.button('Approve')).toHaveCount(0);
  }
  await see(ana.page).toHaveTitle('Approved · Proofroom');
  await see(ana.status('The picture was approved by \u2068Bo\u2069.')).toBeAttached();
  await watchesOnly();
  const state = await ana.state();
  for (const room of [bo, cy, dan]) expect(await room.state()).toBe(state);
  expect(await ana.download()).toEqual({ name: 'a-fox-in-the-snow.png', bytes });
  await dan.reload();
  await see(dan.heading('Approved')).toBeVisible();
  await seePicture(dan, openai, 1);

  await ana.startOver();
  for (const room of [ana, bo, cy]) await see(room.root.getByRole('img')).toHaveCount(0);
  for (const room of [ana, bo]) {
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue('');
  }
  for (const room of [bo, cy]) await see(room.text('Ana started over.')).toBeVisible();
  await see(ana.text('Ana started over.')).toHaveCount(0);
  expect((await ana.snapshot()).decisions).toMatchObject([{ decision: 'approved', by: 'Bo' }]);
  expect(openai.requests).toHaveLength(1);

  const stages = ['generating', 'user_feedback', 'final', 'initial_input'];
  await expect.poll(() => events.stages, { timeout: 15_000 }).toEqual(stages);
  expect(events.approved).toEqual([{ name: 'a-fox-in-the-snow.png', type: 'image/png', sha256: digest(bytes) }]);
});

test('R13: only an approved picture that was saved goes without a question, and only if nobody else is here', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await ana.makePicture(PROMPT);
  await ana.press('Start over');
  await see(ana.question).toBeVisible();
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await bo.press('Approve');
  // The question is about a picture that is not approved, so it is void now.
  await see(ana.question).toBeHidden();
  await see(ana.heading('Approved')).toBeVisible();
  await bo.press('Start over');
  await see(bo.question).toContainText('save it first');
  await bo.question.getByRole('button', { name: 'Keep the picture' }).click();
  await see(bo.picture('Generated image')).toBeVisible();
  await bo.page.close();
  await see(ana.people('1 reviewer')).toBeVisible();
  await ana.download();
  await ana.press('Start over');
  await see(ana.heading('What should the picture show?')).toBeVisible();
  await see(ana.question).toBeHidden();
});

test('with nothing configured, the demo generator draws, and the page says so', async () => {
  const main = startMain(project);
  const ana = await enter(await browser.newPage(), await main.address());
  await see(ana.root.getByRole('paragraph').filter({ hasText: /Demo\..*OPENAI_API_KEY/s })).toBeVisible();
  await ana.submitPrompt(PROMPT);
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await see(ana.heading('Is this the picture?')).toBeVisible();
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
  const { name, bytes } = await ana.download();
  expect(name).toBe('a-fox-in-the-snow.png');
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(await ana.state()).toContain(digest(bytes));
});
