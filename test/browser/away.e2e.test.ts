import type { WebSocketRoute } from 'playwright';
import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { type MainProcess, startMain } from '../support/main-process.ts';
import { cutOff, project, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

describe('a server that is away and comes back (R1, R5)', () => {
  test('is waited for: the page says so, keeps everything on show, and heals', async () => {
    browser.allowErrors(cutOff);
    const product = await startProduct();
    const room = await enter(await browser.newPage(), product.address);
    await room.makePicture(PROMPT);
    await product.leave();
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await see(room.status(/connection is lost/)).toBeAttached();
    await see(room.picture('Generated image')).toBeVisible();
    await see(room.button('Approve')).toHaveAttribute('aria-disabled', 'true');
    expect((await room.download()).bytes).toEqual(product.openai.sent[0]?.final);
    await product.comeBack();
    await see(room.live).toBeVisible();
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
  });

  test('brings the picture that was finished meanwhile', async () => {
    browser.allowErrors(cutOff);
    const product = await startProduct();
    product.openai.next('held');
    const room = await enter(await browser.newPage(), product.address);
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await product.leave();
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    product.openai.release();
    await product.comeBack();
    await see(room.heading('Is this the picture?')).toBeVisible();
    expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(product.openai.sent[0]?.final));
  });

  test('loses nothing to a new name: picture, typed text and the way to save them stay', async () => {
    browser.allowErrors(cutOff);
    const product = await startProduct();
    const room = await enter(await browser.newPage(), product.address);
    await room.makePicture(PROMPT);
    await product.leave();
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await room.rename('Ana');
    await room.prompt.fill(`${PROMPT}, at night`);
    await see(room.picture('Generated image')).toBeVisible();
    expect((await room.download()).bytes).toEqual(product.openai.sent[0]?.final);
    await product.comeBack();
    await see(room.live).toBeVisible();
    await see(room.prompt).toHaveValue(`${PROMPT}, at night`);
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    expect((await room.snapshot()).decisions).toMatchObject([{ by: 'Ana' }]);
  });

  test('finds what was typed meanwhile', async () => {
    browser.allowErrors(cutOff);
    const product = await startProduct();
    const ana = await enter(await browser.newPage(), product.address);
    const bo = await enter(await browser.newPage(), ana.reviewLink);
    await product.leave();
    await see(ana.root.getByText(/^Reconnecting/)).toBeVisible();
    await ana.prompt.fill(PROMPT);
    await product.comeBack();
    await see(ana.live).toBeVisible();
    await see(bo.prompt).toHaveValue(PROMPT);
    await see(ana.prompt).toHaveValue(PROMPT);
  });
});

test('a server that goes for good (W7) is in the title, and the stage is again once the person has come back', async () => {
  const product = await startProduct();
  product.openai.next('held');
  const page = await browser.newPage();
  const lines: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/ws$/, (line) => {
    line.connectToServer();
    lines.push(line);
  });
  const room = await enter(page, product.address);
  await room.ask(PROMPT);
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  await lines.at(-1)?.close({ code: 1001 });
  await see(room.heading('The server has shut down')).toBeVisible();
  await see(page).toHaveTitle('The server has shut down · Proofroom');
  await room.press('Connect again');
  await see(room.live).toBeVisible();
  await see(page).toHaveTitle('Drawing … · Proofroom');
  product.openai.release();
  await see(page).toHaveTitle('Ready to decide · Proofroom');
});

