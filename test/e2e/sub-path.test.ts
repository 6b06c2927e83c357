/** Proofroom under a path: of another server, as the README's section on the library says, and behind a proxy that strips the path. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { mount } from 'hono/mount';
import { expect, onTestFinished, test } from 'vitest';
import { createProofroom } from '../../server/create-proofroom.ts';
import { createDemoGenerator } from '../../server/generators/demo/demo-generator.ts';
import { useBrowser } from '../support/browser.ts';
import { startHostPage } from '../support/host-page.ts';
import { startProduct } from '../support/product.ts';
import { quietLog } from '../support/quiet-log.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';
import { digest, enter, Room, see } from '../support/room.ts';

const browser = useBrowser();

/** Returns the address of the host server. */
async function startHostServer(allowedOrigins: readonly string[]): Promise<string> {
  const logger = quietLog((error) => expect.unreachable(String(error)));
  const generator = createDemoGenerator({ stepMs: 0 });
  const proofroom = createProofroom({ basePath: '/proofroom', generator, logger, allowedOrigins });
  const app = new Hono().get('/', (context) => context.text('The host server'));
  app.all('/proofroom/*', mount(proofroom.fetch));
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.on('upgrade', proofroom.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await proofroom.drain();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('page, session links, reloads and the embedded room work under a path', async () => {
  browser.allowErrors(/404 \(Not Found\)/);
  const host = await startHostPage();
  const server = await startHostServer([host.origin]);
  const address = `${server}/proofroom`;
  const ana = await enter(await browser.newPage(), `${address}/`);
  await see(ana.page).toHaveURL(new RegExp(`^${address}/s/[\\w-]{22,}#[\\w-]{22,}$`));
  const { reviewLink, watchLink } = ana;
  await ana.press('Share');
  await see(ana.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(reviewLink);
  await see(ana.root.getByRole('textbox', { name: 'Watch link' })).toHaveValue(watchLink);
  await ana.press('Close');
  await ana.makePicture('A fox in the snow');
  await ana.reload();
  await see(ana.picture('Generated image')).toBeVisible();
  expect(ana.reviewLink).toBe(reviewLink);

  const page = await browser.newPage();
  const bo = new Room(page, page.locator('#room'));
  const [sessionId, key] = [new URL(watchLink).pathname.split('/').at(-1), new URL(reviewLink).hash.slice(1)];
  host.show({
    proofroom: address,
    body: `<proof-room id="room" server="${address}" session="${sessionId}"></proof-room>`,
    script: `document.querySelector('proof-room').sessionKey = '${key}';`,
  });
  await page.goto(host.origin);
  await bo.press('Approve');
  await see(bo.heading('Approved')).toBeVisible();
  await see(ana.heading('Approved')).toBeVisible();
  expect((await ana.snapshot()).decisions).toMatchObject([{ sha256: digest((await ana.download()).bytes) }]);

  await ana.page.goto(`${address}/s/`);
  await see(ana.heading('There is nothing at this address')).toBeVisible();
  await ana.page.getByRole('link', { name: 'Start a new session' }).click();
  await see(ana.prompt).toBeFocused();
  await see(ana.page).toHaveURL(new RegExp(`^${address}/s/`));
});

test('behind a proxy that strips the path, the page finds its assets, socket, images and links', async () => {
  browser.allowErrors(/404 \(Not Found\)/);
  const host = await startHostPage();
  const { address: server, openai } = await startProduct({ config: { allowedOrigins: [host.origin] } });
  const { origin, asked } = await startReverseProxy(server, '/proofroom/');
  const address = `${origin}/proofroom`;
  const lost: string[] = [];
  const page = await browser.newPage();
  page.on('response', (response) => response.ok() || lost.push(response.url()));
  const ana = await enter(page, `${address}/`);
  await see(page).toHaveURL(new RegExp(`^${address}/s/[\\w-]{22,}#[\\w-]{22,}$`));
  await ana.makePicture('A fox in the snow');
  expect(await ana.page.evaluate(() => document.fonts.check('16px "Libre Franklin Variable"'))).toBe(true);
  await ana.press('Share');
  await see(ana.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(ana.reviewLink);
  await ana.press('Close');
  await ana.reload();
  await see(ana.picture('Generated image')).toBeVisible();
  expect(lost).toEqual([]);

  // A relay takes no message as long as an image, so images come over HTTP.
  const other = await browser.newPage();
  await other.routeWebSocket('**/ws', (tab) => {
    tab.connectToServer().onMessage((message) => {
      if (String(message).includes('"data":')) void tab.close({ code: 1009 });
      else tab.send(message);
    });
  });
  const bo = await enter(other, ana.reviewLink);
  await see(bo.picture('Generated image')).toBeVisible();
  expect(await bo.digestOf(bo.picture('Generated image'))).toBe(digest(openai.sent[0]?.final));
  expect(asked.filter((url) => url.startsWith('/proofroom/api/sessions/'))).toHaveLength(1);

  const embedding = await browser.newPage();
  const [sessionId, key] = [new URL(ana.watchLink).pathname.split('/').at(-1), new URL(ana.reviewLink).hash.slice(1)];
  host.show({
    proofroom: address,
    body: `<proof-room id="room" server="${address}/" session="${sessionId}"></proof-room>`,
    script: `document.querySelector('proof-room').sessionKey = '${key}';`,
  });
  await embedding.goto(host.origin);
  const cy = new Room(embedding, embedding.locator('#room'));
  await cy.press('Share');
  await see(cy.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(ana.reviewLink);
  await cy.press('Close');
  await cy.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();

  await page.goto(`${address}/no/such/page`);
  await see(ana.heading('There is nothing at this address')).toBeVisible();
  await see(page.locator('h1')).toHaveCSS('font-family', /Libre Franklin/);
  await ana.page.getByRole('link', { name: 'Start a new session' }).click();
  await see(page).toHaveURL(new RegExp(`^${address}/s/`));
});
