/** The server is away: for a moment, for good, or it comes back without the session. */
import type { WebSocketRoute } from 'playwright';
import { expect, onTestFinished, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { startMain } from '../support/main-process.ts';
import { seePicture, twoReviewers } from '../support/people.ts';
import { connectionErrors, project, startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

test('R1, R5: while the server is away the page keeps everything, and afterwards it is up to date', async () => {
  browser.allowErrors(connectionErrors);
  const product = await startProduct();
  const { openai } = product;
  const { ana, bo } = await twoReviewers(browser, product.address);
  await ana.makePicture(PROMPT);
  await product.goOffline();
  await see(ana.reconnecting).toBeVisible();
  await see(ana.status(/connection is lost/)).toBeAttached();
  await see(ana.picture('Generated image')).toBeVisible();
  await see(ana.button('Approve')).toHaveAttribute('aria-disabled', 'true');
  await ana.enterName('Anastasia');
  await ana.prompt.fill(`${PROMPT}, at night`);
  await see(ana.picture('Generated image')).toBeVisible();
  expect((await ana.download()).bytes).toEqual(openai.sent[0]?.final);
  await product.goOnline();
  for (const room of [ana, bo]) {
    await see(room.live).toBeVisible();
    await see(room.prompt).toHaveValue(`${PROMPT}, at night`);
  }

  openai.next('held');
  await ana.press('Regenerate');
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await product.goOffline();
  await see(ana.reconnecting).toBeVisible();
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  openai.release();
  await product.goOnline();
  for (const room of [ana, bo]) await seePicture(room, openai, 2);
  await ana.press('Approve');
  await see(bo.heading('Approved')).toBeVisible();
  await see(bo.text(/by Anastasia,/)).toBeVisible();
  // The browser remembers the new name for the next session.
  await enter(ana.page, product.address);
  await ana.nameButton.click();
  await see(ana.root.getByRole('textbox', { name: 'Your name' })).toHaveValue('Anastasia');
});

test('W7: the page comes back after a 1001 by itself, and after an end for good on request', async () => {
  const { address, openai } = await startProduct();
  openai.next('held');
  const page = await browser.newPage();
  const connections: WebSocketRoute[] = [];
  await page.routeWebSocket('**/ws', (connection) => {
    connection.connectToServer();
    connections.push(connection);
  });
  const ana = await enter(page, address);
  await ana.submitPrompt(PROMPT);
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await connections.at(-1)?.close({ code: 1001 });
  await expect.poll(() => connections.length, { timeout: 15_000 }).toBe(2);
  await see(ana.live).toBeVisible();
  await connections.at(-1)?.close({ code: 1008 });
  await see(ana.heading('The server ended the connection')).toBeVisible();
  await see(page).toHaveTitle('The server ended the connection · Proofroom');
  await ana.press('Connect again');
  await see(ana.live).toBeVisible();
  await see(page).toHaveTitle('Drawing … · Proofroom');
  openai.release();
  await see(page).toHaveTitle('Ready to decide · Proofroom');
});

test('R9: after a restart of the server the page keeps picture and typed text, and takes the text into a new session', async () => {
  browser.allowErrors(connectionErrors);
  const openai = await startFakeOpenAI();
  onTestFinished(() => openai.close());
  const environment = { OPENAI_BASE_URL: openai.baseURL, OPENAI_API_KEY: 'sk-fake' };
  const server = startMain(project, environment);
  const address = await server.address();
  const page = await browser.newPage();
  const ana = await enter(page, address);
  await ana.reload();
  await ana.makePicture(PROMPT);
  const link = ana.reviewLink;
  await ana.feedback.fill('Warmer light');
  openai.next('held');
  await ana.press('Regenerate');
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await ana.reason.fill('It has five legs');
  server.signal('SIGKILL');
  await server.exit();
  await startMain(project, { ...environment, PORT: new URL(address).port }).address();

  await see(ana.heading('This session is gone')).toBeVisible();
  await see(ana.status('This session is gone.')).toBeAttached();
  await see(page).toHaveTitle('This session is gone · Proofroom');
  await see(ana.picture('Preview, still being drawn')).toBeVisible();
  await see(ana.root.getByRole('progressbar')).toHaveCount(0);
  await see(ana.button('Approve')).toHaveCount(0);
  expect(await ana.download()).toEqual({ name: 'a-fox-in-the-snow-unapproved.png', bytes: openai.sent[0]?.final });
  await see(ana.feedback).toHaveValue('Warmer light\nIt has five legs');

  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await ana.press('New session, same prompt');
  await see(ana.live).toBeVisible();
  await see(page).toHaveTitle('Proofroom');
  await see(ana.prompt).toHaveValue(PROMPT);
  await see(ana.root.getByRole('img')).toHaveCount(0);
  await see(page).not.toHaveURL(link);
  expect(sockets).toHaveLength(1);
  await ana.press('Generate');
  await see(ana.heading('Is this the picture?')).toBeVisible();
  await see(ana.feedback).toHaveValue('Warmer light\nIt has five legs');
});
