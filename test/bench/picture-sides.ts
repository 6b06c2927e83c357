/** From the click to the picture, in every product: the sides of the rows that look into Chromium. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { FINAL_WIDTH, openBrowser, openPage, type PictureTimes, timePicture } from './browser.ts';
import { startGradio, startStreamlit } from './peers.ts';
import { Reviewer, type Server, startBuilt } from './proofroom.ts';
import type { Bench, Side } from './row.ts';
import { startUpstream } from './start-upstream.ts';

const IMAGE_BYTES = 3_000_000;
export const MODEL_MS = 600;
/** Until a page that has loaded does no more. */
const SETTLE_MS = 500;

export interface PictureOptions {
  readonly api: 'responses' | 'images';
  /** The page's processor is so many times slower. */
  readonly slowerBy?: number;
  /** Figures of one picture; `doIt` resolves when it is opaque. */
  readonly measure?: (
    browser: Browser,
    page: Page,
    doIt: () => Promise<PictureTimes>,
  ) => Promise<Record<string, number>>;
}

/** How one product is used: a new page each time, so that each picture is a first one. */
interface Product {
  readonly address: string;
  readonly modelMs: number;
  /** Of the final picture; absent where no other one comes. */
  readonly width?: number;
  /** Prepares the page, and returns what clicks. */
  readonly prepare: (page: Page) => Promise<() => Promise<void>>;
}

const side =
  (options: PictureOptions, open: (bench: Bench) => Promise<Product>): Side =>
  async (bench) => {
    const product = await open(bench);
    const browser = await openBrowser(bench);
    const context = await browser.newContext({ bypassCSP: true });
    return async () => {
      const page = await openPage(context, options);
      try {
        await page.goto(product.address);
        await page.waitForFunction(() => window.benchPromptAt !== undefined);
        const click = await product.prepare(page);
        await page.waitForTimeout(SETTLE_MS);
        const doIt = () => profiled(bench, page, () => timePicture(page, product.width, click));
        if (options.measure) return await options.measure(browser, page, doIt);
        const { shown, opaque } = await doIt();
        return { shown: shown - product.modelMs, opaque: opaque - product.modelMs };
      } finally {
        await page.close();
      }
    };
  };

/** Writes the CPU profile of the page's main thread, if this run is for profiles. */
async function profiled<Result>({ profiles }: Bench, page: Page, doIt: () => Promise<Result>): Promise<Result> {
  if (profiles === undefined) return doIt();
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Profiler.enable');
  await devTools.send('Profiler.start');
  const result = await doIt();
  const { profile } = await devTools.send('Profiler.stop');
  await mkdir(profiles, { recursive: true });
  await writeFile(join(profiles, 'page.cpuprofile'), JSON.stringify(profile));
  return result;
}

const form = (button: string) => async (page: Page) => {
  await page.getByRole('textbox').first().fill('A quiet sea');
  return () => page.getByRole('button', { name: button, exact: true }).click();
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
    const prepare = async (page: Page) => {
      if (images === 'url') {
        await page.addInitScript(joinForUrls);
        await page.goto(address);
      }
      return form('Generate')(page);
    };
    return { address, modelMs: MODEL_MS, width: FINAL_WIDTH, prepare };
  });

/** A click that loads a picture from the same server by an `<img>`. */
export const img = (options: PictureOptions): Side =>
  side(options, async (bench) => {
    const upstream = await startUpstream(bench, { imageBytes: IMAGE_BYTES, modelMs: 0 });
    const server = await startBuilt(bench, upstream.baseURL, 'images');
    const prepare = async (page: Page) => {
      const reviewer = await Reviewer.join(bench, server);
      await reviewer.generate();
      await page.goto(`${server.address}/s/nowhere`);
      await page.evaluate(showOnClick, reviewer.imagePath);
      return () => page.getByRole('button').click();
    };
    return { address: server.address, modelMs: 0, prepare };
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
    return { address, modelMs: MODEL_MS, prepare: form('Generate') };
  });

export const gradio = (options: PictureOptions): Side => peer(options, startGradio);
export const streamlit = (options: PictureOptions): Side => peer(options, startStreamlit);
