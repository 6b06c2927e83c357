import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();
const accessToken = 'an-access-token-of-more-than-32-characters';

test('who opens the page on an empty session can write at once', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  await see(room.prompt).toBeFocused();
  await room.page.keyboard.type('A heron');
  await see(room.prompt).toHaveValue('A heron');
});

test('who opens the page on a picture is not moved', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  await room.makePicture('A heron');
  const guest = await enter(await browser.newPage(), room.reviewLink);
  await see(guest.heading('Is this the picture?')).toBeVisible();
  expect(await guest.page.evaluate(() => document.activeElement?.localName)).toBe('body');
});

test('a focus that the page gave keeps nobody else’s words out, one that a person took does (W8)', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await see(ana.prompt).toBeFocused();
  await bo.prompt.fill('A fox');
  await see(ana.prompt).toHaveValue('A fox');
  await ana.page.keyboard.press('End');
  await bo.prompt.fill('A fox in the snow');
  await ana.page.keyboard.type(', asleep');
  await see(ana.prompt).toHaveValue('A fox, asleep');
});

test('the access token is asked for where one can write it, again after a wrong one, and leads to the prompt', async () => {
  const { address } = await startProduct({ config: { accessToken } });
  const tab = await browser.newPage();
  await tab.goto(address);
  const token = tab.getByLabel('Access token');
  await see(token).toBeFocused();
  await tab.keyboard.type('wrong');
  await tab.keyboard.press('Enter');
  await see(tab.getByRole('alert').filter({ hasText: /did not accept/ })).toBeVisible();
  await see(token).toBeFocused();
  await tab.keyboard.type(accessToken);
  await tab.keyboard.press('Enter');
  await see(new Room(tab).prompt).toBeFocused();
});

test('a link whose id is far too long leads to no session, and on to a new one', async () => {
  const { address } = await startProduct();
  const room = new Room(await browser.newPage());
  await room.page.goto(`${address}/s/${'x'.repeat(300)}`);
  await see(room.heading('This session is gone')).toBeVisible();
  await see(room.root.getByText(/or the link is incomplete/)).toBeVisible();
  await room.press('Start a new session');
  await see(room.prompt).toBeFocused();
});

test.each(['/s/', '/s/one/two', '/sessions'])(
  'a link to %s, where there is nothing, says so and leads to a new session',
  async (path) => {
    browser.allowErrors(/404 \(Not Found\)/);
    const { address } = await startProduct();
    const room = new Room(await browser.newPage());
    await room.page.goto(address + path);
    await see(room.page.getByRole('heading', { name: 'There is nothing at this address' })).toBeVisible();
    await room.page.getByRole('link', { name: 'Start a new session' }).click();
    await see(room.prompt).toBeVisible();
  },
);

test('a new session in place of one that is gone begins in the prompt field', async () => {
  const { address } = await startProduct();
  const tab = await browser.newPage();
  await tab.goto(`${address}/s/no-such-session`);
  await tab.getByRole('button', { name: 'Start a new session' }).press('Enter');
  await see(new Room(tab).prompt).toBeFocused();
});
