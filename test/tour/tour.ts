/**
 * `npm run tour` takes a screenshot of every state of the page, light and dark, on a phone and on a desk, and writes them to
 * `dist/tour`. It exits with 1 if a page logs an error or must be scrolled sideways.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { chromiumLaunchOptions } from '../support/chromium.ts';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { startWatchedServer, type WatchedServer } from '../support/watched-server.ts';
import { Album, type Look } from './album.ts';
import { paint } from './painter.ts';
import { walk } from './walk.ts';

const folder = join(import.meta.dirname, '../../dist/tour');

const desk = { width: 1440, height: 900 };
const phone = { width: 360, height: 740 };
const looks: readonly Look[] = [
  { colorScheme: 'light', viewport: desk },
  { colorScheme: 'dark', viewport: desk },
  { colorScheme: 'light', viewport: phone },
  { colorScheme: 'dark', viewport: phone },
];

await rm(folder, { recursive: true, force: true });
const browser = await chromium.launch(chromiumLaunchOptions());
const errors: string[] = [];
for (const look of looks) {
  const openai = await startFakeOpenAI({ pictureSize: { width: 768, height: 768 }, paint });
  const servers: WatchedServer[] = [];
  const album = new Album(browser, folder, look);
  await album.createFolder();
  await walk(album, openai, (environment) => start(openai, environment)).catch((error: unknown) =>
    album.errors.push(String(error)),
  );
  console.log(`${look.colorScheme}, ${look.viewport.width} px wide: ${album.count} screenshots`);
  errors.push(...album.errors);
  await album.close();
  await Promise.all(servers.map((server) => server.kill()));
  await openai.close();

  async function start({ baseURL }: FakeOpenAI, environment: Readonly<Record<string, string>>): Promise<WatchedServer> {
    const server = await startWatchedServer({ OPENAI_API_KEY: 'sk-fake', OPENAI_BASE_URL: baseURL, ...environment });
    servers.push(server);
    return server;
  }
}
await browser.close();
console.log(`The screenshots are in ${folder}`);
for (const error of errors) console.error(error);
process.exitCode = errors.length > 0 ? 1 : 0;