describe('a server that was restarted has no session any more (R9)', () => {
  async function startServer(openai: string, port = '0'): Promise<MainProcess> {
    const main = startMain(project, { PORT: port, OPENAI_BASE_URL: openai, OPENAI_API_KEY: 'sk-fake' });
    await main.address();
    return main;
  }

  test('the page says so, keeps the picture to be saved, and begins anew with the same prompt', async () => {
    browser.allowErrors(cutOff);
    const openai = await startFakeOpenAI();
    const first = await startServer(openai.baseURL);
    const address = await first.address();
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    const before = room.reviewLink;

    first.signal('SIGTERM');
    expect(await first.exit()).toEqual({ code: 0, signal: null });
    await startServer(openai.baseURL, new URL(address).port);

    await see(room.heading('This session is gone')).toBeVisible();
    await see(room.status('This session is gone.')).toBeAttached();
    await see(room.picture('Generated image')).toBeVisible();
    await see(room.button('Approve')).toHaveCount(0);
    expect(await room.download()).toEqual({
      name: 'a-fox-in-the-snow-unapproved.png',
      bytes: openai.sent[0]?.final,
    });

    await room.press('New session, same prompt');
    await see(room.live).toBeVisible();
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPT);
    await see(room.page).not.toHaveURL(before);
    await room.press('Generate');
    await see(room.picture('Generated image')).toBeVisible();
    await openai.close();
  });

  test('one that died while it drew is no longer waited for', async () => {
    browser.allowErrors(cutOff);
    const openai = await startFakeOpenAI();
    openai.next('held');
    const first = await startServer(openai.baseURL);
    const address = await first.address();
    const room = await enter(await browser.newPage(), address);
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    first.signal('SIGKILL');
    await first.exit();
    await startServer(openai.baseURL, new URL(address).port);
    await see(room.heading('This session is gone')).toBeVisible();
    await see(room.page).toHaveTitle('This session is gone · Proofroom');
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await see(room.root.getByRole('progressbar')).toHaveCount(0);
    await room.press('New session, same prompt');
    await see(room.page).toHaveTitle('Proofroom');
    await see(room.prompt).toHaveValue(PROMPT);
    await see(room.root.getByRole('img')).toHaveCount(0);
    await openai.close();
  });

  test('after a reload, too, the new session begins with the prompt that was written', async () => {
    browser.allowErrors(cutOff);
    const openai = await startFakeOpenAI();
    const first = await startServer(openai.baseURL);
    const address = await first.address();
    const page = await browser.newPage();
    const sockets: string[] = [];
    const room = await enter(page, address);
    await room.page.reload();
    await see(room.live).toBeVisible();
    await room.prompt.fill(PROMPT);
    first.signal('SIGKILL');
    await first.exit();
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await startServer(openai.baseURL, new URL(address).port);
    await see(room.heading('This session is gone')).toBeVisible();
    sockets.length = 0;
    await room.press('New session, same prompt');
    await see(room.live).toBeVisible();
    await see(room.prompt).toHaveValue(PROMPT);
    expect(sockets).toHaveLength(1);
    await openai.close();
  });

  test('words about the picture stay, wherever they were typed, and come along into the new session', async () => {
    browser.allowErrors(cutOff);
    const openai = await startFakeOpenAI();
    const first = await startServer(openai.baseURL);
    const address = await first.address();
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    await room.feedback.fill('Warmer light');
    openai.next('held');
    await room.press('Regenerate');
    await see(room.heading('Drawing')).toBeVisible();
    await room.reason.fill('It has five legs');
    first.signal('SIGKILL');
    await first.exit();
    await startServer(openai.baseURL, new URL(address).port);
    await see(room.heading('This session is gone')).toBeVisible();
    await see(room.feedback).toHaveValue('Warmer light\nIt has five legs');
    await room.press('New session, same prompt');
    await see(room.live).toBeVisible();
    await room.press('Generate');
    await see(room.heading('Is this the picture?')).toBeVisible();
    await see(room.feedback).toHaveValue('Warmer light\nIt has five legs');
    await openai.close();
  });

  test('a link to a session that is gone says so, and offers a new one', async () => {
    const { address } = await startProduct();
    const page = await browser.newPage();
    await page.goto(`${address}/s/a-session-that-is-not-here#nor-is-its-key`);
    await see(page.getByRole('heading', { name: 'This session is gone' })).toBeVisible();
    await page.getByRole('button', { name: 'Start a new session' }).click();
    await see(page.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();
    await see(page).not.toHaveURL(/a-session-that-is-not-here/);
  });
});
