import { describe, expect, test } from 'vitest';
import { refine } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { contentOf, imagePart } from '../support/openai-request.ts';
import { drawRow, gather, shows } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const WORDS = 'Warmer light, and no tree';

describe('a refinement', () => {
  test('sends the very bytes that it is about, and the words; all see what came of it', async () => {
    const product = await startProduct();
    const { openai } = product;
    const { ana, bo, cy } = await gather(browser, product.address);
    await drawRow([ana, bo, cy], [PROMPT, 'A heron in the mist']);
    await bo.open(1);
    await refine(bo, WORDS, 1);
    const request = await openai.request(3);
    expect(contentOf(request)).toEqual([imagePart(openai.sent[0]?.final), { type: 'input_text', text: WORDS }]);
    for (const room of [ana, bo, cy]) {
      await shows(room, openai, 3);
      await see(room.attempt(3)).toHaveAccessibleName(`No. 3, ${PROMPT}, refined from No. 1`);
      await see(room.root.getByRole('region', { name: 'What changed' })).toContainText(WORDS);
    }
    const { attempts } = await ana.snapshot();
    expect(attempts[2]).toMatchObject({ parent: attempts[0]?.image.imageId, feedback: WORDS });
    await see(bo.feedback).toHaveValue('');
    await see(cy.feedback).toHaveCount(0);
  });

  test('that fails keeps the words and the picture, and Try again sends the same again', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT, 'A heron in the mist']);
    await bo.open(1);
    openai.next('no_image');
    await refine(bo, WORDS, 1);
    for (const room of [ana, bo]) await see(room.alert('answered without an image')).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    await see(bo.picture('Generated image')).toBeVisible();
    await bo.press('Try again');
    const again = await openai.request(4);
    expect(again.body).toEqual(openai.requests[2]?.body);
    expect(contentOf(again)).toEqual([imagePart(openai.sent[0]?.final), { type: 'input_text', text: WORDS }]);
    for (const room of [ana, bo]) {
      await shows(room, openai, 4);
      await see(room.alert(/\S/)).toHaveCount(0);
    }
    await see(bo.feedback).toHaveValue('');
  });

  test('being written outlives what others ask for, and what becomes of it', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await bo.feedback.pressSequentially(WORDS);
    openai.next('held');
    await ana.press('Regenerate');
    await see(bo.heading('Drawing')).toBeVisible();
    openai.release();
    await see(bo.attempt(2)).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    openai.next('no_image');
    await ana.press('Regenerate');
    await see(bo.alert('answered without an image')).toBeVisible();
    await see(bo.feedback).toHaveValue(WORDS);
    await see(ana.feedback).toHaveValue('');
  });

  test('emptied to be written anew stays in view, though another picture is being drawn', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await bo.feedback.fill(WORDS);
    openai.next('held');
    await ana.press('Regenerate');
    await see(bo.heading('Drawing')).toBeVisible();
    await bo.feedback.fill('');
    await cy.page.close();
    await see(bo.people('2 reviewers')).toBeVisible();
    await bo.feedback.pressSequentially('Less snow');
    openai.release();
    await see(bo.attempt(2)).toBeVisible();
    await see(bo.feedback).toHaveValue('Less snow');
  });

  test('that has become a picture leaves none of its words before those written about that drawing', async () => {
    const { address, openai } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    await ana.makePicture(PROMPT);
    openai.next('held');
    await refine(ana, WORDS, 1);
    await see(ana.heading('Drawing')).toBeVisible();
    await ana.reason.fill('Too dark');
    openai.release();
    await see(ana.attempt(2)).toBeVisible();
    await see(ana.feedback).toHaveValue('Too dark');
  });
});
