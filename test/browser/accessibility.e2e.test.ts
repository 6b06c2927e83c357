import type { BrowserContextOptions, Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { bringAxe, violations } from '../support/axe.ts';
import { useBrowser } from '../support/browser.ts';
import { comeToRest, movements } from '../support/motion.ts';
import { cutOff, startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A heron at the edge of a misty lake, first light, soft watercolour';

const looks: readonly { readonly colorScheme: 'light' | 'dark'; readonly width: number }[] = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 1440 },
  { colorScheme: 'light', width: 320 },
  { colorScheme: 'dark', width: 320 },
];

async function openTab(options: BrowserContextOptions): Promise<Page> {
  const tab = await browser.newPage(options);
  await bringAxe(tab);
  return tab;
}

/** Nothing for axe to complain of, and nothing that must be scrolled sideways. */
async function isSound(tab: Page, stage: string): Promise<void> {
  expect.soft(await violations(tab), stage).toEqual([]);
  const width = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(width, `${stage}: pixels beyond the window's width`).toBeLessThanOrEqual(0);
}

describe.each(looks)('axe finds nothing, and nothing scrolls sideways, $colorScheme and $width px wide', (look) => {
  const options = { colorScheme: look.colorScheme, viewport: { width: look.width, height: 900 } } as const;

  test('in each stage, from the first prompt to the approval', async () => {
    const { address, openai } = await startProduct();
    const tab = await openTab(options);
    const room = await enter(tab, address);
    await isSound(tab, 'initial');

    await room.press('Generate');
    await see(room.alert(/^Write a prompt first/)).toBeVisible();
    await room.root.getByText('Options', { exact: true }).click();
    await see(room.root.getByLabel('Quality')).toBeVisible();
    await isSound(tab, 'initial, with a complaint and open options');

    openai.next('held');
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await isSound(tab, 'generating');

    openai.release();
    await see(room.picture('Generated image')).toBeVisible();
    await see(room.heading('Is this the picture?')).toBeVisible();
    await room.root.getByText('About this picture').click();
    await room.root.getByText('Session state', { exact: true }).click();
    await isSound(tab, 'feedback, with everything open');

    openai.next('moderation_blocked');
    await room.press('Regenerate');
    await see(room.alert(/safety system/)).toBeVisible();
    await isSound(tab, 'error beside a picture');

    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    await isSound(tab, 'final');
  });

  test('where there is nothing', async () => {
    browser.allowErrors(/404 \(Not Found\)/);
    const { address } = await startProduct();
    const tab = await openTab(options);
    await tab.goto(`${address}/s/`);
    await see(tab.getByRole('link', { name: 'Start a new session' })).toBeVisible();
    await isSound(tab, 'nothing here');
  });

  test('in each dialog', async () => {
    const { address } = await startProduct();
    const tab = await openTab(options);
    const room = await enter(tab, address);
    await room.makePicture(PROMPT);
    await room.press('Start over');
    await see(room.question).toBeVisible();
    await isSound(tab, 'Start over?');
    await tab.keyboard.press('Escape');
    await room.press('Share');
    await see(room.root.getByRole('dialog', { name: 'Share this session' })).toBeVisible();
    await isSound(tab, 'Share');
    await tab.keyboard.press('Escape');
    await room.root.getByRole('button', { name: /Change your name$/ }).click();
    await see(room.root.getByRole('dialog', { name: 'People in this session' })).toBeVisible();
    await isSound(tab, 'People');
  });

  test('for a watcher', async () => {
    const { address, openai } = await startProduct();
    const ana = await enter(await browser.newPage(), address);
    const tab = await openTab(options);
    const watcher = await enter(tab, ana.watchLink);
    await isSound(tab, 'watching an empty session');
    openai.next('held');
    await ana.ask(PROMPT);
    await see(watcher.picture('Preview, still being drawn')).toBeVisible();
    await isSound(tab, 'watching a generation');
    openai.release();
    await see(watcher.picture('Generated image')).toBeVisible();
    await isSound(tab, 'watching a decision');
  });

  test('where the way is barred: a token, a link without a session, a line that is down', async () => {
    browser.allowErrors(cutOff);
    const product = await startProduct({ config: { accessToken: 'an-access-token-of-more-than-32-characters' } });
    const tab = await openTab(options);
    await tab.goto(product.address);
    await tab.getByLabel('Access token').fill('a wrong one');
    await tab.getByRole('button', { name: 'Continue' }).click();
    await see(tab.getByRole('alert').filter({ hasText: /did not accept/ })).toBeVisible();
    await isSound(tab, 'token refused');

    await tab.goto(`${product.address}/s/not-here`);
    await see(tab.getByRole('heading', { name: 'This session is gone' })).toBeVisible();
    await isSound(tab, 'session gone');

    const open = await startProduct();
    const room = await enter(tab, open.address);
    await room.makePicture(PROMPT);
    await open.leave();
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await isSound(tab, 'reconnecting');
  });
});

test('a change of stage is announced politely, a failure at once', async () => {
  const { address, openai } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  await see(room.status('Ready for a prompt.')).toBeAttached();
  openai.next('held');
  await room.ask(PROMPT);
  await see(room.status('The picture is being made. Drawing.')).toBeAttached();
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  openai.release();
  await see(room.status('The picture is ready for your decision.')).toBeAttached();
  openai.next('no_image');
  await room.press('Regenerate');
  await see(room.alert('answered without an image')).toBeVisible();
  await room.press('Approve');
  await see(room.status('The picture was approved by Reviewer 1.')).toBeAttached();
});

test('nothing moves for whoever asked for less motion', async () => {
  const { address, openai } = await startProduct();
  for (const _person of [1, 2]) openai.next('held');
  const moving = await enter(await browser.newPage(), address);
  const calm = await enter(await browser.newPage({ reducedMotion: 'reduce' }), address);
  for (const room of [moving, calm]) {
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await comeToRest(room.page);
  }
  expect(await movements(moving.page)).toBeGreaterThan(0);
  expect(await movements(calm.page)).toBe(0);
});
