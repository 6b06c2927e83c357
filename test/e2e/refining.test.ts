/** Feedback on a picture, and the reason of a cancelled generation, become the next picture. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { contentOf, imagePart } from '../support/openai-request.ts';
import { makePictures, seePicture, twoReviewers, twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const FEEDBACK = 'Warmer light, and no tree';
const REASON = 'The fox has five legs';

test('M8, M9: a refinement sends the bytes of its image and the feedback, and the same again after a failure', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await makePictures([ana, bo, cy], [PROMPT, 'A heron in the mist']);
  await bo.select(1);
  openai.next('no_image');
  await bo.refine(1, FEEDBACK);
  for (const room of [ana, bo]) await see(room.alert('answered without an image')).toBeVisible();
  await see(bo.feedback).toHaveValue(FEEDBACK);
  await see(bo.picture('Generated image')).toBeVisible();

  await bo.press('Try again');
  const content = [imagePart(openai.sent[0]?.final), { type: 'input_text', text: FEEDBACK }];
  expect(contentOf(await openai.request(4))).toEqual(content);
  expect(openai.requests[3]?.body).toEqual(openai.requests[2]?.body);
  for (const room of [ana, bo, cy]) {
    await seePicture(room, openai, 4);
    await see(room.attempt(3)).toHaveAccessibleName(`No. 3, ${PROMPT}, refined from No. 1`);
    await see(room.changes).toContainText(FEEDBACK);
    await see(room.alert(/\S/)).toHaveCount(0);
  }
  const { attempts } = await ana.snapshot();
  expect(attempts[2]).toMatchObject({ parent: attempts[0]?.image.imageId, feedback: FEEDBACK });
  await see(bo.feedback).toHaveValue('');
  await see(cy.feedback).toHaveCount(0);

  // Feedback that has become a picture is not put before a reason that was written meanwhile.
  openai.next('held');
  await bo.refine(3, FEEDBACK);
  await see(bo.heading('Drawing')).toBeVisible();
  await bo.reason.fill('Too dark');
  openai.release();
  await see(bo.attempt(4)).toBeVisible();
  await see(bo.feedback).toHaveValue('Too dark');
});

test('R2, M8: the reason of a cancel is suggested to all reviewers for the next try', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await makePictures([ana, bo, cy], [PROMPT]);
  openai.next('held');
  await ana.submitPrompt('A heron', 'Regenerate');
  for (const room of [ana, bo, cy]) await see(room.picture('Preview, still being drawn')).toBeVisible();
  const progress = ana.root.getByRole('progressbar', { name: 'Making the picture' });
  await see(progress).not.toHaveAttribute('aria-valuenow');
  await see(ana.text(/^Usually about \d+ s/)).toBeVisible();
  await ana.cancel(REASON);
  await openai.requests[1]?.closedEarly;
  await see(ana.status(`You cancelled it: “${REASON}”`)).toBeVisible();
  for (const room of [bo, cy]) await see(room.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
  for (const room of [ana, bo]) {
    await seePicture(room, openai, 1);
    await see(room.prompt).toHaveValue('A heron');
    await see(room.feedback).toHaveValue(REASON);
    await see(room.feedback).toHaveAccessibleDescription(/^From the cancelled drawing\. Change it as you like\./);
  }
  await see(cy.button('Add to the prompt')).toHaveCount(0);
  await bo.press('Refine No. 1');
  const content = [imagePart(openai.sent[0]?.final), { type: 'input_text', text: REASON }];
  expect(contentOf(await openai.request(3))).toEqual(content);
  for (const room of [ana, bo]) {
    await seePicture(room, openai, 3);
    await see(room.feedback).toHaveValue('');
    await see(room.status(/cancelled it/)).toHaveCount(0);
  }

  // Without a picture to refine, the reason can go into the prompt.
  await ana.startOver();
  openai.next('held');
  await ana.submitPrompt(PROMPT);
  await see(bo.picture('Preview, still being drawn')).toBeVisible();
  await bo.cancel(REASON);
  await openai.requests[3]?.closedEarly;
  await see(cy.status(`Bo cancelled it: “${REASON}”`)).toBeVisible();
  await ana.press('Add to the prompt');
  for (const room of [ana, bo]) {
    await see(room.prompt).toHaveValue(`${PROMPT}\n${REASON}`);
    await see(room.button('Added to the prompt')).toBeVisible();
  }
  await ana.press('Generate');
  expect(contentOf(await openai.request(5))).toEqual([{ type: 'input_text', text: `${PROMPT}\n${REASON}` }]);
});

test('W8: feedback that somebody writes stays theirs and about their picture, whatever others do', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoReviewers(browser, address);
  await makePictures([ana, bo], [PROMPT]);
  await bo.feedback.pressSequentially('Warmer light,');
  openai.next('held');
  await ana.press('Regenerate');
  await see(bo.heading('Drawing')).toBeVisible();
  await bo.page.keyboard.type(' and no tree');
  await see(bo.feedback).toHaveValue(FEEDBACK);
  await see(bo.feedback).toBeFocused();
  await see(bo.text('It waits here until this picture is done.').first()).toBeVisible();
  await ana.cancel(REASON);
  await see(bo.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
  await see(ana.feedback).toHaveValue(REASON);
  await see(bo.feedback).toHaveValue(FEEDBACK);

  openai.next('held');
  await ana.press('Regenerate');
  await see(bo.heading('Drawing')).toBeVisible();
  // An emptied field stays in view, to be written anew.
  await bo.feedback.fill('');
  await bo.feedback.pressSequentially(FEEDBACK);
  openai.release();
  await see(bo.attempt(2)).toBeVisible();
  await see(bo.feedback).toHaveAccessibleName('What should change in No. 1?');
  await see(bo.feedback).toHaveValue(FEEDBACK);
  await bo.press('Refine No. 1');
  await see(ana.attempt(3)).toBeVisible();
  const { attempts } = await ana.snapshot();
  expect(attempts[2]).toMatchObject({ feedback: FEEDBACK, parent: attempts[0]?.image.imageId });
});
