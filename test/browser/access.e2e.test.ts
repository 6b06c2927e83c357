import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();
const accessToken = 'an-access-token-of-more-than-32-characters';

async function give(tab: Page, token: string): Promise<void> {
  await tab.getByLabel('Access token').fill(token);
  await tab.getByRole('button', { name: 'Continue' }).click();
}

test('the page asks for the access token, refuses a wrong one, takes the right one, and keeps it (S2)', async () => {
  const { address } = await startProduct({ config: { accessToken } });
  const tab = await browser.newPage();
  await tab.goto(address);
  await see(tab.getByRole('heading', { name: 'This server asks for a token' })).toBeVisible();
  await give(tab, 'a-wrong-token-of-more-than-32-characters-too');
  await see(tab.getByRole('alert').filter({ hasText: /did not accept that token/ })).toBeVisible();
  await see(tab.getByLabel('Access token')).toHaveAttribute('aria-invalid', 'true');
  await see(tab.getByLabel('Access token')).toHaveAttribute('type', 'password');
  await tab.reload();
  await see(tab.getByLabel('Access token')).toBeVisible();
  await see(tab.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
  await give(tab, accessToken);
  await see(tab.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();

  const room = new Room(tab);
  await room.makePicture('A fox');
  await tab.reload();
  await see(room.picture('Generated image')).toBeVisible();
  await tab.goto(address);
  await see(tab.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();
});

test('the access token stands in no address, log line or state, and another tab is asked again (S2, S3)', async () => {
  const { address, logs } = await startProduct({ config: { accessToken } });
  const tab = await browser.newPage();
  const seen: string[] = [];
  tab.on('request', (request) => void seen.push(request.url(), JSON.stringify(request.headers())));
  tab.on('websocket', (socket) => void seen.push(socket.url()));
  await tab.goto(address);
  await give(tab, accessToken);
  await see(tab.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();
  seen.push(tab.url(), await new Room(tab).state(), await tab.content());
  expect(seen.length).toBeGreaterThan(5);
  expect([...seen, ...logs].filter((text) => text.includes(accessToken))).toEqual([]);

  const another = await tab.context().newPage();
  await another.goto(address);
  await see(another.getByLabel('Access token')).toBeVisible();
});

test('a link to a session needs no token (W5)', async () => {
  const { address } = await startProduct({ config: { accessToken } });
  const tab = await browser.newPage();
  await tab.goto(address);
  await give(tab, accessToken);
  await see(tab).toHaveURL(/#/);
  const guest = await enter(await browser.newPage(), tab.url());
  await guest.makePicture('A fox');
  const watcher = await enter(await browser.newPage(), guest.watchLink);
  await see(watcher.picture('Generated image')).toBeVisible();
});
