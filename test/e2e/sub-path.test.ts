/** Proofroom under a path of another server, as the README's section on the library says. */
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
import { quietLog } from '../support/quiet-log.ts';
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
