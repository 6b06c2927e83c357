import { describe, expect, test } from 'vitest';
import { reject } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { contentOf, imagePart } from '../support/openai-request.ts';
import { drawRow, gather, shows } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const REASON = 'The fox has five legs';
const WORDS = 'Warmer light, and no tree';

describe('rejected early', () => {
  test('on seeing a preview: the request is closed at once, and the reason is everybody’s for the next try (R2)', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    await drawRow([ana, bo, cy], [PROMPT]);
    openai.next('held');
    await ana.press('Regenerate');
    for (const room of [ana, bo, cy]) await see(room.picture('Preview, still being drawn')).toBeVisible();
    await reject(ana, REASON);
    await openai.requests[1]?.closedEarly;
    await see(ana.status(`You cancelled it: “${REASON}”`)).toBeVisible();
    for (const room of [bo, cy]) await see(room.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
    for (const room of [ana, bo]) {
      await shows(room, openai, 1);
      await see(room.feedback).toHaveValue(REASON);
      await see(room.feedback).toHaveAccessibleDescription('From the cancelled drawing. Change it as you like.');
      await see(room.button('Add to the prompt')).toBeVisible();
    }
    await see(cy.button('Add to the prompt')).toHaveCount(0);
    await bo.press('Refine No. 1');
    expect(contentOf(await openai.request(3))).toEqual([
      imagePart(openai.sent[0]?.final),
      { type: 'input_text', text: REASON },
    ]);
    for (const room of [ana, bo]) {
      await shows(room, openai, 3);
      await see(room.feedback).toHaveValue('');
      await see(room.status(/cancelled it/)).toHaveCount(0);
    }
  });

  test('with no picture yet, the reason can be added to the prompt', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo, cy } = await gather(browser, address);
    openai.next('held');
    await ana.ask(PROMPT);
    await see(bo.picture('Preview, still being drawn')).toBeVisible();
    await reject(bo, REASON);
    await openai.requests[0]?.closedEarly;
    for (const room of [ana, cy]) await see(room.status(`Bo cancelled it: “${REASON}”`)).toBeVisible();
    await see(cy.button('Add to the prompt')).toHaveCount(0);
    await see(bo.button('Add to the prompt')).toBeVisible();
    await ana.press('Add to the prompt');
    for (const room of [ana, bo]) {
      await see(room.prompt).toHaveValue(`${PROMPT}\n${REASON}`);
      await see(room.button('Added to the prompt')).toBeVisible();
    }
    await ana.press('Generate');
    expect(contentOf(await openai.request(2))).toEqual([{ type: 'input_text', text: `${PROMPT}\n${REASON}` }]);
  });

  test('takes no words that somebody is writing', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await bo.feedback.fill(WORDS);
    openai.next('held');
    await ana.press('Regenerate');
    await see(ana.picture('Preview, still being drawn')).toBeVisible();
    await reject(ana, REASON);
    await see(bo.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
    await see(ana.feedback).toHaveValue(REASON);
    await see(bo.feedback).toHaveValue(WORDS);
  });
});
