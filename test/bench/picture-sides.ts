/** From the click to the picture, in every product: the sides of the rows that look into Chromium. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright';
import type { BarePage } from './bare-page.ts';
import { FINAL_WIDTH, openBarePage, openBrowser, type PictureTimes, timePicture } from './browser.ts';
import { startGradio, startStreamlit } from './peers.ts';
import { Reviewer, type Server, startBuilt } from './proofroom.ts';
import type { Bench, Side } from './row.ts';
import { startUpstream } from './start-upstream.ts';

const IMAGE_BYTES = 3_000_000;
export const MODEL_MS = 600;
/** Until a page that has loaded does no more. */
const SETTLE_MS = 500;
const POLL_MS = 50;

export interface PictureOptions {
  readonly api: 'responses' | 'images';
  /** The page's processor is so many times slower. */
  readonly slowerBy?: number;
  /** Figures of one picture; `doIt` resolves when it is opaque. */
  readonly measure?: (browser: Browser, doIt: () => Promise<PictureTimes>) => Promise<Record<string, number>>;
}

/** How one product is used: a new page each time, so that each picture is a first one. */
interface Product {
  readonly modelMs: number;
  /** Of the final picture; absent where no other one comes. */
  readonly width?: number;
  /** Of the button that leads to a picture. */
  readonly button: string;
  /** Goes to the page, and does all but the click on the button. */
  readonly prepare: (page: BarePage) => Promise<void>;
}

const side =
  (options: PictureOptions, open: (bench: Bench) => Promise<Product>): Side =>
  async (bench) => {
    const { modelMs, width, button, prepare } = await open(bench);
    const browser = await openBrowser(bench);
    return async () => {
      await using page = await openBarePage(browser, options);
      await prepare(page);
      await wait(SETTLE_MS);
      const doIt = () => profiled(bench, page, () => timePicture(page, button, width));
      if (options.measure) return await options.measure(browser, doIt);
      const { shown, opaque } = await doIt();
      return { shown: shown - modelMs, opaque: opaque - modelMs };
    };
  };

/** Writes the CPU profile of the page's main thread, if this run is for profiles. */
async function profiled<Result>({ profiles }: Bench, page: BarePage, doIt: () => Promise<Result>): Promise<Result> {
  if (profiles === undefined) return doIt();
  await page.send('Profiler.enable');
  await page.send('Profiler.start');
  const result = await doIt();
  const { profile } = (await page.send('Profiler.stop')) as { readonly profile: object };
  await mkdir(profiles, { recursive: true });
  await writeFile(join(profiles, 'page.cpuprofile'), JSON.stringify(profile));
  return result;
}

const fillIn = (address: string) => async (page: BarePage) => {
  await page.goto(address);
  while (!(await page.evaluate(() => window.benchPromptAt !== undefined))) await wait(POLL_MS);
  await page.evaluate(() => window.benchFocus?.());
  await page.type('A quiet sea');
};

/** Asks for images by their address in place of their bytes. */
function joinForUrls(): void {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const isJoin = typeof data === 'string' && data.startsWith('{"type":"join"');
    send.call(this, isJoin ? data.replace('{', '{"images":"url",') : data);
  };
}

export const proofroom = (options: PictureOptions, images: 'inline' | 'url' = 'inline'): Side =>
  side(options, async (bench) => {
    const upstream = await startUpstream(bench, { imageBytes: IMAGE_BYTES, modelMs: MODEL_MS });
    const { address } = await startBuilt(bench, upstream.baseURL, options.api);
    const prepare = async (page: BarePage) => {
      if (images === 'url') await page.addInitScript(joinForUrls);
      await fillIn(address)(page);
    };
    return { modelMs: MODEL_MS, width: FINAL_WIDTH, button: 'Generate', prepare };
  });

/** A click that loads a picture from the same server by an `<img>`. */
export const img = (options: PictureOptions): Side =>
  side(options, async (bench) => {
    const upstream = await startUpstream(bench, { imageBytes: IMAGE_BYTES, modelMs: 0 });
    const server = await startBuilt(bench, upstream.baseURL, 'images');
    const prepare = async (page: BarePage) => {
      const reviewer = await Reviewer.join(bench, server);
      await reviewer.generate();
      await page.goto(`${server.address}/s/nowhere`);
      await wait(SETTLE_MS);
      await page.evaluate(showOnClick, reviewer.imagePath);
    };
    return { modelMs: 0, button: 'Show', prepare };
  });

function showOnClick(path: string): void {
  const [button, img] = [document.createElement('button'), document.createElement('img')];
  img.style.width = '640px';
  button.textContent = 'Show';
  button.addEventListener('click', () => {
    img.src = path;
  });
  document.body.replaceChildren(button, img);
}

const peer = (options: PictureOptions, start: (bench: Bench, baseURL: string) => Promise<Server>): Side =>
  side(options, async (bench) => {
    const upstream = await startUpstream(bench, { imageBytes: IMAGE_BYTES, modelMs: MODEL_MS });
    const { address } = await start(bench, upstream.baseURL);
    return { modelMs: MODEL_MS, button: 'Generate', prepare: fillIn(address) };
  });

export const gradio = (options: PictureOptions): Side => peer(options, startGradio);
export const streamlit = (options: PictureOptions): Side => peer(options, startStreamlit);
