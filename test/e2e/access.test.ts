/** Access: the token, session links, and addresses without a session. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();
const TOKEN = 'an-access-token-of-more-than-32-characters';

test('S2, S3, W5: a token creates a session and a link opens it, and no request or log line holds token or key', async () => {
  const { address, logs } = await startProduct({ config: { accessToken: TOKEN } });
  const page = await browser.newPage();
  const sent: string[] = [];
  page.on('request', (request) => void sent.push(request.url(), JSON.stringify(request.headers())));
  page.on('websocket', (socket) => void sent.push(socket.url()));
  const room = new Room(page);
  const field = page.getByLabel('Access token');
  const refusal = page.getByRole('alert').filter({ hasText: /did not accept that token/ });

  await page.goto(address);
  await see(room.heading('This server asks for a token')).toBeVisible();
  await see(field).toHaveAttribute('type', 'password');
  await see(field).toBeFocused();
  await page.keyboard.type('a-wrong-token-of-more-than-32-characters-too');
  await page.keyboard.press('Enter');
  await see(refusal).toBeVisible();
  await see(field).toHaveAttribute('aria-invalid', 'true');
  await page.reload();
  await see(field).toBeFocused();
  await see(refusal).toHaveCount(0);
  await page.keyboard.type(TOKEN);
  await page.keyboard.press('Enter');
  await see(room.prompt).toBeFocused();
  await see(page).toHaveURL(/\/s\/[\w-]{22,}#[\w-]{22,}$/);
  const { reviewLink, watchLink } = room;

  const guest = await enter(await browser.newPage(), reviewLink);
  await guest.makePicture('A fox');
  const watcher = await enter(await browser.newPage(), watchLink);
  await see(watcher.picture('Generated image')).toBeVisible();

  await room.reload();
  await see(room.picture('Generated image')).toBeVisible();
  expect(room.reviewLink).toBe(reviewLink);
  const { hash } = new URL(reviewLink);
  expect(sent.length).toBeGreaterThan(5);
  // A browser lists a request with its fragment, which it does not send.
  const seen = [...sent.map((text) => text.replace(/#.*/, '')), ...logs, await room.state()];
  expect(seen.filter((text) => text.includes(TOKEN) || text.includes(hash.slice(1)))).toEqual([]);
  expect(await page.content()).not.toContain(TOKEN);

  // This tab keeps the token for the next session, and another tab asks for it.
  await page.goto(address);
  await see(room.heading('What should the picture show?')).toBeVisible();
  const anotherTab = await page.context().newPage();
  await anotherTab.goto(address);
  await see(anotherTab.getByLabel('Access token')).toBeVisible();
});

test('W5: Share gives the links, and a wrong key lets nobody in', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] }), address);
  const { page, reviewLink, watchLink } = ana;
  await ana.press('Share');
  await see(ana.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(reviewLink);
  await see(ana.root.getByRole('textbox', { name: 'Watch link' })).toHaveValue(watchLink);
  await ana.press('Copy review link');
  await see(ana.status('Copied to the clipboard.')).toBeAttached();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(reviewLink);

  const visitor = await enter(await browser.newPage(), watchLink);
  await visitor.press('Share');
  await see(visitor.root.getByRole('textbox', { name: 'Watch link' })).toHaveValue(watchLink);
  await see(visitor.root.getByRole('textbox', { name: 'Review link' })).toHaveCount(0);
  // Only the fragment changes, so no page is loaded.
  await visitor.page.goto(`${watchLink}#not-the-key-of-this-session`);
  await see(visitor.heading('This link does not let you in')).toBeVisible();
  await see(visitor.page).toHaveTitle('This link does not let you in · Proofroom');
  await see(visitor.button('Start a new session')).toBeVisible();
});

test('W5, R9: reviewers close and replace links and end the session, and everybody is told what happened', async () => {
  const { address } = await startProduct({ config: { download: 'always' } });
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await ana.makePicture('A fox in the snow');
  await see(cy.picture('Generated image')).toBeVisible();
  const before = ana.reviewLink;

  await bo.page.bringToFront();
  await bo.press('Share');
  await see(bo.button('Replace review link')).toHaveCount(0);
  await bo.press('Replace watch link');
  await bo.press('Replace link');
  const watchField = bo.root.getByRole('textbox', { name: 'Watch link' });
  await see(watchField).toHaveValue(/\/s\/[\w-]{22}#[\w-]{22}$/);
  await see(cy.heading('This watch link was closed by a reviewer')).toBeVisible();
  await see(cy.picture('Generated image')).toBeVisible();
  await see(cy.root.getByRole('link', { name: 'Download' })).toBeVisible();
  await cy.page.reload();
  await see(cy.heading('This watch link was closed by a reviewer')).toBeVisible();
  await see(cy.page).toHaveTitle('This watch link was closed by a reviewer · Proofroom');
  const again = await enter(await browser.newPage(), await watchField.inputValue());
  await see(again.heading('You are watching')).toBeVisible();

  await ana.page.bringToFront();
  await ana.press('Share');
  await ana.press('Replace review link');
  await ana.press('Replace link');
  await see(ana.page).not.toHaveURL(before);
  await bo.reload();
  await see(bo.button('Approve')).toBeVisible();
  const stranger = new Room(await browser.newPage());
  await stranger.page.goto(before);
  await see(stranger.heading('This link does not let you in')).toBeVisible();
  const { reviewLink } = ana;
  await ana.reload();
  await see(ana.button('Approve')).toBeVisible();
  expect(ana.reviewLink).toBe(reviewLink);

  await ana.press('Share');
  await ana.press('End session for everybody …');
  await ana.press('End the session');
  for (const room of [ana, bo, again]) {
    await room.page.bringToFront();
    await see(room.heading('A reviewer ended this session')).toBeVisible();
    await see(room.picture('Generated image')).toBeVisible();
  }
  expect((await ana.download()).bytes.byteLength).toBeGreaterThan(0);
});

test('R9: an address without a session says so, and leads to a new session', async () => {
  browser.allowErrors(/404 \(Not Found\)/);
  const { address } = await startProduct();
  const page = await browser.newPage();
  const room = new Room(page);
  for (const path of ['/s/', '/s/one/two', '/sessions']) {
    await page.goto(address + path);
    await see(room.heading('There is nothing at this address')).toBeVisible();
    await page.getByRole('link', { name: 'Start a new session' }).click();
    await see(room.prompt).toBeFocused();
  }
  for (const id of ['a-session-that-is-gone', 'x'.repeat(300)]) {
    await page.goto(`${address}/s/${id}#nor-is-this-its-key`);
    await see(room.heading('This session is gone')).toBeVisible();
    await see(room.text(/or the link is incomplete/)).toBeVisible();
    await room.button('Start a new session').press('Enter');
    await see(room.prompt).toBeFocused();
    await see(page).not.toHaveURL(new RegExp(id));
  }
});
