/** The first visit and the second, on a line of 1.6 Mbit/s with 150 ms: when there is a prompt field to use, and how much had to come first. */
import type { BrowserContext } from 'playwright';
import { openBrowser, openPage } from '../browser.ts';
import { startGradio, startStreamlit } from '../peers.ts';
import { type Server, startBuilt } from '../proofroom.ts';
import type { Bench, Row, Side } from '../row.ts';

const line = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };

interface Visit {
  readonly promptAt: number;
  /** Of the page, its styles and its scripts: those that had come until then, with their headers. */
  readonly bytes: number;
}

const countedTypes = new Set(['Document', 'Stylesheet', 'Script']);

async function visit(context: BrowserContext, address: string): Promise<Visit> {
  const page = await openPage(context);
  const devTools = await context.newCDPSession(page);
  await devTools.send('Network.enable');
  await devTools.send('Network.emulateNetworkConditions', line);
  let bytes = 0;
  const counted = new Set<string>();
  devTools.on('Network.responseReceived', ({ requestId, type }) => countedTypes.has(type) && counted.add(requestId));
  devTools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (counted.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(address, { waitUntil: 'commit' });
  const promptAt = await page.waitForFunction(() => window.benchPromptAt, undefined, { polling: 50 });
  const seen = { promptAt: (await promptAt.jsonValue()) ?? 0, bytes };
  await page.close();
  return seen;
}

const side =
  (start: (bench: Bench) => Promise<Server>): Side =>
  async (bench) => {
    const { address } = await start(bench);
    const browser = await openBrowser(bench);
    return async () => {
      const context = await browser.newContext();
      const cold = await visit(context, address);
      const warm = await visit(context, address);
      await context.close();
      return { cold: cold.promptAt, warm: warm.promptAt, code: cold.bytes / 1000 };
    };
  };

export const rows: readonly Row[] = [
  {
    name: 'page',
    title: 'Page on 1.6 Mbit/s with 150 ms',
    figures: {
      cold: { unit: 'ms', target: { value: 1_000 } },
      warm: { unit: 'ms', target: { value: 500 } },
      code: { unit: 'KB', target: { value: 30 } },
    },
    sides: {
      Proofroom: side((bench) => startBuilt(bench, 'http://127.0.0.1:9/v1', 'images')),
      Gradio: side((bench) => startGradio(bench)),
      Streamlit: side((bench) => startStreamlit(bench)),
    },
    startsAnew: true,
  },
];
