/**
 * A picture of every state of the page, by day and by night, on a phone and on a desk: `npm run tour`. They are in `dist/tour`, to be
 * looked at. Exits with 1 when a page logs an error or must be scrolled sideways.
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
const problems: string[] = [];
for (const look of looks) {
  const openai = await startFakeOpenAI({ pictureSize: { width: 768, height: 768 }, paint });
  const servers: WatchedServer[] = [];
  const album = await new Album(browser, folder, look).open();
  await walk(album, openai, (environment) => start(openai, environment)).catch((error: unknown) =>
    album.problems.push(String(error)),
  );
  console.log(`${look.colorScheme}, ${look.viewport.width} px wide: ${album.count} pictures`);
  problems.push(...album.problems);
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
console.log(`They are in ${folder}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
