/** The page before all of it is here: how little that takes, and what a person can do by then. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';

const browser = useBrowser();

/** Scripts, styles and the page itself, in bytes as they are sent. */
const BUDGET = 30_000;

declare global {
  interface Window {
    /** The addresses of all that was asked for before there was a prompt field to type in. */
    askedForFirst?: readonly string[];
  }
}

/** Runs in the page before its own scripts. */
function watchForPrompt(): void {
  const hasPrompt = (root: ParentNode): boolean =>
    [...root.querySelectorAll('*')].some(
      (element) => element.localName === 'textarea' || (element.shadowRoot && hasPrompt(element.shadowRoot)),
    );
  const look = () => {
    if (!hasPrompt(document)) requestAnimationFrame(look);
    else window.askedForFirst = performance.getEntriesByType('resource').map(({ name }) => name);
  };
  requestAnimationFrame(look);
}

/** Keeps the page from the files of that name until the returned function is called. */
async function hold(page: Page, name: string): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(`**/assets/${name}-*.js`, async (route) => {
    await promise;
    await route.continue();
  });
  return resolve;
}

test.each(['en', 'de'])(
  'in %s, the prompt field can be used after 30 KB of page, styles and scripts',
  async (locale) => {
    const { address } = await startProduct();
    const page = await browser.newPage({ locale });
    await page.addInitScript(watchForPrompt);
    await page.goto(address);
    const asked = await page.waitForFunction(() => window.askedForFirst);
    const files = [address, ...((await asked.jsonValue()) ?? [])].filter((url) => !/\.(woff2|svg)$/.test(url));
    const sizes = await Promise.all(
      files.map(async (url) => {
        const { headers } = await fetch(url, { headers: { 'Accept-Language': locale, 'Accept-Encoding': 'br' } });
        return [new URL(url).pathname, Number(headers.get('content-length') ?? Number.NaN)] as const;
      }),
    );
    expect(sizes.length, 'the page, its script, its styles and its first sentences').toBe(4);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    expect(total, JSON.stringify(Object.fromEntries(sizes))).toBeLessThan(BUDGET);
  },
);

test('a prompt that is sent before the session is there goes out once it is, over the connection that opened meanwhile', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage();
  const room = new Room(page);
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  const release = await hold(page, 'room-session');
  await page.goto(address);
  await see(room.prompt).toBeFocused();
  await page.keyboard.type('A fox in the snow');
  await room.prompt.press('Enter');
  await see(room.button('Generate')).toHaveAttribute('aria-busy', 'true');
  expect(sockets).toHaveLength(1);
  release();
  await see(room.picture('Generated image')).toHaveAccessibleName('Generated image: A fox in the snow');
  expect(sockets).toHaveLength(1);
});

test('nothing moves when the other parts come, and the focus and the text stay', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage();
  const room = new Room(page);
  const release = await hold(page, 'room-session');
  await page.goto(address);
  await see(room.prompt).toBeFocused();
  await page.evaluate(() => document.fonts.ready);
  await page.keyboard.type('A fox');
  const examples = room.text('Or begin with one of these');
  const places = () =>
    Promise.all([room.prompt, room.options, room.button('Generate')].map((one) => one.boundingBox()));
  const before = await places();
  const dialogs = page.waitForResponse(/\/dialogs-.*\.js$/);
  release();
  await see(room.live).toBeVisible();
  await (await dialogs).finished();
  await see(examples).toBeHidden();
  expect(await places()).toEqual(before);
  await see(room.prompt).toBeFocused();
  await page.keyboard.type(' in the snow');
  await see(room.prompt).toHaveValue('A fox in the snow');
});

test('R9: what was loaded while the browser was idle works without the server', async () => {
  browser.allowErrors(connectionErrors);
  const product = await startProduct();
  const page = await browser.newPage();
  const dialogs = page.waitForResponse(/\/dialogs-.*\.js$/);
  const room = await enter(page, product.address);
  await room.makePicture('A fox in the snow');
  await (await dialogs).finished();
  await product.goOffline();
  await see(room.reconnecting).toBeVisible();
  await room.press('Share');
  await see(room.root.getByRole('dialog', { name: 'Share this session' })).toBeVisible();
});

test('a page whose server has other files by now says so where one of them is needed, and goes on when it is there', async () => {
  browser.allowErrors(/404 \(Not Found\)/);
  const { address } = await startProduct();
  const page = await browser.newPage();
  await page.route('**/assets/dialogs-*.js', (route) => route.fulfill({ status: 404 }));
  const room = await enter(page, address);
  await room.makePicture('A fox in the snow');
  await see(room.alert(/could not be loaded/)).toBeHidden();
  await room.press('Share');
  await see(room.alert(/could not be loaded/)).toBeVisible();
  await page.unroute('**/assets/dialogs-*.js');
  await room.press('Try again');
  await see(room.alert(/could not be loaded/)).toBeHidden();
  await room.press('Share');
  await see(room.root.getByRole('dialog', { name: 'Share this session' })).toBeVisible();
});

test('S2: where an access token is needed, the page shows no prompt field before it is given', async () => {
  const { address } = await startProduct({ config: { accessToken: 'an-access-token-of-more-than-32-characters' } });
  const page = await browser.newPage();
  const room = new Room(page);
  const release = await hold(page, 'room-session');
  await page.goto(address);
  await see(room.text(/^Opening/)).toBeVisible();
  await see(room.prompt).toBeHidden();
  release();
  await see(room.root.getByLabel('Access token')).toBeFocused();
});
