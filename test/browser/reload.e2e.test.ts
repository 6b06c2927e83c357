import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { openOptions } from '../support/asking.ts';
import { useBrowser } from '../support/browser.ts';
import { drawRow, gather } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const WORDS = 'Warmer light, and no tree';
const REASON = 'The fox has five legs';

const Body = v.object({ tools: v.array(v.object({ size: v.optional(v.string()), quality: v.optional(v.string()) })) });
const optionsOf = (body: unknown) => v.parse(Body, body).tools[0];

describe('a reload finds what was typed and not sent (R1)', () => {
  test('words for a refinement, until they have become a picture', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await ana.feedback.fill(WORDS);
    await reload(ana);
    await see(ana.feedback).toHaveValue(WORDS);
    await see(bo.feedback).toHaveValue('');
    openai.next('held');
    await ana.press('Refine No. 1');
    await see(ana.picture('Preview, still being drawn')).toBeVisible();
    await reload(ana);
    openai.release();
    await see(ana.attempt(2)).toBeVisible();
    await see(ana.feedback).toHaveValue('');
    await reload(ana);
    await see(ana.attempt(2)).toBeVisible();
    await see(ana.feedback).toHaveValue('');
  });

  test('words that were asked for, and for which no picture came', async () => {
    const { address, openai } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    await ana.makePicture(PROMPT);
    await ana.feedback.fill(WORDS);
    openai.next('no_image');
    await ana.press('Refine No. 1');
    await see(ana.alert('answered without an image')).toBeVisible();
    await reload(ana);
    await see(ana.feedback).toHaveValue(WORDS);
  });

  test('a reason to cancel, while the drawing goes on', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    openai.next('held');
    await bo.press('Regenerate');
    await ana.reason.fill(REASON);
    await reload(ana);
    await see(ana.reason).toHaveValue(REASON);
    await ana.press('Cancel');
    await see(bo.status(`Ana cancelled it: “${REASON}”`)).toBeVisible();
    await see(ana.feedback).toHaveValue(REASON);
    await reload(ana);
    await see(ana.feedback).toHaveValue(REASON);
    openai.next('held');
    await bo.press('Regenerate');
    await see(ana.reason).toHaveValue('');
  });

  test('a reason to cancel what came to its end meanwhile: it says what to change in that', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    openai.next('held');
    await bo.press('Regenerate');
    await ana.reason.fill(REASON);
    const link = ana.reviewLink;
    await ana.page.goto('about:blank');
    openai.release();
    await see(bo.attempt(2)).toBeVisible();
    await ana.page.goto(link);
    await see(ana.feedback).toHaveValue(REASON);
    await reload(ana);
    await see(ana.feedback).toHaveValue(REASON);
  });

  test('a prompt that the line has swallowed: everybody gets it', async () => {
    const { address } = await startProduct();
    const page = await browser.newPage();
    let isSwallowing = false;
    await page.routeWebSocket('**/ws', (tab) => {
      const server = tab.connectToServer();
      tab.onMessage((message) => {
        if (!isSwallowing) server.send(message);
      });
    });
    const ana = await enter(page, address);
    const bo = await enter(await browser.newPage(), ana.reviewLink);
    isSwallowing = true;
    await ana.prompt.fill(PROMPT);
    const link = ana.reviewLink;
    await page.goto('about:blank');
    isSwallowing = false;
    await see(bo.prompt).toHaveValue('');
    await page.goto(link);
    await see(ana.prompt).toHaveValue(PROMPT);
    await see(bo.prompt).toHaveValue(PROMPT);
    await bo.prompt.fill(`${PROMPT}, at dusk`);
    await see(ana.prompt).toHaveValue(`${PROMPT}, at dusk`);
    await reload(ana);
    await see(ana.prompt).toHaveValue(`${PROMPT}, at dusk`);
  });

  test('a prompt that is too long to be sent', async () => {
    const { address } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    const long = 'x'.repeat(4_001);
    await ana.prompt.fill(long);
    await reload(ana);
    await see(ana.prompt).toHaveValue(long);
  });
});

describe('a reload finds the options that were chosen (R1)', () => {
  test('though the last picture was asked for with others', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await openOptions(ana);
    await quality(ana).selectOption({ label: 'High' });
    await reload(ana);
    await openOptions(ana);
    await see(quality(ana)).toHaveValue('high');
    await see(quality(bo)).toHaveValue('');
    await ana.press('Regenerate');
    expect(optionsOf((await openai.request(2)).body)).toMatchObject({ quality: 'high' });
  });

  test('unless somebody has asked anew', async () => {
    const { address, openai } = await startProduct();
    const { ana, bo } = await gather(browser, address);
    await drawRow([ana, bo], [PROMPT]);
    await openOptions(ana);
    await quality(ana).selectOption({ label: 'High' });
    const link = ana.reviewLink;
    await ana.page.goto('about:blank');
    await openOptions(bo);
    await quality(bo).selectOption({ label: 'Low' });
    await bo.press('Regenerate');
    await openai.request(2);
    await see(bo.attempt(2)).toBeVisible();
    await ana.page.goto(link);
    await see(ana.attempt(2)).toBeVisible();
    await openOptions(ana);
    await see(quality(ana)).toHaveValue('low');
  });
});

async function reload(room: Room): Promise<void> {
  await room.page.reload();
  await see(room.live).toBeVisible();
}

const quality = ({ root }: Room) => root.getByRole('combobox', { name: 'Quality', exact: true, includeHidden: true });
