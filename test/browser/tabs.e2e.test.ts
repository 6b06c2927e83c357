import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { digest, enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

/** Two people, each with a browser of their own, in the session that the first one opened. */
async function two({ address }: Product): Promise<{ ana: Room; bo: Room }> {
  const ana = await enter(await browser.newPage(), address);
  return { ana, bo: await join(ana.reviewLink) };
}

async function join(link: string): Promise<Room> {
  return enter(await browser.newPage(), link);
}

describe('a link opened elsewhere', () => {
  test('shows the same stage, previews and picture, byte for byte', async () => {
    const product = await startProduct();
    const { openai } = product;
    openai.next('held');
    const { ana, bo } = await two(product);
    await ana.ask(PROMPT);
    await see(bo.heading('Drawing')).toBeVisible();
    const late = await join(ana.reviewLink);
    for (const room of [ana, bo, late]) {
      const preview = room.picture('Preview, still being drawn');
      await see(preview).toBeVisible();
      expect(await room.digestOf(preview)).toBe(digest(openai.sent[0]?.partials[0]));
    }
    openai.release();
    for (const room of [ana, bo, late]) {
      await see(room.picture('Generated image')).toBeVisible();
      expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(openai.sent[0]?.final));
    }
    await bo.press('Approve');
    for (const room of [ana, bo, late]) await see(room.heading('Approved')).toBeVisible();
    // Rule M6: not alike but the same, down to the revision.
    expect(await bo.state()).toBe(await ana.state());
    expect(await late.state()).toBe(await ana.state());
    expect(openai.requests).toHaveLength(1);
  });

  test('shows an approval of before to whoever comes late', async () => {
    const product = await startProduct();
    const ana = await enter(await browser.newPage(), product.address);
    await ana.callMe('Ana');
    await ana.makePicture(PROMPT);
    await ana.press('Approve');
    await see(ana.heading('Approved')).toBeVisible();
    const bo = await join(ana.reviewLink);
    await see(bo.heading('Approved')).toBeVisible();
    await see(bo.root.getByText(/by Ana,/)).toBeVisible();
    await see(bo.picture('Generated image')).toBeVisible();
  });

  test('with a key that is not its own lets nobody in, and says so', async () => {
    const { address } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    const stranger = await browser.newPage();
    await stranger.goto(`${ana.watchLink}#not-the-key-of-this-session`);
    await see(stranger.getByRole('heading', { name: 'This link does not let you in' })).toBeVisible();
    await see(stranger.getByRole('button', { name: 'Start a new session' })).toBeVisible();
  });

  test('is the one that Share gives', async () => {
    const { address } = await startProduct();
    const tab = await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    const ana = await enter(tab, address);
    await ana.press('Share');
    await see(ana.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(ana.reviewLink);
    await see(ana.root.getByRole('textbox', { name: 'Watch link' })).toHaveValue(ana.watchLink);
    await ana.press('Copy review link');
    await see(ana.status('Copied to the clipboard.')).toBeAttached();
    expect(await tab.evaluate(() => navigator.clipboard.readText())).toBe(ana.reviewLink);
  });
});

test('a reload in mid-generation comes back to the running generation, with its preview (R1, R2)', async () => {
  const { address, openai } = await startProduct();
  openai.next('held');
  const ana = await enter(await browser.newPage(), address);
  await ana.ask(PROMPT);
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  const link = ana.reviewLink;
  await ana.page.reload();
  await see(ana.heading('Drawing')).toBeVisible();
  const preview = ana.picture('Preview, still being drawn');
  await see(preview).toBeVisible();
  expect(await ana.digestOf(preview)).toBe(digest(openai.sent[0]?.partials[0]));
  expect(ana.reviewLink).toBe(link);
  expect(openai.requests.map(({ isClosedEarly }) => isClosedEarly)).toEqual([false]);
  openai.release();
  await see(ana.picture('Generated image')).toBeVisible();
  await see(ana.button('Approve')).toBeVisible();
});

test('a tab that is closed cancels nothing, and whoever comes back finds the picture (R2)', async () => {
  const product = await startProduct();
  const { openai } = product;
  openai.next('held');
  const ana = await enter(await browser.newPage(), product.address);
  await ana.ask(PROMPT);
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  const link = ana.reviewLink;
  await ana.page.close();
  openai.release();
  await see((await join(link)).picture('Generated image')).toBeVisible();
});

describe('typing (W8)', () => {
  test('is seen in the other tab as it happens, and never undone by its own echo', async () => {
    const { ana, bo } = await two(await startProduct());
    const text = 'A fox that is typed letter by letter, faster than any line could echo it';
    await ana.prompt.pressSequentially(text);
    await see(ana.prompt).toHaveValue(text);
    await see(bo.prompt).toHaveValue(text);
    await bo.prompt.fill('A heron');
    await see(bo.prompt).toHaveValue('A heron');
  });

  test('never overwrites a field that somebody is in', async () => {
    const { ana, bo } = await two(await startProduct());
    const cy = await join(ana.reviewLink);
    await see(bo.people('3 reviewers')).toBeVisible();
    await bo.prompt.fill('A heron');
    await see(cy.prompt).toHaveValue('A heron');
    await ana.prompt.fill('A fox');
    await see(cy.prompt).toHaveValue('A fox');
    // What bo's tab is told after the text has come shows that the text has come.
    await cy.page.close();
    await see(bo.people('2 reviewers')).toBeVisible();
    await see(bo.prompt).toHaveValue('A heron');
    await see(bo.prompt).toBeFocused();
  });

  test('on while another tab generates is kept for the next picture', async () => {
    const product = await startProduct();
    product.openai.next('held');
    const { ana, bo } = await two(product);
    await ana.prompt.fill(PROMPT);
    await see(bo.prompt).toHaveValue(PROMPT);
    await bo.prompt.pressSequentially(' at night');
    await see(ana.prompt).toHaveValue(PROMPT);
    await ana.press('Generate');
    await see(bo.root.getByRole('textbox', { name: 'Your next prompt' })).toHaveValue(`${PROMPT} at night`);
    await see(bo.picture('Preview, still being drawn')).toBeVisible();
    product.openai.release();
    await see(bo.picture('Generated image')).toBeVisible();
    await see(bo.prompt).toHaveValue(`${PROMPT} at night`);
  });
});

test('who comes by the watch link sees everything and can decide nothing (W5)', async () => {
  const { address, openai } = await startProduct();
  openai.next('held');
  const ana = await enter(await browser.newPage(), address);
  const watcher = await join(ana.watchLink);
  await see(ana.people('1 reviewer, 1 watching')).toBeVisible();
  const seesNoControls = async () => {
    await see(watcher.heading('You are watching')).toBeVisible();
    const controls = /^(Generate|Regenerate|Cancel|Approve|Start over|Try again)$/;
    await see(watcher.root.getByRole('button', { name: controls })).toHaveCount(0);
    await see(watcher.root.getByRole('textbox')).toHaveCount(0);
  };
  await seesNoControls();
  await ana.ask(PROMPT);
  await see(watcher.picture('Preview, still being drawn')).toBeVisible();
  await seesNoControls();
  openai.release();
  await see(watcher.picture('Generated image')).toBeVisible();
  await seesNoControls();
  expect((await watcher.download()).bytes).toEqual(openai.sent[0]?.final);
  await ana.press('Approve');
  await see(watcher.heading('Approved')).toBeVisible();
  await see(watcher.root.getByRole('button', { name: 'Start over' })).toHaveCount(0);
  await watcher.press('Share');
  await see(watcher.root.getByRole('textbox', { name: 'Watch link' })).toHaveValue(ana.watchLink);
  await see(watcher.root.getByRole('textbox', { name: 'Review link' })).toHaveCount(0);
});

test('a name is seen by the others, and remembered by the browser', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await ana.callMe('Ana');
  await ana.page.goto(address);
  await ana.root.getByRole('button', { name: /Change your name$/ }).click();
  await see(ana.root.getByRole('textbox', { name: 'Your name' })).toHaveValue('Ana');
});
