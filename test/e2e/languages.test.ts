/** The page and the element in the reader's language. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startHostPage } from '../support/host-page.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();

test('a German browser gets a German page with one language in it; the switch changes it at once and for good', async () => {
  const { address, openai } = await startProduct();
  const page = await browser.newPage({ locale: 'de-AT' });
  const loaded: string[] = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  const ana = await enter(page, address);
  await see(page.locator('html')).toHaveAttribute('lang', 'de');
  const languages = loaded.filter((path) => /\/(de|en)-[^/]*\.js$/.test(path)).map((path) => path.slice(8, 10));
  expect(languages, 'the first screen and the rest').toEqual(['de', 'de']);

  openai.next('moderation_blocked');
  await ana.root.getByRole('textbox', { name: 'Prompt' }).fill('Ein Reiher');
  await ana.press('Erzeugen');
  await see(ana.alert(/Die Sicherheitsprüfung von OpenAI hat .* abgelehnt/)).toBeVisible();

  await ana.root.getByRole('combobox', { name: 'Sprache' }).selectOption('en');
  await see(ana.alert(/refused by OpenAI's safety system/)).toBeVisible();
  await see(ana.prompt).toHaveValue('Ein Reiher');
  await see(page.locator('html')).toHaveAttribute('lang', 'en');
  await ana.reload();
  await see(ana.heading('What should the picture show?')).toBeVisible();
  await ana.makePicture('A heron');
  await see(page).toHaveTitle('Ready to decide · Proofroom');
});

test('a link that leads nowhere says so in the language of the browser', async () => {
  const { address } = await startProduct();
  const page = await browser.newPage({ locale: 'de' });
  browser.allowErrors(/404/);
  await page.goto(`${address}/nowhere`);
  await see(page.getByRole('heading', { name: 'Unter dieser Adresse ist nichts' })).toBeVisible();
});

test('elements on one page have a language each: that around them, or their own', async () => {
  const host = await startHostPage();
  const { address } = await startProduct({ config: { allowedOrigins: [host.origin] } });
  const element = (attributes: string) => `<proof-room server="${address}" ${attributes}></proof-room>`;
  host.show({ proofroom: address, body: `<section lang="de">${element('')}${element('lang="en"')}</section>` });
  const page = await browser.newPage({ locale: 'en' });
  await page.goto(host.origin);
  const [german, english] = [page.locator('proof-room').nth(0), page.locator('proof-room').nth(1)];
  await see(german.getByRole('button', { name: 'Teilen' })).toBeVisible();
  await see(english.getByRole('button', { name: 'Share' })).toBeVisible();
});
